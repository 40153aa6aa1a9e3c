"""Points as they are counted: whole millionths of a point, micro-points, so that every way of adding them comes to the
same digits. What the points are given for is left to card."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Any

MICRO = 1_000_000
"""Micro-points in a point."""
DIGITS_MAX = 6
AWARD_POINTS_MAX = 10_000_000
"""The most points, up or down, of one award: 900,000 of them still add up within 64 bits."""
BOUND_POINTS_MAX = 1_000_000_000
"""The same of a floor, a ceiling and a threshold."""

_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_WIDE = Context(prec=400, rounding=ROUND_HALF_EVEN)
_ONE_MICRO = Decimal("0.000001")


def number_of(value: Any) -> Decimal | None:
    """The exact number that a JSON value is: a number, or a text of plain digits such as "-12.50"; a float is what it
    is written as. None for all else, true and false among it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        found = Decimal(value)
        return found if found.is_finite() else None
    if isinstance(value, float):
        found = Decimal(repr(value))
        return found if found.is_finite() else None
    return Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


@lru_cache(maxsize=4096)
def micro_of(points: int | Decimal) -> int:
    """Points in micro-points, finer digits rounded half to even. The points are no more than BOUND_POINTS_MAX."""
    return int(Decimal(points).quantize(_ONE_MICRO, context=_WIDE).scaleb(DIGITS_MAX, context=_WIDE))


def points_of(micro: int) -> int | Decimal:
    """Micro-points in points: a whole number where they are one, else the exact decimal."""
    whole, rest = divmod(micro, MICRO)
    return whole if rest == 0 else plain(Decimal(micro).scaleb(-DIGITS_MAX, context=_WIDE))


def plain(number: Decimal) -> int | Decimal:
    """A number as an int where it is whole, else as a decimal without zeros at its end."""
    return int(number) if number == number.to_integral_value() else number.normalize(context=_WIDE)


def half_even(numerator: int, divisor: int) -> int:
    """The quotient as a whole number, the nearest, and the even one of two as near. The divisor is positive."""
    whole, rest = divmod(numerator, divisor)
    up = 2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1)
    return whole + up


def rounded(micro: int, digits: int) -> int:
    """Micro-points rounded half to even to so many digits behind the point, in micro-points."""
    unit = unit_of(digits)
    return half_even(micro, unit) * unit


def unit_of(digits: int) -> int:
    """The micro-points of one in the last of so many digits behind the point."""
    return int(10 ** (DIGITS_MAX - digits))


def faded(micro: int, factor: int) -> int:
    """What a factor of so many millionths leaves of micro-points, rounded half to even."""
    return half_even(micro * factor, MICRO)
