"""A changed past: a history without some events, with others altered or inserted, or in which some entities stopped at
an event that a rule refuses. What an experiment makes of it is left to experiment.

Everything else stays as it was recorded. Nobody decides again: what was decided after a change, and what came of it,
keep their recorded outcome, unless an entity stopped before them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from whence.clock import to_us
from whence.errors import InvalidEvent, InvalidQuery, NotKnown
from whence.events import Event, Recorded
from whence.experiments.selection import Selection, Which, alteration_of
from whence.experiments.side import in_occurred_order
from whence.grammar import id_to_raw, normal_kind, raw_to_id
from whence.history import History, Progress, events_by_entity

KEPT = (
    "All else is kept as it was recorded: nobody decides again, so what was decided later, and what came of it, stand "
    "as they were."
)
"""What has to be said of every changed past."""
Alteration = str | tuple[Which, Mapping[str, Any]]
"""Which events are altered and the data that is set, as text (`Scored if score > 80 set score=80`) or apart."""


class Change(msgspec.Struct, frozen=True):
    """One change of the past: how, which events, as it was said, and how many events of how many entities it touched.
    For "stop" these are the entities that stopped, and the later events that never happen."""

    how: Literal["without", "alter", "insert", "stop"]
    said: str
    events: int
    entities: int

    @property
    def text(self) -> str:
        """The change in a sentence."""
        entities = f"{self.entities:,} entit{'y' if self.entities == 1 else 'ies'}"
        if self.how == "stop":
            return (
                f"Stopped at {self.said}: {entities}, of which {_events(self.events, 'later ')} never {_happen(self)}."
            )
        touched = f"{_events(self.events)} of {entities}"
        match self.how:
            case "without":
                return f"Without {self.said}: {touched} never {_happen(self)}."
            case "alter":
                return f"Altered, {self.said}: {touched}."
        return f"Inserted from {self.said}: {touched}."


class Past(msgspec.Struct, frozen=True, eq=False):
    """A changed history, and what was changed, in order."""

    history: History
    changes: tuple[Change, ...]


def changed(
    history: History,
    kind: str,
    *,
    without: Iterable[Which] = (),
    alter: Iterable[Alteration] = (),
    insert: Iterable[tuple[str, Sequence[Event]]] = (),
    stop: Iterable[Which] = (),
    progress: Progress | None = None,
) -> Past:
    """The past of a kind's entities as it might have been. First what is `without` is dropped, then data are altered,
    then events inserted, each named by where they come from; last, entities `stop` at the first of their events that is
    meant (see `stopped`). Each change looks at what those before it left.

    An inserted event needs a time, and comes after the last event of its entities that happened by then. Each change
    reads the history once; for "insert" and "stop" the events of the kind are held in memory.

    Raises NotKnown for a change that touches nothing, InvalidQuery, InvalidEvent and InvalidModel for one that cannot
    be read or made.
    """
    kind, changes = normal_kind(kind), list[Change]()
    for which in without:
        selection = Selection.of(which)
        events = _picked(history, kind, selection, progress)
        history = history.revised(dropped=events)
        changes.append(_change("without", selection.text, events, kind))
    for alteration in alter:
        chosen, fields = alteration_of(alteration) if isinstance(alteration, str) else alteration
        selection = Selection.of(chosen)
        events = _picked(history, kind, selection, progress)
        history = history.revised(altered=[(event, {"data": _with(event, fields)}) for event in events])
        said = alteration if isinstance(alteration, str) else f"{selection.text} set {', '.join(fields)}"
        changes.append(_change("alter", " ".join(said.split()), events, kind))
    for named, given in insert:
        history, change = _inserted(history, kind, named, given, progress)
        changes.append(change)
    for which in stop:
        selection = Selection.of(which)
        found = _stopped(history, kind, selection, progress)
        if not found.entities:
            raise _untouched(selection.text, kind)
        history = found.history
        changes.append(Change("stop", selection.text, found.events, len(found.entities)))
    return Past(history, tuple(changes))


class Stopped(msgspec.Struct, frozen=True, eq=False):
    """The history without what came after a refusal, the entities that were refused, in the order of their first
    events, and how many events never happen."""

    history: History
    entities: tuple[str, ...]
    events: int


def stopped(history: History, kind: str, refuses: Which) -> Stopped:
    """The past in which each entity of a kind stops at the first of its events, as they happened, that the rule
    refuses: this event is kept, and the later ones are dropped. An event that is about other entities too is dropped
    with the first of them that stopped.

    The rule, a text or a function of an event, must be pure. Holds the events of the kind in memory.
    """
    return _stopped(history, normal_kind(kind), Selection.of(refuses), None)


def _stopped(history: History, kind: str, selection: Any, progress: Progress | None) -> Stopped:
    by_entity = events_by_entity(history.told_events(progress), kind)
    entities: list[str] = []
    dropped: dict[bytes | str, Recorded] = {}
    for entity, events in by_entity.items():
        ordered = in_occurred_order(events)
        at = next((number for number, event in enumerate(ordered) if selection.picks(event)), None)
        if at is not None:
            entities.append(entity)
            dropped |= {event.raw_id: event for event in ordered[at + 1 :]}
    selection.refuse_unknown()
    return Stopped(history.revised(dropped=dropped.values()), tuple(entities), len(dropped))


def _picked(history: History, kind: str, selection: Any, progress: Progress | None) -> list[Recorded]:
    """The events about a kind that are meant. Raises NotKnown for none."""
    found = [event for event in history.told_events(progress) if event.entities(kind) and selection.picks(event)]
    selection.refuse_unknown()
    if not found:
        raise _untouched(selection.text, kind)
    return found


def _untouched(said: str, kind: str) -> NotKnown:
    remedy = "Look with whence log at how the events are written: a number is 80, a text that looks like one '\"80\"'."
    return NotKnown(f"No event of kind {kind} is meant, so nothing changes", said=said, remedy=remedy)


def _with(event: Recorded, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an event with other values in some fields. Raises InvalidEvent where its data are no object."""
    data = {} if event.data is None else event.data
    if not isinstance(data, dict):
        remedy = "Leave it out, and insert another."
        raise InvalidEvent("The data of an event are no object to set fields in", event=event.position, remedy=remedy)
    return {**data, **fields}


