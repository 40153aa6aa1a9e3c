"""Decisions and what came of each: an outcome counts for one decision, what is not known yet is left out, and what is
not asked clearly is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from whence import Event, History
from whence.clock import to_us
from whence.duration import DAY_US
from whence.errors import InvalidQuery, NotKnown
from whence.experiments.trials import trials
from whence.stores.memory import MemoryStore


def test_an_outcome_counts_for_the_latest_decision_before_it_and_what_is_too_new_is_left_out() -> None:
    store, start = MemoryStore(), to_us(datetime(2026, 1, 5, tzinfo=UTC))

    def event(type: str, day: float, lead: int) -> Event:
        return Event(type, {}, [f"lead:{lead}"], time=start + int(day * DAY_US))

    store.append([event("Sent", 0, 1), event("Sent", 1, 1), event("Sent", 1, 2), event("Sent", 19, 3)])
    store.append([event("Won", 2, 1), event("Won", 9, 2), event("Won", 20, 9)])
    found = trials(History.of(store), "Sent", outcome="Won", within_us=7 * DAY_US)
    assert found.values.tolist() == [0, 1, 0]
    assert found.left_out == 1
    assert trials(History.of(store), "Sent", outcome="Won", within_us=8 * DAY_US).values.tolist() == [0, 1, 1]


def test_shares_and_averages_are_of_the_decisions_that_have_the_field() -> None:
    store = MemoryStore()
    store.append([Event("Called", {"status": status, "ms": ms}) for status, ms in (("ok", 1), ("failed", 5.5))])
    store.append([Event("Called", {}), Event("Called", {"status": "ok", "ms": "n/a"})])
    history = History.of(store)
    assert trials(history, "Called", share=("status", "failed")).values.tolist() == [0, 1, 0]
    average = trials(history, "Called", average="ms")
    assert (average.values.tolist(), average.left_out, average.is_share) == ([1, 5.5], 2, False)


def test_what_is_not_asked_clearly_is_said() -> None:
    store = MemoryStore()
    store.append([Event("Sent", {"a": "x"}, ["mail:1"]), Event("Won", {}, ["lead:1"])])
    history = History.of(store)
    for given, problem in (
        ({}, "what the outcome is"),
        ({"outcome": "Won", "average": "a"}, "what the outcome is"),
        ({"outcome": "Won", "within_us": 0}, "within a time"),
        ({"outcome": "Won", "within_us": DAY_US}, "which outcome belongs"),
    ):
        with pytest.raises(InvalidQuery, match=problem):
            trials(history, "Sent", **given)  # type: ignore[arg-type]
    with pytest.raises(NotKnown, match="no such events"):
        trials(history, "Send", average="a")
    with pytest.raises(NotKnown, match="no such events"):
        trials(history, "Sent", outcome="Lost", within_us=DAY_US)
    with pytest.raises(NotKnown, match="as a number"):
        trials(history, "Sent", average="a")
