"""Who comes back, and what cohorts and customers are summed up from."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

pytest.importorskip("duckdb")

import whence
from tests.packs.touchpoints.histories import store, visit
from whence.clock import FixedClock
from whence.errors import InvalidQuery, InvalidTime
from whence.events import Event
from whence.packs import retention
from whence.packs.touchpoints import touchpoints


@pytest.mark.parametrize(
    ("amounts", "said"),
    [(["20 €"], "Not a number to sum up"), ([1e15], "at most twelve digits"), ([4e12, 4e12], "The sum is too large")],
)
def test_what_cannot_be_summed_up_exactly_is_refused(amounts: list[Any], said: str) -> None:
    events = [visit(who, "Bought", 0, amount=each) for who, each in enumerate(amounts)]
    with store(events) as db, touchpoints(db) as asked, pytest.raises(InvalidQuery, match=said):
        retention.customers(asked, "Bought", total="amount")


def test_a_date_far_off_leaves_the_answers_of_earlier_moments() -> None:
    events = [visit(1, "Seen", 0), Event("Seen", {}, ("lead:1",), time="9000-01-01T00:00:00Z")]
    with store(events) as db, touchpoints(db) as asked:
        with pytest.raises(InvalidTime, match="as of an earlier moment"):
            retention.customers(asked, "Seen")
        assert len(retention.customers(asked.at("2026-02-01"), "Seen")) == 1


def test_who_comes_back_before_beginning_does_not_come_back() -> None:
    made = [visit(1, "A", 0), visit(1, "B", 5), visit(1, "A", 9), visit(2, "B", 1), visit(2, "A", 0)]
    with store(made) as db, touchpoints(db, at="2026-01-06") as asked:
        (first, _) = retention.retention(asked, begin="B", returns="A", upto=1)
        assert (first.eligible, first.returned) == (2, 1)


def test_a_period_that_was_over_at_the_moment_asked_about_counts_by_either_clock() -> None:
    clock = FixedClock("2026-01-05T12:00:00Z")
    with whence.open(":memory:", clock=clock) as db:
        db.append(Event("Visited", {}, ("visitor:abc",), time="2026-01-05T09:00:00Z"))
        clock.set("2026-01-20T12:00:00Z")
        db.append(Event("Visited", {}, ("visitor:abc",), time="2026-01-06T09:00:00Z"))
        for told, over, back in (("occurred", 3, 1), ("recorded", 3, 0)):
            with touchpoints(db, at="2026-01-08", clock=told) as asked:
                rows = retention.retention(asked, upto=5)
                assert sum(row.eligible for row in rows) == over + 1
                assert rows[1].returned == back


def test_cohorts_far_apart_take_little_memory() -> None:
    events = [visit(1, "Seen", 0), Event("Seen", {}, ("lead:2",), time="1970-01-01T09:00:00Z"), visit(2, "Seen", 3)]
    with store(events) as db, touchpoints(db) as asked:
        tracemalloc.start()
        first, last = retention.cohorts(asked, unit="day")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 100_000_000
    assert (first.customers, sum(first.values), first.values[-1]) == (1, 2, 1)
    assert (last.customers, last.values, last.is_open) == (1, (1,), True)


def test_cohorts_go_to_the_end_of_the_calendar() -> None:
    events = [Event("Seen", {}, ("lead:1",), time=f"{year}-06-01T09:00:00Z") for year in (9990, 9999)]
    events.append(Event("Seen", {}, ("lead:2",), time="9999-06-01T09:00:00Z"))
    with store(events) as db, touchpoints(db) as asked:
        first, last = retention.cohorts(asked, unit="month")
    assert (first.began.year, first.values[0], first.values[-1], sum(first.values)) == (9990, 1, 1, 2)
    assert (last.customers, last.values, last.is_open) == (1, (1,), True)
