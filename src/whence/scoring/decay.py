"""What is left of points by whole elapsed hours, as a table of integers: made once with `decimal` and read by every way
of scoring, since powers of two differ between numba, numpy and Python. How old an award is, is left to them."""

from __future__ import annotations

import re
from array import array
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from whence.scoring.points import MICRO, half_even

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
HOURS_MAX = 3650 * 24
"""The longest half-life, fade and expiry: a half-life of so long has a table of 15 megabytes."""

Table = memoryview
"""Integers of 64 bits, from 1,000,000 down, not to be written; numpy reads them without a copy."""

_HOURS = {"hour": 1, "day": 24, "week": 168}
_DURATION = re.compile(r"([1-9][0-9]{0,6}) (hour|day|week)s?")
_PRECISION = Context(prec=70)
_SCALE = 10**56


def hours_of(duration: Any) -> int | None:
    """The hours of a text such as "12 hours", "7 days" or "2 weeks"; None for what is no such text or beyond
    HOURS_MAX."""
    found = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    hours = int(found[1]) * _HOURS[found[2]] if found else 0
    return hours if 0 < hours <= HOURS_MAX else None


def duration_of(hours: int) -> str:
    """The one text that says so many hours: "36 hours", "7 days"."""
    count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"


@lru_cache(maxsize=64)
def half_life_table(hours: int) -> Table:
    """The millionths that are left after 0, 1, 2 … whole hours where every `hours` halve them: 1,000,000 ·
    2^(-h/hours), rounded half to even. After its end nothing is left."""
    with_scale = _PRECISION.create_decimal(_SCALE)
    ratio = _PRECISION.power(Decimal(2), _PRECISION.divide(Decimal(-1), Decimal(hours)))
    power, first = _PRECISION.create_decimal(1), []
    for _ in range(hours):
        first.append(int(_PRECISION.multiply(power, with_scale)) * MICRO)
        power = _PRECISION.multiply(power, ratio)
    halvings = range(MICRO.bit_length() + 1)
    return _table([half_even(one, _SCALE << times) for times in halvings for one in first])


@lru_cache(maxsize=64)
def fade_table(hours: int) -> Table:
    """The same where they fade evenly to nothing within `hours`: 1,000,000 · (hours - h) / hours."""
    return _table([half_even(MICRO * (hours - passed), hours) for passed in range(hours)])


def _table(factors: list[int]) -> Table:
    left = sum(factor > 0 for factor in factors)  # they never rise, so the zeros are at the end
    return memoryview(array("q", factors[:left])).toreadonly()
