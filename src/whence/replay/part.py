"""A part of a replay: the entities of one range, folded from their columns. It is a plain value that any process or
machine which sees the segments can be handed; what it gives back are plain values too.

The events of each entity are folded in the model's order by the model's own handlers. A typed event is made straight
from columns where that comes to what decoding gives (`typed`), and of a type without a handler nothing is read.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from whence.config import load_model
from whence.errors import Cancelled, FoldFailed
from whence.events import Kind, Recorded
from whence.model import Model
from whence.replay.slices import LOOK, PLACE, Slice, Source, Until, kept, plainly, times, wanted_columns
from whence.replay.typed import Columns, Plain, fits, plain_of
from whence.rules import from_toml
from whence.scoring import Scorecard
from whence.scoring.kernel import Standings, score_all
from whence.segments.arrays import arrow, is_there, numbers
from whence.segments.columns import Rows, events_of
from whence.segments.scoring import awards_in

CHUNK_EVENTS = 50_000
"""So many events are objects at a time."""

Told = Callable[[int], None]
"""Called with how many events more are folded; it may raise to stop."""


class Named(msgspec.Struct, frozen=True):
    """How another process finds a model: by `module:Class` or `file.py:Class`, or by the table of its rules."""

    kind: str
    name: str | None = None
    table: Mapping[str, Any] | None = None
    paths: tuple[str, ...] = ()

    def load(self) -> Model:
        sys.path += [path for path in self.paths if path not in sys.path]
        if self.name is not None:
            return load_model(self.name, Path.cwd())
        return from_toml(self.kind, self.table or {})


class Part(msgspec.Struct, frozen=True):
    """The entities with codes from `first` up to and without `last`, whose tags are `entities`, and where to read.

    `stop` is a file that need not be there: once it is, the part ends with Cancelled.
    """

    sources: tuple[Source, ...]
    first: int
    last: int
    entities: tuple[str, ...]
    events: int
    until: Until
    model: Named | None = None
    card: Scorecard | None = None
    stop: str = ""


class Folded(msgspec.Struct, frozen=True):
    """What the entities of a part came to: the fields of each, in the order of their codes, and with a bound the first
    position of each, 0 for one that has no event by then."""

    fields: list[dict[str, Any]]
    begun: list[int] | None = None


def run(part: Part) -> Folded | Standings:
    """Fold or score a part, in a process of its own. Raises FoldFailed, InvalidEvent and Cancelled."""

    done = 0

    def told(events: int) -> None:
        nonlocal done
        if part.stop and os.path.exists(part.stop):
            raise Cancelled
        done += events
        _say(part, done)

    if part.card is not None:
        return scored(part)
    assert part.model is not None, "a part has a model or a scorecard"
    return folded(part, part.model.load(), told)


def done_file(stop: str, first: int) -> str:
    """Where a part says how many events it has done, beside the file by which it is stopped."""
    return f"{stop}.{first}"


def _say(part: Part, done: int) -> None:
    """Say it to whoever looks; on another machine there is nobody."""
    if part.stop:
        with suppress(OSError), open(done_file(part.stop, part.first), "w") as file:
            file.write(str(done))


def scored(part: Part) -> Standings:
    """What the card of a part comes to for its entities."""
    card = part.card
    assert card is not None, "asked of a part with a card"
    rows = Slice(card.kind, part.sources, part.first, part.last)
    return score_all(card, awards_in(rows, card, part.until.time_us), part.until.time_us)


def folded(part: Part, model: Model, told: Told) -> Folded:
    """What the entities of a part come to by a model."""
    begun = _begun(part)
    streams = _streams(part, model)
    fields: list[dict[str, Any]] = []
    with _no_collection():
        for first, last in _chunks(streams, part):
            fields += map(model.fields, _states(model, streams, first, last))
            told(sum(stream.count(first, last) for stream in streams))
    return Folded(fields, begun)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Events and states make no circles by themselves, and looking for some takes as long as the fold."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _begun(part: Part) -> list[int] | None:
    """The first position of each entity up to the bound, from every type."""
    if part.until.is_all:
        return None
    far = np.iinfo(np.int64).max
    found = np.full(part.last - part.first, far, np.int64)
    for source in part.sources:
        table = source.table((), LOOK, part.first, part.last)
        if table is not None and (table := kept(table, part.until)) is not None:
            np.minimum.at(found, numbers(table.column("entity")) - part.first, numbers(table.column("position")))
    found[found == far] = 0
    return found.tolist()


# What is folded.


class _Failing(msgspec.Struct, frozen=True):
    """In place of an event that cannot be decoded."""

    handler: Callable[..., None]
    problem: Exception


def _fail(state: Any, event: _Failing) -> None:
    raise event.problem


class _Stream:
    """Events in the order of a fold, of which those of some entities are made at a time: their codes, times and
    positions, and a handler with an event for each."""

    def __init__(
        self, type: str, codes: NDArray[np.int32], time_us: NDArray[np.int64], position: NDArray[np.int64]
    ) -> None:
        self.type, self.codes, self.time_us, self.position = type, codes, time_us, position

    def bounds(self, first: int, last: int) -> tuple[int, int]:
        low, high = np.searchsorted(self.codes, [first, last])
        return int(low), int(high)

    def count(self, first: int, last: int) -> int:
        low, high = self.bounds(first, last)
        return high - low

    def events(self, low: int, high: int) -> tuple[list[Any], list[Any]]:
        """The handlers and events of some rows."""
        raise NotImplementedError


def _by_code(codes: NDArray[np.int32], then: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order by code and then position or time. What is sorted are a few runs that are in order already, which one
    key that says both lets numpy see; two keys are for values too far apart."""
    if not len(codes):
        return np.zeros(0, np.int64)
    low, reach = then.min(), int(np.ptp(then)) + 1
    if (int(np.ptp(codes)) + 1) * reach >= 2**63:
        return np.lexsort((then, codes))
    return np.argsort((codes - codes.min()).astype(np.int64) * reach + (then - low), kind="stable")


