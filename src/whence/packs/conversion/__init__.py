"""How far leads come: how many there were in each stage, how many reached it and in which time, which of those that are
open wait for long; and pictures. It adds to the pack leads: `whence leads over-time`, `conversion`, `times`, `ageing`
and `picture`.

    for row in db.table(conversion.conversion, at="2026-03-31"):
        print(row.stage, row.reached, row.of_before)

Read whence.packs.advancing.meant first, which leads are meant and what is said of several; then `over_time` and
`progress`, the tables, and `figures`. `commands` has the command of the pictures.
"""

from whence.pack import Pack
from whence.packs.conversion.over_time import over_time
from whence.packs.conversion.progress import ageing, conversion, times

PACK = Pack(
    name="leads.conversion",
    title="Conversion of leads: how far they get, and in which time",
    states=(),
    tables=(over_time, conversion, times, ageing),
    commands="whence.packs.conversion.commands:COMMANDS",
)

__all__ = ["PACK", "ageing", "conversion", "over_time", "times"]
