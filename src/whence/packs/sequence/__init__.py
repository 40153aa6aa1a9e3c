"""Whether what the sources sent is whole: their sequence numbers, their clocks, and who is who. It adds to the pack
journeys: `whence journeys check`.

    with touchpoints(db) as asked:
        found = sequence.check(asked, "number", source="actor")

Read whence.packs.touchpoints first, then `sequence` with its two files of SQL; `commands` has the command.
"""

from whence.pack import Pack
from whence.packs.sequence.sequence import check

PACK = Pack(
    name="journeys.sequence",
    title="Sequence numbers of sources",
    states=(),
    commands="whence.packs.sequence.commands:COMMANDS",
)

__all__ = ["PACK", "check"]
