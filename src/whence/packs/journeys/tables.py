"""The table of who is who, as far as it was known: it reads the events themselves, without columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from whence.errors import NotKnown
from whence.pack import Asked, table
from whence.packs.journeys.people import People, main_of
from whence.packs.journeys.state import Identity
from whence.query import Query


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

    With --name the customer who has it, also if they have no other name.
    """
    naming = asked.as_configured(Identity).naming()
    people = People.of(asked.history, naming, main_of(asked.history.uncut(), naming, asked.models))
    groups = list(people.groups()) if name is None else [people.names_of(name)]
    if name is not None and groups == [[name]] and not any(asked.history.events(Query.of(tags=[name]))):
        raise NotKnown("Nothing is known of this customer", name=name, remedy="Names are written visitor:abc.")
    return [Person(names[0], len(names), names) for names in groups]
