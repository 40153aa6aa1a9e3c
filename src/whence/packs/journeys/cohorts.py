"""Cohorts and retention: who began together, who came back, and what they brought; and how often and how lately each
customer bought. A customer begins with the first touchpoint, or the first of an event that is named.

Periods are days, weeks (from Monday) or months of the calendar, in the zone of the configuration. The period in which a
customer begins is number 0.

*n-day* retention ("return on" in Amplitude and Mixpanel, "classic"): the share of customers who came back in period
n. *Unbounded* ("return on or after", "rolling"): in period n or in any later one. *Bracket* ("return on custom"): in
any of several periods, say 1 to 3. Of each only those customers count for whom the period, or the last of its bracket,
is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import numpy as np

from whence.calendar import Array, Calendar, Unit
from whence.errors import InvalidQuery
from whence.pack import Share, Written
from whence.packs.journeys.sql import statement
from whence.packs.journeys.step import Begin, Count, Field, Returns, Step
from whence.packs.journeys.touchpoints import Touchpoints

Kind = Literal["n-day", "unbounded", "bracket"]
Long = Annotated[Unit, "how long a period is"]
LAST = np.iinfo(np.int64).max
SUM_MAX = 2.0**62
"""In millionths; sums are of 64 bits."""


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


class Customer(msgspec.Struct, frozen=True):
    """How often, how lately and for how much a customer bought; what that means stands at `customers`. Without a field
    to sum up the last two are None."""

    customer: str
    frequency: int
    recency: int
    age: int
    monetary: Decimal | None
    total: Decimal | None


class _Events(msgspec.Struct, frozen=True):
    """Who did something, when, and how much of it in millionths."""

    who: Array
    time_us: Array
    amount: Array | None = None


def cohorts(
    asked: Touchpoints,
    *,
    unit: Long = "month",
    begin: Begin = None,
    returns: Returns = None,
    total: Annotated[str | None, Field, "sum up this field instead of counting customers"] = None,
) -> list[Cohort]:
    """$ whence journeys cohorts --unit week
    $ whence journeys cohorts --begin Bought --total amount --picture cohorts.html

    Who began together, and how many came back.

    A row for each period in which customers began, with how many there are and, for each period from then on, how many
    did it again, or with --total what they brought. Period 0 is the one in which they began.
    """
    begun, came, amount = _asked(asked, begin, returns, total)
    if not len(begun.who):
        return []
    first_us = _first(begun, asked.size)
    calendar = Calendar.over(int(begun.time_us.min()), asked.last_us, unit, asked.zone)
    periods = len(calendar.days) - 1
    began = np.where(first_us == LAST, -1, calendar.number_of(first_us))
    then = calendar.number_of(came.time_us)
    passed = then - began[came.who]
    counts = (began[came.who] >= 0) & (came.time_us >= first_us[came.who]) & (then < periods)
    place = began[came.who[counts]] * periods + passed[counts]
    values: list[int] = [0] * (periods * periods)
    if amount is None:
        _, once = np.unique(came.who[counts] * periods + passed[counts], return_index=True)
        values = np.bincount(place[once], minlength=periods * periods).tolist()
    else:
        sums = np.zeros(periods * periods, np.int64)
        np.add.at(sums, place, amount[counts])
        values = sums.tolist()
    sizes = np.bincount(began[began >= 0], minlength=periods).tolist()
    return [
        Cohort(
            began=calendar.days[number],
            customers=sizes[number],
            values=tuple(
                value if amount is None else _decimal(value)
                for value in values[number * periods : number * periods + periods - number]
            ),
            is_open=asked.last_us + 1 < int(calendar.begins_us[periods]),
        )
        for number in range(periods)
        if sizes[number]
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
    count for whom the period is over: eligible.
    """
    begun, came, _ = _asked(asked, begin, returns, None)
    if kind == "bracket":
        spans = [_bracket(each) for each in brackets]
        if not spans:
            raise InvalidQuery(
                "Brackets are missing", remedy="Name each: --bracket 0 --bracket 1-3; in Python brackets=[...]."
            )
    elif kind in ("n-day", "unbounded"):
        spans = [(number, number) for number in range(upto + 1)]
    else:
        raise InvalidQuery("No such retention", kind=kind, remedy="Say n-day, unbounded or bracket.")
    if not len(begun.who):
        return [Retained(_name(span), 0, 0, None) for span in spans]
    first_us = _first(begun, asked.size)
    calendar = Calendar.over(int(begun.time_us.min()), asked.last_us, unit, asked.zone)
    is_begun = first_us != LAST
    began = np.where(is_begun, calendar.number_of(first_us), -1)
    known = int(calendar.number_of(np.array([asked.last_us + 1]))[0])  # the first period that is not over
    passed = calendar.number_of(came.time_us) - began[came.who]
    counts = is_begun[came.who] & (came.time_us >= first_us[came.who])
    who, passed = came.who[counts], passed[counts]
    return list(_retained(kind, spans, began, known, who, passed))


