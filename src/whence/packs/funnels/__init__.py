"""Funnels: how far customers get from step to step, how long it takes, and who dropped out where. It adds to the pack
journeys: `whence journeys funnel`, `times` and `dropped`.

    with touchpoints(db) as asked:
        found = funnels.funnel(asked, ["Visited", "SignedUp", "Bought"], within="30 days")

Read whence.packs.touchpoints first, whose steps and rows it asks for, and the beginning of whence.chains, which works
out over arrays how far each customer gets. Then `question`, what is asked for, with events_in_order.sql. The rest is
what is answered: `durations`; `funnel` with values_at_starts.sql; `dropouts` with dropped.sql. `commands` and
`pictures` show it.
"""

from whence.pack import Pack
from whence.packs.funnels.dropouts import dropped
from whence.packs.funnels.durations import times
from whence.packs.funnels.funnel import funnel

PACK = Pack(
    name="journeys.funnels",
    title="Funnels of customer journeys",
    states=(),
    commands="whence.packs.funnels.commands:COMMANDS",
)

__all__ = ["PACK", "dropped", "funnel", "times"]
