"""The ledger: double entry in which every balance can be traced to its entries, as of any day, by either clock.

Read it in this order, as any pack: `events`, `state`, `decisions`, `scenarios`, `tables`. Here it is said what is kept
of accounts, charges, holds and transactions, and what is decided about accounts. The rest comes from packs that extend
it, above all `whence.packs.movements` and `holds`, what moves money and sets it aside, `book`, which appends it,
and `balances`, which answers what is on an account and why."""

from whence.pack import Pack
from whence.packs.ledger import decisions
from whence.packs.ledger.scenarios import SCENARIOS
from whence.packs.ledger.state import Account, Charge, Hold, Transaction
from whence.packs.ledger.tables import accounts

PACK = Pack(
    name="ledger",
    title="Ledger: balances with their entries, on any day, that tie to the bank's file",
    states=(Account, Charge, Hold, Transaction),
    decisions=(decisions.open_, decisions.limit, decisions.retire),
    tables=(accounts,),
    scenarios=SCENARIOS,
)
