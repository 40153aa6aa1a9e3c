"""Which events made a value: from the writers of what is looked at, back through all that their handlers read. What the
handlers touched is told by tracing, what of it their writes depend on by dependence; a replay proves the answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from whence.compare import same
from whence.dependence import Dependences
from whence.errors import FoldFailed
from whence.events import Recorded
from whence.explaining.tracing import FIRST, HOLDER, Slot, Source, Touched, Trace
from whence.explaining.writes import Told
from whence.model import Model
from whence.parts import read_all

Precision = Literal["fields", "handlers", "events"]
"""How far what a handler read was told apart: by the fields it was read for, by handlers, or not at all."""


class Slice(msgspec.Struct, frozen=True):
    """A value, and the events, by index, that it follows from, rising.

    `through` are the fields of the state that each of them wrote on the way to the value, and `updates` those among
    them that it made from what they were before. `writes` is what each event of the history wrote, `replayed` the
    values before and after each of the named events when only they are replayed.
    """

    value: Any
    through: Mapping[int, set[str]]
    updates: frozenset[tuple[int, str]]
    writes: Sequence[set[str]]
    replayed: Sequence[Any]
    precision: Precision

    @property
    def indexes(self) -> list[int]:
        return list(self.through)


def sliced(model: Model, events: Sequence[Recorded], look: Callable[[Any], Any], brief: Callable[[Any], Any]) -> Slice:
    """The events that the value follows from which `look` finds in the state after all of them; `brief` gives it short.

    Replaying only them gives the same value: that is checked here, and where the finest answer does not pass, a coarser
    one is given. Raises FoldFailed, also when all the events give another value than they gave before.
    """
    (value,) = _replayed(model, events, look, None)
    writes: Sequence[set[str]] = [set() for _ in events]
    for wary, ways in _WAYS:
        try:
            trace = Trace.of(model, events, wary=wary)
            looked = trace.reading(lambda state: read_all(look(state)))
        except FoldFailed:
            continue  # a handler refuses what only looks like its own
        writes = [touched.writes for touched in trace.touched]
        for is_read, holders in ways:
            depends = model.dependences_of if is_read else None
            through, updates = _closure(trace, looked, events, depends, holders=holders)
            try:
                replayed = _replayed(model, [events[index] for index in through], look, brief)
            except FoldFailed:
                continue  # one of them needs an event that is not named
            if same(replayed[-1], value):
                told_apart = depends is not None and all(depends(events[index].type) is not None for index in through)
                precision: Precision = "fields" if told_apart else "handlers"
                return Slice(value, through, updates, writes, replayed[:-1], precision)
    handled = {index: writes[index] for index, event in enumerate(events) if model.step(event.type) is not None}
    replayed = _replayed(model, [events[index] for index in handled], look, brief)
    if not same(replayed[-1], value):
        remedy = "A fold looks at no clock, random number or file: whence check --model names where it does."
        raise FoldFailed("The same events gave another value when they were replayed", model=model.name, remedy=remedy)
    updates = frozenset((index, field) for index, fields in handled.items() for field in fields)
    return Slice(value, handled, updates, writes, replayed[:-1], "events")


_WAYS = ((False, ((True, False), (True, True), (False, True))), (True, ((False, True),)))
"""From the finest to the coarsest: whether the trace is wary, and with it whether the source is read and whether what
made a container counts for what others put into it."""


def _replayed(
    model: Model, events: Sequence[Recorded], look: Callable[[Any], Any], brief: Callable[[Any], Any] | None
) -> list[Any]:
    """With `brief`, the short values before the first and after each event; last, the whole value after all of them."""
    state = model.initial()
    values = [] if brief is None else [brief(state)]
    for event in events:
        state = model.apply(state, event)
        if brief is not None:
            values.append(brief(state))
    return [*values, model.copied(look(state))]


def _closure(
    trace: Trace,
    looked: Touched,
    events: Sequence[Recorded],
    depends: Callable[[str], Dependences | None] | None,
    *,
    holders: bool,
) -> tuple[dict[int, set[str]], frozenset[tuple[int, str]]]:
    """All events that are reached from what was read, with the fields on the way, and which of those they made from
    what was there before.

    Without `holders` what made a container does not count for what others put into it. Without `depends` all that an
    event's handlers read counts. With it an event that is reached also counts with what decides whether it writes a
    field that somebody reads later, though it did not.
    """
    touched, told = trace.touched, defaultdict[tuple[str, int], Told](list)
    reached: dict[int, set[str]] = {}
    needed: dict[str, int] = {}  # the last event that reads a field
    chained: set[tuple[int, Slot]] = set()
    updates: set[tuple[int, str]] = set()
    waiting: list[tuple[int, str, Slot]] = []

    def read(found: Iterable[Source], at: int) -> None:
        for field, writer, slot in found:
            if slot == HOLDER and not holders:
                continue
            if writer != FIRST:
                waiting.append((writer, field, slot))
            if needed.get(field, -1) < at:
                needed[field] = at
                waiting.extend((index, field, None) for index in list(reached) if might_write(index, field))

    def might_write(index: int, field: str) -> bool:
        if depends is None or index >= needed.get(field, -1) or field in touched[index].writes:
            return False
        found = depends(events[index].type)
        return found is not None and field in found

    def read_whole(event: Touched, at: int, wanted: frozenset[str] | None) -> None:
        for field, number, place in event.wholes:
            if wanted is None or field in wanted:
                entries = trace.ledgers[number].told(place, at, told[field, number])
                read([(field, writer, HOLDER if holds else None) for writer, holds in entries], at)

    read(looked.reads, len(touched))
    read_whole(looked, len(touched), None)
    while waiting:
        index, field, slot = waiting.pop()
        event = touched[index]
        if slot is not None and (index, slot) not in chained:
            chained.add((index, slot))
            if slot in event.chains:
                updates.add((index, field))
                read([(field, event.chains[slot], slot)], index)
        known = reached.setdefault(index, set())
        if field in known:
            continue
        if not known:
            waiting.extend((index, other, None) for other in list(needed) if might_write(index, other))
        known.add(field)
        on = None if depends is None else depends(events[index].type)
        wanted = None if on is None else on.get(field)
        found = event.reads if wanted is None else [source for source in event.reads if source[0] in wanted]
        if any(source[0] == field for source in found):
            updates.add((index, field))
        read(found, index)
        read_whole(event, index, wanted)
    return {index: reached[index] for index in sorted(reached)}, frozenset(updates)
