"""The evidence of a period: one folder with a page to print, the tables behind it, and the digests of all files, its
own and those that were posted or compared. The same history gives the same bytes: how old a difference is counts to the
newest event, whenever it is asked."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from whence import markup
from whence.app import Whence
from whence.cell import write_csv
from whence.clock import to_datetime, to_us
from whence.errors import CannotWrite
from whence.history import At
from whence.moments import day_of, second_of
from whence.money import decimal_of
from whence.pack import Asked, Table
from whence.packs.balances.entries import Balances, seen
from whence.packs.balancing.trialbalance import TrialRow, trial
from whence.packs.book.periods import PeriodClosed
from whence.packs.closing import periods
from whence.packs.differences import tables
from whence.packs.differences.events import Reconciled
from whence.packs.ledger.tables import chart
from whence.packs.posting.events import FilePosted
from whence.query import Query

PAGE, DIGESTS = "index.html", "digests.json"
STYLE = resources.files("whence.packs.closing").joinpath("evidence.css").read_text("utf-8")
FORWARD_COLUMNS = ("account", "currency", "line", "amount")
ENTRY_COLUMNS = ("time", "transaction", "category", "text", "account", "currency", "debit", "credit")
LONG = 70
"""So many characters are a long text; a digest has 64."""
Rows = list[tuple[Any, ...]]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_DAY, _MOMENT = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_PART = re.compile(r"[:~/_](?=\w)")
"""Behind these a long name may be broken, as between words."""


class Sheet(msgspec.Struct, frozen=True):
    """A table of the evidence: its name, what it shows, its columns and rows."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Rows
    total_rows: int = 0


