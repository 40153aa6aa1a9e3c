"""The command that draws a balance."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from whence.app import Moment, Whence
from whence.cli import exits, screen
from whence.cli.command import at_moment
from whence.cli.packs import pack_command
from whence.cli.screen import Form
from whence.packs.pictures.pictures import save_balance


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
    save_balance(db.asked(at, clock=clock), account, file, since=since, currency=currency)
    screen.note(f"Written: {file}")
    return exits.OK


COMMANDS = (picture,)
