"""Sessions, paths, attribution and sequence numbers agree with what is said plainly about each customer."""

from __future__ import annotations

import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

import whence
from tests.exam import counts
from tests.packs.journeys.test_funnel import TOGETHER, Histories, side_by_side, store, visit
from whence.errors import InvalidQuery, InvalidTime, NotKnown
from whence.events import Event
from whence.packs import journeys
from whence.packs.journeys.attribution import Credit
from whence.packs.journeys.paths import _counted as counted_paths

Rows = Sequence[tuple[int, str, int]]
history = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ABC"), st.integers(0, 40)), min_size=1, max_size=20)
histories = st.lists(history, min_size=TOGETHER, max_size=TOGETHER)


def by_customer(rows: Rows) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for who, type, minute in sorted(rows, key=lambda row: row[2]):  # of the same minute as they were recorded
        found[who].append((minute, type))
    return found


@settings(max_examples=counts.JOURNEYS // TOGETHER)
@given(histories, st.sampled_from([1, 5, 30]))
def test_a_session_ends_with_a_pause(histories: Histories, gap: int) -> None:
    rows = side_by_side(histories)
    expected = []
    for who, events in by_customer(rows).items():
        parts: list[list[tuple[int, str]]] = []
        for event in events:
            if parts and event[0] - parts[-1][-1][0] <= gap:
                parts[-1].append(event)
            else:
                parts.append([event])
        expected += [(f"lead:{who}", n, len(part), part[0][1], part[-1][1]) for n, part in enumerate(parts, 1)]
    with store(visit(*row) for row in rows) as db, journeys.touchpoints(db, kinds=["lead"]) as asked:
        found = journeys.sessions(asked, gap=f"{gap} minutes")
        assert sorted(expected) == sorted((s.customer, s.number, s.events, s.entry, s.exit) for s in found)
        (day,) = journeys.sessions_by(asked, "day", gap=f"{gap} minutes")
        assert (day.sessions, day.customers) == (len(expected), len(by_customer(rows)))


@settings(max_examples=counts.JOURNEYS // TOGETHER)
@given(histories, st.sampled_from(["A", None]), st.sampled_from(["B", None]), st.booleans())
def test_paths_are_what_each_customer_did_next(
    histories: Histories, start: str | None, end: str | None, repeats: bool
) -> None:
    rows = side_by_side(histories)
    types = {type for _, type, _ in rows}
    if (start and start not in types) or (end and end not in types) or (start and end):
        return
    expected = Counter[tuple[int, str, str]]()
    for events in by_customer(rows).values():
        names = [type for _, type in events]
        if end is not None:
            if end not in names:
                continue
            names = names[::-1][names[::-1].index(end) :]
        elif start is not None:
            if start not in names:
                continue
            names = names[names.index(start) :]
        if not repeats:
            names = [name for n, name in enumerate(names) if n == 0 or names[n - 1] != name]
        names = [*names, "(end)" if end is None else "(beginning)"]
        for at, pair in enumerate(pairwise(names)):
            if at < 3:
                expected[(at, *pair) if end is None else (2 - at, *pair[::-1])] += 1
    with store(visit(*row) for row in rows) as db, journeys.touchpoints(db, kinds=["lead"]) as asked:
        found = journeys.paths(asked, start=start, end=end, depth=3, repeats=repeats)
        assert {(each.depth, each.source, each.target): each.customers for each in found} == dict(expected)
        short = journeys.paths(asked, start=start, end=end, depth=3, repeats=repeats, top=1)
        assert sum(each.customers for each in short) == sum(expected.values())


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
    with store(visit(*row) for row in rows) as db, journeys.touchpoints(db, kinds=["lead"]) as asked:
        found = journeys.attribution(asked, "C", ["A", "B"], models=[model], within=f"{window} minutes")
        assert sum(each.conversions for each in found) == conversions
        for each in found:
            assert abs(Fraction(each.conversions) - owed[each.channel]) <= Fraction(20 * conversions, 1_000_000)


def credited(db: whence.Whence, **said: Any) -> dict[str, Credit]:
    with journeys.touchpoints(db, kinds=["lead"]) as asked:
        return {each.channel: each for each in journeys.attribution(asked, "Bought", ["Seen", "Read"], **said)}


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


@pytest.mark.parametrize(
    ("amounts", "said"),
    [(["20 €"], "Not a number to sum up"), ([1e15], "at most twelve digits"), ([4e12, 4e12], "The sum is too large")],
)
def test_what_cannot_be_summed_up_exactly_is_refused(amounts: list[Any], said: str) -> None:
    events = [visit(who, "Bought", 0, amount=each) for who, each in enumerate(amounts)]
    with store(events) as db, journeys.touchpoints(db) as asked, pytest.raises(InvalidQuery, match=said):
        journeys.customers(asked, "Bought", total="amount")


def test_a_date_far_off_leaves_the_answers_of_earlier_moments() -> None:
    events = [visit(1, "Seen", 0), Event("Seen", {}, ("lead:1",), time="9000-01-01T00:00:00Z")]
    with store(events) as db, journeys.touchpoints(db) as asked:
        with pytest.raises(InvalidTime, match="as of an earlier moment"):
            journeys.customers(asked, "Seen")
        assert len(journeys.customers(asked.at("2026-02-01"), "Seen")) == 1


def test_decay_tells_touchpoints_apart_however_many_half_lives_ago_they_were() -> None:
    events = [visit(1, "Seen", 0), visit(1, "Read", 60), Event("Bought", {}, ("lead:1",), time="2026-01-14T10:00:00Z")]
    with store(events) as db:
        found = credited(db, models=["decay"], half_life="1 hour")
        assert found["Read"].conversions == Decimal("0.666667")


def test_a_conversion_is_not_owed_to_itself() -> None:
    events = [visit(1, "Seen", 0, page="home"), visit(1, "Seen", 5, page="thanks"), visit(2, "Seen", 5, page="thanks")]
    with store(events) as db, journeys.touchpoints(db) as asked:
        found = journeys.attribution(asked, "Seen page=thanks", ["Seen"], channel="page", models=["last"])
        assert {each.channel: each.conversions for each in found} == {"home": 1, "(none)": 1}


def test_faults_of_a_source_are_named_and_nothing_is_dropped() -> None:
    events = [
        visit(1, "Seen", 0, n=1, s="a"),
        visit(1, "Seen", 1, n=2, s="a"),
        visit(1, "Seen", 1, n=2, s="a"),
        visit(1, "Seen", 5, n=5, s="a"),
        visit(2, "Read", 4, n=6, s="a"),
        visit(2, "Read", 4, n=5, s="a"),
        visit(2, "Read", 0, n=1, s="b"),
        visit(2, "Read", 0, n="many", s="b"),
        Event("Nobody", {"n": 3, "s": "b"}, (), time="2026-01-05T09:30:00Z"),
    ]
    with store(events) as db, journeys.touchpoints(db, kinds=["lead"]) as asked:
        found = journeys.check(asked, "n", source="s")
        assert (found.events, found.sources) == (9, 2)
        assert [(each.fault, each.source, each.number, each.position, each.count) for each in found.faults] == [
            ("gap", "a", 3, None, 2),
            ("gap", "b", 2, None, 1),
            ("repeat", "a", 2, 3, 1),
            ("conflict", "a", 5, 6, 1),
            ("backwards", "a", 6, 5, 1),
            ("no number", "b", None, 8, 1),
        ]
        assert journeys.funnel(asked, ["Seen|Read"]).groups[0].rows[0].customers == 2
        for mistyped in ({"sequence": "nothing"}, {"sequence": "n", "source": "nothing"}):
            with pytest.raises(InvalidQuery, match="No such event has this field"):
                journeys.check(asked, **mistyped)


def test_two_customers_in_one_are_named() -> None:
    with store([visit(1, "Seen", 0), visit(2, "Seen", 0), visit("visitor:x", "Seen", 0)]) as db:
        for lead in ("lead:1", "lead:2"):
            db.decide(journeys.identify, "visitor:x", lead)
        with journeys.touchpoints(db) as asked:
            (fault,) = journeys.check(asked).faults
            assert (fault.fault, fault.count) == ("several", 2)
            assert "lead:1, lead:2" in fault.what


def test_a_type_that_joins_nobody_since_it_is_mistyped_is_named() -> None:
    with store([visit(1, "SignedUp", 0)]) as db:
        for joined_by, faults in ((["SignUp"], ["no such type"]), (["SignedUp"], [])):
            with journeys.touchpoints(db, joined_by=joined_by) as asked:
                found = journeys.check(asked).faults
                assert [each.fault for each in found] == faults
                assert all("Did you mean SignedUp?" in each.what for each in found)


def test_nobody_has_no_sessions() -> None:
    with store([visit(1, "Seen", 0)]) as db, journeys.touchpoints(db) as asked:
        with pytest.raises(NotKnown):
            journeys.sessions(asked, name="lead:9")
        with pytest.raises(InvalidQuery, match="from one event"):
            journeys.paths(asked, start="Seen", end="Seen")


def test_a_model_that_is_mistyped_is_refused_though_nobody_converted() -> None:
    events = [visit(1, "Seen", 0), visit(1, "Bought", 9)]
    with store(events) as db, journeys.touchpoints(db, at="2026-01-05T09:05:00Z") as asked:
        with pytest.raises(InvalidQuery, match="No such model"):
            journeys.attribution(asked, "Bought", ["Seen"], models=["frist"])  # type: ignore[list-item]
        assert journeys.attribution(asked, "Bought", ["Seen"]) == []


def test_who_is_who_is_no_step() -> None:
    with store([visit(1, "Seen", 0)]) as db:
        db.decide("journeys.identify", "visitor:a", "lead:1", time="2026-03-05T09:00:00Z")
        with journeys.touchpoints(db, kinds=["lead", "identity"]) as asked:
            for step in ("journey.Identified", "Seen|journey.Identified"):
                with pytest.raises(InvalidQuery, match="no touchpoint"):
                    journeys.cohorts(asked, begin=step)


def test_cohorts_far_apart_take_little_memory() -> None:
    events = [visit(1, "Seen", 0), Event("Seen", {}, ("lead:2",), time="1970-01-01T09:00:00Z"), visit(2, "Seen", 3)]
    with store(events) as db, journeys.touchpoints(db) as asked:
        tracemalloc.start()
        first, last = journeys.cohorts(asked, unit="day")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 100_000_000
    assert (first.customers, sum(first.values), first.values[-1]) == (1, 2, 1)
    assert (last.customers, last.values, last.is_open) == (1, (1,), True)


def test_cohorts_go_to_the_end_of_the_calendar() -> None:
    events = [Event("Seen", {}, ("lead:1",), time=f"{year}-06-01T09:00:00Z") for year in (9990, 9999)]
    events.append(Event("Seen", {}, ("lead:2",), time="9999-06-01T09:00:00Z"))
    with store(events) as db, journeys.touchpoints(db) as asked:
        first, last = journeys.cohorts(asked, unit="month")
    assert (first.began.year, first.values[0], first.values[-1], sum(first.values)) == (9990, 1, 1, 2)
    assert (last.customers, last.values, last.is_open) == (1, (1,), True)


def test_the_largest_and_the_smallest_number_are_numbers_like_others() -> None:
    numbers = (-(2**63), -(2**63), 5, 2**63 - 2, 2**63 - 1)
    events = [visit(1, "A", at, number=str(number)) for at, number in enumerate(numbers)]
    with store(events) as db, journeys.touchpoints(db) as asked:
        found = journeys.check(asked, "number")
    gaps = [(each.number, each.count) for each in found.faults if each.fault == "gap"]
    assert gaps == [(-(2**63) + 1, 2**63 + 4), (6, 2**63 - 8)]
    assert Counter(each.fault for each in found.faults) == {"gap": 2, "conflict": 1}


@pytest.mark.parametrize("count", [0, -1])
def test_so_many_are_one_or_more(count: int) -> None:
    with store([visit(1, "A", 0)]) as db, journeys.touchpoints(db) as asked:
        for ask in (
            lambda: journeys.sessions(asked, limit=count),
            lambda: journeys.customers(asked, "A", top=count),
            lambda: journeys.funnel(asked, ["A"], by="actor", top=count),
            lambda: journeys.paths(asked, top=count),
            lambda: journeys.paths(asked, depth=count),
        ):
            with pytest.raises(InvalidQuery, match="1 or more"):
                ask()


def test_paths_of_many_types_take_little_memory() -> None:
    many = 2_000
    who, type = np.arange(many), np.arange(many)
    names = [*(f"T{number}" for number in range(many)), "(end)"]
    tracemalloc.start()
    found = counted_paths(who, type, names, 12, repeats=False)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000
    assert found == Counter({(0, f"T{number}", "(end)"): 1 for number in range(many)})
