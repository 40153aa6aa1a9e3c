"""The command that shows all balances, over columns."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from whence.app import Moment, Whence
from whence.cli import exits
from whence.cli.command import as_form, at_moment
from whence.cli.packs import pack_command, show_rows
from whence.cli.screen import Form
from whence.money import decimal_of
from whence.packs.balances import columns


class SumRow(msgspec.Struct, frozen=True):
    account: str
    currency: str
    balance: Decimal


@pack_command("ledger", at_moment, as_form)
def balances(db: Whence, form: Form, *, at: Moment = None, clock: str = "occurred") -> int:
    """$ whence ledger balances
    $ whence ledger balances --at 2026-01-31 --json

    All balances, over columns.

    Those of every account, debits positive, asked of segments by DuckDB: for a ledger of millions of entries. It needs
    the extra columns, and builds segments that are missing.
    """
    found = columns.balances(db, at=at, clock=clock).items()
    rows = (SumRow(name, currency, decimal_of(minor, currency)) for (name, currency), minor in found)
    show_rows(SumRow, rows, form, db.config.zone)
    return exits.OK


COMMANDS = (balances,)
