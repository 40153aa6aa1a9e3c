"""Credits agree with what each model says, and add up exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

import whence
from tests.exam import counts
from tests.packs.touchpoints.histories import TOGETHER, Histories, by_customer, histories, side_by_side, store, visit
from whence.errors import InvalidQuery
from whence.events import Event
from whence.packs import attribution
from whence.packs.attribution.attribution import Credit
from whence.packs.touchpoints import touchpoints


def shares(model: str, ages: Sequence[int]) -> list[Fraction]:
    """What each touchpoint is owed, the oldest first; ages in minutes."""
    count = len(ages)
    match model:
        case "first":
            weights = [Fraction(n == 0) for n in range(count)]
        case "last":
            weights = [Fraction(n == count - 1) for n in range(count)]
        case "position" if count > 2:
            weights = [Fraction(2, 5) if n in (0, count - 1) else Fraction(1, 5 * (count - 2)) for n in range(count)]
        case "decay":
            weights = [Fraction(2) ** -(age // 60) for age in ages]
        case _:
            weights = [Fraction(1)] * count
    return [weight / sum(weights) for weight in weights]


@settings(max_examples=counts.JOURNEYS // TOGETHER)
@given(histories, st.sampled_from(["first", "last", "linear", "position"]), st.sampled_from([5, 60]))
def test_credits_are_what_the_model_says_and_add_up_exactly(histories: Histories, model: str, window: int) -> None:
    rows = side_by_side(histories)
    types = {type for _, type, _ in rows}
    if not {"A", "B"} <= types:
        return
    owed: dict[str, Fraction] = defaultdict(Fraction)
    conversions = 0
    for events in by_customer(rows).values():
        for minute, type in events:
            if type == "C":
                conversions += 1
                # of the same minute what may have helped comes first
                before = [(at, each) for at, each in events if each != "C" and minute - window <= at <= minute]
                for (_, each), share in zip(before, shares(model, [minute - at for at, _ in before]), strict=True):
                    owed[each] += share
                if not before:
                    owed["(none)"] += 1
    if not conversions:
        return
    with store(visit(*row) for row in rows) as db, touchpoints(db, kinds=["lead"]) as asked:
        found = attribution.attribution(asked, "C", ["A", "B"], models=[model], within=f"{window} minutes")
        assert sum(each.conversions for each in found) == conversions
        for each in found:
            assert abs(Fraction(each.conversions) - owed[each.channel]) <= Fraction(20 * conversions, 1_000_000)


def credited(db: whence.Whence, **said: Any) -> dict[str, Credit]:
    with touchpoints(db, kinds=["lead"]) as asked:
        return {each.channel: each for each in attribution.attribution(asked, "Bought", ["Seen", "Read"], **said)}


def test_decay_a_model_of_ones_own_and_money() -> None:
    events = [visit(1, "Seen", 0, channel="ad"), visit(1, "Seen", 60, channel="mail"), visit(1, "Read", 120)]
    events += [visit(1, "Bought", 120, amount="10.00"), visit(2, "Bought", 120, amount="0.05")]
    with store(events) as db:
        decayed = credited(db, models=["decay"], half_life="1 hour", channel="channel", total="amount")
        assert {name: each.conversions for name, each in decayed.items()} == {
            "(none)": Decimal("1.571429"),
            "mail": Decimal("0.285714"),
            "ad": Decimal("0.142857"),
        }
        assert sum(each.total for each in decayed.values()) == Decimal("10.05")  # type: ignore[misc]

        def newest_twice(ages: Sequence[int]) -> list[int]:
            return [2 if age == min(ages) else 1 for age in ages]

        own = credited(db, models=[newest_twice])
        assert (own["Read"].model, own["Read"].conversions) == ("newest_twice", Decimal("0.5"))
        with pytest.raises(InvalidQuery, match="weights do not fit"):
            credited(db, models=[lambda ages: [1.5] * len(ages)])


def test_decay_tells_touchpoints_apart_however_many_half_lives_ago_they_were() -> None:
    events = [visit(1, "Seen", 0), visit(1, "Read", 60), Event("Bought", {}, ("lead:1",), time="2026-01-14T10:00:00Z")]
    with store(events) as db:
        found = credited(db, models=["decay"], half_life="1 hour")
        assert found["Read"].conversions == Decimal("0.666667")


def test_a_conversion_is_not_owed_to_itself() -> None:
    events = [visit(1, "Seen", 0, page="home"), visit(1, "Seen", 5, page="thanks"), visit(2, "Seen", 5, page="thanks")]
    with store(events) as db, touchpoints(db) as asked:
        found = attribution.attribution(asked, "Seen page=thanks", ["Seen"], channel="page", models=["last"])
        assert {each.channel: each.conversions for each in found} == {"home": 1, "(none)": 1}


def test_a_model_that_is_mistyped_is_refused_though_nobody_converted() -> None:
    events = [visit(1, "Seen", 0), visit(1, "Bought", 9)]
    with store(events) as db, touchpoints(db, at="2026-01-05T09:05:00Z") as asked:
        with pytest.raises(InvalidQuery, match="No such model"):
            attribution.attribution(asked, "Bought", ["Seen"], models=["frist"])  # type: ignore[list-item]
        assert attribution.attribution(asked, "Bought", ["Seen"]) == []
        assert attribution.attribution(asked, "Bought", "Seen") == []
