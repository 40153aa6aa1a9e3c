"""Closing: a period that two people sign, and that can be proved again at any time.

Read whence.packs.book.periods first, what is kept of a closed period. Then `naming`, what a period is called;
`signing`, which closes one; `tables`, those that are closed, and what came after; and `commands`. That nothing is
dated up to the end of a closed period the book sees to; its evidence, as a folder, is the pack evidence."""

from whence.pack import Pack
from whence.packs.closing.tables import periods, since_close

PACK = Pack(
    name="ledger.closing",
    title="Ledger: periods that are signed",
    states=(),
    tables=(periods, since_close),
    commands="whence.packs.closing.commands:COMMANDS",
)
