"""What comes of leads: how many there were in each stage, how far they get and how long it takes, which sources, owners
and touches win, and why; and pictures. It adds to the pack leads: `whence leads over-time`, `conversion`, `times`,
`ageing`, `sources`, `owners`, `reasons`, `touches` and `picture`.

    for row in db.table(conversion.sources, at="2026-03-31"):
        print(row.source, row.leads, row.won)

Read `over_time`, `progress` and `outcomes`, the tables; then `figures`. `commands` has the command of the pictures.
"""

from whence.pack import Pack
from whence.packs.conversion.outcomes import owners, reasons, sources, touches
from whence.packs.conversion.over_time import over_time
from whence.packs.conversion.progress import ageing, conversion, times

PACK = Pack(
    name="leads.conversion",
    title="Conversion of leads: how far they get, in which time, and from where",
    states=(),
    tables=(over_time, conversion, times, ageing, sources, owners, reasons, touches),
    commands="whence.packs.conversion.commands:COMMANDS",
)

__all__ = ["PACK", "ageing", "conversion", "over_time", "owners", "reasons", "sources", "times", "touches"]
