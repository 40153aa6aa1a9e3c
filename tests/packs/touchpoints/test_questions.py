"""What holds of every question."""

from __future__ import annotations

import pytest

pytest.importorskip("duckdb")

from tests.packs.touchpoints.histories import store, visit
from whence.errors import InvalidQuery
from whence.packs import attribution, funnels, retention, sessions
from whence.packs.touchpoints import touchpoints
from whence.packs.touchpoints.asking import head_text


def test_who_is_who_is_no_step() -> None:
    with store([visit(1, "Seen", 0)]) as db:
        db.decide("journeys.identify", "visitor:a", "lead:1", time="2026-03-05T09:00:00Z")
        with touchpoints(db, kinds=["lead", "identity"]) as asked:
            for step in ("journey.Identified", "Seen|journey.Identified"):
                with pytest.raises(InvalidQuery, match="no touchpoint"):
                    retention.cohorts(asked, begin=step)


@pytest.mark.parametrize("count", [0, -1])
def test_so_many_are_one_or_more(count: int) -> None:
    with store([visit(1, "A", 0)]) as db, touchpoints(db) as asked:
        for ask in (
            lambda: sessions.sessions(asked, limit=count),
            lambda: retention.customers(asked, "A", top=count),
            lambda: funnels.funnel(asked, ["A"], by="actor", top=count),
            lambda: attribution.paths(asked, top=count),
            lambda: attribution.paths(asked, depth=count),
        ):
            with pytest.raises(InvalidQuery, match="1 or more"):
                ask()


def test_an_answer_says_by_which_kinds_customers_are_counted_where_nobody_said_it() -> None:
    with store([visit(1, "A", 0)]) as db:
        with touchpoints(db) as asked:
            assert head_text(asked).endswith(", customers by lead")
        with touchpoints(db, kinds=["lead"]) as asked:
            assert "customers" not in head_text(asked)
