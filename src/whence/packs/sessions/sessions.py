"""Sessions: touchpoints of a customer that follow each other without a long pause. A session belongs to the period in
which it began."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
import numpy as np

from whence.calendar import Calendar, Unit
from whence.duration import SECOND_US, us_of
from whence.pack import Share
from whence.packs.timeline.timeline import GAP, Pause
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import COUNT, at_least_one
from whence.packs.touchpoints.touchpoints import Touchpoints


class Session(msgspec.Struct, frozen=True):
    """A session of a customer, numbered from 1: when it began (microseconds UTC), how long it lasted, how many
    touchpoints it has, and the types of the first and the last."""

    began_us: int = msgspec.field(name="began")
    customer: str
    number: int
    lasted_s: float = msgspec.field(name="seconds")
    events: int
    entry: str
    exit: str


class Sessions(msgspec.Struct, frozen=True):
    """The sessions that began in a period: how many, of how many customers, how many touchpoints they have on average,
    how long they last in the median (seconds), and the share that has one touchpoint alone."""

    began: date
    sessions: int
    customers: int
    events_mean: float
    median_s: float
    of_one_event: Share


def sessions(
    asked: Touchpoints,
    name: str | None = None,
    *,
    gap: Pause = GAP,
    limit: Annotated[int | None, COUNT, "so many sessions, the newest first"] = None,
) -> list[Session]:
    """$ whence journeys sessions --by week
    $ whence journeys sessions visitor:abc --gap '2 hours'

    Visits: touchpoints without a long pause between them.

    The sessions, the newest first, of all customers or of the one who has a name: when, how long, how many touchpoints,
    the first and the last. With --by: how many began in each period, of how many customers, how many touchpoints they
    have on average, how long they last in the median, and the share of one touchpoint alone.
    """
    at_least_one(limit=limit)
    only = "" if name is None else f" WHERE who = {asked.who(name)}"
    query = _query(asked, gap, only) + ("" if limit is None else f"\nLIMIT {limit}")
    types = asked.segments.types
    return [
        Session(
            began_us=row["began_us"],
            customer=asked.name(row["who"]),
            number=row["number"],
            lasted_s=(row["ended_us"] - row["began_us"]) / SECOND_US,
            events=row["events"],
            entry=types[row["entry"]],
            exit=types[row["leave"]],
        )
        for row in asked.sql(query).to_pylist()
    ]


def sessions_by(asked: Touchpoints, unit: Unit, *, gap: str = GAP) -> list[Sessions]:
    """The sessions by the day, week or month in which they began."""
    who, began, ended, events = asked.arrays(_query(asked, gap, ""), "who", "began_us", "ended_us", "events")
    if not len(who):
        return []
    calendar = Calendar.over(int(began.min()), int(began.max()), unit, asked.zone)
    period = calendar.number_of(began)
    found = []
    for number in np.unique(period).tolist():
        own = period == number
        took = (ended[own] - began[own]) / SECOND_US
        found.append(
            Sessions(
                began=calendar.days[number],
                sessions=int(own.sum()),
                customers=len(np.unique(who[own])),
                events_mean=round(float(events[own].mean()), 3),
                median_s=round(float(np.median(took)), 6),
                of_one_event=round(float((events[own] == 1).mean()), 6),
            )
        )
    return found


def _query(asked: Touchpoints, gap: str, only: str) -> str:
    return statement(__package__, "sessions", touchpoints=f"SELECT * FROM ({asked.rows()}){only}", gap_us=us_of(gap))
