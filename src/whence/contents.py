"""What is in a store: its event types with their counts and times, its kinds of tags, and what looks like a name that
was not found. It reads the store from end to end and keeps nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import islice

import msgspec

from whence.errors import NotKnown
from whence.events import Recorded
from whence.grammar import id_to_raw
from whence.store import Store

REPORT_EVENTS = 10_000
NEAR_MAX = 3
FIRST_EVENTS = 2_000

_POSITION = re.compile(r"@?(\d{1,18})", re.ASCII)

Progress = Callable[[int, int | None], None]


class TypeSummary(msgspec.Struct, frozen=True):
    """One event type: how many events, the first and last time they happened, and the kinds of their tags."""

    type: str
    events: int
    first_us: int
    last_us: int
    kinds: tuple[str, ...]


def types_in(store: Store, progress: Progress | None = None) -> list[TypeSummary]:
    """Every type in the store, by name."""
    counts: dict[str, int] = {}
    spans: dict[str, tuple[int, int]] = {}
    shapes: dict[tuple[str, str], None] = {}
    reading = store.read()
    for event in reading:
        name, us = event.type, event.time_us
        counts[name] = counts.get(name, 0) + 1
        first, last = spans.get(name, (us, us))
        spans[name] = (min(first, us), max(last, us))
        for tag in event.tags_text.split("\n"):
            shapes[name, tag.partition(":")[0]] = None
        if progress and event.position % REPORT_EVENTS == 0:
            progress(event.position, reading.head)
    kinds = {name: tuple(sorted(kind for type, kind in shapes if type == name and kind)) for name in counts}
    return [TypeSummary(name, counts[name], *spans[name], kinds[name]) for name in sorted(counts)]


def main_kind(events: Iterable[Recorded], preferred: Iterable[str] = ()) -> str:
    """The kind that events are mostly about: the first of the preferred ones that the first events have tags of,
    else the most frequent one among them, and of equally frequent ones that with the most entities."""
    entities: dict[str, dict[str, int]] = {}
    for event in islice(events, FIRST_EVENTS):
        for tag in event.tags:
            counts = entities.setdefault(tag.partition(":")[0], {})
            counts[tag] = counts.get(tag, 0) + 1
    for kind in preferred:
        if kind in entities:
            return kind
    by_weight = max(entities, key=lambda kind: (sum(entities[kind].values()), len(entities[kind]), kind), default=None)
    return by_weight or next(iter(preferred), "entity")


def near_types(store: Store, name: str) -> list[str]:
    """Up to three types that look like the name; none when it is there."""
    return _near(name, (event.type for event in store.read()))


def near_tags(store: Store, tag: str) -> list[str]:
    """Up to three tags that look like this one; none when it is there."""
    return _near(tag, (found for event in store.read() for found in event.tags_text.split("\n")))


def near_kinds(store: Store, kind: str) -> list[str]:
    """Up to three kinds of tags that look like this one; none when it is there."""
    tags = (tag for event in store.read() for tag in event.tags_text.split("\n"))
    return _near(kind, (tag.partition(":")[0] for tag in tags))


def near_actors(store: Store, actor: str) -> list[str]:
    """Up to three actors that look like this one; none when it is there."""
    return _near(actor, (event.actor for event in store.read() if event.actor))


def event_named(store: Store, named: str | int) -> Recorded:
    """The event with an id or at a position: `"@120"` and 120 are positions, `"120"` is one when no event has that id.
    Raises NotKnown."""
    position = named if isinstance(named, int) else _position_of(store, named)
    for event in store.read(after=position - 1, upto=position) if position > 0 else ():
        return event
    raise NotKnown("No event at this position", position=position, head=store.head())


def _position_of(store: Store, named: str) -> int:
    position = _POSITION.fullmatch(named)
    if position is None or not named.startswith("@"):
        raw_id = id_to_raw(named)
        if found := store.positions_of([raw_id]):
            return found[raw_id]
    if position is not None:
        return int(position[1])
    raise NotKnown("No event with this id", id=named, remedy="Take an id from whence log --json, or a position: @120.")


def _near(name: str, found: Iterable[str]) -> list[str]:
    known = set(found)
    if name in known:
        return []
    folded: dict[str, str] = {}
    for other in sorted(known):
        folded.setdefault(other.casefold(), other)
    return [folded[key] for key in get_close_matches(name.casefold(), folded, NEAR_MAX, 0.6)]
