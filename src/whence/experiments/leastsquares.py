"""What one thing adds to values that were measured over time, with all else that is known allowed for: least squares on
plain arrays, with errors that hold when values of one day, or of one entity, are alike.

The errors are clustered (Liang and Zeger 1986), by day and by entity, and allow for days that are like those before
them (Newey and West 1987); the largest counts. The difference over its error is compared with Student's t of as many
degrees of freedom as there are days beyond the unknowns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from whence.duration import DAY_US
from whence.experiments.statistics import Floats, Ints, Mask, student, student_quantile

LASTING_DAYS = 7
"""So many days back a day may be like those before it."""
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""
WEEK_DAYS, TREND_DAYS = 14, 14
"""From so many days on the days of the week, and a trend, are allowed for."""
SIDE_LEAST, DAYS_LEAST = 50, 3
"""A side of fewer values, or of fewer days, says nothing."""
CONDITION_MAX = 1e10
"""From such a condition number on digits are lost that would tell the columns apart."""


class Coefficient(msgspec.Struct, frozen=True):
    """A difference, its standard error, and the degrees of freedom of their ratio."""

    value: float
    error: float
    freedom: int

    @property
    def ratio(self) -> float:
        return self.value / self.error

    @property
    def p(self) -> float:
        """How often chance alone comes to a difference as large as this, or larger, in either direction."""
        return student(self.ratio, self.freedom)

    def interval(self, error_rate: float) -> tuple[float, float]:
        """The interval that fails to hold the difference as rarely as this."""
        reach = self.reach(error_rate)
        return self.value - reach, self.value + reach

    def reach(self, error_rate: float) -> float:
        """How large a difference has to be for chance alone to come to it, or to a larger one, as rarely as this."""
        return self.error * student_quantile(error_rate, self.freedom)


def coefficient(
    values: Floats, treated: Mask, *, times_us: Ints, entities: Ints, others: Sequence[Mask] = ()
) -> Coefficient | None:
    """How much more the values are where they are treated than where not, `others` being what else may make a
    difference. All have one length and rising times; `entities` are numbers from 0 on, values of one being alike. None
    where a side has too few values or days, or nothing tells the treatment from the others."""
    days = times_us // DAY_US
    if not _is_enough(treated, days):
        return None
    design = np.column_stack([treated.astype(np.float64), *_allowed_for(times_us, others)])
    dates, date_of = np.unique(days, return_inverse=True)
    freedom = len(dates) - design.shape[1]
    inverse = _inverse(design.T @ design)
    if inverse is None or freedom < 2:
        return None
    solved = inverse @ (design.T @ values)
    shares = (design @ inverse[0]) * (values - design @ solved)  # of each value in the error of the first unknown
    by_day = np.bincount(days - days[0], shares).astype(np.float64)
    variance = max(_clustered(shares, date_of), _clustered(shares, entities), _lasting(by_day))
    return Coefficient(float(solved[0]), math.sqrt(variance), freedom) if variance > 0 else None


def _allowed_for(times_us: Ints, others: Sequence[Mask]) -> Iterator[Floats]:
    """The columns beside the first: the level, a trend, the days of the week, and the others."""
    yield np.ones(len(times_us))
    days = times_us // DAY_US
    span = int(days[-1] - days[0]) + 1
    if span >= TREND_DAYS:
        moments = times_us / DAY_US
        yield (moments - moments.mean()) / max(float(moments.std()), 1e-9)
    if span >= WEEK_DAYS:
        weekday = (days + EPOCH_WEEKDAY) % 7
        for each in np.flatnonzero(np.bincount(weekday))[1:]:
            yield (weekday == each).astype(np.float64)
    for other in others:
        if other.any() and not other.all():
            yield other.astype(np.float64)


def _inverse(moment: Floats) -> Floats | None:
    """The inverse of the products of all columns; None where they hardly tell one from the others. Columns are scaled
    first, so that their units do not matter."""
    scale = np.sqrt(np.diag(moment))
    scales = np.outer(scale, scale)
    if np.linalg.cond(moment / scales) > CONDITION_MAX:
        return None
    found: Floats = np.linalg.inv(moment / scales) / scales
    return found


def _is_enough(treated: Mask, days: Ints) -> bool:
    """Whether both sides have values and days enough."""
    sides = (days[~treated], days[treated])
    return all(len(each) >= SIDE_LEAST and len(np.unique(each)) >= DAYS_LEAST for each in sides)


def _clustered(shares: Floats, groups: Ints) -> float:
    """The variance where values of a group may be alike (Liang and Zeger 1986)."""
    sums = np.bincount(groups, shares)
    count = int(np.count_nonzero(np.bincount(groups)))
    return float(np.sum(sums * sums)) * count / max(count - 1, 1)


def _lasting(by_day: Floats) -> float:
    """The same where what is left of one day is like that of the days before it, as with a drift that is no straight
    line: Newey and West's (1987), a week back."""
    found = float(np.sum(by_day * by_day))
    for lag in range(1, min(LASTING_DAYS, len(by_day) - 1) + 1):
        found += 2 * (1 - lag / (LASTING_DAYS + 1)) * float(np.sum(by_day[lag:] * by_day[:-lag]))
    return found
