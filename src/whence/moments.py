"""Times as people say them (`yesterday`, `last tuesday`, `2026-01-09`, `3 days ago`) turned into inclusive moments, and
moments back into text with their zone. Which events lie before a moment is left to history.

A day, month or year alone means all of it: its end for "at" and "until", its start for "since". `@120` is a position,
and so is `120`; `2026` alone is the year, `@2026` the position. A time of day alone is today's. What can be read in
two ways (`9/1/2026`, `9.3.`) is refused: a guess would be a wrong answer that looks right.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from whence.clock import LATEST_US, SystemClock, to_datetime, to_us
from whence.errors import InvalidConfig, InvalidQuery, InvalidTime
from whence.history import At

EXAMPLES = 'Write 2026-01-09, "2026-01-09 14:30", yesterday, "last tuesday", "3 days ago", or @120 for a position.'
CLOCKS = ("occurred", "recorded")

_POSITION = re.compile(r"@?(\d+)", re.ASCII)
_YEAR = re.compile(r"(19|20)\d\d", re.ASCII)
_YEAR_AND_MONTH = re.compile(r"(\d{4})-(\d\d?)", re.ASCII)
_EIGHT_DIGITS = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)", re.ASCII)
_THREE_NUMBERS = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})", re.ASCII)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d|\d{8}(?=T))[T ]\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?\s*(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII
)

_CLOCK = r"(?P<clock>noon|midnight|\d{1,2}:\d\d(:\d\d(\.\d{1,6})?)?( ?[ap]m)?|\d{1,2} ?[ap]m)"
_ZONE = r"( ?(?P<zone>Z|UTC|[+-]\d\d(:?\d\d)?|[A-Z_]+/[A-Z_/]+))?"
_DAY_THEN_CLOCK = re.compile(rf"((?P<day>.+?)(,? at |,? ))??(at )?{_CLOCK}{_ZONE}", re.ASCII | re.IGNORECASE)
_CLOCK_THEN_DAY = re.compile(rf"(at )?{_CLOCK}{_ZONE},? (?P<day>.+)", re.ASCII | re.IGNORECASE)

_WEEKDAY = r"(mon|tues?|wed(nes)?|thu(rs?)?|fri|sat(ur)?|sun)(day)?"
_MONTH = (
    r"(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?"
    r"|oct(ober)?|nov(ember)?|dec(ember)?)\.?"
)
_DAY = r"(0?[1-9]|[12]\d|3[01])(st|nd|rd|th)?"
_UNIT = r"(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|mo|months?|y|yrs?|years?)"
_SOME = rf"(\d+(\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten) ?{_UNIT}"
_WORDS = re.compile(
    r"now|today|yesterday|tomorrow|(the )?day before yesterday"
    rf"|((on|last|this|next) )?{_WEEKDAY}"
    r"|(last|this|next) (week|month|year)"
    rf"|(in )?{_SOME}((,? | and ){_SOME})*|{_SOME}((,? | and ){_SOME})* ago"
    rf"|(on )?(the )?{_DAY}[ -](of )?{_MONTH}(,?[ -]\d{{4}})?|(on )?{_MONTH} {_DAY}(,? \d{{4}})?"
    rf"|{_MONTH}(,? \d{{4}})?|\d{{4}} {_MONTH}( {_DAY})?",
    re.ASCII,
)
"""The words that are understood. What dateparser would guess from others is not what their writer meant."""
_PERIODS = ("day", "month", "year")
_WITHIN_A_DAY = re.compile(r"\d ?(h|hrs?|m|mins?|s|secs?)\b|\b(hour|minute|second|hr|min|sec)s?\b")


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
    text = text.strip()
    if (found := _POSITION.fullmatch(text)) and not _YEAR.fullmatch(text):
        _refuse_day_as_position(text)
        return At(position=int(found[1]))
    last_us = span_of(text, zone=zone, now_us=now_us).last_us
    return At(recorded_us=last_us) if clock == "recorded" else At(occurred_us=last_us)


def span_of(text: str, *, zone: tzinfo = UTC, now_us: int | None = None) -> Span:
    """What a text names, from its first to its last microsecond; a time of day alone is today's. Raises InvalidTime
    with examples, also for a date that can be read in two ways."""
    text = " ".join(text.split())
    if _ISO.fullmatch(text):
        return _point(_iso(text, zone))
    now = to_datetime(SystemClock().now_us() if now_us is None else now_us).astimezone(zone)
    if found := _DAY_THEN_CLOCK.fullmatch(text) or _CLOCK_THEN_DAY.fullmatch(text):
        day = _one_day(_span(found["day"] or "today", now), text, zone)
        return _point(datetime.combine(day, _time_of_day(found["clock"].lower()), _zone_said(found["zone"]) or zone))
    return _span(text, now)


def period_of(text: str, *, zone: tzinfo = UTC) -> Span:
    """What a text names, as span_of, or two of them with dots between them: 2026-01, or 2026-01-05..2026-01-11, from
    the first microsecond to the last. Raises InvalidQuery where it ends before it begins, or lacks an end, and
    InvalidTime as span_of does."""
    first, dots, last = text.partition("..")
    if not first or (dots and not last):
        remedy = "Write 2026-01, or 2026-01-05..2026-01-11: from the first to the last."
        raise InvalidQuery("A period has a beginning and an end", period=text, remedy=remedy)
    begin = span_of(first, zone=zone)
    last_us = (span_of(last, zone=zone) if dots else begin).last_us
    if last_us < begin.first_us:
        raise InvalidQuery("The period ends before it begins", period=text, remedy=f"Did you mean {last}..{first}?")
    return Span(begin.first_us, last_us)


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


def brief_text_of(us: int, zone: tzinfo = UTC) -> str:
    """The same as text_of, without seconds where they are zero: `2026-01-09 14:30`."""
    return text_of(us, zone).removesuffix(":00") if us % 60_000_000 == 0 else text_of(us, zone)


def moment_text(us: int, zone: tzinfo = UTC) -> str:
    """The same as brief_text_of, but `end of 2026-01-09` for the last microsecond of a day."""
    text = brief_text_of(us, zone)
    return f"end of {text[:10]}" if text[11:] == "23:59:59.999999" else text


def until_text(at: At, zone: tzinfo) -> str:
    """What follows the position that an answer is for, where a time was asked for: until when, or when known."""
    if at.occurred_us is not None:
        return f" until {moment_text(at.occurred_us, zone)}"
    return "" if at.recorded_us is None else f", known at {moment_text(at.recorded_us, zone)}"


@lru_cache(10_000)
def day_of(us: int, zone: tzinfo) -> date:
    """The day that a moment lies on."""
    return to_datetime(us).astimezone(zone).date()


def zone_text(zone: tzinfo) -> str:
    """The zone's name as it was given: `Europe/Berlin`, `UTC`."""
    return getattr(zone, "key", None) or str(zone)


