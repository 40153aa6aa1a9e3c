"""The commands that move money, and those on files: each parses, makes one call on the pack, and shows."""

from __future__ import annotations

from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, at_store, command, form_of, grouped, in_zone, opened, option
from whence.cli.screen import Column

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.decide import Decided
    from whence.packs.ledger.posting import Report
    from whence.packs.ledger.reconciliation.keeping import Reconciliation

said = grouped(
    option("--text", metavar="TEXT", help="What it is for."),
    option("--by", envvar="WHENCE_BY", metavar="WHO", help="Who does it."),
    option("--time", metavar="TIME", help="When it happened; else now. A day alone means its beginning."),
    option("--key", metavar="ID", help="Names the transaction, so that the same again changes nothing."),
    at_store,
    in_zone,
    as_form,
)


def _run(options: dict[str, Any], act: Any) -> int:
    """Open the book, make one call, and show what came of it."""
    from whence.moments import span_of
    from whence.packs.ledger.book import Book

    form = form_of(options.pop("as_json"), options.pop("as_csv"))
    with opened(options.pop("store"), zone=options.pop("zone")) as db:
        if options.get("time") is not None:
            options["time"] = span_of(options["time"], zone=db.config.zone).first_us
        done: Decided = act(Book(db), **options)
        _show(done, form, db.config.zone)
    return exits.OK


def _show(done: Decided, form: screen.Form, zone: tzinfo) -> None:
    """What was posted, held or released; each posting on a line of its own."""
    from whence.clock import to_us
    from whence.moments import second_of
    from whence.packs.ledger.money import Money

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
            amount = Money(abs(each["amount_minor"]), each["currency"])
            print(f"    {side:<6}  {each['account']}  {amount}")
        if "account" in data:
            print(f"    {data['account']}  {Money(data['amount_minor'], data['currency'])}")
        if (dated := data.get("dated")) and event.time is not None:
            own, new = (second_of(to_us(each), zone) for each in (dated, event.time))
            screen.note(f"{own} is in a closed period: it is dated {new}, and keeps its own day.")
        if not done.attempts:
            screen.note("It was there already, under this key.")


@command(
    "enter",
    'whence ledger enter assets:bank equity:capital "1000.00 EUR" --category capital --by anna --time 2026-01-02',
    brief="Debit one account and credit another.",
)
@click.argument("debit")
@click.argument("credit")
@click.argument("amount")
@option("--category", default="adjustment", metavar="WORD", help="What it is: adjustment, credit, fee, deposit …")
@said
def enter(debit: str, credit: str, amount: str, **options: Any) -> int:
    """Debits the first account and credits the second. Both have to be open, and the rules of each to allow it."""
    return _run(options, lambda book, **told: book.enter(debit, credit, amount, **told))


@command(
    "transfer",
    'whence ledger transfer wallets:ben wallets:cleo "5.00 EUR" --by anna --time 2026-01-06',
    brief="Move an amount between two accounts of one side.",
)
@click.argument("source")
@click.argument("target")
@click.argument("amount")
@option("--category", default="transfer", metavar="WORD", help="What it is.")
@said
def transfer(source: str, target: str, amount: str, **options: Any) -> int:
    """Takes an amount from the first account and adds it to the second. Both grow on the same side, as two banks do, or
    two customers' wallets; else say which is debited."""
    return _run(options, lambda book, **told: book.transfer(source, target, amount, **told))


@command(
    "charge",
    'whence ledger charge ch_1 "20.00 EUR" --debit assets:stripe --credit income:sales --fee "0.88 EUR"',
    brief="Charge somebody, once.",
)
@click.argument("charge")
@click.argument("amount")
@option("--debit", required=True, metavar="ACCOUNT", help="Where it arrives, or who owes it.")
@option("--credit", required=True, metavar="ACCOUNT", help="What earned it.")
@option("--fee", metavar="AMOUNT", help="What is kept of it.")
@option("--fee-account", default="expenses:fees", metavar="ACCOUNT", help="Where the fee goes.")
@said
def charge(charge: str, amount: str, **options: Any) -> int:
    """Records a charge: what is debited is the amount less the fee, what is credited is all of it."""
    return _run(options, lambda book, **told: book.charge(charge, amount, **told))


@command(
    "refund",
    'whence ledger refund ch_1 "5.00 EUR" --text "came late" --by ben --time 2026-01-04',
    "whence ledger refund ch_1 --by ben --time 2026-01-05",
    brief="Give back some of a charge, never more than all.",
)
@click.argument("charge")
@click.argument("amount", required=False)
@said
def refund(charge: str, amount: str | None, **options: Any) -> int:
    """Gives back an amount of a charge, or all that is left of it. However many try at once, never is more given back
    than was charged before."""
    return _run(options, lambda book, **told: book.refund(charge, amount, **told))