class _Typed(_Stream):
    """Events of one type and version that are plainly in columns."""

    def __init__(self, type: str, handler: Any, plain: Plain, tables: Sequence[pa.Table]) -> None:
        codes = np.concatenate([numbers(table.column("entity")) for table in tables])
        position = np.concatenate([numbers(table.column("position")) for table in tables])
        time_us = np.concatenate([times(table) for table in tables])
        self._handler, self.columns = handler, Columns(plain, tables)
        order = _by_code(codes, position)
        super().__init__(type, codes[order], time_us[order], position[order])
        self.columns.take(order)

    def events(self, low: int, high: int) -> tuple[list[Any], list[Any]]:
        return [self._handler] * (high - low), self.columns.events(low, high)


class _Decoded(_Stream):
    """Events that are decoded one by one: by the codec, or by a model that looks at more than the data."""

    def __init__(self, model: Model, type: str, *order: Any) -> None:
        super().__init__(type, *order)
        self._model = model
        self._kinds = cache(lambda version, content_type: model.data_handler(Kind(type, version, content_type)))

    def recorded(self, low: int, high: int) -> list[Recorded]:
        """The events of some rows as they were recorded."""
        raise NotImplementedError

    def events(self, low: int, high: int) -> tuple[list[Any], list[Any]]:
        events = self.recorded(low, high)
        if not self._model.reads_data:
            return [self._model.step(self.type)] * len(events), events
        handlers, typed = [], list[Any]()
        for event in events:
            found = self._kinds(event.version, event.content_type)
            assert found is not None, "types without a handler are not read"
            handler, decode = found
            try:
                typed.append(decode(event.raw_data))
                handlers.append(handler)
            except Exception as problem:
                typed.append(_Failing(handler, problem))
                handlers.append(_fail)
        return handlers, typed


class _Whole(_Decoded):
    """Events of one table that are made as a whole."""

    def __init__(self, model: Model, type: str, table: pa.Table, part: Part) -> None:
        super().__init__(model, type, numbers(table.column("entity")), times(table), numbers(table.column("position")))
        self._table, self._part = table, part

    def recorded(self, low: int, high: int) -> list[Recorded]:
        table = self._table.slice(low, high - low)
        if "copy" in table.column_names:
            table = table.drop_columns(["copy"])
        names = _Names(self._part)
        found = {event.position: event for event in events_of(plainly(table), self.type, names)}  # type: ignore[arg-type]
        return [found[position] for position in self.position[low:high].tolist()]


