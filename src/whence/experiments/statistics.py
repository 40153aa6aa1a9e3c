"""The statistics of experiments, on plain arrays: quantiles, ranks and their agreement, the area under the curve,
intervals by resampling, and Student's t. What the numbers are of is left to whoever asks.

Ranks and areas are counted in whole numbers, so that they come out the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
CONFIDENCE = 0.95
"""How much of the resamples an interval holds: so much in the middle."""
COUNT_LEAST = 10
"""A measure of fewer entities has no interval: resamples of a few that are alike would all agree, by chance."""


class Distribution(msgspec.Struct, frozen=True):
    """Numbers in short: how many, their sum, mean, and the quantiles named in QUANTILES, None where there are none.

    Quantiles lie between the two nearest numbers by linear interpolation (Hyndman and Fan 1996, type 7).
    """

    count: int
    total: float
    mean: float | None
    quantiles: tuple[float, ...] | None

    @classmethod
    def of(cls, values: Floats) -> Distribution:
        if not len(values):
            return cls(0, 0.0, None, None)
        total = math.fsum(values.tolist())
        return cls(len(values), total, total / len(values), tuple(np.quantile(values, QUANTILES).tolist()))


class Estimate(msgspec.Struct, frozen=True):
    """A measure with the interval that holds 95 % of what resampled entities give; None where it is not defined, as a
    share of nothing is. `low` and `high` are None where it is of fewer than COUNT_LEAST entities, and where fewer than
    half of the resamples define it."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def is_chance(self) -> bool:
        """Of a difference: whether chance can explain it, since 0 lies in the interval; also where there is none."""
        return self.low is None or self.high is None or self.low <= 0 <= self.high

    def of(self, count: int) -> Estimate:
        """The same, as a measure of so many entities: without an interval where they are too few."""
        return self if count >= COUNT_LEAST else Estimate(self.value)


def doubled_ranks(values: Floats) -> Ints:
    """Twice the rank of each number, from 2 on; equal numbers share the mean of their ranks."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (2 * last - counts + 1)[group].astype(np.int64)


def spearman(one: Floats, other: Floats) -> float | None:
    """Spearman's rank correlation of paired numbers, -1 to 1: Pearson's of their mean ranks (Spearman 1904). None for
    fewer than two, or where one side is all the same."""
    if len(one) < 2:
        return None
    first, second = (doubled_ranks(values) - (len(values) + 1) for values in (one, other))
    squares = int(np.sum(first * first)) * int(np.sum(second * second))
    return int(np.sum(first * second)) / math.sqrt(squares) if squares else None


class Curve:
    """Numbers by which entities are ranked, and which of them had the outcome: made once, and then asked for the area
    under the receiver operating characteristic with any weights."""

    def __init__(self, values: Floats, positive: Mask) -> None:
        self._order = np.argsort(values, kind="stable")
        ranked = values[self._order]
        self._starts: Ints = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
        self._positive = positive[self._order].astype(np.int64)

    def area(self, weights: Ints) -> float | None:
        """The chance that one with the outcome ranks above one without, ties as half: the ROC AUC as Mann and Whitney's
        U over the number of pairs (Hanley and McNeil 1982). None where all or none have the outcome."""
        weighed = weights[self._order]
        if not len(weighed):
            return None
        positives = np.add.reduceat(weighed * self._positive, self._starts)
        negatives = np.add.reduceat(weighed * (1 - self._positive), self._starts)
        pairs = int(positives.sum()) * int(negatives.sum())
        below = np.cumsum(negatives) - negatives
        return int(np.sum(positives * (2 * below + negatives))) / (2 * pairs) if pairs else None


def auc(values: Floats, positive: Mask) -> float | None:
    """The area of `Curve`, each entity counted once."""
    return Curve(values, positive).area(np.ones(len(values), np.int64))


def ratio(part: int, whole: int) -> float | None:
    """A share, 0 to 1; None of nothing."""
    return part / whole if whole else None


def minus(candidate: float | None, baseline: float | None) -> float | None:
    """How much more the candidate has; None where either has none."""
    return None if candidate is None or baseline is None else candidate - baseline


def weighted_median(values: Floats, weights: Ints) -> float | None:
    """The median of numbers in rising order that count so many times each: the mean of the two in the middle where
    they are an even number. None of nothing."""
    upto = np.cumsum(weights)
    count = int(upto[-1]) if len(upto) else 0
    if not count:
        return None
    low, high = np.searchsorted(upto, [(count - 1) // 2, count // 2], side="right")
    return (float(values[low]) + float(values[high])) / 2


def estimates(
    measure: Callable[[Ints], dict[str, float | None]], count: int, *, samples: int, seed: int
) -> dict[str, Estimate]:
    """Measures of `count` entities with their intervals. `measure` is given how often each entity counts (whole
    numbers, shape (count,)) and returns the measures by name.

    Entities are drawn with replacement `samples` times by numpy's PCG64 with this seed; an interval is between the
    quantiles 0.025 and 0.975 of what they give (Efron 1979, the percentile method). The same seed gives the same
    draws, so that what is compared is compared on the same entities.
    """
    found = measure(np.ones(count, np.int64))
    drawn: dict[str, list[float]] = {name: [] for name in found}
    for weights in draws(count, samples=samples, seed=seed):
        for name, value in measure(weights).items():
            if value is not None:
                drawn[name].append(value)
    return {name: interval(value, drawn[name], samples) for name, value in found.items()}


def draws(count: int, *, samples: int, seed: int) -> Iterator[Ints]:
    """How often each of `count` entities counts in each resample; none of no entities."""
    random = np.random.Generator(np.random.PCG64(seed))
    for _ in range(samples if count else 0):
        yield np.bincount(random.integers(0, count, count), minlength=count).astype(np.int64)


def interval(value: float | None, drawn: list[float], samples: int) -> Estimate:
    """A measure with the interval of what so many resamples gave, of which some may not define it."""
    if value is None or not drawn or 2 * len(drawn) < samples:
        return Estimate(value)
    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.array(drawn), [outside, 1 - outside]).tolist()
    return Estimate(value, low, high)


def student(ratio: float, freedom: int) -> float:
    """How often Student's t is as far from 0 as this ratio, or farther, in either direction: the regularised incomplete
    beta function by its continued fraction (Press et al., Numerical Recipes, 6.4)."""
    if not math.isfinite(ratio):
        return 0.0
    return _beta(freedom / (freedom + ratio * ratio), freedom / 2, 0.5)


def student_quantile(chance: float, freedom: int) -> float:
    """The ratio that Student's t exceeds, in either direction, with a chance."""
    low, high = 0.0, 1.0
    while student(high, freedom) > chance:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if student(middle, freedom) > chance else (low, middle)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    result = d
    for m in range(1, 500):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 + factor * d, 1 + factor / c
            d, c = 1 / (d if abs(d) > tiny else tiny), c if abs(c) > tiny else tiny
            result *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return result
