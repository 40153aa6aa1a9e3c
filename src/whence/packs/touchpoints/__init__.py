"""Touchpoints: what all customers did, in columns, each with the number of its customer. Every question about journeys
is asked of them, in packs of their own: `sessions` is the shortest and shows how all are made. It extends journeys,
which knows who is who.

    from whence.packs import funnels
    from whence.packs.touchpoints import touchpoints

    with whence.open("shop.db") as db, touchpoints(db, kinds=["customer", "lead", "visitor"]) as asked:
        found = funnels.funnel(asked, ["Visited", "SignedUp", "Bought"], within="30 days")

Read `step`, what is meant, as people write it; `touchpoints`, the rows of events in SQL, with amounts.sql; and
`asking`, which makes a command of each question, by its parameters and docstring. `statements` finds the SQL that
stands beside a module.

Whatever is told a step, a field or a period that is none, or that no event has, raises InvalidQuery or InvalidTime.
"""

from whence.pack import Pack
from whence.packs.touchpoints.step import Step
from whence.packs.touchpoints.touchpoints import Touchpoints, touchpoints

PACK = Pack(name="journeys.touchpoints", title="Touchpoints of all customers, in columns", states=())

__all__ = ["PACK", "Step", "Touchpoints", "touchpoints"]
