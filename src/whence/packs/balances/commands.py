"""The commands on balances: each makes one call on the pack, and shows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.app import Moment, Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment
from whence.cli.packs import pack_command, show_rows
from whence.cli.screen import Form
from whence.money import decimal_of
from whence.packs.balances import columns, pictures


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


@pack_command("ledger", at_moment)
def picture(
    db: Whence,
    form: Form,
    account: str,
    file: str,
    *,
    since: Annotated[date | None, "draw a waterfall instead: what each category did from that day on"] = None,
    currency: Annotated[str | None, "in which currency, where there are several"] = None,
    at: Moment = None,
    clock: str = "occurred",
) -> int:
    """$ whence ledger picture assets:bank balance.html
    $ whence ledger picture assets:bank january.html --since 2026-01-01 --at 2026-01-31

    A balance over time, or what happened to it.

    Draws the balance of an account or group over time, or with a first day the waterfall from what was there to what
    is, as a page that works offline or as PNG. It needs plotly.
    """
    pictures.save_balance(db.asked(at, clock=clock), account, file, since=since, currency=currency)
    screen.note(f"Written: {file}")
    return exits.OK


COMMANDS = (balances, picture)
