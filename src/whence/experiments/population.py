"""The entities of a kind, as an experiment looks at them: when each began, when it had the outcome, and its events.
They come from the events themselves, or from segments, where events are only read of the entities that are looked at.

Both give the same. What a side comes to for them is left to `asking`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from whence.clock import LATEST_US
from whence.events import Recorded
from whence.experiments.side import in_occurred_order
from whence.experiments.statistics import Ints
from whence.history import History, Progress, events_by_entity
from whence.query import Query
from whence.scoring import Scorecard
from whence.scoring.compiled import COMPILED
from whence.scoring.kernel import Awards, awards_by_entity

if TYPE_CHECKING:
    import pyarrow as pa

    from whence.segments.reading import Segments

NEVER = -(2**62)
"""In place of a moment in an array of moments."""
_LOOK = ("position", "entity", "time", "recorded")

Events = Mapping[str, Sequence[Recorded]]
"""The events of each entity, in occurred order."""


class Columns(Protocol):
    """What events gave by a scorecard that counts them as they happened, in columns (`scoring.kernel`). An entity's
    code is its place in `coded`."""

    @property
    def coded(self) -> Sequence[str]: ...

    def awards(self, card: Scorecard) -> Awards: ...


class Lives(msgspec.Struct, frozen=True, eq=False):
    """When each entity began and when it first had an outcome, NEVER where it did not: microseconds UTC, in the order
    of the entities. `has_outcome` is whether any event is of such a type."""

    first_us: Ints
    outcome_us: Ints
    has_outcome: bool


class Population(Protocol):
    """The entities of a kind in the order of their first events; how many events they have, each counted once for each
    entity that it is about; and the last moment of them all, None without any."""

    entities: Sequence[str]
    events: int
    observed_us: int | None

    def lives(self, types: Collection[str]) -> Lives: ...

    def of(self, entity: str) -> Sequence[Recorded]:
        """The events of one entity, in occurred order."""
        ...

    def all(self) -> Events:
        """The events of all, held in memory."""
        ...

    def columns(self) -> Columns: ...


def population(
    history: History, kind: str, progress: Progress | None = None, segments: Segments | None = None
) -> Population:
    """The entities of a kind. With segments, which are of this history's store and kind, they are read from columns if
    the kernel is compiled; a branch is in none."""
    if segments is not None and COMPILED and not history.is_branch:
        return InSegments(history, kind, segments, progress)
    return InMemory(history, kind, progress)


class InMemory:
    """Entities whose events are all held."""

    def __init__(self, history: History, kind: str, progress: Progress | None) -> None:
        found = events_by_entity(history.told_events(progress), kind)
        self._events: Events = {entity: in_occurred_order(events) for entity, events in found.items()}
        self.entities: Sequence[str] = list(self._events)
        self.events = sum(map(len, self._events.values()))
        self.observed_us = max((each[-1].time_us for each in self._events.values()), default=None)

    def lives(self, types: Collection[str]) -> Lives:
        first = [own[0].time_us for own in self._events.values()]
        outcome = [next((e.time_us for e in own if e.type in types), NEVER) for own in self._events.values()]
        return Lives(np.array(first, np.int64), np.array(outcome, np.int64), any(us != NEVER for us in outcome))

    def of(self, entity: str) -> Sequence[Recorded]:
        return self._events.get(entity, ())

    def all(self) -> Events:
        return self._events

    def columns(self) -> Columns:
        return InEvents(self._events)


class InEvents:
    """Columns that are made of events."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self.coded: Sequence[str] = list(events)

    def awards(self, card: Scorecard) -> Awards:
        return awards_by_entity(card, self._events.values())


class InSegments:
    """Entities whose rows are in segments. It is used as long as these are open."""

    def __init__(self, history: History, kind: str, segments: Segments, progress: Progress | None) -> None:
        self._history, self._kind, self._progress = history, kind, progress
        self._rows = _Upto(segments, history.head)
        self._until_us = None if history.bounds[1] == LATEST_US else history.bounds[1]
        self.coded: Sequence[str] = segments.entities()
        self._all: Events | None = None
        count = len(self.coded)
        begun, self._first = np.full(count, 2**62, np.int64), np.full(count, 2**62, np.int64)
        self.events, last_us = 0, NEVER
        for _, table in self._rows.tables((), _LOOK):
            code, position, time_us = self._looked(table)
            if len(code):
                np.minimum.at(begun, code, position)
                np.minimum.at(self._first, code, time_us)
                last_us = max(last_us, int(time_us.max()))
                self.events += len(code)
        there = np.flatnonzero(begun < 2**62).tolist()
        self._codes = np.array(sorted(there, key=lambda code: (begun[code], self.coded[code])), np.int64)
        self.entities: Sequence[str] = [self.coded[code] for code in self._codes.tolist()]
        self.observed_us = last_us if there else None

    def lives(self, types: Collection[str]) -> Lives:
        outcome = np.full(len(self.coded), 2**62, np.int64)
        for type, table in self._rows.tables((), _LOOK):
            if type in types:
                code, _, time_us = self._looked(table)
                np.minimum.at(outcome, code, time_us)
        found = outcome[self._codes]
        had = found < 2**62
        return Lives(self._first[self._codes], np.where(had, found, NEVER), bool(had.any()))

    def of(self, entity: str) -> Sequence[Recorded]:
        if self._all is not None:
            return self._all.get(entity, ())
        return in_occurred_order(self._history.events(Query.of(tags=[entity])))

    def all(self) -> Events:
        if self._all is None:
            self._all = InMemory(self._history, self._kind, self._progress).all()
        return self._all

    def columns(self) -> Columns:
        return self

    def awards(self, card: Scorecard) -> Awards:
        from whence.segments.scoring import awards_in

        return awards_in(self._rows, card, self._until_us)

    def _looked(self, table: pa.Table) -> tuple[Any, Any, Any]:
        """The codes, positions and times of the rows that are about an entity and happened by then."""
        from whence.segments.arrays import is_there, numbers
        from whence.segments.scoring import times_of

        code, position, time_us = table.column("entity"), numbers(table.column("position")), times_of(table)
        there = is_there(code)
        if self._until_us is not None:
            there = there & (time_us <= self._until_us)
        return numbers(code)[there], position[there], time_us[there]


class _Upto:
    """The tables of segments up to a position."""

    def __init__(self, segments: Segments, position: int) -> None:
        self._segments, self._position = segments, position

    def tables(self, fields: Collection[str], envelope: Collection[str]) -> Iterator[tuple[str, pa.Table]]:
        from whence.segments.arrays import numbers, taken

        within = self._position >= self._segments.head
        for type, table in self._segments.tables(fields, envelope):
            if not within:
                table = taken(table, np.flatnonzero(numbers(table.column("position")) <= self._position))
            yield type, table
