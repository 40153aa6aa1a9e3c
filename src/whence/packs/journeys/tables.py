"""The tables of the pack that need no columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from whence.pack import Asked, table
from whence.packs.journeys.people import People
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
    for names in People.of(asked.history, asked.as_configured(Identity).naming()).groups():
        if name in (None, *names):
            yield Person(names[0], len(names), names)
