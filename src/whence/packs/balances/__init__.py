"""Balances of a ledger looked at further: against each other, over long histories, as pictures, and beside those that
the source states.

Read it in this order: `trialbalance`, debits and credits; `ties`, whether what was posted agrees with the balances that
the source of it states; `columns`, the same balances over segments; `pictures`; `commands`."""

from whence.pack import Pack
from whence.packs.balances import ties, trialbalance

PACK = Pack(
    name="ledger.balances",
    title="Ledger: balances against each other, in columns, as pictures, beside those that a source states",
    states=(),
    tables=(trialbalance.trial_balance, ties.ties, ties.reported),
    commands="whence.packs.balances.commands:COMMANDS",
)