def _refuse_day_as_position(text: str) -> None:
    if (found := _EIGHT_DIGITS.fullmatch(text)) and (day := _date(*found.groups())):
        remedy = f"Write {day.isoformat()} for the day, or @{text} for the position."
        raise InvalidTime("A number that can be a day or a position", value=repr(text), remedy=remedy)


def _iso(text: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise InvalidTime("No such time", value=repr(text), problem=problem, remedy=EXAMPLES) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _zone_said(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    return datetime.fromisoformat(f"2026-01-01T00:00{name}").tzinfo if name[0] in "+-" else zone_of(name)


def _one_day(span: Span, text: str, zone: tzinfo) -> date:
    """The day that a span is, in the zone. Raises InvalidTime for a longer or shorter one."""
    first, last = (to_datetime(us).astimezone(zone) for us in (span.first_us, span.last_us))
    if first == last or first.date() != last.date():
        raise InvalidTime("A time of day needs one day", value=repr(text), remedy=EXAMPLES)
    return first.date()


def _time_of_day(clock: str) -> time:
    """`9:00`, `14:30:05`, `9am`, `2:30 pm`, noon, midnight. Raises InvalidTime for what there is not."""
    if clock in ("noon", "midnight"):
        return time(12 if clock == "noon" else 0)
    half = clock[-2:] if clock.endswith("m") else ""
    hour, *rest = clock.removesuffix(half).strip().split(":")
    try:
        return time.fromisoformat(":".join([f"{_hour(int(hour), half):02}", *(rest or ["00"])]))
    except ValueError:
        remedy = "Write 09:00, 14:30 or 2:30pm."
        raise InvalidTime("No such time of day", value=repr(clock), remedy=remedy) from None


def _hour(said: int, half: str) -> int:
    """The hour of the day that is said as one of a half (am, pm), or as it is. Raises ValueError."""
    if half and not 1 <= said <= 12:
        raise ValueError(said)
    return said % 12 + 12 * (half == "pm") if half else said


def _span(text: str, now: datetime) -> Span:
    """What a text without a time of day names, seen from now."""
    if not any(map(str.isalpha, text)):
        return _numbers(text, now.tzinfo)
    words = text.lower()
    if week := _week(words, now):
        return week
    if not _WORDS.fullmatch(words):
        raise InvalidTime("Not a time", value=repr(text), remedy=EXAMPLES)
    # Hours and minutes are counted in UTC, so that a change of the clocks in between does not bend them.
    base = now.astimezone(UTC) if _WITHIN_A_DAY.search(words) else now
    moment, period = _spoken(words, base)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=base.tzinfo)
    return _whole(aware, period) if period in _PERIODS else _point(aware)


def _numbers(text: str, zone: tzinfo | None) -> Span:
    """The year, month or day that numbers alone name, in the zone."""
    if _YEAR.fullmatch(text):
        return _whole(datetime(int(text), 1, 1, tzinfo=zone), "year")
    if found := _YEAR_AND_MONTH.fullmatch(text):
        return _whole(datetime.combine(_one(text, {_date(found[1], found[2], "1")}), time(), zone), "month")
    if found := _EIGHT_DIGITS.fullmatch(text):
        days = {_date(*found.groups())}
    elif found := _THREE_NUMBERS.fullmatch(text):
        days = _days_read(*found.groups())
    else:
        fact = "Not a time" if text.isdigit() or not text else "Numbers that can be read in more than one way"
        raise InvalidTime(fact, value=repr(text), remedy=EXAMPLES)
    return _whole(datetime.combine(_one(text, days), time(), zone), "day")


def _one(text: str, readings: set[date | None]) -> date:
    """The only day among the readings of a text. Raises InvalidTime where there are none or several."""
    days = [day for day in readings if day is not None]
    if not days:
        raise InvalidTime("There is no such date", value=repr(text), remedy=EXAMPLES)
    if len(days) > 1:
        remedy = "Write the year first, in full: 2026-01-09."
        raise InvalidTime("A date that can be read in two ways", value=repr(text), remedy=remedy)
    return days[0]


def _days_read(one: str, sign: str, two: str, three: str) -> set[date | None]:
    """The days that three numbers can mean: the year first, the day first with dots, else either of both."""
    if len(one) == 4:
        return {_date(one, two, three)}
    if len(three) != 4:
        return {date.min, date.max}  # with a year cut short, no reading is sure
    return {_date(three, two, one)} if sign == "." else {_date(three, two, one), _date(three, one, two)}


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _week(words: str, now: datetime) -> Span | None:
    weeks = {"this week": 0, "last week": 1, "next week": -1}.get(words)
    if weeks is None:
        return None
    monday = now.date() - timedelta(days=now.weekday(), weeks=weeks)
    midnight = datetime.combine(monday, time(), now.tzinfo)
    return Span(to_us(midnight), to_us(midnight + timedelta(days=7)) - 1)


def _spoken(words: str, base: datetime) -> tuple[datetime, str]:
    """The datetime and the period (`day`, `month`, `year`, `time` …) of a text in words."""
    from dateparser.date import DateDataParser

    settings = {
        "RELATIVE_BASE": base.replace(tzinfo=None),
        "PREFER_DATES_FROM": "past",
        "RETURN_TIME_AS_PERIOD": True,
        "PREFER_DAY_OF_MONTH": "first",
        "PREFER_MONTH_OF_YEAR": "first",
    }
    found = DateDataParser(languages=["en"], settings=settings).get_date_data(words)
    if found is None or found.date_obj is None:
        raise InvalidTime("Not a time", value=repr(words), remedy=EXAMPLES)
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
