"""The command that reconciles, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, by_actor, counted
from whence.cli.packs import pack_command, show_rows
from whence.cli.screen import Form
from whence.matching.passes import DAYS, PASSES
from whence.packs.differences.events import amounts
from whence.packs.reconciliation import reconciliation
from whence.packs.reconciliation.statement import StatementRow


class FoundRow(msgspec.Struct, frozen=True):
    difference: str
    what: str
    day: str | None
    amount: Decimal | None
    currency: str
    here: str
    there: str
    note: str


@pack_command("ledger", by_actor(help="Who does it."), as_form)
def reconcile(
    db: Whence,
    form: Form,
    here: str,
    there: str,
    *,
    since: Annotated[date | None, "the first day; what came before is the opening"] = None,
    until: Annotated[date | None, "the last day"] = None,
    passes: Annotated[str, "in which passes lines find each other"] = ",".join(PASSES),
    days: Annotated[int, msgspec.Meta(ge=0), "how many days apart the same amount may be"] = DAYS,
    order: Annotated[bool, "name the lines that stand in another place, too"] = False,
    statement: Annotated[bool, "show the roll-forward instead of the differences"] = False,
    record: Annotated[bool, "keep it: every difference becomes an event, open until it is settled"] = False,
    by: str | None = None,
) -> int:
    """$ whence ledger reconcile assets:bank bank=statement.csv --since 2026-01-01 --until 2026-01-31
    $ whence ledger reconcile stripe=payouts.csv bank=statement.csv --passes group,days --statement

    Compare two sides, each an account or a file.

    A file is named with the side of whence.toml that says how it is read: SIDE=FILE. The lines of both are matched in
    the passes that are named; and what differs is named: missing here or there, another amount or currency, a
    duplicate, another place, and what the source wrote that is no amount. Ends with 1 when there are differences, or
    the sides began with balances that differ.
    """
    names = [each.strip() for each in passes.split(",")]
    told: dict[str, Any] = {"since": since, "until": until, "passes": names, "days": days, "order": order}
    made = reconciliation.reconcile(db, here, there, **told, record=record, by=by)
    if statement:
        show_rows(StatementRow, made.statement, form, db.config.zone)
    else:
        rows = (
            FoundRow(each.difference, each.what, each.day, amount, currency, each.here, each.there, each.note)
            for each in made.compared.differences
            for currency, amount in amounts(each.effect_minor)
        )
        show_rows(FoundRow, rows, form, db.config.zone)
    if form == "screen":
        for said in _told(made, record):
            screen.note(said)
    return exits.NO if made.compared.differences or made.unexplained else exits.OK


def _told(made: reconciliation.Reconciliation, record: bool) -> Iterator[str]:
    compared = made.compared
    matched = ", ".join(f"{count:,} by {name}" for name, count in compared.matched.items() if count)
    here, there = (f"{side.name} ({len(side.items):,})" for side in (compared.here, compared.there))
    yield f"{here} and {there}: {matched or 'none'} matched; {counted(len(compared.differences), 'difference')}."
    if compared.is_without_a_shared_id:
        yield 'No id is on both sides. Where a file has numbers of its own, its side says ids = "own".'
    if guesses := sum(each.is_guess for each in compared.matches):
        yield f"Guesses, by adding several lines up: {counted(guesses, 'match', 'matches')}. Look at them."
    for each in compared.unkeyed:
        told = {None: "no balance is stated", True: "its balance ties", False: "its balance does not tie"}[each.ties]
        yield f"A payout without a key on {each.item.day} ({each.item.id or f'line {each.item.number}'}): {told}."
    for currency, amount in made.unexplained.items():
        yield f"Beyond that {amount:,} {currency} are between the balances: --statement shows where they begin."
    if record:
        yield f"New: {counted(made.recorded, 'difference')}. whence ledger settle decides about one."


COMMANDS = (reconcile,)
