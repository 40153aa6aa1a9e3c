"""Days, weeks and months of a calendar, in a time zone: which one a moment lies in, for many moments at once."""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime, timedelta, tzinfo
from typing import Any, Literal

import msgspec
import numpy as np

from whence.clock import to_datetime, to_us
from whence.errors import InvalidTime

Unit = Literal["day", "week", "month"]
Array = np.ndarray[Any, Any]
PERIODS_MAX = 100_000


class Calendar(msgspec.Struct, frozen=True):
    """Consecutive periods: the days on which they begin, and the microseconds at which they do; the last has no end
    here. A week begins on Monday."""

    unit: Unit
    days: tuple[date, ...]
    begins_us: Array

    @classmethod
    def over(cls, first_us: int, last_us: int, unit: Unit, zone: tzinfo) -> Calendar:
        """The periods from that of one moment to that of another, and the beginning of the next one; of the last year
        that the calendar has, 9999, only the first."""
        if unit not in ("day", "week", "month"):
            raise InvalidTime("Not a unit of the calendar", unit=unit, remedy="Say day, week or month.")
        day, last = (to_datetime(us).astimezone(zone).date() for us in (first_us, last_us))
        day = _begin(day, unit)
        days = [day]
        while days[-1] <= last and days[-1].year < MAXYEAR:
            if len(days) > PERIODS_MAX:
                remedy = "Say week or month; or ask as of an earlier moment, if a date is mistyped."
                raise InvalidTime("Too many periods", unit=unit, first=day, last=last, remedy=remedy)
            days.append(_next(days[-1], unit))
        begins = [to_us(datetime(each.year, each.month, each.day, tzinfo=zone)) for each in days]
        return cls(unit, tuple(days), np.array(begins, np.int64))

    def number_of(self, times_us: Array) -> Array:
        """The number of the period in which each moment lies."""
        found: Array = np.searchsorted(self.begins_us, times_us, side="right") - 1
        return found


def _begin(day: date, unit: Unit) -> date:
    return day.replace(day=1) if unit == "month" else day - timedelta(days=day.weekday() if unit == "week" else 0)


def _next(day: date, unit: Unit) -> date:
    if unit == "month":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if unit == "week" else 1)
