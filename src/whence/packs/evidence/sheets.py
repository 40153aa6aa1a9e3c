"""The tables of a closed period: what was signed, how each account came to it, what was recorded after the close, what
was reconciled, and the entries. How they are written is left to page and folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from whence.app import Whence
from whence.clock import to_datetime
from whence.history import At
from whence.money import decimal_of
from whence.pack import Asked, Table
from whence.packs.balances.entries import Balances, Entry, from_own_side
from whence.packs.balancing.trialbalance import TrialRow, trial
from whence.packs.book.periods import PeriodClosed
from whence.packs.closing.tables import since_close
from whence.packs.differences.events import Reconciled
from whence.packs.differences.tables import differences, reconciliations
from whence.packs.ledger.tables import chart
from whence.packs.posting.events import FilePosted
from whence.query import Query

FORWARD_COLUMNS = ("account", "currency", "line", "amount")
ENTRY_COLUMNS = ("time", "transaction", "category", "text", "account", "currency", "debit", "credit")
Row = tuple[Any, ...]


class Sheet(msgspec.Struct, frozen=True):
    """A table of the evidence: its name, what it shows, its columns and its rows, the last `total_rows` sums."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    total_rows: int = 0


def sheets_of(db: Whence, signed: PeriodClosed) -> list[Sheet]:
    """All tables of a closed period, the entries last. How old a difference is counts to the newest event, so that the
    same history gives the same rows whenever it is asked."""
    now = db.asked(pack=db.pack("ledger"))
    now = msgspec.structs.replace(now, moment_us=db.event(now.history.head).recorded_us)
    as_signed = now.history.at(At(position=signed.at_position)).at(At(occurred_us=signed.last_us))
    then = msgspec.structs.replace(now, history=as_signed)
    balances_minor = {(each.account, each.currency): each.balance_minor for each in signed.totals}
    totals, currencies = trial(as_signed, balances_minor), {each.currency for each in signed.totals}
    after = "Recorded after the close, debits positive"
    moved = from_own_side(then)
    return [
        _sheet("trial-balance", "Trial balance, as it was signed", TrialRow, totals, len(currencies)),
        Sheet(
            "roll-forward",
            "Roll-forward, positive where an account grows",
            FORWARD_COLUMNS,
            list(_roll_forward(moved, signed.first_us)),
        ),
        _answer("since-close", after, since_close, now, period=signed.period),
        _answer("reconciliations", "Reconciliations", reconciliations, now),
        _answer("differences", "Differences, with what was decided", differences, now, all=True),
        Sheet("entries", "Entries", ENTRY_COLUMNS, list(_entries(then, moved, signed.first_us))),
    ]


def sources(db: Whence) -> list[tuple[str, str]]:
    """The files that were posted or compared, each with its SHA-256."""
    found: dict[tuple[str, str], None] = {}
    for event in db.history().events(Query.of(types=[FilePosted.event_type, Reconciled.event_type])):
        data = event.data
        pairs = data["sha256"].items() if event.type == Reconciled.event_type else [(data["file"], data["sha256"])]
        found |= dict.fromkeys(pairs)
    return list(found)


def _roll_forward(moved: Iterable[Entry], first_us: int) -> Iterator[Row]:
    """Each account from its opening balance, category by category, to its closing balance."""
    opening, activity = Balances(), dict[tuple[str, str], Counter[str]]()
    for each in moved:
        key = (each.account, each.currency)
        by_category = activity.setdefault(key, Counter())
        if each.time_us < first_us:
            opening[key] += each.amount_minor
        else:
            by_category[each.posted.category] += each.amount_minor
    for key, by_category in sorted(activity.items()):
        closing = opening[key] + by_category.total()
        for line, minor in (("opening", opening[key]), *sorted(by_category.items()), ("closing", closing)):
            yield (*key, line, decimal_of(minor, key[1]))


def _entries(asked: Asked, moved: Iterable[Entry], first_us: int) -> Iterator[Row]:
    """The entries from a moment on, as debits and credits."""
    accounts = chart(asked.history)
    for each in moved:
        if each.time_us >= first_us:
            account = accounts.get(each.account)  # of one that nobody opened, entries are seen as they were posted
            debit_minor = each.amount_minor if account is None else account.from_its_side(each.amount_minor)
            sides = (decimal_of(max(minor, 0), each.currency) for minor in (debit_minor, -debit_minor))
            time = to_datetime(each.time_us).astimezone(asked.zone).isoformat()
            posted = each.posted
            told = (posted.transaction, posted.category, posted.text or "")
            yield (time, *told, each.account, each.currency, *sides)


def _answer(name: str, title: str, table: Table, asked: Asked, **told: Any) -> Sheet:
    """What a table of the ledger answers."""
    return _sheet(name, title, table.row, table(asked, **told))


def _sheet(name: str, title: str, row: type[msgspec.Struct], rows: Iterable[Any], total_rows: int = 0) -> Sheet:
    return Sheet(name, title, row.__struct_fields__, [msgspec.structs.astuple(each) for each in rows], total_rows)
