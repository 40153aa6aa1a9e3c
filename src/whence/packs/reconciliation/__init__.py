"""Reconciliation: two sides, each an account of the ledger or a file, matched by evidence in stated passes, and every
difference named. It knows of the ledger only its entries.

Read it in this order: `sides`, what is compared; `statement`, the roll-forward; `keeping`, a reconciliation as it is
run and recorded; and `commands`. How the lines of both sides find each other is whence.matching; what becomes of their
differences is whence.packs.differences."""

from whence.moneyfiles.layout import checking
from whence.pack import Pack
from whence.packs.reconciliation.sides import Reader

PACK = Pack(
    name="ledger.reconciliation",
    title="Ledger: two sides compared, and every difference named",
    states=(),
    commands="whence.packs.reconciliation.commands:COMMANDS",
    keys=("side",),
    configure=checking("pack.ledger", "side", Reader),
)
