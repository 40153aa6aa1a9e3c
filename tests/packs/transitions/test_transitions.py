"""What lies between the steps of a funnel; tests/packs/funnels follows every start of many at random."""

from __future__ import annotations

import pytest

pytest.importorskip("duckdb")

from tests.packs.touchpoints.histories import store, visit
from whence.errors import InvalidQuery
from whence.packs import transitions
from whence.packs.touchpoints import touchpoints

MINUTE = 60
STEPS = ["Seen", "Tried", "Bought"]
EVENTS = [
    *(visit(1, "Seen", 0), visit(1, "Tried", 2), visit(1, "Bought", 8)),
    *(visit(2, "Seen", 0), visit(2, "Tried", 4)),
    visit(3, "Seen", 5),
]


def test_each_step_to_the_next_takes_its_time_and_the_first_to_the_last() -> None:
    with store(EVENTS) as db, touchpoints(db) as asked:
        found = transitions.times(asked, STEPS)
        assert [(row.from_step, row.to_step, row.customers, row.median_s, row.max_s) for row in found] == [
            ("Seen", "Tried", 2, 3 * MINUTE, 4 * MINUTE),
            ("Tried", "Bought", 1, 6 * MINUTE, 6 * MINUTE),
            ("Seen", "Bought", 1, 8 * MINUTE, 8 * MINUTE),
        ]


def test_in_any_order_a_step_may_come_before_the_one_named_before_it() -> None:
    with store(EVENTS) as db, touchpoints(db) as asked:
        (row,) = transitions.times(asked, ["Tried", "Seen"], order="any")
        assert (row.customers, row.min_s, row.max_s) == (2, 2 * MINUTE, 4 * MINUTE)


def test_where_nobody_went_on_there_is_no_time() -> None:
    with store(EVENTS) as db, touchpoints(db) as asked:
        (row,) = transitions.times(asked, ["Bought", "Seen"])
        assert (row.customers, row.min_s, row.mean_s, row.max_s) == (0, None, None, None)


def test_who_went_no_further_is_named_with_what_is_missing() -> None:
    with store(EVENTS) as db, touchpoints(db) as asked:
        gone = transitions.dropped(asked, STEPS)
        assert [(row.customer, row.step, row.missing) for row in gone] == [
            ("lead:2", "Tried", "Bought"),
            ("lead:3", "Seen", "Tried"),
        ]
        assert [row.customer for row in transitions.dropped(asked, STEPS, step=1)] == ["lead:3"]


def test_after_the_last_step_nobody_drops_out() -> None:
    with store(EVENTS) as db, touchpoints(db) as asked, pytest.raises(InvalidQuery, match="Nobody drops out"):
        transitions.dropped(asked, ["Bought"], step="Bought")
