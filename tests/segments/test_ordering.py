"""Rows from parts come out in one order, all of them or those of some entities, whatever is moved with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.segments import ordering
from whence.segments.ahead import ahead
from whence.segments.ordering import in_order
from whence.segments.rows import TYPES, Part, Rows

ROW = st.tuples(
    st.integers(0, 6), st.integers(0, 9), st.integers(1, 40), st.integers(-1, 3), st.integers(-(10**12), 10**12)
)


@given(st.lists(st.lists(ROW, max_size=30), max_size=5), st.booleans(), st.booleans(), st.integers(0, 7))
def test_the_rows_of_some_entities_come_in_order(
    told: list[list[tuple[int, ...]]], by_time: bool, with_points: bool, border: int
) -> None:
    rows = Rows(with_points=with_points)
    for its in told:
        its.sort(key=lambda row: row[0])  # a part is in the order of entities
        rows.add(Part(*(np.array([row[number] for row in its], kind) for number, kind in enumerate(TYPES))))
    starts = np.array(rows.starts)
    borders = starts[:-1] + [sum(row[0] < border for row in its) for its in told]
    every = [row[:5] if with_points else row[:4] for its in told for row in its]
    every.sort(key=lambda row: (row[0], row[1], row[2], row[3]) if by_time else (row[0], row[2], row[3]))
    halves = [[row for row in every if row[0] < border], [row for row in every if row[0] >= border]]
    for rows.ordered in (False, True):  # as they were added, and as they stand then
        for expected, begins, ends in zip(halves, (starts[:-1], borders), (borders, starts[1:]), strict=True):
            columns = in_order(rows, begins.astype(np.int64), ends.astype(np.int64), by_time=by_time)
            assert list(zip(*(column.tolist() for column in columns), strict=True)) == expected


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("with_points", [True, False])
def test_rows_that_lie_far_from_their_places_come_in_order(
    monkeypatch: pytest.MonkeyPatch, compiled: bool, with_points: bool
) -> None:
    monkeypatch.setattr(ordering, "COMPILED", compiled)
    rows, count = Rows(with_points=with_points), 10 * ordering.MOVES_EACH
    falling = np.arange(count)[::-1].copy()
    for rule in range(2):
        rows.add(Part(np.zeros(count, np.int32), falling * 10, falling + 1, rule, falling))
    begins, ends = np.array(rows.starts[:-1], np.int64), np.array(rows.starts[1:], np.int64)
    for rows.ordered in (False, True):
        _, time_us, position, rule, *points = in_order(rows, begins, ends, by_time=True)
        assert time_us.tolist() == [number * 10 for number in range(count) for _ in range(2)]
        assert (position - 1).tolist() == [number for number in range(count) for _ in range(2)]
        assert rule.tolist() == [0, 1] * count
        assert not with_points or points[0].tolist() == (position - 1).tolist()


@pytest.mark.parametrize("compiled", [True, False])
def test_of_no_parts_there_are_no_rows(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:
    monkeypatch.setattr(ordering, "COMPILED", compiled)
    none = np.zeros(0, np.int64)
    assert [len(column) for column in in_order(Rows(with_points=True), none, none, by_time=True)] == [0] * 5


def test_a_position_beyond_32_bits_comes_back() -> None:
    rows = Rows(with_points=False)
    for position in (7, 2**31, 8):
        rows.add(Part(np.zeros(1, np.int32), np.zeros(1, np.int64), np.full(1, position), rule=0))
    _, _, position, _ = in_order(rows, np.arange(3), np.arange(1, 4), by_time=True)
    assert position.tolist() == [7, 8, 2**31]


def test_parts_grow_beyond_what_there_was_room_for_and_share_a_rule() -> None:
    rows = Rows(with_points=True)
    for number in range(40):
        some = np.arange(number)
        rows.add(Part(some.astype(np.int32), some + 1, some + 2, number))
    assert rows.starts == [sum(range(number)) for number in range(41)]
    last = slice(rows.starts[-2], rows.starts[-1])
    entity, time_us, position, rule, points = (column[last].tolist() for column in rows.columns)
    assert (entity, time_us[-1], position[-1]) == (list(range(39)), 39, 40)
    assert (set(rule), set(points)) == ({39}, {0})


def test_what_threads_do_ahead_comes_in_order_and_fails_where_it_does() -> None:
    begun = []

    def halved(number: int) -> int:
        begun.append(number)
        if number == 7:
            raise ValueError(number)
        return number // 2

    assert list(ahead(halved, range(6), threads=3, most=2)) == [0, 0, 1, 1, 2, 2]
    begun.clear()
    found = ahead(halved, range(100), threads=1, most=2)
    assert [next(found) for _ in range(7)] == [0, 0, 1, 1, 2, 2, 3]
    with pytest.raises(ValueError, match="7"):
        next(found)
    assert max(begun) < 12
