"""Sessions: touchpoints of a customer that follow each other without a long pause. A session belongs to the period in
which it began."""

from __future__ import annotations

from datetime import date

import msgspec
import numpy as np

from whence.calendar import Calendar, Unit
from whence.duration import SECOND_US, us_of
from whence.errors import NotKnown
from whence.packs.journeys.sql import statement
from whence.packs.journeys.timeline import GAP
from whence.packs.journeys.touchpoints import Touchpoints


class Session(msgspec.Struct, frozen=True):
    """A session of a customer, numbered from 1: when it began and ended (microseconds UTC), how many touchpoints it
    has, and the types of the first and the last."""

    customer: str
    number: int
    began_us: int
    ended_us: int
    events: int
    entry: str
    exit: str

    @property
    def lasted_s(self) -> float:
        return (self.ended_us - self.began_us) / SECOND_US


class Sessions(msgspec.Struct, frozen=True):
    """The sessions that began in a period: how many, of how many customers, how many touchpoints they have on average,
    how long they last in the median (seconds), and the share that has one touchpoint alone."""

    began: date
    sessions: int
    customers: int
    events_mean: float
    median_s: float
    of_one_event: float


def sessions(asked: Touchpoints, *, name: str | None = None, gap: str = GAP, limit: int | None = None) -> list[Session]:
    """The sessions, the newest first; of the customer who has a name, where one is given. Raises NotKnown for a name
    that no event has."""
    who = None if name is None else asked.who(name)
    if name is not None and who is None:
        raise NotKnown("Nothing is known of this customer", name=name, remedy="Names are written visitor:abc.")
    only = "" if who is None else f" WHERE who = {who}"
    query = _query(asked, gap, only) + ("" if limit is None else f"\nLIMIT {limit}")
    types = asked.segments.types
    return [
        Session(
            customer=asked.name(row["who"]),
            number=row["number"],
            began_us=row["began_us"],
            ended_us=row["ended_us"],
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
    touched = f"SELECT * FROM ({asked.rows(columns={'type': 'type'})}){only}"
    return statement("sessions").format(touchpoints=touched, gap_us=us_of(gap))
