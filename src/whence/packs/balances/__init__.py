"""What is on the accounts of a ledger, and why: balances and the entries that they are the sum of, and what is held or
was charged. Whether balances agree is left to whence.packs.balancing, and to draw them to whence.packs.pictures.

Read it in this order: `entries`, of which every answer is made; `tables`, the answers; `columns`, the same balances
over the segments of a long history; `commands`."""

from whence.pack import Pack
from whence.packs.balances import tables

PACK = Pack(
    name="ledger.balances",
    title="Ledger: balances with their entries, and in columns",
    states=(),
    tables=(tables.holds, tables.charges, tables.balance, tables.statement),
    commands="whence.packs.balances.commands:COMMANDS",
)
