"""Cohorts and retention: who began together, who came back, and what they brought. A customer begins with the first
touchpoint, or the first of an event that is named.

Periods are days, weeks (from Monday) or months of the calendar, in the zone of the configuration. The period in which a
customer begins is number 0.

*n-day* retention ("return on" in Amplitude and Mixpanel, "classic"): the share of customers who came back in period
n. *Unbounded* ("return on or after", "rolling"): in period n or in any later one. *Bracket* ("return on custom"): in
any of several periods, say 1 to 3. Of each only those customers count for whom the period, or the last of its bracket,
is over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import numpy as np

from whence.calendar import Array, Calendar, Unit
from whence.errors import InvalidQuery
from whence.pack import Share, Written
from whence.packs.touchpoints.step import FIELD, STEP, Step
from whence.packs.touchpoints.touchpoints import Touchpoints, decimal_of

Kind = Literal["n-day", "unbounded", "bracket"]
Long = Annotated[Unit, "how long a period is"]
Begin = Annotated[str | Step | None, STEP, "what a customer begins with; else any event"]
Returns = Annotated[str | Step | None, STEP, "what counts as coming back; else the same as --begin"]
LAST = np.iinfo(np.int64).max
_BRACKET = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")


class Cohort(msgspec.Struct, frozen=True):
    """Those who began in a period: how many, and for each period from then on how many came back, or what they brought
    where a field is summed up. The last period may not be over: then `is_open`."""

    began: date
    customers: int
    values: tuple[int | Decimal, ...]
    is_open: bool


class Retained(msgspec.Struct, frozen=True):
    """How many of those for whom the period is over came back in it. `period` is its number, or a bracket "1-3"."""

    period: str
    eligible: int
    returned: int
    share: Share | None


class _Activity(msgspec.Struct, frozen=True):
    """The period in which each customer `began`, by the customer's number, -1 for one who did not; and each time that
    one came from then on: `who`, how many periods had `passed`, and the amount in millionths."""

    calendar: Calendar
    began: Array
    who: Array
    passed: Array
    amount: Array | None


def cohorts(
    asked: Touchpoints,
    *,
    unit: Long = "month",
    begin: Begin = None,
    returns: Returns = None,
    total: Annotated[str | None, FIELD, "sum up this field instead of counting customers"] = None,
) -> list[Cohort]:
    """$ whence journeys cohorts --unit week
    $ whence journeys cohorts --begin Bought --total amount --picture cohorts.html

    Who began together, and how many came back.

    A row for each period in which customers began, with how many there are and, for each period from then on, how many
    did it again, or with --total what they brought. Period 0 is the one in which they began; the last is that of the
    moment asked about, without --at that of the last touchpoint.
    """
    found = _activity(asked, begin, returns, total, unit)
    if found is None:
        return []
    ends_us = found.calendar.begins_us[1:]
    periods = int(found.calendar.number_of(np.array([asked.last_us]))[0]) + 1
    numbers, sizes = np.unique(found.began[found.began >= 0], return_counts=True)  # the cohorts, by their periods
    row, passed = np.searchsorted(numbers, found.began[found.who]), found.passed
    sums = np.zeros((len(numbers), periods), np.int64)
    if found.amount is None:  # a customer counts once in a period
        _, once = np.unique(found.who * periods + passed, return_index=True)
        np.add.at(sums, (row[once], passed[once]), 1)
    else:
        np.add.at(sums, (row, passed), found.amount)
    return [
        Cohort(
            began=found.calendar.days[number],
            customers=size,
            values=tuple(
                value if total is None else decimal_of(value) for value in values[: periods - number].tolist()
            ),
            is_open=len(ends_us) < periods or asked.last_us + 1 < int(ends_us[periods - 1]),
        )
        for number, size, values in zip(numbers.tolist(), sizes.tolist(), sums, strict=True)
    ]


def retention(
    asked: Touchpoints,
    *,
    kind: Annotated[Kind, Written("--type"), "what counts"] = "n-day",
    unit: Long = "day",
    begin: Begin = None,
    returns: Returns = None,
    upto: Annotated[int, Written(value="N"), msgspec.Meta(ge=0), "the last period"] = 30,
    brackets: Annotated[Sequence[str], Written("--bracket", "N-M"), "several periods as one; may be given again"] = (),
) -> list[Retained]:
    """$ whence journeys retention --begin Visited --returns Bought --upto 7
    $ whence journeys retention --type unbounded --unit week --upto 4 --picture retention.html
    $ whence journeys retention --type bracket --bracket 0 --bracket 1-3 --bracket 4-7

    The share of customers who come back.

    n-day: who came back in period n. unbounded: in period n or any later one. bracket: in any of several periods.
    Period 0 is the one in which a customer began, a day of the calendar, a week from Monday, or a month. Only those
    count for whom the period was over at the moment asked about, without --at at the last touchpoint: eligible.
    """
    if kind == "bracket":
        spans = [_bracket(each) for each in brackets]
        if not spans:
            remedy = "Name each: --bracket 0 --bracket 1-3; in Python brackets=[...]."
            raise InvalidQuery("Brackets are missing", remedy=remedy)
    elif brackets:
        raise InvalidQuery("Only a bracket has brackets", kind=kind, remedy="Say --type bracket, or leave them out.")
    elif kind in ("n-day", "unbounded"):
        spans = [(number, number) for number in range(upto + 1)]
    else:
        raise InvalidQuery("No such retention", kind=kind, remedy="Say n-day, unbounded or bracket.")
    found = _activity(asked, begin, returns, None, unit)
    return [_retained(kind, span, found, asked.last_us) for span in spans]


def _retained(kind: Kind, span: tuple[int, int], found: _Activity | None, last_us: int) -> Retained:
    (first, last), eligible, returned = span, 0, 0
    if found is not None:
        known = int(found.calendar.number_of(np.array([last_us + 1]))[0])  # the first period that is not over
        is_eligible = (found.began >= 0) & (found.began + last < known)
        came = found.passed >= first if kind == "unbounded" else (found.passed >= first) & (found.passed <= last)
        has_returned = np.zeros(len(found.began), bool)
        has_returned[found.who[came]] = True
        eligible, returned = int(np.count_nonzero(is_eligible)), int(np.count_nonzero(has_returned & is_eligible))
    name = f"{first}" if first == last else f"{first}-{last}"
    return Retained(name, eligible, returned, round(returned / eligible, 6) if eligible else None)


def _bracket(said: str) -> tuple[int, int]:
    found = _BRACKET.fullmatch(said)
    if found is None or int(found[2] or found[1]) < int(found[1]):
        raise InvalidQuery("Not a bracket of periods", bracket=said, remedy='Write "1-3", or "0" for one period.')
    return int(found[1]), int(found[2] or found[1])


def _activity(asked: Touchpoints, begin: Begin, returns: Returns, total: str | None, unit: Unit) -> _Activity | None:
    """Who began, and who came from then on; None where nobody began."""
    beginning = None if begin is None else asked.known(begin)
    coming = beginning if returns is None else asked.known(returns)
    amount = None
    if total is None:
        who, time_us = asked.who_and_when(coming)
    else:
        who, time_us, amount = asked.arrays(asked.amounts(coming, total), "who", "time_us", "amount")
    beginners, begun_us = (who, time_us) if beginning == coming else asked.who_and_when(beginning)
    if not len(beginners):
        return None
    first_us = np.full(asked.size, LAST, np.int64)
    np.minimum.at(first_us, beginners, begun_us)
    calendar = Calendar.over(int(begun_us.min()), asked.last_us, unit, asked.zone)
    began = np.where(first_us == LAST, -1, calendar.number_of(first_us))
    counts = time_us >= first_us[who]
    who = who[counts]
    passed = calendar.number_of(time_us[counts]) - began[who]
    return _Activity(calendar, began, who, passed, None if amount is None else amount[counts])
