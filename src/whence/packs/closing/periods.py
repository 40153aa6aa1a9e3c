"""Closing a period: what the book came to is signed by two people, as an event with its position, and can be proved
again at any time. What would alter the signed figures is listed, and never hidden."""

from __future__ import annotations

import hashlib
import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.app import Whence
from whence.clock import SystemClock, to_datetime, to_us
from whence.decide import Decided, retried
from whence.errors import InvalidTime, NotKnown, Refused
from whence.history import At, History
from whence.jsonvalue import INTEGER_MAX
from whence.moments import Span, day_of, span_of
from whence.money import Money, decimal_of
from whence.pack import Asked, table
from whence.packs.balances.entries import Balances, entries, transactions
from whence.packs.book.periods import BOOK, CODEC, MAIN, PeriodClosed, Periods, Total
from whence.packs.ledger.events import Posted
from whence.query import AppendCondition, Basis, Query, QueryItem

GUARD = Query((QueryItem(tags=(BOOK,)), QueryItem(types=(Posted.event_type,))))
"""A close depends on every transaction and every other close."""

_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.ASCII)

Figures = tuple[int, tuple[Total, ...], str]
"""What the book comes to: how many transactions, the balance of each account, and a digest of all transactions."""


def close(db: Whence, period: str, *, by: str, reviewed_by: str) -> Decided:
    """Close a day, a month `2026-03`, a quarter `2026-Q1` or a year, in the configuration's zone: all that was posted
    up to its end, as it is known now. From then on nothing is posted into it.

    Raises Refused for a period that is not over, or that was closed, or where one person would do both, InvalidTime,
    and ConditionFailed where transactions are posted too quickly.
    """
    meant = span(period, db.config.zone)
    period = name_of(period, meant, db.config.zone)
    if by == reviewed_by:
        raise Refused("Another person reviews", by=by, reviewed_by=reviewed_by, remedy="Ask a second one to look.")
    if meant.last_us > SystemClock().now_us():
        raise Refused("The period is not over", period=period, remedy="Close it when it is.")

    def act(attempt: int) -> Decided:
        history = History.of(db.store)
        periods = history.state(Periods, BOOK) or Periods()
        for each in periods.closed.values():
            if each.first_us <= meant.last_us and meant.first_us <= each.last_us:
                raise Refused("It was closed before", period=each.period, remedy="whence ledger periods lists them.")
        count, totals, digest = figures(history.at(At(occurred_us=meant.last_us)))
        for total in totals:
            if abs(total.balance_minor) > INTEGER_MAX:
                about = {"account": total.account, "balance": str(Money(total.balance_minor, total.currency))}
                remedy = "Keep it as several accounts below one path."
                raise Refused("A balance is too large to be signed exactly", **about, remedy=remedy)
        when = (meant.first_us, meant.last_us, history.head)
        made = PeriodClosed(period, MAIN, *when, count, totals, digest, reviewed_by)
        events = [CODEC.event(made, actor=by)]
        condition = AppendCondition(GUARD, history.head)
        return Decided(db.store.append(events, condition, basis=Basis(GUARD, history.head)), events, attempt)

    return retried(act)


def closed(history: History, period: str | None = None) -> PeriodClosed:
    """A closed period, the last one unless it is named. Raises NotKnown."""
    state: Periods = history.uncut().state(Periods, BOOK) or Periods()
    remedy = "whence ledger close closes one."
    if period is None:
        if not state.closed:
            raise NotKnown("No period is closed", remedy=remedy)
        return max(state.closed.values(), key=lambda each: each.last_us)
    if period not in state.closed:
        known = ", ".join(state.closed) or "none"
        raise NotKnown("No such period is closed", period=period, closed=known, remedy=remedy)
    return state.closed[period]


def proved(history: History, period: PeriodClosed) -> bool:
    """Whether the history still comes to what was signed: the same transactions, at that position."""
    made = figures(history.uncut().upto(period.at_position).at(At(occurred_us=period.last_us)))
    return made == (period.transactions, period.totals, period.sha256)


