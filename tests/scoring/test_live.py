"""Scores and crossings, word for word: each test is a sentence of what a scorecard means."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.scoring.entities import at, event
from whence.errors import InvalidEvent, InvalidTime
from whence.events import Event, Recorded
from whence.history import History
from whence.scoring import Crossing, Grade, Group, Rule, Score, Scorecard, Threshold, crossings, score
from whence.stores.memory import MemoryStore


def _card(*rules: Rule, **more: Any) -> Scorecard:
    return Scorecard(name="lead", rules=rules, **more)


def _total(card: Scorecard, events: list[Recorded], moment: int | None = None) -> int | Decimal:
    return next(iter(score(card, events, moment).scores.values()))


def _told(found: list[Crossing]) -> list[tuple[str, bool, int, int | None]]:
    return [(each.threshold.stage, each.entered, each.at_us, each.event and each.event.position) for each in found]


OPENED = Rule(on="Opened", points=5)


# Rules about an event.


def test_each_event_of_the_type_gives_its_points() -> None:
    card = _card(OPENED, Rule(on=["Clicked", "Visited"], points=10), Rule(on="*", points=1))
    types = ("Opened", "Clicked", "Left", "Opened", "Visited")
    events = [event(number, at(number), type) for number, type in enumerate(types, 1)]
    assert _total(card, events) == 5 + 10 + 5 + 10 + 5 * 1
    assert _total(card, []) == 0


def test_negative_points_are_taken_away() -> None:
    card = _card(OPENED, Rule(on="Bounced", points=-7))
    assert _total(card, [event(1, at(1)), event(2, at(2), "Bounced")]) == -2


def test_all_conditions_must_hold() -> None:
    card = _card(Rule(on="Opened", points=5, when={"campaign": "spring", "device.kind": "phone"}))
    assert _total(card, [event(1, at(1), campaign="spring", device={"kind": "phone"})]) == 5
    assert _total(card, [event(1, at(1), campaign="spring", device={"kind": "watch"})]) == 0
    assert _total(card, [event(1, at(1), campaign="spring")]) == 0


@pytest.mark.parametrize(
    ("condition", "meets", "fails"),
    [
        ("DE", ["DE"], ["de", 1, ["DE"]]),
        (1, [1], [1.0, True, "1"]),
        (True, [True], [1, "true"]),
        ({"is": 1.5}, [1.5], ["1.5"]),
        ({"not": "DE"}, ["AT", 1, False], ["DE"]),
        ({"one_of": ["DE", 1]}, ["DE", 1], ["AT", True]),
        ({"at_least": 10}, [10, 10.0, "10", "10.50"], [9.999, "9", "ten", True, [10]]),
        ({"at_most": 10}, [10, -3], [10.1, "10.01"]),
        ({"more_than": 0.1}, [0.2, "0.11"], [0.1, "0.1", "0.10"]),
        ({"less_than": 10}, [9], [10, "x"]),
        ({"at_least": 10, "less_than": 20}, [10, 19.5], [9, 20]),
    ],
)
def test_conditions(condition: Any, meets: list[Any], fails: list[Any]) -> None:
    card = _card(Rule(on="Opened", points=5, when={"field": condition}))
    for value in [*meets, *fails]:
        assert _total(card, [event(1, at(1), field=value)]) == (5 if any(value is each for each in meets) else 0), value


@pytest.mark.parametrize(
    "condition", ["x", {"not": "x"}, {"one_of": ["x"]}, {"at_least": 0}, {"at_most": 0}, {"is": 0}]
)
def test_a_condition_on_a_missing_field_is_false(condition: Any) -> None:
    card = _card(Rule(on="Opened", points=5, when={"field": condition}), Rule(while_={"field": condition}, points=1))
    for data in ({}, {"field": None}, {"other": "x"}):
        assert _total(card, [event(1, at(1), **data)]) == 0


def test_data_that_are_no_object_have_no_fields() -> None:
    card = _card(Rule(on="Opened", points=5, when={"field": {"not": 1}}), Rule(on="Opened", points=1))
    store = MemoryStore()
    store.append([Event("Opened", data, ["lead:1"]) for data in (None, 5, ["field"], "field")])
    assert _total(card, list(History.of(store).events())) == 4


def test_points_come_from_a_field_of_the_event() -> None:
    card = _card(Rule(on="Bought", points="$order.amount"), scores=[Score(name="s", groups=["points"], digits=6)])
    amounts = [7, 0.1, "2.25", "-0.0000005", "0.0000015", None]
    events = [event(number, at(number), "Bought", order={"amount": each}) for number, each in enumerate(amounts, 1)]
    assert _total(card, [*events, event(9, at(9), "Bought")]) == Decimal("9.350002")


@pytest.mark.parametrize(
    ("amount", "fact"),
    [("many", "Not a number of points"), (True, "Not a number of points"), (1e300, "More than 10,000,000 points")],
)
def test_points_that_are_no_number_stop_with_the_position_and_the_rule(amount: Any, fact: str) -> None:
    card = _card(OPENED, Rule(name="bought", on="Bought", points="$amount"))
    with pytest.raises(InvalidEvent, match=rf"{fact} \(Position: 7, Scorecard: lead, Rule: bought, Field: amount"):
        score(card, [event(7, at(1), "Bought", amount=amount)])


def test_at_most_n_count_and_expired_ones_count_among_them() -> None:
    card = _card(Rule(on="Opened", points=5, at_most=2, expires="10 days"))
    events = [event(1, at(0)), event(2, at(1)), event(3, at(2)), event(4, at(20))]
    assert _total(card, events[:3]) == 10
    assert _total(card, events) == 0, "the first two have expired, and the later ones never count"


def test_an_event_that_gives_no_points_does_not_use_up_the_cap() -> None:
    card = _card(Rule(on="Bought", points="$amount", at_most=1))
    assert _total(card, [event(1, at(0), "Bought"), event(2, at(1), "Bought", amount=3)]) == 3


def test_at_most_is_by_occurrence_and_not_by_arrival() -> None:
    late, early = event(2, at(0), "Bought", amount=1), event(1, at(5), "Bought", amount=2)
    rule = Rule(on="Bought", points="$amount", at_most=1)
    assert _total(_card(rule), [early, late]) == 1
    assert _total(_card(rule, order="position"), [late, early]) == 2


def test_half_is_left_after_a_half_life_by_whole_hours() -> None:
    card = _card(Rule(on="Opened", points=8, half_life="2 days"), scores=[Score(name="s", groups=["points"], digits=6)])
    events = [event(1, at(0))]
    assert [_total(card, events, at(days)) for days in (0, 2, 4, 6)] == [8, 4, 2, 1]
    assert _total(card, events, at(hours=1, us=-1)) == 8
    assert _total(card, events, at(hours=1)) == Decimal("7.885304"), "8 times 0.985663"
    assert _total(card, events, at(days=200)) == 0


def test_a_fade_is_even_and_ends() -> None:
    card = _card(Rule(on="Opened", points=-10, fade="10 days"), scores=[Score(name="s", groups=["points"], digits=2)])
    totals = [_total(card, [event(1, at(0))], at(days)) for days in (0, 1, 5, 9.5, 10, 99)]
    assert totals == [-10, -9, -5, Decimal("-0.5"), 0, 0]


def test_expired_is_from_the_very_microsecond() -> None:
    card = _card(Rule(on="Opened", points=5, expires="1 day"))
    events = [event(1, at(0, hours=0.5))]
    assert _total(card, events, at(1, hours=0.5, us=-1)) == 5
    assert _total(card, events, at(1, hours=0.5)) == 0


def test_decay_and_expiry_work_together() -> None:
    card = _card(Rule(on="Opened", points=8, half_life="1 day", expires="2 days"))
    assert [_total(card, [event(1, at(0))], at(days)) for days in (0, 1, 1.99, 2)] == [8, 4, 2, 0]


def test_each_award_is_rounded_half_to_even_to_a_millionth() -> None:
    card = _card(
        Rule(on="Opened", points=Decimal("0.000003"), half_life="1 day"),
        Rule(on="Clicked", points=Decimal("0.000005"), half_life="1 day"),
        scores=[Score(name="s", groups=["points"], digits=6)],
    )
    assert _total(card, [event(1, at(0))], at(1)) == Decimal("0.000002")
    assert _total(card, [event(1, at(0)), event(2, at(0))], at(1)) == Decimal("0.000004")
    assert _total(card, [event(1, at(0), "Clicked")], at(1)) == Decimal("0.000002")


# Rules about a fact.


def test_the_points_of_a_fact_go_when_it_changes() -> None:
    card = _card(Rule(while_={"industry": "SaaS"}, points=20))
    events = [
        event(1, at(1), industry="SaaS"),
        event(2, at(2), other=1),
        event(3, at(3), industry="Retail"),
        event(4, at(4), industry="SaaS"),
        event(5, at(5), industry=None),
    ]
    assert [_total(card, events[:count]) for count in range(6)] == [0, 20, 20, 0, 20, 0]


def test_facts_may_come_from_different_events_of_any_type() -> None:
    card = _card(Rule(while_={"industry": "SaaS", "seats": {"at_least": 10}}, points=20))
    events = [event(1, at(1), "Created", industry="SaaS"), event(2, at(2), "Grew", seats=12)]
    assert [_total(card, events[:1]), _total(card, events[1:]), _total(card, events)] == [0, 0, 20]


def test_an_older_fact_that_comes_in_later_does_not_undo_a_newer() -> None:
    rule = Rule(while_={"industry": "SaaS"}, points=20)
    events = [event(1, at(5), industry="SaaS"), event(2, at(1), industry="Retail")]
    assert _total(_card(rule), events) == 20
    assert _total(_card(rule, order="position"), events) == 0


# Groups, scores, grades and stages.


def test_groups_have_bounds_of_their_own_and_scores_too() -> None:
    card = _card(
        Rule(group="fit", while_={"industry": "SaaS"}, points=40),
        Rule(group="fit", while_={"free_mail": True}, points=-60),
        Rule(group="engagement", on="Opened", points=30),
        groups=[Group(name="fit", floor=-10, ceiling=25), Group(name="engagement", ceiling=50)],
        scores=[
            Score(name="total", groups=["fit", "engagement"], floor=0, ceiling=60),
            Score(name="engagement", groups=["engagement"]),
        ],
    )
    found = score(card, [event(1, at(1), "Created", industry="SaaS"), event(2, at(2)), event(3, at(3))])
    assert found.groups == {"fit": 25, "engagement": 50}
    assert found.scores == {"total": 60, "engagement": 50}
    found = score(card, [event(1, at(1), "Created", free_mail=True)])
    assert (found.groups, found.scores) == ({"fit": -10, "engagement": 0}, {"total": 0, "engagement": 0})


def test_a_group_in_two_scores_counts_in_both() -> None:
    both = [Score(name="one", groups=["points"]), Score(name="two", groups=["points"], ceiling=3)]
    assert score(_card(OPENED, scores=both), [event(1, at(1))]).scores == {"one": 5, "two": 3}


@pytest.mark.parametrize(
    ("points", "digits", "result"),
    [("2.5", 0, 2), ("3.5", 0, 4), ("-2.5", 0, -2), ("-3.5", 0, -4), ("0.25", 1, "0.2"), ("0.000001", 6, "0.000001")],
)
def test_a_score_is_rounded_half_to_even(points: str, digits: int, result: int | str) -> None:
    card = _card(Rule(on="Opened", points=points), scores=[Score(name="s", groups=["points"], digits=digits)])
    assert _total(card, [event(1, at(1))]) == Decimal(result)


def test_it_is_rounded_after_floor_and_ceiling() -> None:
    scores = [Score(name="s", groups=["points"], floor="7.5", ceiling="8.5")]
    assert _total(_card(OPENED, scores=scores), [event(1, at(1))]) == 8
    assert _total(_card(Rule(on="Opened", points=50), scores=scores), [event(1, at(1))]) == 8


def test_grades_look_at_several_scores_and_the_first_that_holds_is_taken() -> None:
    card = _card(
        Rule(group="fit", while_={"industry": "SaaS"}, points=50),
        Rule(group="engagement", on="Opened", points=20),
        groups=[Group(name="fit"), Group(name="engagement")],
        scores=[Score(name="fit", groups=["fit"]), Score(name="engagement", groups=["engagement"])],
        grades=[
            Grade(name="A", at_least={"fit": 50, "engagement": 40}),
            Grade(name="B", at_least={"fit": 50}),
            Grade(name="C", at_least={"engagement": 40}),
        ],
    )
    saas, opened = event(1, at(1), "Created", industry="SaaS"), [event(2, at(2)), event(3, at(3))]
    grades = [score(card, events).grade for events in ([saas, *opened], [saas], opened, opened[:1])]
    assert grades == ["A", "B", "C", None]


THRESHOLDS = [
    Threshold(score="score", at=10, stage="engaged"),
    Threshold(score="score", at=20, stage="qualified"),
]


def test_the_last_threshold_that_holds_names_the_stage() -> None:
    card = _card(OPENED, thresholds=THRESHOLDS)
    events = [event(number, at(number)) for number in range(1, 6)]
    stages = [score(card, events[:count]).stage for count in range(6)]
    assert stages == [None, None, "engaged", "engaged", "qualified", "qualified"]


def test_a_threshold_is_compared_with_the_rounded_score() -> None:
    card = _card(Rule(on="Opened", points=Decimal("9.5")), thresholds=THRESHOLDS)
    assert score(card, [event(1, at(1))]).stage == "engaged"


# Crossings.


def test_a_threshold_is_entered_and_left_at_the_event_that_does_it() -> None:
    card = _card(Rule(on="Opened", points=10), Rule(on="Bounced", points=-15), thresholds=THRESHOLDS)
    events = [event(1, at(1)), event(2, at(2)), event(3, at(3), "Bounced"), event(4, at(4), "Left")]
    found = crossings(card, events)
    assert _told(found) == [
        ("engaged", True, at(1), 1),
        ("qualified", True, at(2), 2),
        ("engaged", False, at(3), 3),
        ("qualified", False, at(3), 3),
    ]
    assert [each.score_micro for each in found] == [10_000_000, 20_000_000, 5_000_000, 5_000_000]
    assert found[0].time.isoformat() == "2026-03-03T00:00:00+00:00"


def test_one_event_may_enter_several_thresholds() -> None:
    card = _card(Rule(on="Opened", points=50), thresholds=THRESHOLDS)
    assert [told[:2] for told in _told(crossings(card, [event(1, at(1))]))] == [("engaged", True), ("qualified", True)]


def test_a_crossing_by_decay_alone_is_at_the_first_day_end_on_which_it_holds() -> None:
    card = _card(Rule(on="Opened", points=20, fade="10 days"), thresholds=THRESHOLDS)
    events = [event(1, at(0, hours=6)), event(2, at(30), "Left")]
    assert _told(crossings(card, events)) == [
        ("engaged", True, at(0, hours=6), 1),
        ("qualified", True, at(0, hours=6), 1),
        ("qualified", False, at(1), None),
        ("engaged", False, at(6), None),
    ]  # after 18 hours 18.5 are left; at the end of the fifth day 5.25 days have passed, and 9.5 round to 10


def test_an_event_that_no_rule_knows_is_looked_at_too() -> None:
    card = _card(Rule(on="Opened", points=20, expires="12 hours"), thresholds=THRESHOLDS[:1])
    events = [event(1, at(0)), event(2, at(0, hours=13), "Left")]
    assert _told(crossings(card, events)) == [("engaged", True, at(0), 1), ("engaged", False, at(0, hours=13), 2)]


def test_a_negative_award_that_expires_enters_by_decay_alone() -> None:
    card = _card(
        Rule(on="Opened", points=15), Rule(on="Bounced", points=-10, expires="36 hours"), thresholds=THRESHOLDS
    )
    events = [event(1, at(0)), event(2, at(0, hours=1), "Bounced")]
    assert _told(crossings(card, events, at(9))) == [
        ("engaged", True, at(0), 1),
        ("engaged", False, at(0, hours=1), 2),
        ("engaged", True, at(2), None),
    ]


def test_what_rises_and_falls_between_two_events_is_seen_day_by_day() -> None:
    rules = [Rule(on="Opened", points=15, expires="5 days"), Rule(on="Opened", points=-10, expires="2 days")]
    card = _card(*rules, thresholds=THRESHOLDS)
    expected = [("engaged", True, at(2), None), ("engaged", False, at(5), None)]
    assert _told(crossings(card, [event(1, at(0)), event(2, at(50), "Left")])) == expected


def test_day_ends_are_looked_at_up_to_the_moment_asked_for_inclusive() -> None:
    card = _card(Rule(on="Opened", points=20, expires="12 hours"), thresholds=THRESHOLDS[:1])
    events = [event(1, at(0))]
    assert len(crossings(card, events)) == 1, "nothing is said of what comes after the last event"
    assert len(crossings(card, events, at(1, us=-1))) == 1
    assert _told(crossings(card, events, at(1)))[1:] == [("engaged", False, at(1), None)]


def test_a_day_end_comes_before_an_event_of_the_same_moment() -> None:
    card = _card(Rule(on="Opened", points=20, expires="1 day"), thresholds=THRESHOLDS[:1])
    found = _told(crossings(card, [event(1, at(0)), event(2, at(1))]))
    assert found == [("engaged", True, at(0), 1), ("engaged", False, at(1), None), ("engaged", True, at(1), 2)]


def test_a_threshold_that_the_bare_floor_reaches_is_entered_at_the_first_event() -> None:
    scores = [Score(name="score", groups=["points"], floor=10)]
    card = _card(OPENED, scores=scores, thresholds=THRESHOLDS[:1])
    assert crossings(card, [], at(5)) == []
    assert _told(crossings(card, [event(1, at(1), "Left")], at(5))) == [("engaged", True, at(1), 1)]


# Time and order.


def test_events_after_the_moment_are_not_there() -> None:
    events = [event(1, at(1)), event(2, at(2)), event(3, at(3))]
    assert _total(_card(OPENED), events, at(2)) == 10
    assert _total(_card(OPENED), events, at(2, us=-1)) == 5
    assert score(_card(OPENED), events, "2026-03-03T00:00:00Z").scores_micro == {"score": 5_000_000}
    with pytest.raises(InvalidTime):
        score(_card(OPENED), events, "2026-03-03T00:00:00")


def test_without_a_moment_it_is_as_of_the_last_event() -> None:
    card = _card(Rule(on="Opened", points=8, half_life="1 day"))
    found = score(card, [event(2, at(1), "Left"), event(1, at(0))])
    assert (found.scores, found.at_us) == ({"score": 4}, at(1))
    assert score(card, []).at_us is None


def test_in_the_order_of_positions_time_does_not_run_backwards() -> None:
    card = _card(Rule(on="Opened", points=10, fade="10 days"), order="position", thresholds=THRESHOLDS)
    events = [event(1, at(5), "Left"), event(2, at(0)), event(3, at(5))]
    found = score(card, events)
    assert (found.scores, found.at_us) == ({"score": 15}, at(5)), "the late one is five days old when it comes"
    assert _told(crossings(card, events)) == [("engaged", True, at(5), 3)]


def test_ties_in_time_are_in_order_of_position() -> None:
    card = _card(Rule(on="Bought", points="$amount", at_most=1), Rule(while_={"amount": 2}, points=100))
    events = [event(2, at(1), "Bought", amount=2), event(1, at(1), "Bought", amount=1)]
    assert _total(card, events) == 101


def test_times_before_1970_are_hours_and_days_like_all_others() -> None:
    card = _card(Rule(on="Opened", points=20, half_life="1 day"), thresholds=THRESHOLDS)
    events = [event(1, -90_000_000_000)]
    assert _told(crossings(card, events, 86_400_000_000)) == [
        ("engaged", True, -90_000_000_000, 1),
        ("qualified", True, -90_000_000_000, 1),
        ("qualified", False, -86_400_000_000, None),
        ("engaged", False, 86_400_000_000, None),
    ]


def test_an_inserted_event_of_a_branch_comes_after_the_one_it_follows() -> None:
    store = MemoryStore()
    opened = Event("Bought", {"amount": 1}, ["lead:1"], time="2026-03-03T00:00:00Z")  # type: ignore[arg-type]
    store.append([opened])
    inserted = Event("Bought", {"amount": 2}, ["lead:1"], time="2026-03-03T00:00:00Z")  # type: ignore[arg-type]
    events = list(History.of(store).insert(inserted, after=1).events())
    card = _card(Rule(on="Bought", points="$amount", at_most=1))
    assert _total(card, events[::-1]) == 1
