"""The verbs that users have, on one store and its configuration: `whence.open("leads.db")` and then append, log, state,
why … Each is one call on the part that does the work; plain values come back.

The verbs stand by subject: `deciding` records, `asking` looks, `scoring`, `experimenting` and `replaying` judge, and
`keeping` moves and checks. What all of them need, which moment, history and model are meant, is in `opened`.
"""

from __future__ import annotations

import os

from whence.app.asking import Asking
from whence.app.deciding import Deciding
from whence.app.experimenting import Experimenting
from whence.app.keeping import Keeping, check_file, preview_file
from whence.app.opened import Moment, Progress
from whence.app.replaying import Replaying
from whence.clock import Clock
from whence.config import Config
from whence.stores.opening import open_store

__all__ = ["Moment", "Progress", "Whence", "check_file", "open", "preview_file"]


class Whence(Deciding, Asking, Experimenting, Replaying, Keeping):
    """One open store and its configuration; a context manager. `db.store` is the store itself.

    A `Moment` is a time as people say it (`"last tuesday"`, `"@120"`), a position, an aware datetime, a date (its end),
    or None for now. A `NamedModel` is a Model, a class with handlers, `"module:Class"`, `"file.py:Class"`, or
    None for the model that whence.toml names for the kind, else the built-in one.
    """


def open(
    url: str | os.PathLike[str] | None = None,
    *,
    create: bool = False,
    config: Config | None = None,
    clock: Clock | None = None,
) -> Whence:
    """The store at a path or URL (`leads.db`, `leads.jsonl`, `:memory:`), with the nearest whence.toml's models.

    Without a URL, WHENCE_STORE or whence.toml names it. Nothing is created unless `create` is given. Raises
    NoSuchStore, NotAStore, InvalidConfig.
    """
    config = config or Config.nearest()
    return Whence(
        open_store(config.store_url(None if url is None else os.fspath(url)), create=create, clock=clock), config
    )
