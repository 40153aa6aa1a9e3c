"""How well both sides tell an outcome, on cases counted by hand; above all that nothing after the moment counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.experiments.leads import STORY, V1, V2, card, happened, history
from whence.events import Recorded
from whence.experiments import Prediction, experiment, sentences
from whence.experiments.sentences import per_cent
from whence.scoring import Rule, Scorecard, Threshold


def told(events: Any = STORY, baseline: Any = V1, candidate: Any = V2, **options: Any) -> Prediction:
    given = {"outcome": "Won", "samples": 200, **options}
    found = experiment(history(events), baseline, candidate, kind="lead", **given).prediction
    assert found is not None
    return found


def test_hits_misses_and_false_alarms_are_counted() -> None:
    found = told()
    assert (found.measured, found.with_outcome, found.censored, found.began_with_outcome) == (4, 2, 2, 0)
    v1, v2 = found.baseline, found.candidate
    assert (v1.named, v1.hits, v1.precision.value, v1.recall.value) == (2, 1, 0.5, 0.5)
    assert (v2.named, v2.hits, v2.precision.value, v2.recall.value) == (2, 2, 1.0, 1.0)
    assert found.base_rate == 0.5
    assert (v1.lift.value, v2.lift.value) == (1.0, 2.0)
    assert (v1.lead_days.value, v2.lead_days.value) == (15, 13.5)
    assert (found.gained, found.gained_hits) == (1, 1)
    assert found.difference.precision.value == 0.5


def test_a_hit_comes_within_the_days_and_not_later() -> None:
    assert told(within="17 days").candidate.hits == 2
    assert told(within="16 days").candidate.hits == 1
    too_early = told(within="16 days")
    assert (too_early.candidate.precision.value, too_early.candidate.recall.value) == (1 / 3, 0.5)  # lead 5 counts now
    assert (too_early.candidate.too_early, told(within="17 days").candidate.too_early) == (1, 0)


def test_who_reaches_it_with_both_is_not_gained_though_the_baseline_comes_after_the_outcome() -> None:
    late = [happened(6, 0, "Created"), happened(6, 1, "Opened"), happened(6, 2, "Opened"), happened(6, 12, "Won")]
    found = experiment(history([*STORY, *late, happened(6, 13, "Demo")]), V1, V2, kind="lead", outcome="Won", samples=0)
    assert found.crossings is not None
    assert found.prediction is not None
    assert found.crossings.gained == ("lead:2", "lead:5")
    assert (found.prediction.gained, found.prediction.gained_hits) == (1, 1)  # lead 5 was not observed long enough


def test_those_observed_too_briefly_are_censored_and_counted_whatever_came_of_them() -> None:
    quick = [*STORY, happened(6, 90, "Created"), happened(6, 91, "Demo"), happened(6, 92, "Won")]
    found = told(quick)
    assert (found.measured, found.censored) == (4, 3)
    at_the_border = [happened(1, 0, "Demo"), happened(2, 30, "Created")]
    assert told([*at_the_border, happened(2, 29, "Won")], outcome="Won").measured == 1


def test_an_entity_that_begins_with_its_outcome_is_left_out() -> None:
    found = told([*STORY, happened(7, 1, "Won"), happened(7, 2, "Demo")])
    assert (found.measured, found.began_with_outcome) == (4, 1)
    assert found.baseline.reached_after == 0


# A deliberate look-ahead.

PEEKING = Scorecard(
    name="peeking",
    kind="lead",
    rules=[Rule(on="Won", points=100), Rule(on="Invoice", points=100)],
    thresholds=[Threshold(score="score", at=70, stage="qualified")],
)


def test_points_for_the_outcome_itself_name_nobody() -> None:
    paid = [*STORY, happened(1, 21, "Invoice"), happened(2, 12, "Invoice")]  # one after the outcome, one at its moment
    found = told(paid, candidate=PEEKING)
    assert (found.candidate.named, found.candidate.hits, found.candidate.reached_after) == (0, 0, 2)
    assert found.candidate.precision.value is None
    assert found.candidate.auc.value == 0.5


def test_points_for_a_recorded_time_that_comes_before_the_outcome_are_late_too() -> None:
    # The order of positions would count the invoice first, although it happened after the outcome.
    paid = [happened(1, 0, "Created"), happened(1, 21, "Invoice"), happened(1, 20, "Won"), happened(9, 99, "Created")]
    peeking = Scorecard(
        name="peeking", kind="lead", order="position", rules=PEEKING.rules, thresholds=PEEKING.thresholds
    )
    found = told(paid, candidate=peeking)
    assert (found.candidate.named, found.candidate.reached_after) == (0, 1)


def test_a_function_is_never_handed_the_outcome_or_what_came_after_the_moment() -> None:
    seen: list[tuple[str, int]] = []

    def peeks(events: list[Recorded]) -> int:
        return 100 if any(event.type == "Won" for event in events) else 0

    found = told(candidate=peeks, threshold=70)
    assert (found.candidate.named, found.candidate.auc.value) == (0, 0.5)

    def notes(events: list[Recorded]) -> int:
        seen.extend((event.type, event.time_us) for event in events)
        return 0

    from whence.experiments.asking import OneByOne
    from whence.experiments.side import in_occurred_order, side_of

    own = in_occurred_order(history(STORY[:5]).events())
    moment = own[2].time_us
    OneByOne(side_of(notes), {"lead:1": own}, None, None).rank("lead:1", moment)
    assert {us for _, us in seen} == {event.time_us for event in own[:2]}, (
        "an event of the very moment is not before it"
    )


def test_a_file_says_nothing_about_when_and_predicts_nothing() -> None:
    found = told(candidate={f"lead:{number}": number for number in range(10)})
    assert (found.candidate.named, found.ranked) == (0, 0)
    assert found.candidate.auc.value is None


# Ranking at a fixed age.


def test_the_area_under_the_curve_is_counted_at_a_fixed_age() -> None:
    found = told()  # at 7 days: v1 has 70, 0, 70, 0 and v2 80, 80, 0, 0; leads 1 and 2 are won
    assert (found.ranked, found.ranked_with_outcome, found.ranking_censored, found.decided) == (4, 2, 2, 0)
    assert (found.baseline.auc.value, found.candidate.auc.value) == (0.5, 1.0)
    early = told(age="2 days")  # v1 has nothing yet, v2 has 0, 40, 0, 0: an event of the very moment does not count
    assert (early.baseline.auc.value, early.candidate.auc.value) == (0.5, 0.75)


def test_those_decided_before_the_age_are_not_ranked() -> None:
    found = told(age="15 days")
    assert (found.ranked, found.decided) == (3, 1)


def test_ties_count_half() -> None:
    same = card("same", Created=10)
    assert told(baseline=same, candidate=same).baseline.auc.value == 0.5


# Chance.


def many() -> list[Any]:
    """200 leads: every second opens, every fourth is won, and those are called on day 9."""
    events = []
    for lead in range(200):
        events += [happened(lead, 0, "Created"), happened(lead, 2, "Demo" if lead % 2 else "Opened")]
        if lead % 4 == 0:
            events += [happened(lead, 9, "Called"), happened(lead, 20, "Won")]
    return [*events, happened(999, 99, "Created")]


def test_a_real_difference_is_no_chance_and_the_same_is() -> None:
    sure = told(many(), baseline=card("a", Opened=70), candidate=card("b", Called=70))
    assert (sure.baseline.precision.value, sure.candidate.precision.value) == (0.5, 1.0)
    assert not sure.difference.precision.is_chance
    low, high = sure.baseline.precision.low, sure.baseline.precision.high
    assert low is not None
    assert high is not None
    assert 0.35 < low < 0.5 < high < 0.65
    same = told(many(), baseline=card("a", Opened=70), candidate=card("b", Opened=70))
    assert (same.difference.precision.low, same.difference.precision.high) == (0, 0)
    assert same.difference.precision.is_chance


def test_the_seed_gives_the_intervals() -> None:
    one, same, other = (told(many(), V1, card("b", Opened=70), seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.candidate.precision != other.candidate.precision
    assert told(samples=0).candidate.precision.low is None


# In words.


def test_with_enough_entities_the_sentences_say_whether_it_is_chance() -> None:
    better = [card("a", Opened=70), card("b", Called=70)]
    found = experiment(history(many()), *better, kind="lead", outcome="Won", samples=200)
    assert sentences(found)[1].endswith("of all that each names it is 100% against 50%, which chance does not explain.")
    assert "7 days later in the median (0 earlier, 50 later), which chance does not explain." in sentences(found)[2]


def test_where_most_come_at_the_same_moment_chance_is_judged_by_who_comes_earlier_and_who_later() -> None:
    some = [happened(lead, 6, "Signed") for lead in range(0, 200, 16)]
    sides = [card("a", Called=70), card("b", Called=70, Signed=70)]
    found = experiment(history([*many(), *some]), *sides, kind="lead", outcome="Won", samples=200)
    assert sentences(found)[2] == (
        "The 50 that reach it with both do so neither earlier nor later in the median, 13 of them earlier and 0 later, "
        "which chance does not explain."
    )


def test_too_few_have_no_interval_since_they_would_all_agree() -> None:
    found = told()
    assert found.candidate.precision.low is None
    assert found.difference.lead_days.high is None
    assert found.difference.auc.is_chance


def test_three_sentences_tell_it() -> None:
    found = experiment(history(STORY), V1, V2, kind="lead", outcome="Won", samples=200)
    assert sentences(found) == (
        "Of 6 lead entities, 3 reach qualified with v2, 1 more than the 2 with v1 (2 gained, 1 lost).",
        "Of the 1 gained that were observed long enough, 1 had Won within 30 days; of all that each names it is 100% "
        "against 50%, and whether by chance cannot be told.",
        "The one that reaches it with both does so 2 days earlier in the median (1 earlier, 0 later), and whether by "
        "chance cannot be told.",
    )


def test_without_an_outcome_the_sentences_say_so() -> None:
    found = experiment(history(STORY), V1, V2, kind="lead", samples=0)
    assert sentences(found)[1] == "No outcome was named, so nothing says whether the change is for the better."
    plain = experiment(history(STORY), len, lambda events: 0, kind="lead", samples=0)
    assert sentences(plain)[0].startswith("Of 6 lead entities, 6 come to another value with <lambda> than with len")
    assert sentences(plain)[2] == "There is no threshold to reach, so none is reached earlier or later."


@pytest.mark.parametrize("outcome", ["Won", ["Won", "Upsold"], ("Upsold", "Won")])
def test_an_outcome_may_be_one_of_several(outcome: Any) -> None:
    assert told(outcome=outcome).with_outcome == 2


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((0.22, 0.12), ["22%", "12%"]),
        ((0.009, 0.008), ["0.9%", "0.8%"]),
        ((0.5, 0.5), ["50%", "50%"]),
        ((0.25001, 0.25002), ["25.001%", "25.002%"]),
        ((0.2500001, 0.2500002), ["25.000%", "25.000%"]),
        ((0.5,), ["50%"]),
    ],
)
def test_shares_that_differ_are_told_apart(shares: tuple[float, ...], said: list[str]) -> None:
    assert per_cent(*shares) == said
