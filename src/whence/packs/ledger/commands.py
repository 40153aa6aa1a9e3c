"""The commands that move money, each made of the decision that it is, and those on files, periods and pictures: each is
told an open store and the form of the answer, makes one call on the pack, and shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from whence.app import Moment, Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, by_actor, happened_at, option
from whence.cli.packs import act_command, show_rows
from whence.cli.screen import Column, Form
from whence.clock import to_us
from whence.decide import Decided
from whence.moments import second_of, span_of
from whence.pack import Act
from whence.packs.ledger import book, closing, columns, decisions, pictures
from whence.packs.ledger import evidence as evidences
from whence.packs.ledger.files.posting import Report, post_file, preview_file
from whence.packs.ledger.money import Money, decimal_of
from whence.packs.ledger.reconciling import keeping
from whence.packs.ledger.reconciling.passes import DAYS, PASSES
from whence.packs.ledger.reconciling.statement import StatementRow

by_whom = by_actor(help="Who does it.")
under_key = option("--key", metavar="ID", help="Names the transaction, so that the same again changes nothing.")


def _moving(decide: Callable[..., Any]) -> Any:
    """The command of a decision that moves money."""

    def run(db: Whence, form: Form, *, time: str | None, **told: Any) -> int:
        when = None if time is None else span_of(time, zone=db.config.zone).first_us
        _show(db, form, getattr(book.Book(db), decide.__name__)(**told, time=when))
        return exits.OK

    return act_command("ledger", Act(decide, first=2), run, by_whom, happened_at, under_key, as_form)


def _show(db: Whence, form: Form, done: Decided) -> None:
    """What was posted, held or released; each posting on a line of its own."""
    rows = list(zip(done.positions, done.events, strict=True))
    if form != "screen":
        columns = [Column(name) for name in ("position", "type", "tags", "data")]
        screen.table(columns, [(position, each.type, each.tags, each.data) for position, each in rows], form)
        return
    for position, event in rows:
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
    done = book.expire(db, on=on or db.asked().moment.date(), by=by)
    for each in done:
        _show(db, form, each)
    if form == "screen" and not done:
        screen.note("No hold is over.")
    return exits.OK


class DraftRow(msgspec.Struct, frozen=True):
    line: int
    transaction: str
    category: str
    account: str
    amount: Decimal


def post(
    db: Whence,
    form: Form,
    source: str,
    file: str,
    *,
    preview: Annotated[bool, "show what each line would become, and post nothing"] = False,
    by: str | None = None,
) -> int:
    """$ whence ledger post bank statement.csv --preview
    $ whence ledger post bank statement.csv --by anna

    Post a file by the rules of its source.

    Each line becomes a balanced transaction by the posting rules of the source in whence.toml, once, however often the
    file is posted; - is what comes in by a pipe. A line that no rule takes, that does not balance, or that the accounts
    do not allow is refused by name. Ends with 1 when a line is refused.
    """
    if preview:
        drafts, report = preview_file(db, source, file)
        rows = (
            DraftRow(line, made.transaction, made.category, each.account, decimal_of(each.amount_minor, each.currency))
            for line, (made, *_) in drafts
            for each in made.postings
        )
        show_rows(DraftRow, rows, form, db.config.zone)
    else:
        report = post_file(db, source, file, by=by)
    if form == "json" and not preview:
        screen.json_lines([msgspec.to_builtins(report)])
    else:
        for said in _report(report, preview):
            screen.note(said)
    return exits.NO if report.refused_count else exits.OK


def _report(report: Report, preview: bool) -> Iterator[str]:
    told = "" if preview else f"{report.posted:,} posted, {report.already:,} already there, "
    digest = f"SHA-256 {report.sha256[:16]}…"
    yield f"{report.lines:,} lines of {report.file}: {told}{report.refused_count:,} refused. {digest}"
    for line, reason in report.refused[:10]:
        yield f"line {line}: {reason}"
    if report.refused_count > 10:
        for kind, count in sorted(report.kinds.items(), key=lambda each: -each[1]):
            yield f"{count:,} times: {kind}"
    if report.cut_off_line is not None:
        yield f"The file is cut off in line {report.cut_off_line}: get it whole, and post it again."


class FoundRow(msgspec.Struct, frozen=True):
    difference: str
    what: str
    day: date | None
    amount: Decimal | None
    currency: str
    here: str
    there: str
    note: str


def reconcile(
    db: Whence,
    form: Form,
    here: str,
    there: str,
    *,
    since: Annotated[date | None, "the first day; what came before is the opening"] = None,
    until: Annotated[date | None, "the last day"] = None,
    passes: Annotated[str, "in which passes lines find each other"] = ",".join(PASSES),
    days: Annotated[int, "how many days apart the same amount may be"] = DAYS,
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
    duplicate, another place, and what the source wrote that is no amount. Ends with 1 when there are differences.
    """
    names = [each.strip() for each in passes.split(",")]
    told: dict[str, Any] = {"since": since, "until": until, "passes": names, "days": days, "order": order}
    made = keeping.reconcile(db, here, there, **told, record=record, by=by)
    if statement:
        show_rows(StatementRow, made.statement, form, db.config.zone)
    else:
        rows = (
            FoundRow(each.key, each.kind, each.day, amount, currency, *each.names, each.note)
            for each in made.compared.differences
            for currency, amount in each.amounts
        )
        show_rows(FoundRow, rows, form, db.config.zone)
    if form == "screen":
        for said in _told(made, record):
            screen.note(said)
    return exits.NO if made.compared.differences else exits.OK


