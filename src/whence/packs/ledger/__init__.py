"""The ledger: double entry in which every balance can be traced to its entries, as of any day, by either clock.

Read it in this order, as any pack: `events`, `state`, `decisions`, `scenarios`; then `entries`, of which `tables` are
made. More of `whence ledger` comes from packs that extend it: `whence.packs.book`, which moves money, `balances`,
`posting`, `reconciliation` and `closing`."""

from whence.pack import Pack
from whence.packs.ledger import decisions, tables
from whence.packs.ledger.scenarios import SCENARIOS
from whence.packs.ledger.state import Account, Charge, Hold, Periods, Transaction

PACK = Pack(
    name="ledger",
    title="Ledger: balances with their entries, on any day, that tie to the bank's file",
    states=(Account, Charge, Hold, Transaction, Periods),
    decisions=(decisions.open_, decisions.limit, decisions.retire),
    tables=(tables.accounts, tables.balance, tables.statement, tables.holds, tables.charges),
    scenarios=SCENARIOS,
)
