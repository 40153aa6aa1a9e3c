"""The commands that move money, each made of the decision that it is: each is told an open store and the form of the
answer, makes one call on the book, and shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, by_actor, happened_at, option
from whence.cli.packs import act_command, pack_command, show_decided
from whence.cli.screen import Form
from whence.clock import to_us
from whence.decide import Decided
from whence.moments import second_of, span_of
from whence.money import Money
from whence.pack import Act
from whence.packs.book import Book
from whence.packs.book import expire as expired
from whence.packs.holds import verbs as holding
from whence.packs.movements import verbs as moving

by_whom = by_actor(help="Who does it.")
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
            screen.note(f"{own} is closed: it is dated {new}, and keeps its own day.")
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


COMMANDS = (*map(_moving, (*moving.VERBS, *holding.VERBS)), expire)