class _Newest(_Decoded):
    """Events that are in no file yet."""

    def __init__(self, model: Model, type: str, rows: Rows, until: Until) -> None:
        codes = np.array(rows.codes, np.int32)
        position = np.array([event.position for event in rows.events], np.int64)
        time_us = np.array([event.time_us for event in rows.events], np.int64)
        order = _by_code(codes, position)
        order = order[until.holds(position, time_us)[order]]
        super().__init__(model, type, codes[order], time_us[order], position[order])
        self._events = [rows.events[row] for row in order.tolist()]

    def recorded(self, low: int, high: int) -> list[Recorded]:
        return self._events[low:high]


class _Names:
    """The tags of a part's entities, by code."""

    def __init__(self, part: Part) -> None:
        self._first, self._tags = part.first, part.entities

    def __getitem__(self, code: int) -> str:
        return self._tags[code - self._first]


def _streams(part: Part, model: Model) -> list[_Stream]:
    """What a model looks at in a part; types that it has no handler for are not read."""
    found: list[_Stream] = []
    look = LOOK if model.order == "occurred" or part.until.time_us is not None else PLACE
    plains = cache(partial(_plain, model))
    typed: dict[tuple[str, int], tuple[Any, Plain, list[pa.Table]]] = {}
    for source in part.sources:
        if model.step(source.type) is None:
            continue
        if source.newest is not None:
            found.append(_Newest(model, source.type, source.newest, part.until))
            continue
        schema = source.schema()
        plain = plains(source.type, 1) if model.reads_data else None
        if plain is not None and fits(plain[1], schema) and not {"rest", "content_type", "version"} & {*schema.names}:
            columns = wanted_columns(schema, plain[1].names, look)
            table = _read(source, schema, columns, part)
            if table is not None and _complete(plain[1], table):
                typed.setdefault((source.type, 1), (*plain, []))[2].append(table)
                continue
            if table is None:
                continue
        table = _read(source, schema, schema.names, part)
        if table is not None:
            found += _split(model, source.type, table, part, look, plains, typed)
    return [*(_Typed(type, *each) for (type, _), each in typed.items()), *found]


def _read(source: Source, schema: pa.Schema, columns: Sequence[str], part: Part) -> pa.Table | None:
    table = source.rows(schema, columns, part.first, part.last)
    return None if table is None else kept(table, part.until)


def _plain(model: Model, type: str, version: int) -> tuple[Any, Plain] | None:
    found = model.data_handler(Kind(type, version, None))
    plain = None if found is None else plain_of(found[1])
    return None if found is None or plain is None else (found[0], plain)


def _complete(plain: Plain, table: pa.Table) -> bool:
    """Whether every row has the fields that its class needs."""
    needed = {field.name for field in plain.fields if not field.may_lack}
    return all(table.column(name).null_count == 0 for name in wanted_columns(table.schema, needed, ()))


def _split(
    model: Model,
    type: str,
    table: pa.Table,
    part: Part,
    look: Sequence[str],
    plains: Callable[[str, int], tuple[Any, Plain] | None],
    typed: dict[tuple[str, int], Any],
) -> Iterator[_Stream]:
    """The rows of a table that are not all of the first version and plainly in columns: those that are, by version, and
    the others as a whole."""
    versions = np.ones(len(table), np.int32)
    if "version" in table.column_names:
        versions = numbers(table.column("version"), absent=1)
    odd = np.zeros(len(table), bool)
    for name in ("rest", "content_type"):
        if name in table.column_names:
            odd |= is_there(table.column(name))
    for version in np.unique(versions[~odd]).tolist() if model.reads_data else ():
        plain = plains(type, version)
        if plain is None or not fits(plain[1], table.schema):
            continue
        rows = ~odd & (versions == version)
        columns = {n: table.column(n) for n in wanted_columns(table.schema, plain[1].names, ())}
        needed = {field.name for field in plain[1].fields if not field.may_lack}
        for name in wanted_columns(table.schema, needed, ()):
            rows &= is_there(columns[name])
        if rows.any():
            chosen = table.select(wanted_columns(table.schema, plain[1].names, look)).filter(arrow(rows))
            typed.setdefault((type, version), (*plain, []))[2].append(chosen)
            odd |= rows
            table, versions, odd = table.filter(arrow(~rows)), versions[~rows], odd[~rows]
    if len(table):
        yield _Whole(model, type, table, part)