def _told(made: keeping.Reconciliation, record: bool) -> Iterator[str]:
    compared = made.compared
    matched = ", ".join(f"{count:,} by {name}" for name, count in compared.matched.items() if count)
    here, there = (f"{side.name} ({len(side.items):,})" for side in (compared.here, compared.there))
    yield f"{here} and {there}: {matched or 'none'} matched; {len(compared.differences):,} differences."
    if compared.is_without_a_shared_id:
        yield 'No id is on both sides. Where a file has numbers of its own, its side says ids = "own".'
    if guesses := sum(each.is_guess for each in compared.matches):
        yield f"{guesses:,} matches add several lines up and are guesses: look at them."
    for each in compared.unkeyed:
        told = {None: "no balance is stated", True: "its balance ties", False: "its balance does not tie"}[each.ties]
        yield f"A payout without a key on {each.item.day} ({each.item.id or f'line {each.item.number}'}): {told}."
    if record:
        yield f"{made.recorded:,} differences are new. whence ledger settle decides about one."


class ClosedRow(msgspec.Struct, frozen=True):
    period: str
    reviewed_by: str
    at_position: int
    transactions: int
    sha256: str


def close(
    db: Whence,
    form: Form,
    period: str,
    *,
    reviewed_by: Annotated[str, "who has looked at it, another person"],
    by: str,
) -> int:
    """$ whence ledger close 2026-03 --by anna --reviewed-by ben
    $ whence ledger close 2026-Q1 --by anna --reviewed-by ben

    Close a period: sign what the book came to.

    It is a day, a month, a quarter or a year. What every account came to at its end is recorded, with a digest of all
    transactions. What is dated into it from then on is refused, or dated into the open period, as whence.toml says.
    """
    done = closing.close(db, period, by=by, reviewed_by=reviewed_by)
    show_rows(ClosedRow, [msgspec.convert(done.events[0].data, ClosedRow)], form, db.config.zone)
    return exits.OK


def evidence(db: Whence, form: Form, period: str, folder: str) -> int:
    """$ whence ledger evidence 2026-03 evidence/2026-03

    The evidence of a closed period, as one folder.

    It has a page to print, index.html, the tables behind it as CSV, and digests.json with the SHA-256 of each and of
    the files that were posted or compared. The same history gives the same bytes.
    """
    for path in evidences.evidence(db, period, folder):
        screen.styled(str(path), "cyan")
    return exits.OK


class SumRow(msgspec.Struct, frozen=True):
    account: str
    currency: str
    balance: Decimal


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


closes = by_actor(required=True, help="Who closes it.")
COMMANDS = (
    *map(_moving, decisions.VERBS),
    *(
        act_command("ledger", Act(each, first=2), each, *options)
        for each, options in (
            (expire, (by_whom, as_form)),
            (post, (by_whom, as_form)),
            (reconcile, (by_whom, as_form)),
            (close, (closes, as_form)),
            (evidence, ()),
            (balances, (at_moment, as_form)),
            (picture, (at_moment,)),
        )
    ),
)
