"""How often, how lately and for how much each customer bought, in days, as the models of Fader and Hardie ask it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
import numpy as np

from whence.calendar import Calendar
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import COUNT, FIELD, STEP, Step, at_least_one
from whence.packs.touchpoints.touchpoints import Touchpoints, decimal_of


class Customer(msgspec.Struct, frozen=True):
    """How often, how lately and for how much a customer bought; what that means stands at `customers`. Without a field
    to sum up the last two are None."""

    customer: str
    frequency: int
    recency: int
    age: int
    monetary: Decimal | None
    total: Decimal | None


def customers(
    asked: Touchpoints,
    bought: Annotated[str | Step, STEP],
    *,
    total: Annotated[str | None, FIELD, "the field to sum up"] = None,
    top: Annotated[int | None, COUNT, "so many, the most frequent first"] = None,
) -> list[Customer]:
    """$ whence journeys customers Bought
    $ whence journeys customers Bought --total amount --at 2026-01-20 --json

    How often, how lately and for how much each bought.

    A row for each customer, as the models of Fader and Hardie (BG/NBD and others) ask it, in days. frequency: days
    with a purchase after the first; recency: from the first to the last; age: from the first to the moment asked
    about, without --at to the last touchpoint; monetary: the mean of a repeat day, 0 where there is none;
    total: what all days come to.
    """
    at_least_one(top=top)
    events = asked.amounts(asked.known(bought), total)
    (when,) = asked.arrays(f"SELECT min(time_us) AS first_us FROM ({events}) HAVING count(*) > 0", "first_us")
    if not len(when):
        return []
    calendar = Calendar.over(int(when[0]), asked.last_us, "day", asked.zone)
    days = {"day": np.arange(len(calendar.days)), "begins_us": calendar.begins_us}
    query = statement(
        __package__,
        "customers",
        bought=events,
        days=asked.registered("days", days),
        last_day=len(days["day"]) - 2,
        top="ALL" if top is None else top,
    )
    return [
        Customer(
            customer=asked.name(row["who"]),
            frequency=row["frequency"],
            recency=row["recency"],
            age=row["age"],
            monetary=None if total is None else _mean(row["repeated"], row["frequency"]),
            total=None if total is None else decimal_of(row["total"]),
        )
        for row in asked.sql(query).to_pylist()
    ]


def _mean(millionths: int, count: int) -> Decimal:
    return Decimal(0) if not count else (decimal_of(millionths) / count).quantize(Decimal("0.000001")).normalize()
