"""One difference between decisions, with everything else that is known of them allowed for: least squares with errors
that hold when decisions of one day, or about one entity, are alike.

The errors are clustered (Liang and Zeger 1986), by day and by entity, and allow for days that are like those before
them (Newey and West 1987); the largest counts. The difference over its error is compared with Student's t of as many
degrees of freedom as there are days beyond the unknowns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from whence.experiments.statistics import student, student_quantile
from whence.packs.settings.impact.trials import Trials

DAY_US = 86_400_000_000
LASTING_DAYS = 7
"""So many days back a day may be like those before it."""
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""
WEEK_DAYS, TREND_DAYS = 14, 14
"""From so many days on the days of the week, and a trend, are allowed for."""
SIDE_LEAST, DAYS_LEAST = 50, 3
"""A side of fewer decisions, or of fewer days, says nothing."""

Bools = NDArray[np.bool_]


class Estimate(msgspec.Struct, frozen=True):
    """A difference, its standard error, and the degrees of freedom of their ratio."""

    effect: float
    error: float
    freedom: int

    @property
    def ratio(self) -> float:
        return self.effect / self.error

    @property
    def p(self) -> float:
        """How often chance alone comes to a difference as large as this, or larger, in either direction."""
        return student(self.ratio, self.freedom)

    def interval(self, error_rate: float) -> tuple[float, float]:
        """The interval that fails to hold the difference as rarely as this."""
        reach = self.error * student_quantile(error_rate, self.freedom)
        return self.effect - reach, self.effect + reach


def estimate(trials: Trials, rows: Bools, under: Bools, others: Sequence[Bools] = ()) -> Estimate | None:
    """How much more the outcome is under a change than not, over some rows, `others` being what else decisions were
    taken under. None where a side has too few decisions or days, or nothing tells the change from the others."""
    chosen = np.flatnonzero(rows)
    treated = under[chosen].astype(np.float64)
    days = (trials.times_us[chosen] // DAY_US).astype(np.int64)
    if not _is_enough(treated, days):
        return None
    span = int(days[-1] - days[0]) + 1
    columns = [treated, np.ones(len(chosen))]
    if span >= TREND_DAYS:
        moments = trials.times_us[chosen] / DAY_US
        columns.append((moments - moments.mean()) / max(float(moments.std()), 1e-9))
    if span >= WEEK_DAYS:
        weekday = (days + EPOCH_WEEKDAY) % 7
        columns += [(weekday == each).astype(np.float64) for each in np.flatnonzero(np.bincount(weekday))[1:]]
    for other in others:
        column = other[chosen].astype(np.float64)
        if 0 < column.sum() < len(column):
            columns.append(column)
    design = np.column_stack(columns)
    moment = design.T @ design
    scale = np.sqrt(np.diag(moment))
    normal = moment / np.outer(scale, scale)
    if np.linalg.cond(normal) > 1e10:
        return None
    inverse = np.linalg.inv(normal)
    weights = (inverse / np.outer(scale, scale))[0]
    values = trials.values[chosen]
    solved = (inverse / np.outer(scale, scale)) @ (design.T @ values)
    shares = (design @ weights) * (values - design @ solved)
    day_number = np.cumsum(np.concatenate(([0], days[1:] != days[:-1])))
    freedom = int(day_number[-1]) + 1 - len(columns)
    if freedom < 2:
        return None
    by_day = np.bincount(days - days[0], shares).astype(np.float64)
    variance = max(_clustered(shares, day_number), _clustered(shares, trials.entities[chosen]), _lasting(by_day))
    if variance <= 0:
        return None
    return Estimate(float(solved[0]), math.sqrt(variance), freedom)


def _is_enough(treated: NDArray[np.float64], days: NDArray[np.int64]) -> bool:
    count = int(treated.sum())
    if min(count, len(treated) - count) < SIDE_LEAST:
        return False
    first = days[0]
    return all(np.count_nonzero(np.bincount(days[treated == side] - first)) >= DAYS_LEAST for side in (0.0, 1.0))


def _clustered(shares: NDArray[np.float64], groups: NDArray[np.int64]) -> float:
    sums = np.bincount(groups, shares)
    count = int(np.count_nonzero(np.bincount(groups)))
    return float(np.sum(sums * sums)) * count / max(count - 1, 1)


def _lasting(by_day: NDArray[np.float64]) -> float:
    """The same where what is left of one day is like that of the days before it, as with a drift that is no straight
    line: Newey and West's (1987), a week back."""
    found = float(np.sum(by_day * by_day))
    for lag in range(1, min(LASTING_DAYS, len(by_day) - 1) + 1):
        found += 2 * (1 - lag / (LASTING_DAYS + 1)) * float(np.sum(by_day[lag:] * by_day[:-lag]))
    return found
