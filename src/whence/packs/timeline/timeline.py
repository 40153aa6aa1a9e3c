"""One customer's touchpoints over all sources on one time line, with the names that they came under, the sessions that
they fall into, and the moments at which names were joined or separated. It reads the store itself, without columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

import msgspec

from whence.app import Moment, Whence
from whence.duration import us_of
from whence.errors import NotKnown
from whence.events import Recorded
from whence.grammar import split_tag
from whence.pack import Written
from whence.packs.journeys.events import OWN
from whence.packs.journeys.people import People, main_of
from whence.packs.journeys.state import Identity, naming_of
from whence.query import Query, QueryItem

GAP = "30 minutes"
"""A session ends when nothing happens for so long; as Google Analytics, Amplitude and Mixpanel have it at first."""
Pause = Annotated[str, Written(value="DURATION"), "a pause that ends a session"]


class Touch(msgspec.Struct, frozen=True):
    """A touchpoint: when it happened (microseconds UTC), in which session (from 1; None for who is who), under which
    of the customer's names, by whom, and from which source: what its meta names, else the import that it came with."""

    time_us: int = msgspec.field(name="time")
    session: int | None
    type: str
    name: str
    actor: str | None = msgspec.field(name="by")
    source: str | None
    position: int
    data: Any


class Timeline(msgspec.Struct, frozen=True):
    """All that a customer did: the names, the one that the customer is called by first, and the touchpoints in order.
    `head` is the last position that it is for."""

    names: tuple[str, ...]
    touches: tuple[Touch, ...]
    sessions: int
    head: int


def timeline(
    db: Whence,
    name: str,
    *,
    gap: Pause = GAP,
    kinds: Sequence[str] = (),
    joined_by: Sequence[str] | None = None,
    at: Moment = None,
    clock: str = "occurred",
) -> Timeline:
    """$ whence journeys timeline visitor:abc
    $ whence journeys timeline lead:42 --at 2026-01-07 --json

    All touchpoints of one customer over all sources.

    The touchpoints of the customer who has a name, under all the names that are joined with it, in the order in which
    they happened: when, in which session, what, under which name, by whom and from where. The moments at which names
    were joined or separated stand among them, without a session. An earlier moment by the recorded clock gives what was
    known then. Ends with 1 when nothing is known of the name.
    """
    history = db.history(db.at(at, clock=clock))
    naming = naming_of(db, kinds, joined_by)
    main = main_of(db.history(), naming, db.config.models)  # of all there is, so that nobody is called otherwise then
    names = People.of(history, naming, main).names_of(name)
    about = [*names, *(f"{Identity.kind}:{each}" for each in names)]
    found = history.events(Query(tuple(QueryItem(tags=(tag,)) for tag in about)), order="occurred")
    touches = tuple(_touches(found, names, us_of(gap)))
    if not touches:
        if next(iter(db.log(name)), None) is not None:
            raise NotKnown("Nothing is known of this customer then", name=name, remedy="Ask later, or without --at.")
        near = db.near_tags(name)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "Names are written visitor:abc."
        raise NotKnown("Nothing is known of this customer", name=name, remedy=remedy)
    sessions = max((each.session or 0 for each in touches), default=0)
    return Timeline(tuple(names), touches, sessions, history.head)


def _touches(events: Iterable[Recorded], names: Sequence[str], gap_us: int) -> Iterator[Touch]:
    session, last_us = 0, None
    for event in events:
        is_touch = not event.type.startswith(OWN)  # else it is about who is who
        if is_touch:
            if last_us is None or event.time_us - last_us > gap_us:
                session += 1
            last_us = event.time_us
        tags = set(event.tags)
        yield Touch(
            time_us=event.time_us,
            session=session if is_touch else None,
            type=event.type,
            name=next((each for each in names if each in tags), "") if is_touch else " ".join(_joined(event)),
            actor=event.actor,
            source=_source(event),
            position=event.position,
            data=event.data,
        )


def _source(event: Recorded) -> str | None:
    """What its meta names, else the import that it came with."""
    said = (event.meta or {}).get("source")
    if said is None and (event.correlation or "").startswith("import:"):
        return event.correlation
    return None if said is None else str(said)


def _joined(event: Recorded) -> list[str]:
    """The names that an event joins or separates."""
    return sorted(split_tag(tag)[1] for tag in event.tags if split_tag(tag)[0] == Identity.kind)