def _chunks(streams: Sequence[_Stream], part: Part) -> Iterator[tuple[int, int]]:
    """The codes of a part in ranges of about so many events."""
    counts = np.zeros(part.last - part.first, np.int64)
    for stream in streams:
        counts += np.bincount(stream.codes - part.first, minlength=len(counts))
    yield from ((part.first + low, part.first + high) for low, high in ranges(counts, CHUNK_EVENTS))


def ranges(counts: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """Neighbours together in ranges of about so many, each whole."""
    ends = np.cumsum(np.maximum(counts, 1))
    found, low = [], 0
    while low < len(counts):
        before = 0 if low == 0 else int(ends[low - 1])
        high = max(low + 1, int(np.searchsorted(ends, before + most, side="right")))
        found.append((low, high))
        low = high
    return found


# Folding.


def _states(model: Model, streams: Sequence[_Stream], first: int, last: int) -> Iterator[Any]:
    """The states of the entities in a range of codes."""
    cut = [(stream, *stream.bounds(first, last)) for stream in streams]
    cut = [(stream, low, high) for stream, low, high in cut if high > low]
    if not cut:
        return (model.initial() for _ in range(first, last))
    codes = np.concatenate([stream.codes[low:high] for stream, low, high in cut])
    position = np.concatenate([stream.position[low:high] for stream, low, high in cut])
    number = np.repeat(np.arange(len(cut)), [high - low for _, low, high in cut])
    order = _by_code(codes, position)
    if model.order == "occurred":
        time_us = np.concatenate([stream.time_us[low:high] for stream, low, high in cut])
        order = order[_by_code(codes[order], time_us[order])]
    handlers, events = [], []
    for stream, low, high in cut:
        its_handlers, its_events = stream.events(low, high)
        handlers += its_handlers
        events += its_events
    rows = order.tolist()
    handlers, events = [handlers[row] for row in rows], [events[row] for row in rows]
    counts = np.bincount(codes - first, minlength=last - first).tolist()
    types = [stream.type for stream, _, _ in cut]
    return _folded(model, _Ordered(handlers, events, position[order], number[order], types), counts)


class _Ordered(msgspec.Struct, frozen=True):
    handlers: list[Any]
    events: list[Any]
    position: Any
    numbers: Any
    types: list[str]


def _folded(model: Model, rows: _Ordered, counts: Sequence[int]) -> Iterator[Any]:
    """The state of each entity, of which so many rows are, one entity after the other."""
    following = zip(rows.handlers, rows.events, strict=True)
    for number, count in enumerate(counts):
        state = model.initial()
        try:
            if model.reads_data:
                for handler, event in islice(following, count):
                    handler(state, event)
            else:
                for step, event in islice(following, count):
                    state = step(state, event)
        except Exception as problem:
            start = sum(counts[:number])
            raise _failed(model, rows, start, start + count, problem) from problem
        yield state


def _failed(model: Model, rows: _Ordered, start: int, end: int, problem: Exception) -> FoldFailed:
    """What to raise for an entity whose fold failed: it is folded again, to name the event."""
    state = model.initial()
    row = start
    for row in range(start, end):
        handler, event = rows.handlers[row], rows.events[row]
        try:
            found = handler(state, event)
        except Exception as again:
            type, position = rows.types[rows.numbers[row]], int(rows.position[row])
            if not model.reads_data:
                return model.failed(type, position, again)
            return model.failed_by(event.handler if isinstance(event, _Failing) else handler, type, position, again)
        state = state if model.reads_data else found
    return model.failed(rows.types[rows.numbers[row]], int(rows.position[row]), problem)  # it fails not always
