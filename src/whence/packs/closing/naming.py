"""Periods that can be closed: the days, months, quarters and years of a calendar, and what each is called for ever.
Which of them are closed is left to signing."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import tzinfo

from whence.errors import InvalidTime
from whence.moments import Span, day_of, span_of

_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.ASCII)


def span(period: str, zone: tzinfo) -> Span:
    """From the first to the last microsecond of a day, a month, a quarter (2026-Q1) or a year. Raises InvalidTime."""
    if quarter := _QUARTER.fullmatch(period):
        months = (f"{quarter[1]}-{3 * int(quarter[2]) + after:02}" for after in (-2, 0))
        first, last = (span_of(month, zone=zone) for month in months)
        return Span(first.first_us, last.last_us)
    try:
        found = span_of(period, zone=zone)
    except InvalidTime:
        raise _no_period(period) from None
    if found.first_us == found.last_us:
        raise _no_period(period)
    return found


def name_of(period: str, meant: Span, zone: tzinfo) -> str:
    """What a period is called for ever, however it was said: `last month` is another one in a month. Raises
    InvalidTime."""
    first, last = day_of(meant.first_us, zone), day_of(meant.last_us, zone)
    if first == last:
        return first.isoformat()
    if (first.day, last.day) == (1, monthrange(last.year, last.month)[1]):
        months = 12 * (last.year - first.year) + last.month - first.month + 1
        if months == 1:
            return f"{first:%Y-%m}"
        if months == 3 and first.month % 3 == 1:
            return f"{first.year}-Q{first.month // 3 + 1}"
        if months == 12 and first.month == 1:
            return f"{first.year}"
    raise _no_period(period)


def _no_period(period: str) -> InvalidTime:
    remedy = "Write 2026-03, or 2026-Q1."
    return InvalidTime("A period is a day, a month, a quarter or a year", period=period, remedy=remedy)