def customers(
    asked: Touchpoints,
    bought: Annotated[str | Step, Written(value="STEP")],
    *,
    total: Annotated[str | None, Field, "the field to sum up"] = None,
    top: Annotated[int | None, Count, "so many, the most frequent first"] = None,
) -> list[Customer]:
    """$ whence journeys customers Bought
    $ whence journeys customers Bought --total amount --at 2026-01-20 --json

    How often, how lately and for how much each bought.

    A row for each customer, as the models of Fader and Hardie (BG/NBD and others) ask it, in days. frequency: days with
    a purchase after the first; recency: from the first to the last; age: from the first to the moment asked about;
    monetary: the mean of a repeat day, 0 where there is none; total: all of it.
    """
    step = asked.known(Step.of(bought))
    events = _events(asked, step, total)
    if not len(events.who):
        return []
    calendar = Calendar.over(int(events.time_us.min()), asked.last_us, "day", asked.zone)
    day = calendar.number_of(events.time_us)
    last_day = int(calendar.number_of(np.array([asked.last_us]))[0])
    order = np.lexsort((day, events.who))
    who, day = events.who[order], day[order]
    is_new = np.r_[True, who[1:] != who[:-1]]
    is_day = is_new | np.r_[True, day[1:] != day[:-1]]
    begins = np.flatnonzero(is_new)
    ends = np.r_[begins[1:], len(who)] - 1
    days = np.add.reduceat(is_day.astype(np.int64), begins)
    amounts = np.zeros(len(who), np.int64) if events.amount is None else events.amount[order]
    sums = np.add.reduceat(amounts, begins)
    is_first = day == np.repeat(day[begins], np.diff(np.r_[begins, len(who)]))
    first_day = np.add.reduceat(np.where(is_first, amounts, 0), begins)
    ranked = np.lexsort((who[begins], -days))[:top]
    return [
        Customer(
            customer=asked.name(int(who[begins[n]])),
            frequency=int(days[n]) - 1,
            recency=int(day[ends[n]] - day[begins[n]]),
            age=last_day - int(day[begins[n]]),
            monetary=None if total is None else _mean(int(sums[n]) - int(first_day[n]), int(days[n]) - 1),
            total=None if total is None else _decimal(int(sums[n])),
        )
        for n in ranked.tolist()
    ]


def _mean(millionths: int, count: int) -> Decimal:
    return Decimal(0) if not count else (_decimal(millionths) / count).quantize(Decimal("0.000001")).normalize()


def _retained(
    kind: Kind, spans: Sequence[tuple[int, int]], began: Array, known: int, who: Array, passed: Array
) -> Iterator[Retained]:
    for first, last in spans:
        eligible = (began >= 0) & (began + last < known)
        came = (passed >= first) & eligible[who] if kind == "unbounded" else (passed >= first) & (passed <= last)
        returned = np.zeros(len(began), bool)
        returned[who[came]] = True
        count, found = int(np.count_nonzero(eligible)), int(np.count_nonzero(returned & eligible))
        yield Retained(_name((first, last)), count, found, round(found / count, 6) if count else None)


def _bracket(said: str) -> tuple[int, int]:
    first, _, last = said.partition("-")
    if not first.isdigit() or (last and not last.isdigit()) or int(last or first) < int(first):
        raise InvalidQuery("Not a bracket of periods", bracket=said, remedy='Write "1-3", or "0" for one period.')
    return int(first), int(last or first)


def _name(span: tuple[int, int]) -> str:
    return f"{span[0]}" if span[0] == span[1] else f"{span[0]}-{span[1]}"


# What is asked of the touchpoints.


def _asked(
    asked: Touchpoints, begin: str | Step | None, returns: str | Step | None, total: str | None
) -> tuple[_Events, _Events, Array | None]:
    one = None if begin is None else asked.known(Step.of(begin))
    other = one if returns is None else asked.known(Step.of(returns))
    came = _events(asked, other, total)
    return (came if one == other else _events(asked, one, None)), came, came.amount


def _events(asked: Touchpoints, step: Step | None, total: str | None) -> _Events:
    columns = {} if total is None else {"amount": total}
    rows = asked.rows(columns=columns) if step is None else asked.rows_of_step(step, columns)
    if total is None:
        return _Events(*asked.arrays(rows, "who", "time_us"))
    asked.having(total, None if step is None else [step])
    found = asked.sql(statement("amounts").format(touchpoints=rows))
    refuse_odd(found.column("odd").to_pylist(), total)
    who, time_us, amount = (found.column(name).to_numpy() for name in ("who", "time_us", "amount"))
    if np.abs(amount.astype(np.float64)).sum() > SUM_MAX:
        raise InvalidQuery(
            "The sum is too large", field=total, remedy="Sum up a larger unit, or a part of the history."
        )
    return _Events(who, time_us, amount)


def refuse_odd(odd: list[str | None], field: str) -> None:
    bad = next((each for each in odd if each is not None), None)
    if bad is not None:
        remedy = "Sum up a field of numbers of at most six decimals."
        raise InvalidQuery("Not a number to sum up", field=field, value=bad, remedy=remedy)


def _first(events: _Events, size: int) -> Array:
    first_us = np.full(size, LAST, np.int64)
    np.minimum.at(first_us, events.who, events.time_us)
    return first_us


def _decimal(millionths: int) -> Decimal:
    found = Decimal(millionths).scaleb(-6)
    return found.quantize(Decimal("0.01")) if millionths % 10_000 == 0 else found.normalize()
