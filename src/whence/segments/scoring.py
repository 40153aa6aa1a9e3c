"""A scorecard over a whole history in columns: which events give how many points is worked out a column at a time, and
the kernel does the rest. It comes to what `scoring.live` does, to the last digit.

A condition is asked of each different value of a column once, by the very code that is asked of an event, or of the
numbers themselves where nothing else can come out. Rows that are not wholly in columns (`rest`), and those that say a
fact, are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from whence import jsonvalue
from whence.clock import to_us
from whence.events import Recorded
from whence.scoring.card import Scorecard
from whence.scoring.compiled import COMPILED
from whence.scoring.condition import ABSENT, COMPARISONS, Condition
from whence.scoring.kernel import Awards, Crossings, Standings, score_all
from whence.scoring.live import Moment, Standing
from whence.scoring.matching import Matcher
from whence.scoring.points import AWARD_POINTS_MAX, micro_of, number_of
from whence.scoring.sequence import NO_RULE, Int32, Int64
from whence.segments.ahead import processors
from whence.segments.arrays import encoded, is_there, numbers, taken
from whence.segments.columns import cells_of, field_of
from whence.segments.ordering import in_order
from whence.segments.reading import Segments
from whence.segments.rows import TYPES, Part, Rows

Mask = NDArray[np.bool_]

_ENVELOPE = ("position", "entity", "time", "recorded", "rest")


class Scored(msgspec.Struct, frozen=True, eq=False):
    """What a card comes to for every entity of a history: `entities` are their tags by code, and the arrays of
    `standings` say which code each row is of. With `at_us` all are as of then."""

    card: Scorecard
    head: int
    entities: Sequence[str]
    standings: Standings
    at_us: int | None = None

    def ranked(self) -> list[int]:
        """The rows of the standings, the highest first score first, then by entity code."""
        return np.argsort(-self.standings.scores_micro[:, 0], kind="stable").tolist()  # type: ignore[no-any-return]

    def by_entity(self) -> dict[str, Standing]:
        """What each entity comes to, in the order of codes."""
        codes = self.standings.entity.tolist()
        return {self.entities[code]: self.standings.standing(self.card, row) for row, code in enumerate(codes)}


def score_segments(segments: Segments, card: Scorecard, at: Moment | None = None) -> Scored:
    """What a card comes to for every entity that has events by `at` (inclusive), as of `at`; without it, for each as of
    its last event. The segments are of the card's kind.

    Raises InvalidEvent for a field of points that is no number, naming the event, and InvalidTime.
    """
    assert segments.kind == card.kind, "segments are sorted by the entities of one kind"
    asked = (_matched(card), None if at is None else to_us(at))
    if segments.kept is None or segments.kept[0] != asked:
        segments.kept = None  # both at once are not needed
        rows = _rows_in(segments, card, at)
        segments.kept = asked, rows, rows.shares()
    _, rows, shares = segments.kept
    return Scored(card, segments.head, segments.entities(), _standings(rows, shares, card, at), asked[1])


def _fixed(card: Scorecard) -> tuple[Mask, Int64]:
    """Whether each rule gives what the card says, whatever an event says, and that. NO_RULE, the last, does."""
    rules = [(rule.on is not None and not isinstance(rule.points, str), rule.micro) for rule in card.rules]
    is_fixed, given = zip(*rules, (True, 0), strict=True)
    return np.array(is_fixed), np.array(given)


def _matched(card: Scorecard) -> bytes:
    """What of a card says which rows there are: not what a rule about events gives, if that is fixed."""
    rules = [
        (rule.on, rule.when, rule.while_, rule.points if rule.on is None or isinstance(rule.points, str) else None)
        for rule in card.rules
    ]
    return msgspec.json.encode((card.kind, card.order, rules))


def _standings(rows: Rows, shares: Int64, card: Scorecard, at: Moment | None) -> Standings:
    """What the rows come to, scored by several threads, a share at a time. The kernel lets go of Python's lock."""
    with ThreadPoolExecutor(processors() if COMPILED else 1) as threads:
        found = list(threads.map(lambda each: score_all(card, _in_order(rows, card, *each), at), pairwise(shares)))
    rows.ordered = True
    return joined(found)


def joined(parts: Sequence[Standings]) -> Standings:
    """The standings of parts, which are in the order of codes."""

    def one(kind: Any, values: Sequence[Any]) -> Any:
        return kind(*(np.concatenate([getattr(v, name) for v in values]) for name in kind.__struct_fields__))

    crossings = one(Crossings, [part.crossings for part in parts])
    names = [name for name in Standings.__struct_fields__ if name != "crossings"]
    arrays: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Standings(crossings=crossings, **arrays)


class Tables(Protocol):
    """Where the tables of a kind are read: `Segments`, or a part of them."""

    def tables(self, fields: Collection[str], envelope: Collection[str]) -> Iterator[tuple[str, pa.Table]]: ...


