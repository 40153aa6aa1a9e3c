"""What an order by a score is worth: the share with the outcome in each tenth of the entities, and how many of the
outcomes are found by looking at the best ones first. Who is ranked, and by what, is left to prediction.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from whence.experiments.statistics import Estimate, Floats, Mask, doubled_ranks

TENTHS = 10
STEPS = 100
"""A gain curve has a point at each hundredth of the entities, and one at none of them."""
NORMAL_975 = 1.959963984540054
"""The quantile 0.975 of the normal distribution."""


class Tenth(msgspec.Struct, frozen=True):
    """Entities of one tenth of the order, 1 the lowest numbers and 10 the highest: how many, their lowest and highest
    number, how many had the outcome, and their share with an interval of 95 %."""

    tenth: int
    entities: int
    lowest: float
    highest: float
    with_outcome: int
    rate: Estimate


class Ranking(msgspec.Struct, frozen=True):
    """What the order by a side's numbers is worth. `tenths` has a row for each tenth that anybody is in, the lowest
    first; entities with the same number are never parted, so that they need not be of equal size. `gain` is the share
    of all outcomes found in the best 0, 1, 2 … 100 % of the entities; empty where nobody had the outcome."""

    tenths: tuple[Tenth, ...]
    gain: tuple[float, ...]

    def found(self, percent: int) -> float | None:
        """The share of all outcomes found in the best so many per cent; None where nobody had the outcome."""
        return self.gain[percent] if self.gain else None

    def lift(self, percent: int) -> float | None:
        """How many times more outcomes these are than in as many entities chosen at random; percent from 1 on."""
        return self.gain[percent] * STEPS / percent if self.gain else None


def ranking(values: Floats, positive: Mask) -> Ranking:
    """What the order of entities by their numbers is worth. Both have shape (entities,)."""
    return Ranking(tenths(values, positive), gain(values, positive))


def tenths(values: Floats, positive: Mask) -> tuple[Tenth, ...]:
    """The tenths by mean rank: an entity of rank r among n is in the tenth that (r - 1/2) / n lies in."""
    if not len(values):
        return ()
    which = TENTHS * (doubled_ranks(values) - 1) // (2 * len(values))
    found = []
    for tenth in range(TENTHS):
        within = which == tenth
        count, hits = int(within.sum()), int(positive[within].sum())
        if count:
            own = values[within]
            found.append(Tenth(tenth + 1, count, float(own.min()), float(own.max()), hits, share(hits, count)))
    return tuple(found)


def gain(values: Floats, positive: Mask) -> tuple[float, ...]:
    """The gain curve. Entities with the same number count as if they came in a random order."""
    total = int(positive.sum())
    if not total:
        return ()
    _, group = np.unique(-values, return_inverse=True)
    looked_at = np.concatenate(([0], np.cumsum(np.bincount(group))))
    found = np.concatenate(([0], np.cumsum(np.bincount(group, weights=positive))))
    at = np.arange(STEPS + 1) * len(values) / STEPS
    return tuple(float(each) for each in np.interp(at, looked_at, found) / total)


def share(part: int, whole: int) -> Estimate:
    """A share with its interval of 95 % by Wilson's score method (Wilson 1927), which holds for few entities too."""
    if not whole:
        return Estimate(None)
    rate, square = part / whole, NORMAL_975 * NORMAL_975
    middle = (rate + square / (2 * whole)) / (1 + square / whole)
    reach = NORMAL_975 * math.sqrt(rate * (1 - rate) / whole + square / (4 * whole * whole)) / (1 + square / whole)
    return Estimate(rate, max(0.0, middle - reach), min(1.0, middle + reach))
