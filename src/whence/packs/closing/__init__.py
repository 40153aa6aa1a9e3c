"""Closing: a period that two people sign, proved again at any time, and its evidence as a folder to hand over.

Read whence.packs.book.periods first, what is kept of a closed period. Then `periods`, which signs one, then `evidence`
(`evidence.css` is how its page looks), and `commands`. That nothing is posted into a closed period the book sees to."""

from whence.pack import Pack
from whence.packs.closing import periods

PACK = Pack(
    name="ledger.closing",
    title="Ledger: periods that are signed, and their evidence",
    states=(),
    tables=(periods.periods, periods.since_close),
    commands="whence.packs.closing.commands:COMMANDS",
)