def awards_in(segments: Tables, card: Scorecard, at: Moment | None = None) -> Awards:
    """What the events give by a card's rules, those that happened by `at` (inclusive)."""
    rows = _rows_in(segments, card, at)
    return _in_order(rows, card, np.array(rows.starts[:-1], np.int64), np.array(rows.starts[1:], np.int64))


def _rows_in(segments: Tables, card: Scorecard, at: Moment | None) -> Rows:
    """The rows of Awards, in no order."""
    until = None if at is None else to_us(at)
    matcher, rows, facts = Matcher(card), Rows(with_points=not all(_fixed(card)[0])), list[_Said]()
    wanted = {path.split(".")[0] for path in matcher.paths}

    for type, table in segments.tables(wanted, _ENVELOPE):
        events = _Events.of(type, table, until)
        for part in _awards_of(events, matcher):
            rows.add(part)
        facts += _facts_of(events, matcher)
    if facts:
        rows.add(_changes(facts, matcher, card))
    return rows


def _in_order(rows: Rows, card: Scorecard, begins: Int64, ends: Int64) -> Awards:
    """Rows by entity and then in the card's order; of an event its beginning first."""
    is_fixed, given = _fixed(card)
    entity, time_us, position, rule, *points = in_order(rows, begins, ends, by_time=card.order == "occurred")
    fixed = given[rule]
    return Awards(entity, time_us, position, rule, np.where(is_fixed[rule], fixed, *points) if points else fixed)


class _Said(NamedTuple):
    """An event that says facts, and what it says."""

    entity: int
    time_us: int
    position: int
    facts: Mapping[str, Any]


class _Events:
    """The rows of a table that are about an entity and happened by then: columns as they are asked for."""

    def __init__(self, type: str, table: pa.Table, time_us: Int64) -> None:
        self.type = type
        self.time_us = time_us
        self.entity: Int32 = numbers(table.column("entity"))
        self.position: Int64 = numbers(table.column("position"))
        self._table = table
        self._fields = {field_of(field): field for field in table.schema if field.name not in _ENVELOPE}
        there = "rest" in table.column_names
        self.odd: Mask = is_there(table.column("rest")) if there else np.zeros(len(self.position), bool)

    @classmethod
    def of(cls, type: str, table: pa.Table, until: int | None) -> _Events:
        time_us, kept = times_of(table), is_there(table.column("entity"))
        if until is not None:
            kept = kept & (time_us <= until)
        if not kept.all():
            table, time_us = taken(table, np.flatnonzero(kept)), time_us[kept]
        return cls(type, table, time_us)

    def part(self, chosen: Mask, rule: int) -> Part:
        """What some rows become."""
        if chosen.all():  # as all do where a rule has no conditions
            return Part(self.entity, self.time_us, self.position, rule)
        return self.part_at(np.flatnonzero(chosen), rule)

    def part_at(self, at: Int64, rule: Int32 | int, points: Int64 | int = 0) -> Part:
        """What the rows at some places become."""
        return Part(self.entity[at], self.time_us[at], self.position[at], rule, points)

    def column(self, field: str) -> tuple[pa.Field, pa.ChunkedArray] | None:
        found = self._fields.get(field)
        return None if found is None else (found, self._table.column(found.name))

    def says(self, fields: Sequence[str]) -> Mask:
        """The rows that have one of the fields, as far as columns tell, and those that may have."""
        found = self.odd.copy()
        for field in fields:
            if (column := self.column(field)) is not None:
                found |= is_there(column[1])
        return found

    def events(self, rows: Int64) -> list[Recorded]:
        """These rows as events, with what their data say of the fields that were read."""
        table = taken(self._table, rows)
        columns = [(name, cells_of(field, table.column(field.name))) for name, field in self._fields.items()]
        rest = table.column("rest").to_pylist() if "rest" in table.column_names else [None] * len(rows)
        found = []
        for number, (row, other) in enumerate(zip(rows.tolist(), rest, strict=True)):
            data: Any = {name: cells[number] for name, cells in columns if cells[number] is not None}
            if other is not None:
                said = jsonvalue.decode(other)
                data = {**data, **said} if isinstance(said, dict) else said
            time_us = int(self.time_us[row])
            text = jsonvalue.encode(data).decode()
            found.append(Recorded(int(self.position[row]), b"", self.type, 1, None, "", text, time_us, time_us))
        return found


def times_of(table: pa.Table) -> Int64:
    """When each row happened, in microseconds: its time, else when it was recorded."""
    if "recorded" not in table.column_names:
        return numbers(table.column("time"))
    recorded: Int64 = numbers(table.column("recorded"))
    if "time" not in table.column_names:
        return recorded
    given = table.column("time")
    return np.where(is_there(given), numbers(given), recorded)


# Rules about events.


def _awards_of(events: _Events, matcher: Matcher) -> Iterator[Part]:
    """The awards by each rule, and the beginning of each event that has none."""
    idle = ~events.odd
    for rule in matcher.by_event:
        if rule.types is not None and events.type not in rule.types:
            continue
        met = ~events.odd
        for condition in rule.conditions:
            met &= _holds(events, condition)
        if rule.field is None:
            yield events.part(met, rule.number)
        else:
            said, points = _points(events, rule.field, met, matcher)
            met &= said
            yield events.part_at(np.flatnonzero(met), rule.number, points[met])
        idle &= ~met
    if idle.any():
        yield events.part(idle, NO_RULE)
    if events.odd.any():
        yield _odd_awards(events, matcher)


