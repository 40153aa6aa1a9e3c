"""Funnels: how many customers get from step to step. It adds `whence journeys funnel` to the pack journeys.

    with touchpoints(db) as asked:
        found = funnels.funnel(asked, ["Visited", "SignedUp", "Bought"], within="30 days")

Read whence.packs.touchpoints first, whose steps and rows it asks for, and the beginning of whence.chains, which works
out over arrays how far each customer gets. Then `question`, what is asked for, with events_in_order.sql; `periods`, in
which customers start; and `funnel`, the answer, with values_at_starts.sql. `pictures` and `commands` show it.
"""

from whence.pack import Pack
from whence.packs.funnels.funnel import funnel

PACK = Pack(
    name="journeys.funnels",
    title="Funnels of customer journeys",
    states=(),
    commands="whence.packs.funnels.commands:COMMANDS",
)

__all__ = ["PACK", "funnel"]
