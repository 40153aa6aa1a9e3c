"""The book: whatever moves money, as a call that either happens or is refused, however many write at once.

Read it in this order: `periods`, those that are closed, and what becomes of what is dated up to the end of one;
`condition`, what a movement depends on; `writing`, how it is decided and appended, so that the laws hold among many
writers; and `commands`. What a charge or a hold comes to, and which laws there are, is said in the packs `movements`
and `holds`. In Python: `from whence.packs.book import Book`."""

from whence.pack import Pack
from whence.packs.book.periods import Periods, checked
from whence.packs.book.writing import Book, expire

__all__ = ["PACK", "Book", "expire"]

PACK = Pack(
    name="ledger.book",
    title="Ledger: what moves money, by the laws of double entry",
    states=(Periods,),
    configuration="""\
# closed = "refuse"        # what is dated up to the end of a closed period; or "redate": behind it, its day is kept
""",
    commands="whence.packs.book.commands:COMMANDS",
    keys=("closed",),
    configure=checked,
)
