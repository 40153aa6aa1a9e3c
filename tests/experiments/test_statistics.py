"""The statistics on numbers that can be checked by hand, and against their plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.experiments.statistics import (
    Curve,
    Distribution,
    auc,
    doubled_ranks,
    estimates,
    spearman,
    student,
    student_quantile,
    weighted_median,
)


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def test_ties_share_the_mean_of_their_ranks() -> None:
    assert doubled_ranks(floats(10, 30, 20, 20)).tolist() == [2, 8, 5, 5]


def test_rank_agreement_of_known_pairs() -> None:
    assert spearman(floats(1, 2, 3, 4), floats(10, 20, 30, 40)) == 1
    assert spearman(floats(1, 2, 3, 4), floats(4, 3, 2, 1)) == -1
    assert spearman(floats(1, 2, 3), floats(1, 3, 2)) == 0.5
    assert spearman(floats(1, 1), floats(1, 2)) is None
    assert spearman(floats(), floats()) is None


def test_the_area_of_known_rankings() -> None:
    positive = np.array([True, False, True, False])
    assert auc(floats(4, 3, 2, 1), positive) == 0.75
    assert auc(floats(1, 1, 1, 1), positive) == 0.5
    assert auc(floats(4, 1, 3, 2), np.ones(4, bool)) is None
    assert auc(floats(), np.zeros(0, bool)) is None


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), max_size=20))
def test_the_area_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool, int]]) -> None:
    repeated = [(value, positive) for value, positive, count in rows for _ in range(count)]
    pairs = [(one, other) for one, won in repeated for other, lost in repeated if won and not lost]
    right = sum((one > other) + (one == other) / 2 for one, other in pairs)
    curve = Curve(floats(*(row[0] for row in rows)), np.array([row[1] for row in rows], bool))
    found = curve.area(np.array([row[2] for row in rows], np.int64))
    assert found == (pytest.approx(right / len(pairs)) if pairs else None)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 3)), max_size=20))
def test_a_weighted_median_is_that_of_the_repeated_numbers(rows: list[tuple[int, int]]) -> None:
    rows = sorted(rows)
    repeated = [value for value, count in rows for _ in range(count)]
    found = weighted_median(floats(*(row[0] for row in rows)), np.array([row[1] for row in rows], np.int64))
    assert found == (float(np.median(repeated)) if repeated else None)


def test_an_interval_of_a_share_is_about_what_the_binomial_gives() -> None:
    def share(weights: np.ndarray) -> dict[str, float | None]:
        return {"share": float(weights[:50].sum() / weights.sum()), "none": None}

    found = estimates(share, 200, samples=2000, seed=3)
    assert found["share"].value == 0.25
    assert found["share"].low == pytest.approx(0.25 - 1.96 * 0.0306, abs=0.01)
    assert found["share"].high == pytest.approx(0.25 + 1.96 * 0.0306, abs=0.01)
    assert (found["none"].value, found["none"].low) == (None, None)


def test_a_distribution_sums_without_rounding_on_the_way() -> None:
    assert Distribution.of(floats(*[0.1] * 10)).total == 1
    assert Distribution.of(floats()).mean is None


@pytest.mark.parametrize(
    ("freedom", "chance", "ratio"),
    [(1, 0.05, 12.7062), (5, 0.05, 2.5706), (10, 0.01, 3.1693), (30, 0.001, 3.6460), (120, 0.05, 1.9799)],
)
def test_students_t_is_that_of_the_tables(freedom: int, chance: float, ratio: float) -> None:
    assert student(ratio, freedom) == pytest.approx(chance, rel=1e-3)
    assert student(-ratio, freedom) == student(ratio, freedom)
    assert student_quantile(chance, freedom) == pytest.approx(ratio, rel=1e-4)
    assert student(0, freedom) == pytest.approx(1)
