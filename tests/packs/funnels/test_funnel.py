"""Funnels over invented histories: they agree with following every start by hand, whatever the order, the window and
what is excluded; and what they are asked by value, period and settings."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from statistics import mean, median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

import whence
from tests.exam import counts
from tests.packs.funnels.oracle import chain
from tests.packs.touchpoints.histories import CUSTOMERS, TOGETHER, Histories, side_by_side, store, visit
from whence.clock import to_us
from whence.config import Config
from whence.duration import text_of, us_of
from whence.errors import InvalidQuery, InvalidTime
from whence.events import Event
from whence.packs import funnels, transitions
from whence.packs.funnels.pictures import funnel_figure
from whence.packs.touchpoints import Touchpoints, touchpoints
from whence.packs.touchpoints.step import Step

TYPES = "ABCDX"
MINUTE = 60_000_000
NINE_US = to_us("2026-01-05T09:00:00Z")
history = st.lists(
    st.tuples(st.integers(0, CUSTOMERS - 1), st.sampled_from(TYPES), st.integers(0, 12)), min_size=8, max_size=24
)
histories = st.lists(history, min_size=TOGETHER, max_size=TOGETHER)


@settings(max_examples=counts.JOURNEYS // TOGETHER)
@given(
    histories,
    st.lists(
        st.tuples(
            st.sampled_from(["ordered", "strict", "any"]),
            st.sampled_from([None, 0, 3, 7]),
            st.sampled_from([None, "X", "D"]),
            st.sampled_from(["AB", "ABC", "CAB", "AABA"]),
        ),
        min_size=4,
        max_size=4,
    ),
)
def test_a_funnel_is_what_following_every_start_gives(histories: Histories, questions: Sequence[Any]) -> None:
    rows = side_by_side(histories)
    there = {type for _, type, _ in rows}
    with store(visit(*row) for row in rows) as db, touchpoints(db, kinds=["lead"]) as asked:
        for order, window, exclude, steps in questions:
            if set(steps) <= there and (exclude is None or exclude in there) and (order, steps) != ("any", "AABA"):
                _follow(asked, rows, order, window, exclude, steps)


def _follow(
    asked: Touchpoints, rows: Sequence[Any], order: Any, window: int | None, exclude: str | None, steps: str
) -> None:
    """The same customers get as far, and at the same times, as by following every start of each."""
    by_whom: dict[int, list[Any]] = {}
    for at, (who, type, minute) in enumerate(rows):
        by_whom.setdefault(who, []).append((minute, at, type))
    expected = {who: chain(events, steps, order, window, exclude) for who, events in by_whom.items()}
    within = None if window is None else f"{window} minutes" if window else "1 second"
    said: Any = {"order": order, "within": within, "exclude": [exclude] if exclude else []}
    names = [f"{number}: {step}" for number, step in enumerate(steps)]
    (group,) = funnels.funnel(asked, names, **said).groups
    reached = [sum(len(each) > step for each in expected.values()) for step in range(len(steps))]
    assert [row.customers for row in group.rows] == reached
    assert {(row.customer, row.step, row.since_us - NINE_US) for row in transitions.dropped(asked, names, **said)} == {
        (f"lead:{who}", f"{len(each) - 1}", max(each) * MINUTE)
        for who, each in expected.items()
        if 0 < len(each) < len(steps)
    }
    for step, took in enumerate(transitions.times(asked, names, **said)[: len(steps) - 1]):
        lasted = [abs(each[step + 1] - each[step]) * 60 for each in expected.values() if len(each) > step + 1]
        known = (min(lasted), median(lasted), max(lasted), round(mean(lasted), 6)) if lasted else (None,) * 4
        assert (took.min_s, took.median_s, took.max_s, took.mean_s) == known


@settings(max_examples=counts.JOURNEYS // TOGETHER)
@given(histories, st.randoms(use_true_random=False), st.sampled_from([None, "3 minutes"]))
def test_the_order_in_which_events_were_imported_changes_nothing(
    histories: Histories, random: Random, within: str | None
) -> None:
    rows = side_by_side(histories)
    if not {"A", "B"} <= {type for _, type, _ in rows}:
        return
    answers = []
    for each in (rows, random.sample(rows, len(rows))):
        with store(visit(*row) for row in each) as db, touchpoints(db, kinds=["lead"]) as asked:
            found = funnels.funnel(asked, ["A", "B"], within=within)
            gone = transitions.dropped(asked, ["A", "B"], within=within)
            answers.append((found.groups, sorted((row.customer, row.since_us) for row in gone)))
    assert answers[0] == answers[1]


def test_one_event_is_never_two_steps() -> None:
    events = [visit(1, "Bought", 0, amount=5), visit(1, "Bought", 1, amount=50), visit(2, "Bought", 0, amount=50)]
    with store(events) as db, touchpoints(db) as asked:
        again = funnels.funnel(asked, ["Bought", "Bought"]).groups[0].rows
        assert [row.customers for row in again] == [2, 1]
        large = funnels.funnel(asked, ["Bought", "again: Bought amount>=20"]).groups[0].rows
        assert [(row.step, row.customers) for row in large] == [("Bought", 2), ("again", 1)]
        with pytest.raises(InvalidQuery, match="two steps"):
            funnels.funnel(asked, ["Bought", "Bought amount>=20"], order="any")


def test_a_funnel_for_each_value_of_a_field_and_the_rare_ones_together() -> None:
    events = [visit(who, "Seen", 0, source="fair" if who < 3 else f"s{who}") for who in range(6)]
    events += [
        visit(0, "Bought", 1),
        visit(4, "Bought", 1),
        Event("Seen", {}, ("lead:9",), time="2026-01-05T09:00:00Z"),
    ]
    with store(events) as db, touchpoints(db) as asked:
        found = funnels.funnel(asked, ["Seen", "Bought"], by="source", top=2)
        said = {group.segment: [row.customers for row in group.rows] for group in found.groups}
        assert said == {"fair": [3, 1], "(none)": [1, 0], "(other)": [3, 1]}


def test_periods_hold_the_starts_and_who_started_late_is_still_open() -> None:
    events = [
        Event("Seen", {}, ("lead:1",), time="2026-01-05T09:00:00Z"),
        Event("Bought", {}, ("lead:1",), time="2026-01-09T09:00:00Z"),
        Event("Seen", {}, ("lead:2",), time="2026-01-08T09:00:00Z"),
    ]
    with store(events) as db, touchpoints(db) as asked:
        early, late = funnels.funnel(
            asked, ["Seen", "Bought"], periods=["2026-01-05", "2026-01-06..2026-01-09"], within="5 days"
        ).groups
        assert [row.customers for row in early.rows] == [1, 1]
        assert ([row.customers for row in late.rows], late.still_open) == ([1, 0], 1)


def test_versions_of_the_settings_part_the_starts(tmp_path: Any) -> None:
    config = Config(tmp_path, settings=("PromptChanged",))
    events = [
        visit(1, "Seen", 0),
        visit(1, "Bought", 1),
        Event("PromptChanged", {}, ("setting:prompt",), time="2026-01-05T10:00:00Z"),
        visit(2, "Seen", 61),
    ]
    with store(events, config) as db, touchpoints(db, kinds=["lead"]) as asked:
        (only,) = funnels.funnel(asked.at("2026-01-05T09:30:00Z"), ["Seen"], periods=["versions"]).groups
        assert only.period == "before"
        before, after = funnels.funnel(asked, ["Seen", "Bought"], periods=["versions"]).groups
        assert (before.period, [row.customers for row in before.rows]) == ("before", [1, 1])
        assert (after.period, [row.customers for row in after.rows]) == ("@3 PromptChanged 2026-01-05", [1, 0])


def test_settings_that_no_event_changed_are_mistyped(tmp_path: Any) -> None:
    config = Config(tmp_path, settings=("PromptChangd",))
    with (
        store([visit(1, "Seen", 0)], config) as db,
        touchpoints(db) as asked,
        pytest.raises(InvalidQuery, match="PromptChangd"),
    ):
        funnels.funnel(asked, ["Seen"], periods=["versions"])


def test_decisions_are_compared_by_the_version_that_they_name() -> None:
    with whence.open(":memory:") as db:
        for who, version in (("1", "v1"), ("2", "v2")):
            db.execute(f"lead:{who}", lambda _, who=who: Event("Scored", {}, (f"lead:{who}",)), settings=version)
        db.append(Event("Bought", {}, ("lead:2",)))
        with touchpoints(db) as asked:
            found = funnels.funnel(asked, ["Scored", "Bought"], by="settings")
            said = {group.segment: [row.customers for row in group.rows] for group in found.groups}
            assert said == {"v1": [1, 0], "v2": [1, 1]}


def test_fields_that_look_odd_are_compared_all_the_same() -> None:
    events = [
        visit(1, "Seen", 0, time="noon", price=5, deep={"a": "x"}),
        visit(2, "Seen", 0, time="dawn", price="many", deep={"a": "y"}),
        visit(3, "Seen", 0, time="noon", price=7.5, ok=True),
        visit(4, "Seen", 0, Price=9),
    ]
    with store(events) as db, touchpoints(db) as asked:

        def count(step: str) -> int:
            return funnels.funnel(asked, [step]).groups[0].rows[0].customers

        assert count("Seen time=noon") == 2
        assert count("Seen price>=5") == 2
        assert count("Seen price=many") == 1
        assert count("Seen Price=9") == 1
        assert count("Seen price=9") == 0
        assert count("Seen deep.a=y") == 1
        assert count("Seen ok=true") == 1
        with pytest.raises(InvalidQuery, match="No such event has this field"):
            count("Seen nothing=1")


@pytest.mark.parametrize("said", ["", "A||B", "A price", "A price>>3", "Seen price>x"])
def test_what_is_no_step_is_refused(said: str) -> None:
    with store([visit(1, "Seen", 0, price=1)]) as db, touchpoints(db) as asked, pytest.raises(InvalidQuery):
        funnels.funnel(asked, [said])


def test_a_mistyped_type_is_named() -> None:
    with (
        store([visit(1, "Bought", 0)]) as db,
        touchpoints(db) as asked,
        pytest.raises(InvalidQuery, match="Did you mean Bought"),
    ):
        funnels.funnel(asked, ["Bougth"])


def test_steps_and_durations_as_people_write_them() -> None:
    step = Step.of('Won: Paid|Invoiced amount>=20 source="trade fair"')
    assert (step.name, step.types) == ("Won", ("Paid", "Invoiced"))
    assert [(each.field, each.test, each.value) for each in step.conditions] == [
        ("amount", ">=", 20.0),
        ("source", "=", "trade fair"),
    ]
    assert [us_of(each) for each in ("30 minutes", "1 day", "2 weeks")] == [
        1_800_000_000,
        86_400_000_000,
        1_209_600_000_000,
    ]
    assert [text_of(us) for us in (350_000, 200_000_000, 5_400_000_000, 1_245_600_000_000)] == [
        "0.35 s",
        "3 min 20 s",
        "1 h 30 min",
        "14 d 10 h",
    ]
    with pytest.raises(InvalidTime, match="30 minutes"):
        us_of("half an hour")


def test_no_two_groups_of_a_picture_look_alike() -> None:
    pytest.importorskip("plotly")
    events = [visit(who, "Seen", 0, source=f"s{who}") for who in range(20)]
    with store(events) as db, touchpoints(db) as asked:
        bars = funnel_figure(funnels.funnel(asked, ["Seen"], by="source", top=20)).data
    assert len({(bar.marker.color, bar.marker.pattern.shape) for bar in bars}) == 20