@command(
    "hold",
    'whence ledger hold h_1 wallets:ben "4.00 EUR" --until 2026-02-01 --by shop --time 2026-01-07',
    brief="Set money of an account aside.",
)
@click.argument("hold")
@click.argument("account")
@click.argument("amount")
@option("--until", metavar="DAY", help="Until when it is meant to be held.")
@said
def hold(hold: str, account: str, amount: str, **options: Any) -> int:
    """Sets an amount aside: it is on the account still, but no longer available until it is released. A capture takes
    it to another account."""
    return _run(options, lambda book, **told: book.hold(hold, account, amount, **told))


@command(
    "capture",
    'whence ledger capture h_1 wallets:cleo "3.00 EUR" --by shop --time 2026-01-08',
    brief="Take what is held.",
)
@click.argument("hold")
@click.argument("target")
@click.argument("amount", required=False)
@option("--more", is_flag=True, help="More is to be captured: the rest stays held instead of being released.")
@said
def capture(hold: str, target: str, amount: str | None, **options: Any) -> int:
    """Moves what is held, or some of it, to an account. The rest is released with it."""
    return _run(options, lambda book, **told: book.capture(hold, target, amount, **told))


@command(
    "release",
    'whence ledger release h_1 --reason "ordered nothing" --by shop',
    brief="Free what is held.",
)
@click.argument("hold")
@click.argument("amount", required=False)
@option("--reason", default="not needed", metavar="TEXT", help="Why it is released.")
@said
def release(hold: str, amount: str | None, text: str | None, **options: Any) -> int:
    """Frees what is held, or some of it: it is available again."""
    options["reason"] = text or options["reason"]
    return _run(options, lambda book, **told: book.release(hold, amount, **told))


@command(
    "expire",
    "whence ledger expire --by nightly",
    "whence ledger expire --on 2026-02-02",
    brief="Release the holds whose day is over.",
)
@option("--on", metavar="DAY", help="As if it were this day; else today.")
@option("--by", envvar="WHENCE_BY", metavar="WHO", help="Who does it.")
@at_store
@in_zone
@as_form
def expire(on: str | None, by: str | None, store: str | None, zone: str | None, as_json: bool, as_csv: bool) -> int:
    """Releases every open hold that was meant until a day before this one. Run it every night; what somebody captures
    meanwhile is left to them."""
    from whence.packs.ledger.holding import expire

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        done = expire(db, on=_day(on, db), by=by)
        for each in done:
            _show(each, form, db.config.zone)
        if form == "screen" and not done:
            screen.note("No hold is over.")
    return exits.OK


@command(
    "reverse",
    "whence ledger reverse 019a-4711 --text 'posted twice' --by anna",
    brief="Undo a transaction by its counter-entry.",
)
@click.argument("transaction")
@said
def reverse(transaction: str, **options: Any) -> int:
    """Posts the counter-entry of a transaction, which names it. Nothing is deleted, and it happens once."""
    return _run(options, lambda book, **told: book.reverse(transaction, **told))


