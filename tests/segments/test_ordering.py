"""Rows from parts come out in one order, however many threads share the work and whatever is moved with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.segments import ordering
from whence.segments.ahead import ahead
from whence.segments.ordering import TYPES, Columns, in_order

ROW = st.tuples(
    st.integers(0, 6), st.integers(0, 9), st.integers(1, 40), st.integers(-1, 3), st.integers(-(10**12), 10**12)
)


@given(st.lists(st.lists(ROW, max_size=30), max_size=5), st.booleans(), st.integers(1, 4), st.booleans())
def test_rows_are_sorted_stably_by_any_number_of_threads(
    told: list[list[tuple[int, ...]]], by_time: bool, threads: int, without_points: bool
) -> None:
    parts: list[Columns] = [
        tuple(np.array([row[number] for row in rows], kind) for number, kind in enumerate(TYPES))  # type: ignore[misc]
        for rows in told
    ]
    every = [row for rows in told for row in rows]
    every.sort(key=lambda row: (row[0], row[1], row[2], row[3]) if by_time else (row[0], row[2], row[3]))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ordering, "ROWS_EACH", 1)
        *found, points = in_order(parts, by_time=by_time, threads=threads, without_points=without_points)
    assert [column.tolist() for column in found] == [[row[number] for row in every] for number in range(4)]
    if not (without_points and ordering.COMPILED):
        assert points.tolist() == [row[4] for row in every]


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