def figures(history: History) -> Figures:
    """What the transactions of a history come to, the balances in the order of accounts and currencies."""
    sums, digest, count = Balances(), hashlib.sha256(), 0
    for count, (_, time_us, posted) in enumerate(transactions(history), 1):  # noqa: B007 - the last is the count
        digest.update(f"{time_us}\0".encode() + msgspec.json.encode(posted) + b"\n")
        for each in posted.postings:
            sums[each.account, each.currency] += each.amount_minor
    totals = tuple(Total(name, currency, minor) for (name, currency), minor in sorted(sums.items()))
    return count, totals, digest.hexdigest()


def span(period: str, zone: tzinfo) -> Span:
    """From the first to the last microsecond of a day, a month, a quarter (2026-Q1) or a year. Raises InvalidTime."""
    if quarter := _QUARTER.fullmatch(period):
        months = (f"{quarter[1]}-{3 * int(quarter[2]) + after:02}" for after in (-2, 0))
        first, last = (span_of(month, zone=zone) for month in months)
        return Span(first.first_us, last.last_us)
    try:
        found = span_of(period, zone=zone)
    except InvalidTime:
        raise _no_period(period) from None
    if found.first_us == found.last_us:
        raise _no_period(period)
    return found


def name_of(period: str, meant: Span, zone: tzinfo) -> str:
    """What a period is called for ever, however it was said: `last month` is another one in a month. Raises
    InvalidTime."""
    first, last = day_of(meant.first_us, zone), day_of(meant.last_us, zone)
    if first == last:
        return first.isoformat()
    if (first.day, last.day) == (1, monthrange(last.year, last.month)[1]):
        months = 12 * (last.year - first.year) + last.month - first.month + 1
        if months == 1:
            return f"{first:%Y-%m}"
        if months == 3 and first.month % 3 == 1:
            return f"{first.year}-Q{first.month // 3 + 1}"
        if months == 12 and first.month == 1:
            return f"{first.year}"
    raise _no_period(period)


def _no_period(period: str) -> InvalidTime:
    remedy = "Write 2026-03, or 2026-Q1."
    return InvalidTime("A period is a day, a month, a quarter or a year", period=period, remedy=remedy)


class PeriodRow(msgspec.Struct, frozen=True):
    period: str
    closed: datetime
    by: str | None
    reviewed_by: str
    at_position: int
    transactions: int
    sha256: str
    proved: bool


@table
def periods(asked: Asked) -> Iterable[PeriodRow]:
    """$ whence ledger periods

    The closed periods, and whether the history still proves them.

    Each says who closed and who reviewed it, and at which position.
    """
    for event in asked.history.events(Query.of(types=[PeriodClosed.event_type])):
        each = msgspec.convert(event.data, PeriodClosed)
        signed = (each.reviewed_by, each.at_position, each.transactions, each.sha256)
        yield PeriodRow(each.period, event.recorded, event.actor, *signed, proved(asked.history, each))


class SinceRow(msgspec.Struct, frozen=True):
    position: int
    time: datetime
    dated: datetime | None
    transaction: str
    category: str
    account: str
    currency: str
    amount: Decimal
    alters: bool


@table
def since_close(
    asked: Asked, *, period: Annotated[str | None, "a closed period, else the last one"] = None
) -> Iterable[SinceRow]:
    """What was recorded after a close, for its period.

    What alters the signed figures is dated in it; the rest was dated into the open period instead, as the book is
    configured to do. Debits are positive.
    """
    signed = closed(asked.history, period)
    for each in entries(asked.history.uncut()):
        posted, alters = each.posted, each.time_us <= signed.last_us
        is_meant = posted.dated is not None and to_us(posted.dated) <= signed.last_us
        if each.position > signed.at_position and (alters or is_meant):
            dated = None if posted.dated is None else to_datetime(to_us(posted.dated))
            told = (to_datetime(each.time_us), dated, posted.transaction, posted.category)
            amount = decimal_of(each.amount_minor, each.currency)
            yield SinceRow(each.position, *told, each.account, each.currency, amount, alters)
