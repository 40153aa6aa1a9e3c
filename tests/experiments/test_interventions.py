"""Which of several interventions did something, over decisions of which that is known."""

from __future__ import annotations

import numpy as np
import pytest

from whence.duration import DAY_US
from whence.experiments.interventions import Intervention, by_version, least_seen, weigh
from whence.experiments.leastsquares import Coefficient
from whence.experiments.statistics import Mask
from whence.experiments.trials import Axis, Day, Trials

COUNT, DAYS = 20_000, 40
TIMES_US = np.arange(COUNT) * (DAYS * DAY_US // COUNT)
EVERYWHERE = np.ones(COUNT, bool)


def since(day: float) -> Mask:
    """The decisions from a day on, to its fraction."""
    return day * DAY_US <= TIMES_US


def since_each(unders: list[Mask]) -> list[tuple[int, Intervention]]:
    """Interventions by their numbers, each judged by all decisions."""
    return [(number, Intervention("by time", EVERYWHERE, under)) for number, under in enumerate(unders)]


def trials_in_which(guilty: Mask) -> Trials:
    """Of a third of the decisions something comes, of a quarter under what is guilty."""
    random = np.random.Generator(np.random.PCG64(1))
    return Trials(TIMES_US, np.arange(COUNT), (random.random(COUNT) < 0.33 - 0.08 * guilty).astype(np.float64))


def test_the_guilty_one_is_first_and_those_that_did_nothing_are_chance() -> None:
    unders = [since(10), since(20), since(30)]
    found = weigh(trials_in_which(unders[1]), since_each(unders))
    guilty, *rest = found.effects
    assert (guilty.change, guilty.verdict, guilty.apart_from) == (1, "lowers it", ())
    assert guilty.low is not None
    assert guilty.high is not None
    assert guilty.low < -0.08 < guilty.high
    assert (guilty.without, guilty.with_it) == (COUNT // 2, COUNT // 2)
    assert ({each.change for each in rest}, {each.verdict for each in rest}) == ({0, 2}, {"chance"})
    assert found.tried == 3


def test_two_at_once_are_told_apart_only_where_decisions_name_one() -> None:
    unders = [since(20), since(20.1)]
    trials = trials_in_which(unders[1])
    unnamed = weigh(trials, since_each(unders)).effects
    assert [(each.verdict, len(each.apart_from)) for each in unnamed] == [("one of several", 1)] * 2
    by_time, by_name = Intervention("by time", EVERYWHERE, unders[0]), Intervention("by name", EVERYWHERE, unders[1])
    named = weigh(trials, [(0, by_time), (1, by_name)]).effects
    assert [(each.change, each.verdict, each.apart_from) for each in named] == [
        (1, "lowers it", (0,)),
        (0, "chance", (1,)),
    ]


def test_what_too_few_decisions_were_taken_under_is_not_weighed() -> None:
    found = weigh(trials_in_which(since(20)), since_each([since(39.9)]))
    assert (found.tried, found.least_seen) == (0, None)
    assert [(each.verdict, each.effect, each.p_corrected) for each in found.effects] == [("too few", None, None)]
    assert found.effects[0].mean_with is not None


@pytest.mark.parametrize(("part", "compared"), [(0.1, "side by side"), (1.0, "by name")])
def test_a_version_is_compared_with_others_of_the_same_days_where_a_part_has_it(part: float, compared: str) -> None:
    new = since(20) & (np.random.Generator(np.random.PCG64(2)).random(COUNT) < part)
    axis = Axis(("old", "new"), new.astype(np.int64))
    made = by_version(trials_in_which(new), axis, "new", at_us=20 * DAY_US, near=EVERYWHERE)
    assert (made.compared, made.is_named) == (compared, True)
    assert made.rows[~since(20)].any() == (compared == "by name")
    assert (made.under == new).all()


def test_the_days_of_trials_are_those_with_decisions() -> None:
    times_us = np.array([DAY_US, DAY_US + 1, 3 * DAY_US])
    several = Trials(times_us, np.arange(3), np.array([0.0, 1.0, 1.0]))
    assert list(several.by_day()) == [Day(DAY_US, 2, 0.5), Day(3 * DAY_US, 1, 1.0)]
    assert list(Trials(times_us[:0], times_us[:0], np.zeros(0)).by_day()) == []


@pytest.mark.parametrize(
    ("weighed", "least"),  # by Student's table: 3.1693 at 1 % and 10, 3.5814 and 4.7733 at 0.5 %, 4.1437 at 0.2 %
    [
        ([Coefficient(0.0, 2.0, 10)], 2 * 3.1693),
        ([Coefficient(7.0, 1.0, 10), Coefficient(0.0, 1.0, 5)], (3.5814 + 4.7733) / 2),
        ([Coefficient(0.0, error, 10) for error in (5.0, 1.0, 3.0, 2.0, 4.0)], 3 * 4.1437),
        ([], None),
    ],
)
def test_the_least_effect_that_is_seen_is_as_clear_as_a_change_has_to_be_to_be_named(
    weighed: list[Coefficient], least: float | None
) -> None:
    assert least_seen(weighed) == (None if least is None else pytest.approx(least, rel=1e-4))
