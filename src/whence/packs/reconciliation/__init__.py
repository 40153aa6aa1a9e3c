"""Reconciliation: two sides, each an account of the ledger or a file, matched by evidence in stated passes, and every
difference named. It knows of the ledger only its entries.

Read it in this order: `events`, `state`, `decisions` and `scenarios`, a difference until it is settled; `sides`, what
is compared; `statement`, the roll-forward; `keeping`, a reconciliation as it is run and recorded; `tables` and
`commands`. How the lines of both sides find each other is whence.matching."""

from whence.moneyfiles.layout import checking
from whence.pack import Pack
from whence.packs.reconciliation import tables
from whence.packs.reconciliation.decisions import settle
from whence.packs.reconciliation.scenarios import SCENARIOS
from whence.packs.reconciliation.sides import Reader
from whence.packs.reconciliation.state import Difference

PACK = Pack(
    name="ledger.reconciliation",
    title="Ledger: two sides compared, and their differences until they are settled",
    states=(Difference,),
    decisions=(settle,),
    tables=(tables.differences, tables.ageing, tables.reconciliations),
    scenarios=SCENARIOS,
    commands="whence.packs.reconciliation.commands:COMMANDS",
    keys=("side",),
    configure=checking("pack.ledger", "side", Reader),
)
