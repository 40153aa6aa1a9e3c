"""Transitions: how long customers take from step to step of a funnel, and who went no further, by name. It adds
`whence journeys times` and `dropped` to the pack journeys.

    with touchpoints(db) as asked:
        gone = transitions.dropped(asked, ["Visited", "SignedUp", "Bought"], within="30 days")

It builds on whence.packs.funnels; read there `question`, what is asked and the table of customers and steps that comes
of it. Of that table `durations` takes what lies between two columns, and `dropouts`, with dropped.sql, the rows that do
not reach the last one. `commands` shows both.
"""

from whence.pack import Pack
from whence.packs.transitions.dropouts import dropped
from whence.packs.transitions.durations import times

PACK = Pack(
    name="journeys.transitions",
    title="From step to step of customer journeys",
    states=(),
    commands="whence.packs.transitions.commands:COMMANDS",
)

__all__ = ["PACK", "dropped", "times"]
