"""The ledger: double entry in which every balance can be traced to its entries, as of any day, by either clock.

Read it in this order, as any pack: `events`, `state`, `decisions`, `scenarios`, `tables`. Until `decisions` it is said
what is kept and decided about accounts; the rest shows it. More of `whence ledger` comes from packs that extend it:
`whence.packs.movements`, what moves money, `book`, which appends it, `balances`, which answers what is on an account
and why, `balancing`, `posting`, `differences`, `reconciliation`, `closing` and
`evidence`."""

from whence.pack import Pack
from whence.packs.ledger import decisions, tables
from whence.packs.ledger.scenarios import SCENARIOS
from whence.packs.ledger.state import Account, Charge, Hold, Transaction

PACK = Pack(
    name="ledger",
    title="Ledger: balances with their entries, on any day, that tie to the bank's file",
    states=(Account, Charge, Hold, Transaction),
    decisions=(decisions.open_, decisions.limit, decisions.retire),
    tables=(tables.accounts, tables.holds, tables.charges),
    scenarios=SCENARIOS,
)