def _odd_awards(events: _Events, matcher: Matcher) -> Part:
    """The same of events that are not wholly in columns, looked at one by one."""
    odd = np.flatnonzero(events.odd)
    found = [
        (row, rule, micro)
        for row, event in zip(odd.tolist(), events.events(odd), strict=True)
        for rule, micro in list(matcher.awards(event)) or [(NO_RULE, 0)]
    ]
    at, rules, points = zip(*found, strict=True)
    return events.part_at(np.array(at), np.array(rules, np.int32), np.array(points, np.int64))


def _holds(events: _Events, condition: Condition) -> Mask:
    """Whether each row meets a condition; for odd rows it may be anything."""
    first, _, inner = condition.field.partition(".")
    found = events.column(first)
    if found is None:
        return np.zeros(len(events.odd), bool)
    field, column = found
    is_number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    if condition.test in COMPARISONS and is_number and not inner:
        bound = number_of(condition.against)
        if bound is not None and float(bound) == bound:  # so that the numbers compare as their digits do
            return _compared(column, condition.test, float(bound))
    return _mapped(field, column, inner, condition.holds, bool)


def _compared(column: pa.ChunkedArray, test: str, bound: float) -> Mask:
    compare = {
        "at_least": np.greater_equal,
        "at_most": np.less_equal,
        "more_than": np.greater,
        "less_than": np.less,
    }[test]
    against = int(bound) if pa.types.is_integer(column.type) and bound.is_integer() else bound
    return compare(numbers(column), against) & is_there(column)  # type: ignore[no-any-return]


def _mapped(field: pa.Field, column: pa.ChunkedArray, inner: str, function: Any, kind: type) -> NDArray[Any]:
    """What a function gives for each cell, ABSENT for an absent one; it is called once for each different one."""
    places = encoded(column)
    cells = cells_of(field, places.dictionary)
    answers = [function(_inner(cell, inner)) for cell in cells]
    known: NDArray[Any] = np.array([*answers, function(ABSENT)], dtype=kind)
    return known[numbers(places.indices, absent=len(answers))]  # type: ignore[no-any-return]


def _inner(cell: Any, path: str) -> Any:
    """A part of a cell at a dotted path."""
    for part in path.split(".") if path else ():
        if not isinstance(cell, dict) or part not in cell:
            return ABSENT
        cell = cell[part]
    return cell


def _points(events: _Events, path: str, met: Mask, matcher: Matcher) -> tuple[Mask, Int64]:
    """Which rows say a number of points, and the micro-points. Raises InvalidEvent for the first that says none."""
    first, _, inner = path.partition(".")
    found = events.column(first)
    if found is None:
        return np.zeros(len(met), bool), np.zeros(len(met), np.int64)

    def micro(value: Any) -> int:
        if value is ABSENT or value is None:
            return _ABSENT
        points = number_of(value)
        return _BAD if points is None or abs(points) > AWARD_POINTS_MAX else micro_of(points)

    given = _mapped(*found, inner, micro, np.int64)
    wrong = np.flatnonzero(met & (given == _BAD))
    if len(wrong):
        (event,) = events.events(wrong[:1])
        list(matcher.awards(event))  # which raises
    return given > _BAD, given


_ABSENT, _BAD = -(2**62), -(2**62) + 1
"""Beyond every number of points: a row that has no such field, and one whose field is no number of points."""


# Rules about facts.


def _facts_of(events: _Events, matcher: Matcher) -> Iterator[_Said]:
    """The rows that say a fact which a rule looks at."""
    if not matcher.fields:
        return
    saying = np.flatnonzero(events.says([path.split(".")[0] for path in matcher.fields]))
    for row, event in zip(saying.tolist(), events.events(saying) if len(saying) else (), strict=True):
        if facts := dict(matcher.facts(event)):
            yield _Said(int(events.entity[row]), int(events.time_us[row]), int(events.position[row]), facts)


def _changes(said: list[_Said], matcher: Matcher, card: Scorecard) -> Part:
    """The changes of facts, an entity after the other in the card's order."""
    by_time = card.order == "occurred"
    said.sort(key=lambda each: (each.entity, each.time_us, each.position) if by_time else (each.entity, each.position))
    found: list[tuple[int, int, int, int, int]] = []
    known: dict[str, Any] = {}
    held: dict[int, int] = {}
    entity = -1
    for each in said:
        if each.entity != entity:
            entity, known = each.entity, {}
            held = dict(matcher.held(known))
        known.update(each.facts)
        for rule, points in matcher.held(known):
            if held[rule] != points:
                held[rule] = points
                found.append((entity, each.time_us, each.position, rule, points))
    columns = list(zip(*found, strict=True)) or [()] * 5
    return Part(*(np.array(column, type) for column, type in zip(columns, TYPES, strict=True)))