@command(
    "post",
    "whence ledger post bank statement.csv --preview",
    "whence ledger post bank statement.csv --by anna",
    brief="Post a file by the rules of its source.",
)
@click.argument("source")
@click.argument("file", metavar="FILE|-")
@option("--preview", is_flag=True, help="Show what each line would become, and post nothing.")
@option("--by", envvar="WHENCE_BY", metavar="WHO", help="Who posts it.")
@at_store
@in_zone
@as_form
def post(
    source: str,
    file: str,
    preview: bool,
    by: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Turns each line of a file into a balanced transaction by the posting rules of the source in whence.toml, once,
    however often it is posted. A line that no rule takes, that does not balance, or that the accounts do not allow is
    refused by name. Ends with 1 when a line is refused."""
    from whence.packs.ledger.posting import post_file, preview_file

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        if preview:
            drafts, report = preview_file(db, source, file)
            _show_drafts(db, drafts, form)
        else:
            report = post_file(db, source, file, by=by)
        _show_report(report, form, preview)
    return exits.NO if report.refused_count else exits.OK


def _show_drafts(db: Whence, drafts: Any, form: screen.Form) -> None:
    from whence.packs.ledger.money import decimal_of

    columns = [Column("line", right=True), Column("transaction"), Column("category"), Column("account", "cyan")]
    columns += [Column("amount", right=True)]
    rows = (
        (number, posted.transaction, posted.category, each.account, decimal_of(each.amount_minor, each.currency))
        for number, (posted, *_) in drafts
        for each in posted.postings
    )
    screen.table(columns, ((*row[:-1], str(row[-1])) for row in rows), form)


def _show_report(report: Report, form: screen.Form, preview: bool) -> None:
    import msgspec

    if form == "json" and not preview:
        screen.json_lines([msgspec.to_builtins(report)])
        return
    told = "" if preview else f"{report.posted:,} posted, {report.already:,} already there, "
    digest = f"SHA-256 {report.sha256[:16]}…"
    screen.note(f"{report.lines:,} lines of {report.file}: {told}{report.refused_count:,} refused. {digest}")
    for line, reason in report.refused[:10]:
        screen.note(f"line {line}: {reason}")
    if report.refused_count > 10:
        for kind, count in sorted(report.kinds.items(), key=lambda each: -each[1]):
            screen.note(f"{count:,} times: {kind}")
    if report.cut_off_line is not None:
        screen.note(f"The file is cut off in line {report.cut_off_line}: get it whole, and post it again.")


@command(
    "reconcile",
    "whence ledger reconcile assets:bank bank=statement.csv --since 2026-01-01 --until 2026-01-31",
    "whence ledger reconcile stripe=payouts.csv bank=statement.csv --passes group,days --statement",
    brief="Compare two sides, each an account or a file.",
)
@click.argument("here", metavar="ACCOUNT|SIDE=FILE")
@click.argument("there", metavar="ACCOUNT|SIDE=FILE")
@option("--since", metavar="DAY", help="The first day; what came before is the opening.")
@option("--until", metavar="DAY", help="The last day.")
@option("--passes", default="exact,id,group,days,sums", metavar="NAMES", help="In which passes lines find each other.")
@option("--days", default=3, metavar="NUMBER", help="How many days apart the same amount may be.")
@option("--order", is_flag=True, help="Name the lines that stand in another place, too.")
@option("--statement", is_flag=True, help="Show the roll-forward instead of the differences.")
@option("--record", is_flag=True, help="Keep it: every difference becomes an event, open until it is settled.")
@option("--by", envvar="WHENCE_BY", metavar="WHO", help="Who reconciles.")
@at_store
@in_zone
@as_form
def reconcile(
    here: str,
    there: str,
    since: str | None,
    until: str | None,
    passes: str,
    days: int,
    order: bool,
    statement: bool,
    record: bool,
    by: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Matches the lines of two sides in the passes that are named, and names what differs: missing here or there,
    another amount or currency, a duplicate, another place, and what the source wrote that is no amount. A file is read
    as a side of whence.toml says. Ends with 1 when there are differences."""
    from whence.packs.ledger.reconciliation.keeping import reconcile

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        made = reconcile(
            db,
            here,
            there,
            since=_day(since, db),
            until=_day(until, db),
            passes=[each.strip() for each in passes.split(",")],
            days=days,
            order=order,
            record=record,
            by=by,
        )
        if statement:
            _show_statement(made, form)
        else:
            _show_differences(made, form)
        if form == "screen":
            _tell(made, record)
    return exits.NO if made.compared.differences else exits.OK


def _day(text: str | None, db: Whence) -> date | None:
    from whence.clock import to_datetime
    from whence.moments import span_of

    if text is None:
        return None
    return to_datetime(span_of(text, zone=db.config.zone).first_us).astimezone(db.config.zone).date()


def _show_statement(made: Reconciliation, form: screen.Form) -> None:
    columns = [Column("currency"), Column("line"), *(Column(each, right=True) for each in STATEMENT)]
    rows = ((each.currency, each.line, *(_text(getattr(each, name)) for name in STATEMENT)) for each in made.statement)
    screen.table(columns, rows, form)


STATEMENT = ("here", "there", "difference", "items")


def _show_differences(made: Reconciliation, form: screen.Form) -> None:
    from whence.packs.ledger.money import decimal_of

    columns = [Column("difference"), Column("what", "cyan"), Column("day"), Column("amount", right=True)]
    columns += [Column("currency"), Column("here"), Column("there"), Column("note")]
    rows = []
    for each in made.compared.differences:
        here, there = (", ".join(item.id or f"{item.number}" for item in side) for side in (each.here, each.there))
        if each.line is not None:
            there = there or f"line {each.line}"
        for currency, minor in each.effect.items() or [("", 0)]:
            amount = str(decimal_of(minor, currency)) if currency else None
            rows.append((each.key, each.kind, _text(each.day), amount, currency, here, there, each.note))
    screen.table(columns, rows, form)


def _tell(made: Reconciliation, record: bool) -> None:
    compared = made.compared
    matched = ", ".join(f"{count:,} by {name}" for name, count in compared.matched.items() if count)
    here, there = (f"{side.name} ({len(side.items):,})" for side in (compared.here, compared.there))
    count = len(compared.differences)
    screen.note(f"{here} and {there}: {matched or 'none'} matched; {count:,} differences.")
    if compared.is_without_a_shared_id:
        screen.note('No id is on both sides. Where a file has numbers of its own, its side says ids = "own".')
    guesses = sum(each.is_guess for each in compared.matches)
    if guesses:
        screen.note(f"{guesses:,} matches add several lines up and are guesses: look at them.")
    for each in compared.unkeyed:
        told = {None: "no balance is stated", True: "its balance ties", False: "its balance does not tie"}[each.ties]
        screen.note(
            f"A payout without a key on {each.item.day} ({each.item.id or f'line {each.item.number}'}): {told}."
        )
    if record:
        screen.note(f"{made.recorded:,} differences are new. whence ledger settle decides about one.")


def _text(value: Any) -> Any:
    return None if value is None else value if isinstance(value, int) else str(value)


@command(
    "close",
    "whence ledger close 2026-03 --by anna --reviewed-by ben",
    brief="Close a period: sign what the book came to.",
)
@click.argument("period")
@option("--by", envvar="WHENCE_BY", metavar="WHO", required=True, help="Who closes it.")
@option("--reviewed-by", metavar="WHO", required=True, help="Who has looked at it, another person.")
@at_store
@in_zone
@as_form
def close(
    period: str, by: str, reviewed_by: str, store: str | None, zone: str | None, as_json: bool, as_csv: bool
) -> int:
    """Records what every account came to at the end of a day, a month or a year, with a digest of all transactions.
    What is dated into it from then on is refused, or dated into the open period, as whence.toml says."""
    from whence.packs.ledger.closing import close

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        done = close(db, period, by=by, reviewed_by=reviewed_by)
        data = done.events[0].data
        columns = [Column(each) for each in ("period", "reviewed_by", "at_position", "transactions", "sha256")]
        screen.table(columns, [tuple(data[column.name] for column in columns)], form)
    return exits.OK


@command(
    "evidence",
    "whence ledger evidence 2026-03 evidence/2026-03",
    brief="The evidence of a closed period, as one folder.",
)
@click.argument("period")
@click.argument("folder")
@at_store
@in_zone
def evidence(period: str, folder: str, store: str | None, zone: str | None) -> int:
    """Writes a page to print, index.html, the tables behind it as CSV, and digests.json with the SHA-256 of each and of
    the files that were posted or compared. The same history gives the same bytes."""
    from whence.packs.ledger.evidence import evidence

    with opened(store, zone=zone) as db:
        for path in evidence(db, period, folder):
            screen.styled(str(path), "cyan")
    return exits.OK


@command(
    "balances",
    "whence ledger balances",
    "whence ledger balances --at 2026-01-31 --json",
    brief="All balances, over columns.",
)
@at_moment
@at_store
@in_zone
@as_form
def balances(at: str | None, clock: str, store: str | None, zone: str | None, as_json: bool, as_csv: bool) -> int:
    """Shows the balance of every account, debits positive, asked of segments by DuckDB: for a ledger of millions of
    entries. It needs the extra columns, and builds segments that are missing."""
    from whence.packs.ledger.columns import balances
    from whence.packs.ledger.money import decimal_of

    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        found = balances(db, at=at, clock=clock)
        rows = ((name, currency, str(decimal_of(minor, currency))) for (name, currency), minor in found.items())
        screen.table([Column("account", "cyan"), Column("currency"), Column("balance", right=True)], rows, form)
    return exits.OK


@command(
    "picture",
    "whence ledger picture assets:bank balance.html",
    "whence ledger picture assets:bank january.html --since 2026-01-01 --at 2026-01-31",
    brief="A balance over time, or what happened to it.",
)
@click.argument("account")
@click.argument("file", metavar="FILE.html|FILE.png")
@option("--since", metavar="DAY", help="Draw a waterfall instead: what each category did from that day on.")
@option("--currency", metavar="CODE", help="In which currency, where there are several.")
@at_moment
@at_store
@in_zone
def picture(
    account: str,
    file: str,
    since: str | None,
    currency: str | None,
    at: str | None,
    clock: str,
    store: str | None,
    zone: str | None,
) -> int:
    """Draws the balance of an account or group over time, or with a first day the waterfall from what was there to what
    is, as a page that works offline or as PNG. It needs plotly."""
    from whence.packs.ledger.pictures import save_balance

    with opened(store, zone=zone) as db:
        save_balance(db.asked(at, clock=clock), account, file, since=_day(since, db), currency=currency)
        screen.note(f"Written: {file}")
    return exits.OK


COMMANDS = (
    enter,
    transfer,
    charge,
    refund,
    hold,
    capture,
    release,
    expire,
    reverse,
    post,
    reconcile,
    close,
    evidence,
    balances,
    picture,
)
