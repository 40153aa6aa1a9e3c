"""The time line of one customer: all touchpoints over all sources, under all names. It adds `whence journeys timeline`
to the pack journeys.

    with whence.open("shop.db") as db:
        print(timeline.timeline(db, "lead:42").names)

Read whence.packs.journeys first, which knows the names of each customer; then `timeline`; `commands` shows it.
"""

from whence.pack import Pack
from whence.packs.timeline.timeline import Timeline, Touch, timeline

PACK = Pack(
    name="journeys.timeline",
    title="The time line of one customer",
    states=(),
    commands="whence.packs.timeline.commands:COMMANDS",
)

__all__ = ["PACK", "Timeline", "Touch", "timeline"]
