"""Times as people say them (`yesterday`, `last tuesday`, `2026-01-09`, `3 days ago`) turned into inclusive moments, and
moments back into text with their zone. Which events lie before a moment is left to history.

A day, month or year alone means all of it: its end for "at" and "until", its start for "since". `@120` is a position,
and so is `120`; `2026` alone is the year, `@2026` the position.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from whence.clock import LATEST_US, SystemClock, to_datetime, to_us
from whence.errors import InvalidConfig, InvalidTime
from whence.history import At

EXAMPLES = 'Write 2026-01-09, "2026-01-09 14:30", yesterday, "last tuesday", "3 days ago", or @120 for a position.'
CLOCKS = ("occurred", "recorded")

_POSITION = re.compile(r"@?(\d+)", re.ASCII)
_YEAR = re.compile(r"(19|20)\d\d", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d(:?\d\d(:?\d\d(\.\d+)?)?)?\s*(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_EITHER_WAY = re.compile(r"\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b", re.ASCII)
_PERIODS = ("day", "month", "year")
_WITHIN_A_DAY = re.compile(r"\b(hour|hr|minute|min|second|sec)s?\b", re.IGNORECASE)


class Span(msgspec.Struct, frozen=True):
    """The first and the last microsecond of what a text names; the same for a text that names a point."""

    first_us: int
    last_us: int


def zone_of(name: str) -> tzinfo:
    """The time zone of that name (`Europe/Berlin`, `UTC`). Raises InvalidConfig with near matches."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        from difflib import get_close_matches

        near = get_close_matches(name, available_timezones(), 3, 0.5)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "Write it as Europe/Berlin, or UTC."
        raise InvalidConfig("Not a time zone", zone=repr(name), remedy=remedy) from None


def at_of(text: str | None, *, clock: str = "occurred", zone: tzinfo = UTC, now_us: int | None = None) -> At:
    """The moment that a text names: `@120` or `120` a position, else the last microsecond of the time it names, on
    the `occurred` or the `recorded` clock. None is now. Raises InvalidTime with examples."""
    if text is None:
        return At()
    if (found := _POSITION.fullmatch(text.strip())) and not _YEAR.fullmatch(text.strip()):
        return At(position=int(found[1]))
    last_us = span_of(text, zone=zone, now_us=now_us).last_us
    return At(recorded_us=last_us) if clock == "recorded" else At(occurred_us=last_us)


def span_of(text: str, *, zone: tzinfo = UTC, now_us: int | None = None) -> Span:
    """What a text names, from its first to its last microsecond. Raises InvalidTime with examples."""
    text = text.strip()
    if _ISO.fullmatch(text):
        return _point(_iso(text, zone))
    _refuse_unclear(text)
    now = to_datetime(SystemClock().now_us() if now_us is None else now_us)
    if week := _week(text.lower(), now.astimezone(zone)):
        return week
    # Hours and minutes are counted in UTC, so that a change of the clocks in between does not bend them.
    base = now if _WITHIN_A_DAY.search(text) and "ago" in text else now.astimezone(zone)
    moment, period = _spoken(text, base)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=base.tzinfo)
    return _whole(aware, period) if period in _PERIODS else _point(aware)


def text_of(us: int, zone: tzinfo = UTC) -> str:
    """`2026-01-09 14:30:00`, in the zone, with the digits of a fraction that are there. The zone's name is left out.

    A time whose year the zone cannot show (before 1, after 9999) is shown in UTC, with a Z behind it.
    """
    moment, sign = to_datetime(us), ""
    try:
        moment = moment.astimezone(zone)
    except OverflowError:
        sign = "Z"
    whole, point, fraction = moment.replace(tzinfo=None).isoformat(" ").partition(".")
    return whole + point + fraction.rstrip("0") + sign


def second_of(us: int, zone: tzinfo = UTC) -> str:
    """The same to the second, for columns of times and for what stands below a table."""
    return text_of(us // 1_000_000 * 1_000_000, zone)


def zone_text(zone: tzinfo) -> str:
    """The zone's name as it was given: `Europe/Berlin`, `UTC`."""
    return getattr(zone, "key", None) or str(zone)


def _iso(text: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise InvalidTime("No such time", value=repr(text), problem=problem, remedy=EXAMPLES) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _refuse_unclear(text: str) -> None:
    if _EITHER_WAY.search(text):
        remedy = "Write the year first: 2026-01-09."
        raise InvalidTime("A date that can be read in two ways", value=repr(text), remedy=remedy)
    if text.isdigit() and not _YEAR.fullmatch(text):
        raise InvalidTime("Not a time", value=repr(text), remedy=EXAMPLES)


def _week(text: str, now: datetime) -> Span | None:
    weeks = {"this week": 0, "last week": 1}.get(text)
    if weeks is None:
        return None
    monday = now.date() - timedelta(days=now.weekday(), weeks=weeks)
    midnight = datetime(monday.year, monday.month, monday.day, tzinfo=now.tzinfo)
    return Span(to_us(midnight), to_us(midnight + timedelta(days=7)) - 1)


def _spoken(text: str, base: datetime) -> tuple[datetime, str]:
    """The datetime and the period (`day`, `month`, `year`, `time` …) of a text in words."""
    from dateparser.date import DateDataParser

    settings = {
        "RELATIVE_BASE": base.replace(tzinfo=None),
        "PREFER_DATES_FROM": "past",
        "RETURN_TIME_AS_PERIOD": True,
        "PREFER_DAY_OF_MONTH": "first",
        "PREFER_MONTH_OF_YEAR": "first",
    }
    found = DateDataParser(languages=["en"], settings=settings).get_date_data(text)
    if found is None or found.date_obj is None:
        raise InvalidTime("Not a time", value=repr(text), remedy=EXAMPLES)
    period = "day" if found.period == "week" else found.period
    return found.date_obj, period or "time"


def _whole(moment: datetime, period: str) -> Span:
    """The whole day, month or year that a moment lies in, in its own zone. Time ends with the year 9999."""
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    start = start if period == "day" else start.replace(day=1) if period == "month" else start.replace(month=1, day=1)
    try:
        return Span(to_us(start), to_us(_next(start, period)) - 1)
    except OverflowError:
        return Span(to_us(start), LATEST_US)


def _next(start: datetime, period: str) -> datetime:
    """The start of the next day, month or year. Raises OverflowError where there is none."""
    if period == "day":
        return start + timedelta(days=1)
    if period == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return (start + timedelta(days=366)).replace(month=1, day=1)


def _point(moment: datetime) -> Span:
    us = to_us(moment)
    return Span(us, us)
