"""The tables of the pack that need no columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from whence.pack import Asked, table
from whence.packs.journeys.people import People, kinds_of, pairs_in
from whence.packs.journeys.state import Identity


class Person(msgspec.Struct, frozen=True):
    customer: str
    names: int
    joined: list[str]


@table
def identities(
    asked: Asked, *, name: Annotated[str | None, "only the customer who has this name"] = None
) -> Iterable[Person]:
    """$ whence journeys identities
    $ whence journeys identities --at 2026-01-07 --json

    The customers who have several names, as far as it had happened or was known.
    """
    naming = asked.as_configured(Identity).naming()
    pairs = pairs_in(asked.history, naming.joined_by)
    kinds = naming.kinds or kinds_of(pairs, "")
    for names in People(pairs, kinds).groups():
        if name in (None, *names):
            yield Person(names[0], len(names), names)
