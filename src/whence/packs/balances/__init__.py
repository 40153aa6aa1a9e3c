"""What is on the accounts of a ledger, and why: balances and the entries that they are the sum of, over long histories,
and as pictures. Whether they agree is left to whence.packs.balancing.

Read it in this order: `entries`, of which every answer is made; `tables`, a balance and a statement; `columns`, the
same balances over segments; `pictures`; `commands`."""

from whence.pack import Pack
from whence.packs.balances import tables

PACK = Pack(
    name="ledger.balances",
    title="Ledger: balances with their entries, in columns, and as pictures",
    states=(),
    tables=(tables.balance, tables.statement),
    commands="whence.packs.balances.commands:COMMANDS",
)
