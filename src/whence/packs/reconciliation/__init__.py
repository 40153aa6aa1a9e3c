"""Reconciliation: two sides, each an account of the ledger or a file, matched by evidence in stated passes, and every
difference named. It knows of the ledger only its entries. How it is recorded, and what becomes of the differences, is
left to whence.packs.differences.

Read first of whence.matching `sides`, what is compared, and `comparing`, how and what comes of it. Read this in this
order: `sides`, what a side may be; `statement`, the roll-forward; `reconciliation`, all of it; and `commands`."""

from whence.moneyfiles.layout import checking
from whence.moneyfiles.sides import SideReader
from whence.pack import Pack

PACK = Pack(
    name="ledger.reconciliation",
    title="Ledger: two sides compared, and every difference named",
    states=(),
    commands="whence.packs.reconciliation.commands:COMMANDS",
    keys=("side",),
    configure=checking("pack.ledger", "side", SideReader),
)
