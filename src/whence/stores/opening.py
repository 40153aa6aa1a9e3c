"""From a path or URL to its store. A store's driver is imported when it is asked for."""

from __future__ import annotations

import difflib
import os

from whence.clock import Clock
from whence.errors import NoSuchStore
from whence.store import Store

SQLITE = "sqlite:"
LOG_FILE_ENDINGS = (".jsonl", ".ndjson")
NEVER_STORES = (".toml", ".py", ".csv", ".md", "-wal", "-shm")


def open_store(
    url: str | os.PathLike[str], *, create: bool = False, clock: Clock | None = None, origin: str | None = None
) -> Store:
    """The store at `:memory:`, in a log file (`leads.jsonl`), or else in a SQLite file (`leads.db`, `sqlite:leads.db`).

    With `create` it is made when it is missing, noting the id of the store it is copied from, its `origin`. Raises
    NoSuchStore naming what lies near, NotAStore, UnknownFormat.
    """
    path = os.fspath(url)
    if path == ":memory:":
        from whence.stores.memory import MemoryStore

        return MemoryStore(clock)
    try:
        if path.endswith(LOG_FILE_ENDINGS) and not path.startswith(SQLITE):
            from whence.stores.logfile import LogFileStore

            return LogFileStore.open(path, create=create, clock=clock, origin=origin)
        from whence.stores.sqlite import SQLiteStore

        return SQLiteStore.open(path.removeprefix(SQLITE), create=create, clock=clock, origin=origin)
    except NoSuchStore as problem:
        if near := _near(path.removeprefix(SQLITE)):
            raise NoSuchStore(path=path, remedy=f"Did you mean {' or '.join(near)}?") from None
        raise problem


def _near(path: str) -> list[str]:
    """Files in the same folder whose names are like this one."""
    folder, name = os.path.split(path)
    if not os.path.isdir(folder or "."):
        return []
    there = [other for other in os.listdir(folder or ".") if not other.endswith(NEVER_STORES)]
    return [os.path.join(folder, found) for found in difflib.get_close_matches(name, there, 3, 0.6)]