def evidence(db: Whence, period: str, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the evidence of a closed period into a folder of its own, whole or not at all, and return its files.

    Raises NotKnown for a period that is not closed, and CannotWrite where something else is in the folder's place, or
    a file in the folder that is no evidence.
    """
    asked = db.asked()
    signed = periods.closed(asked.history, period)
    query = Query.of(types=[PeriodClosed.event_type], tags=[f"period:{signed.period}"])
    event = next(iter(asked.history.events(query)))
    sheets = _sheets(db, signed)
    proved = periods.proved(asked.history, signed)
    files = {f"{sheet.name}.csv": _csv(sheet) for sheet in sheets}
    files[PAGE] = _page(db, signed, event.actor, event.recorded_us, sheets, proved).encode()
    digests = {
        "store": db.store.identity().store_id,
        "period": signed.period,
        "at_position": signed.at_position,
        "transactions": signed.sha256,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        "sources": _sources(db),
    }
    files[DIGESTS] = msgspec.json.format(msgspec.json.encode(digests), indent=1) + b"\n"
    _put_in_place(Path(folder), files, signed.period)
    return [Path(folder) / name for name in sorted(files)]


def _sheets(db: Whence, signed: PeriodClosed) -> list[Sheet]:
    asked = db.asked(pack=db.pack("ledger"))
    asked = msgspec.structs.replace(asked, moment_us=db.event(asked.history.head).recorded_us)
    history = asked.history.at(At(position=signed.at_position)).at(At(occurred_us=signed.last_us))
    forward, moved = _entries(msgspec.structs.replace(asked, history=history), signed)
    signed_minor = {(each.account, each.currency): each.balance_minor for each in signed.totals}
    totals = list(trial(history, signed_minor))
    currencies = len({each.currency for each in signed.totals})
    kept: tuple[tuple[str, str, Table, dict[str, Any]], ...] = (
        ("since-close", "Recorded after the close, debits positive", periods.since_close, {"period": signed.period}),
        ("reconciliations", "Reconciliations", tables.reconciliations, {}),
        ("differences", "Differences, with what was decided", tables.differences, {"all": True}),
    )
    return [
        _sheet("trial-balance", "Trial balance, as it was signed", TrialRow, totals, currencies),
        Sheet("roll-forward", "Roll-forward, positive where an account grows", FORWARD_COLUMNS, forward),
        *(_sheet(name, title, asking.row, asking(asked, **told)) for name, title, asking, told in kept),
        Sheet("entries", "Entries", ENTRY_COLUMNS, moved),
    ]


def _entries(asked: Asked, signed: PeriodClosed) -> tuple[Rows, Rows]:
    """Each account by category from its opening to its closing balance, and the entries of the period."""
    opening, activity, moved, forward = Balances(), dict[tuple[str, str], Counter[str]](), Rows(), Rows()
    accounts = chart(asked.history)
    for each in seen(asked):
        key, posted = (each.account, each.currency), each.posted
        own = activity.setdefault(key, Counter())
        if each.time_us < signed.first_us:
            opening[key] += each.amount_minor
            continue
        own[posted.category] += each.amount_minor
        told = (posted.transaction, posted.category, posted.text or "")
        account = accounts.get(each.account)  # of one that nobody opened, entries are seen as they were posted
        debit = each.amount_minor if account is None else account.from_its_side(each.amount_minor)
        sides = (decimal_of(max(minor, 0), each.currency) for minor in (debit, -debit))
        moved.append((to_datetime(each.time_us).astimezone(asked.zone).isoformat(), *told, *key, *sides))
    for key, own in sorted(activity.items()):
        steps = [("opening", opening[key]), *sorted(own.items()), ("closing", opening[key] + own.total())]
        forward += [(*key, line, decimal_of(each, key[1])) for line, each in steps]
    return forward, moved


def _sheet(name: str, title: str, row: type[msgspec.Struct], rows: Sequence[Any], total_rows: int = 0) -> Sheet:
    columns = row.__struct_fields__
    return Sheet(name, title, columns, [msgspec.structs.astuple(each) for each in rows], total_rows)


def _sources(db: Whence) -> list[dict[str, str]]:
    """The files that were posted or compared, with their digests."""
    found: dict[tuple[str, str], None] = {}
    for event in db.history().events(Query.of(types=[FilePosted.event_type, Reconciled.event_type])):
        data = event.data
        pairs = data["sha256"].items() if event.type == Reconciled.event_type else [(data["file"], data["sha256"])]
        found |= dict.fromkeys(pairs)
    return [{"file": file, "sha256": digest} for file, digest in found]


def _page(
    db: Whence, signed: PeriodClosed, by: str | None, recorded_us: int, sheets: Sequence[Sheet], proved: bool
) -> str:
    zone = db.config.zone
    days = [day_of(us, zone).isoformat() for us in (signed.first_us, signed.last_us)]
    said = [
        f"{days[0]} to {days[1]}, closed on {second_of(recorded_us, zone)} by {by or 'nobody named'}, "
        f"reviewed by {signed.reviewed_by}.",
        f"{signed.transactions:,} transactions up to its end, as they were known at position {signed.at_position:,}.",
        "The history still comes to these figures: all transactions were added up again for this page."
        if proved
        else "THE HISTORY DOES NOT COME TO THESE FIGURES ANY MORE.",
    ]
    parts = [f"<h1>Ledger, period {escape(signed.period)}</h1>", *(f"<p>{escape(each)}</p>" for each in said)]
    parts.append(f"<p>Transactions: <code>{signed.sha256}</code></p>")
    *shown, entries = sheets
    files = [(each["file"], each["sha256"]) for each in _sources(db)]
    for sheet in (*shown, Sheet("files", "Files that were posted or compared", ("file", "SHA-256"), files)):
        parts.append(f"<h2>{escape(sheet.title)}</h2>")
        parts.append(_table(sheet, zone) if sheet.rows else "<p>None.</p>")
    count = len(entries.rows)
    parts.append(f"<p>The {count:,} entries of the period stand in <code>entries.csv</code>.</p>")
    parts.append('<div class="sign"><div>prepared by</div><div>reviewed by</div></div>')
    parts.append(f"<footer>Store {escape(db.store.identity().store_id)}; times in {escape(str(zone))}.</footer>")
    return markup.document(f"Ledger {signed.period}", STYLE, "\n".join(parts))


def _table(sheet: Sheet, zone: tzinfo) -> str:
    """A table of the page, amounts to the right, and long texts with room for some words a line."""
    columns = list(enumerate(zip(*sheet.rows, strict=True)))
    sides = {place: "n" for place, column in columns if any(map(_is_number, column))}
    sides |= {place: "long" for place, column in columns if max(len(str(value)) for value in column) > LONG}
    rows = ([markup.Html(_shown(value, zone)) for value in row] for row in sheet.rows)
    return markup.scrolling(markup.table(sheet.columns, rows, classes=sides, totals=sheet.total_rows))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _shown(value: Any, zone: tzinfo) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal() | int():
            return f"{value:,}"
    if isinstance(value, datetime) or _MOMENT.fullmatch(value):
        return f"<time>{second_of(to_us(value), zone)}</time>"
    if _DAY.fullmatch(value):
        return f"<time>{value}</time>"
    return f"<code>{value}</code>" if _DIGEST.fullmatch(value) else _PART.sub(r"\g<0><wbr>", escape(value))


def _csv(sheet: Sheet) -> bytes:
    written = io.StringIO()
    write_csv(written, sheet.columns, sheet.rows)
    return written.getvalue().encode()


def _put_in_place(folder: Path, files: dict[str, bytes], period: str) -> None:
    """Write these files beside the folder, and then rename: the evidence of before makes room, and is there until the
    new one is whole."""
    place = folder.resolve()
    part, before = (place.with_name(f".{what}.{place.name}") for what in ("part", "before"))
    try:
        _refuse_what_is_there(folder, period)
        for left in (part, before):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        part.mkdir(parents=True)
        for name, content in files.items():
            (part / name).write_bytes(content)
        if place.exists():
            place.rename(before)
        part.rename(place)
        shutil.rmtree(before, ignore_errors=True)
    except OSError as problem:
        raise CannotWrite(
            "The evidence cannot be written", folder=folder, problem=problem.strerror, remedy="Name another folder."
        ) from None


def _refuse_what_is_there(folder: Path, period: str) -> None:
    """Raise CannotWrite for anything but an empty folder or the evidence of the same period alone."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        digests = msgspec.json.decode((folder / DIGESTS).read_bytes())
        own = {DIGESTS, *digests["files"]} if digests["period"] == period else set[str]()
    except (OSError, msgspec.DecodeError, KeyError, TypeError):
        own = set()
    if not own:
        raise CannotWrite("Something else is in the folder's place", folder=folder, remedy="Name another folder.")
    if added := sorted(each.name for each in folder.iterdir() if each.name not in own):
        remedy = "Keep it elsewhere, or name another folder."
        raise CannotWrite("The folder has more than the evidence", folder=folder, file=added[0], remedy=remedy)
