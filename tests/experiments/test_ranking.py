"""What an order by a score is worth, on cases counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.experiments.leads import STORY, V1, V2, happened, history
from whence.experiments import experiment
from whence.experiments.ranking import gain, share, tenths


def test_the_tenths_say_how_many_had_the_outcome_the_lowest_first() -> None:
    found = tenths(np.arange(20.0), np.arange(20) >= 15)
    assert [(row.tenth, row.entities, row.lowest, row.highest, row.with_outcome) for row in found[6:9]] == [
        (7, 2, 12, 13, 0),
        (8, 2, 14, 15, 1),
        (9, 2, 16, 17, 2),
    ]
    assert found[7].rate.value == 0.5


def test_entities_with_the_same_number_are_not_parted() -> None:
    found = tenths(np.array([5.0] * 9 + [7.0]), np.array([True] + [False] * 9))
    assert [(row.tenth, row.entities, row.with_outcome) for row in found] == [(5, 9, 1), (10, 1, 0)]
    assert tenths(np.array([]), np.array([], np.bool_)) == ()


def test_the_gain_curve_finds_all_in_the_end_and_nothing_at_first() -> None:
    found = gain(np.arange(10.0), np.array([False] * 6 + [True] * 4))
    assert (found[0], found[10], found[20], found[40], found[100]) == (0, 0.25, 0.5, 1, 1)
    assert gain(np.arange(3.0), np.zeros(3, np.bool_)) == ()


def test_ties_are_found_as_if_in_a_random_order() -> None:
    assert gain(np.zeros(4), np.array([True, False, False, False]))[50] == 0.5


def test_the_interval_of_a_share_is_wilsons() -> None:
    found = share(1, 10)  # Newcombe 1998 gives this method for 1/10 as 0.0179 to 0.4042
    assert (found.low, found.high) == (pytest.approx(0.0179, abs=1e-4), pytest.approx(0.4042, abs=1e-4))
    assert (share(0, 5).low, share(5, 5).high) == (0, pytest.approx(1))
    assert share(0, 0).value is None


def test_both_sides_are_ordered_by_what_was_there_at_the_age() -> None:
    found = experiment(history(STORY), V1, V2, kind="lead", outcome="Won", samples=0).prediction
    assert found is not None
    baseline, candidate = found.rankings  # at 7 days: v1 has 70, 0, 70, 0 and v2 80, 80, 0, 0; leads 1 and 2 are won
    assert (baseline.found(50), candidate.found(50)) == (0.5, 1)
    assert candidate.lift(50) == 2
    later = [*STORY, happened(3, 8, "Opened"), happened(3, 9, "Opened")]  # nothing after the age counts
    again = experiment(history(later), V1, V2, kind="lead", outcome="Won", samples=0).prediction
    assert again is not None
    assert again.rankings[1].tenths == candidate.tenths
