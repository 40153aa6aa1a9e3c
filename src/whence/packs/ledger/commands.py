"""The commands that move money, each made of the decision that it is, and those on balances: each is told an open store
and the form of the answer, makes one call on the pack, and shows. The other subjects have commands of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from whence.app import Moment, Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, happened_at, option
from whence.cli.packs import act_command, pack_command, show_decided, show_rows
from whence.cli.screen import Form
from whence.clock import to_us
from whence.decide import Decided
from whence.moments import second_of, span_of
from whence.pack import Act
from whence.packs.ledger import columns, pictures
from whence.packs.ledger.book import Book
from whence.packs.ledger.book import expire as expired
from whence.packs.ledger.book.verbs import VERBS
from whence.packs.ledger.closing import commands as closing
from whence.packs.ledger.files import commands as files
from whence.packs.ledger.files.commands import by_whom
from whence.packs.ledger.money import Money, decimal_of
from whence.packs.ledger.reconciling import commands as reconciling

under_key = option("--key", metavar="ID", help="Names the transaction, so that the same again changes nothing.")


def _moving(decide: Callable[..., Any]) -> Any:
    """The command of a decision that moves money."""

    def run(db: Whence, form: Form, *, time: str | None, **told: Any) -> int:
        when = None if time is None else span_of(time, zone=db.config.zone).first_us
        _show(db, form, getattr(Book(db), decide.__name__)(**told, time=when))
        return exits.OK

    return act_command("ledger", Act(decide, first=2), run, by_whom, happened_at, under_key, as_form)


def _show(db: Whence, form: Form, done: Decided) -> None:
    """What was posted, held or released; each posting on a line of its own."""
    if form != "screen":
        show_decided(done, form)
        return
    for position, event in zip(done.positions, done.events, strict=True):
        data: dict[str, Any] = event.data
        word = data.get("category") or event.type.removeprefix("ledger.").lower()
        named = [f"{kind} {data[kind]}" for kind in ("charge", "hold", "reverses") if data.get(kind)]
        screen.styled("  ".join([f"@{position}", word, *named, data.get("transaction", "")]).rstrip(), "yellow")
        for each in data.get("postings", ()):
            side = "debit" if each["amount_minor"] >= 0 else "credit"
            print(f"    {side:<6}  {each['account']}  {Money(abs(each['amount_minor']), each['currency'])}")
        if "account" in data:
            print(f"    {data['account']}  {Money(data['amount_minor'], data['currency'])}")
        if (dated := data.get("dated")) and event.time is not None:
            own, new = (second_of(to_us(each), db.config.zone) for each in (dated, event.time))
            screen.note(f"{own} is in a closed period: it is dated {new}, and keeps its own day.")
        if not done.attempts:
            screen.note("It was there already, under this key.")


@pack_command("ledger", by_whom, as_form)
def expire(
    db: Whence,
    form: Form,
    *,
    on: Annotated[date | None, "as if it were this day; else today"] = None,
    by: str | None = None,
) -> int:
    """$ whence ledger expire --by nightly
    $ whence ledger expire --on 2026-02-02

    Release the holds whose day is over.

    That is every open hold that was meant until a day before this one. Run it every night; what somebody captures
    meanwhile is left to them.
    """
    done = expired(db, on=on or db.asked().moment.date(), by=by)
    for each in done:
        _show(db, form, each)
    if form == "screen" and not done:
        screen.note("No hold is over.")
    return exits.OK


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


COMMANDS = (*map(_moving, VERBS), expire, *files.COMMANDS, *reconciling.COMMANDS, *closing.COMMANDS, balances, picture)