def _inserted(
    history: History, kind: str, named: str, given: Sequence[Event], progress: Progress | None
) -> tuple[History, Change]:
    """The history with more events, each behind the last of its entities' that happened by then."""
    last_us = history.bounds[1]
    ordered = sorted(((_time_us(event), event) for event in given), key=lambda each: each[0])
    there = [(us, event, _entities(event, kind)) for us, event in ordered if us <= last_us]
    if not there:
        raise NotKnown("No event to insert by then", source=named, remedy="Give events of a time that is looked at.")
    wanted = {entity for *_, entities in there for entity in entities}
    ids = {id_to_raw(event.id) for _, event, _ in there if event.id is not None}
    own: dict[str, list[tuple[int, int]]] = {entity: [] for entity in wanted}
    for event in history.told_events(progress):
        if event.raw_id in ids:
            facts = {"id": raw_to_id(event.raw_id), "position": event.position, "source": named}
            remedy = "Leave its id out, or alter the one that did."
            raise InvalidQuery("An event to insert has happened already", **facts, remedy=remedy)
        for entity in wanted.intersection(event.entities(kind)):
            own[entity].append((event.time_us, event.position))
    for times in own.values():
        times.sort()
    placed = [(event, _place(us, [own[entity] for entity in entities], history.head)) for us, event, entities in there]
    return history.revised(inserted=placed), Change("insert", named, len(there), len(wanted))


def _place(us: int, several: Sequence[Sequence[tuple[int, int]]], head: int) -> int:
    """The position after which an event of a time comes, by the times and positions of its entities' events: before
    them all where it is the first, at the end where there are none."""
    before = [times[:number][-1][1] for times in several if (number := bisect_right(times, (us, head)))]
    first = min((position for times in several for _, position in times), default=head + 1)
    return max(before, default=first - 1)


def _time_us(event: Event) -> int:
    if event.time is None:
        remedy = "Give it a time: 2026-01-09T14:30:00Z."
        raise InvalidEvent("An event to insert needs a time", type=event.type, tags=" ".join(event.tags), remedy=remedy)
    return to_us(event.time)


def _entities(event: Event, kind: str) -> list[str]:
    found = [tag for tag in event.tags if tag.startswith(f"{kind}:")]
    if not found:
        remedy = f"Give it a tag: {kind}:42."
        raise InvalidEvent(f"An event to insert is about no {kind}", type=event.type, tags=event.tags, remedy=remedy)
    return found


def _change(how: Literal["without", "alter"], said: str, events: Sequence[Recorded], kind: str) -> Change:
    entities = {entity for event in events for entity in event.entities(kind)}
    return Change(how, said, len(events), len(entities))


def _happen(change: Change) -> str:
    return "happens" if change.events == 1 else "happen"


def _events(count: int, which: str = "") -> str:
    return f"{count:,} {which}event" + ("" if count == 1 else "s")
