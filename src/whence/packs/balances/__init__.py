"""What is on the accounts of a ledger, and why: balances and the entries that they are the sum of, against each other,
over long histories, as pictures, and beside those that the source states.

Read it in this order: `entries`, of which every answer is made; `tables`, a balance and a statement. Until here it is
said what a balance is; the rest looks at it further: `trialbalance`, debits and credits; `ties`, whether what was
posted agrees with the balances that the source of it states; `columns`, the same balances over segments; `pictures`;
`commands`."""

from whence.pack import Pack
from whence.packs.balances import tables, ties, trialbalance

PACK = Pack(
    name="ledger.balances",
    title="Ledger: balances with their entries, in columns, as pictures, beside those that a source states",
    states=(),
    tables=(tables.balance, tables.statement, trialbalance.trial_balance, ties.ties, ties.reported),
    commands="whence.packs.balances.commands:COMMANDS",
)
