"""The command that closes a period."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whence.app import Whence
from whence.cli import exits
from whence.cli.command import as_form, by_actor
from whence.cli.packs import pack_command, show_rows
from whence.cli.screen import Form
from whence.packs.closing import signing


class ClosedRow(msgspec.Struct, frozen=True):
    period: str
    reviewed_by: str
    at_position: int
    transactions: int
    sha256: str


@pack_command("ledger", by_actor(required=True, help="Who closes it."), as_form)
def close(
    db: Whence, form: Form, period: str, *, reviewed_by: Annotated[str, "who has looked at it, another person"], by: str
) -> int:
    """$ whence ledger close 2026-03 --by anna --reviewed-by ben
    $ whence ledger close 2026-Q1 --by anna --reviewed-by ben

    Close a period: sign what the book came to.

    It is a day, a month, a quarter or a year. What every account came to at its end is recorded, with a digest of all
    transactions up to then. What is dated up to its end from now on, also before it began, is refused, or dated behind
    all closed periods, as whence.toml says. An earlier period can be closed later.
    """
    done = signing.close(db, period, by=by, reviewed_by=reviewed_by)
    show_rows(ClosedRow, [msgspec.convert(done.events[0].data, ClosedRow)], form, db.config.zone)
    return exits.OK


COMMANDS = (close,)
