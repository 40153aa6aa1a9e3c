"""Closing a period: what the book came to is signed by two people, as an event with its position, and can be proved
again at any time. A period is closed on the condition that nothing is posted meanwhile; why nothing is dated up to its
end afterwards is said in whence.packs.book.periods."""

from __future__ import annotations

import hashlib

import msgspec

from whence.app import Whence
from whence.clock import SystemClock
from whence.decide import Decided, retried
from whence.errors import NotKnown, Refused
from whence.history import At, History
from whence.jsonvalue import INTEGER_MAX
from whence.money import Money
from whence.packs.balances.entries import Balances, transactions
from whence.packs.book.periods import BOOK, CODEC, MAIN, PeriodClosed, Periods, Total
from whence.packs.closing.naming import name_of, span
from whence.packs.ledger.events import Posted
from whence.query import AppendCondition, Basis, Query, QueryItem

GUARD = Query((QueryItem(tags=(BOOK,)), QueryItem(types=(Posted.event_type,))))
"""A close depends on every transaction and every other close."""

Figures = tuple[int, tuple[Total, ...], str]
"""What the book comes to: how many transactions, the balance of each account, and a digest of all transactions."""


def figures(history: History) -> Figures:
    """What the transactions of a history come to, the balances in the order of accounts and currencies."""
    sums, digest, count = Balances(), hashlib.sha256(), 0
    for count, (_, time_us, posted) in enumerate(transactions(history), 1):  # noqa: B007 - the last is the count
        digest.update(f"{time_us}\0".encode() + msgspec.json.encode(posted) + b"\n")
        for each in posted.postings:
            sums[each.account, each.currency] += each.amount_minor
    totals = tuple(Total(name, currency, minor) for (name, currency), minor in sorted(sums.items()))
    return count, totals, digest.hexdigest()


def close(db: Whence, period: str, *, by: str, reviewed_by: str) -> Decided:
    """Close a day, a month `2026-03`, a quarter `2026-Q1` or a year, in the configuration's zone: all that was posted
    up to its end, as it is known now. From then on nothing is posted that is dated up to its end. An earlier period can
    still be closed after a later one.

    Raises Refused for a period that is not over, or that was closed, or where one person would do both, InvalidTime,
    and ConditionFailed where transactions are posted too quickly.
    """
    meant = span(period, db.config.zone)
    name = name_of(period, meant, db.config.zone)
    if by == reviewed_by:
        raise Refused("Another person reviews", by=by, reviewed_by=reviewed_by, remedy="Ask a second one to look.")
    if meant.last_us > SystemClock().now_us():
        raise Refused("The period is not over", period=name, remedy="Close it when it is.")

    def act(attempt: int) -> Decided:
        history = History.of(db.store)
        periods = history.state(Periods, BOOK) or Periods()
        for each in periods.closed.values():
            if each.first_us <= meant.last_us and meant.first_us <= each.last_us:
                remedy = "What is not closed of it can be closed by itself; whence ledger periods lists those closed."
                raise Refused("It was closed before, or a part", period=name, closed=each.period, remedy=remedy)
        count, totals, digest = figures(history.at(At(occurred_us=meant.last_us)))
        for total in totals:
            _refuse_too_large(total)
        when = (meant.first_us, meant.last_us, history.head)
        events = [CODEC.event(PeriodClosed(name, MAIN, *when, count, totals, digest, reviewed_by), actor=by)]
        condition = AppendCondition(GUARD, history.head)
        return Decided(db.store.append(events, condition, basis=Basis(GUARD, history.head)), events, attempt)

    return retried(act)


def _refuse_too_large(total: Total) -> None:
    """Raise Refused for a balance that an event cannot hold exactly."""
    if abs(total.balance_minor) > INTEGER_MAX:
        about = {"account": total.account, "balance": str(Money(total.balance_minor, total.currency))}
        remedy = "Keep it as several accounts below one path."
        raise Refused("A balance is too large to be signed exactly", **about, remedy=remedy)


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
    """Whether the history as it was known at that position still comes to what was signed: the same transactions."""
    found = figures(history.uncut().upto(period.at_position).at(At(occurred_us=period.last_us)))
    return found == (period.transactions, period.totals, period.sha256)
