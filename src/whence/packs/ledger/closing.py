"""Closing a period: what the book came to is signed by two people, as an event with its position, and can be proved
again at any time. What would alter the signed figures is listed, and never hidden."""

from __future__ import annotations

import hashlib
import random
import time as sleeping
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.app import Whence
from whence.clock import SystemClock, to_datetime, to_us
from whence.decide import ATTEMPTS_MAX, PAUSE_MAX_S, Decided
from whence.errors import ConditionFailed, InvalidTime, NotKnown, Refused
from whence.history import At, History
from whence.jsonvalue import INTEGER_MAX
from whence.moments import span_of
from whence.pack import Asked, table
from whence.packs.ledger.book import BOOK
from whence.packs.ledger.entries import Balances
from whence.packs.ledger.events import CODEC, MAIN, POSTED, PeriodClosed, Posted, Total
from whence.packs.ledger.money import Money, decimal_of
from whence.packs.ledger.state import Periods
from whence.query import AppendCondition, Basis, Query, QueryItem

GUARD = Query((QueryItem(tags=(BOOK,)), QueryItem(types=(POSTED,))))
"""A close depends on every transaction and every other close."""

_whole = msgspec.json.Decoder(Posted).decode


class Figures(msgspec.Struct, frozen=True):
    """What the book comes to: the balance of each account, how many transactions, and a digest of all of them."""

    totals: tuple[Total, ...]
    transactions: int
    sha256: str


def figures(history: History) -> Figures:
    """What the transactions of a history come to, in the order of accounts and currencies."""
    sums: Balances = {}
    digest, count = hashlib.sha256(), 0
    for page in history.facts(Query.of(types=[POSTED])):
        for _, _, _, data, time_us in page.rows:
            posted = _whole(data)
            count += 1
            digest.update(f"{time_us}\0".encode() + msgspec.json.encode(posted) + b"\n")
            for each in posted.postings:
                key = (each.account, each.currency)
                sums[key] = sums.get(key, 0) + each.amount_minor
    totals = tuple(Total(name, currency, minor) for (name, currency), minor in sorted(sums.items()))
    return Figures(totals, count, digest.hexdigest())


def close(db: Whence, period: str, *, by: str, reviewed_by: str) -> Decided:
    """Close a period, a month `2026-03`, a year `2026` or a day, in the configuration's zone: all that was
    posted up to its end, as it is known now. From then on nothing is posted into it.

    Raises Refused for a period that is not over, or that was closed, or where one person would do both, InvalidTime,
    and ConditionFailed where transactions are posted too quickly.
    """
    span = span_of(period, zone=db.config.zone)
    if span.first_us == span.last_us:
        raise InvalidTime("A period is a day, a month or a year", period=period, remedy="Write 2026-03.")
    if by == reviewed_by:
        raise Refused("Another person reviews", by=by, reviewed_by=reviewed_by, remedy="Ask a second one to look.")
    if span.last_us > SystemClock().now_us():
        raise Refused("The period is not over", period=period, remedy="Close it when it is.")
    for attempt in range(1, ATTEMPTS_MAX + 1):
        history = History.of(db.store)
        periods = history.state(Periods, BOOK) or Periods()
        for each in periods.closed.values():
            if each.first_us <= span.last_us and span.first_us <= each.last_us:
                raise Refused("It was closed before", period=each.period, remedy="whence ledger periods lists them.")
        made = figures(history.at(At(occurred_us=span.last_us)))
        for total in made.totals:
            if abs(total.balance_minor) > INTEGER_MAX:
                about = {"account": total.account, "balance": str(Money(total.balance_minor, total.currency))}
                remedy = "Keep it as several accounts below one path."
                raise Refused("A balance is too large to be signed exactly", **about, remedy=remedy)
        event = PeriodClosed(
            period,
            MAIN,
            span.first_us,
            span.last_us,
            history.head,
            made.transactions,
            made.totals,
            made.sha256,
            reviewed_by,
        )
        events = [CODEC.event(event, actor=by)]
        try:
            condition = AppendCondition(GUARD, history.head)
            return Decided(db.store.append(events, condition, basis=Basis(GUARD, history.head)), events, attempt)
        except ConditionFailed:
            sleeping.sleep(random.uniform(0, min(PAUSE_MAX_S, 0.001 * 2**attempt)))
    raise ConditionFailed(attempts=ATTEMPTS_MAX, remedy="Close it when less is posted.")


def closed(history: History, period: str | None = None) -> PeriodClosed:
    """A closed period, the last one unless it is named. Raises NotKnown."""
    state: Periods = history.uncut().state(Periods, BOOK) or Periods()
    found = max(state.closed.values(), key=lambda each: each.last_us, default=None)
    if period is not None:
        found = state.closed.get(period)
    if found is None:
        remedy = "whence ledger close closes one."
        if period is None:
            raise NotKnown("No period is closed", remedy=remedy)
        known = ", ".join(state.closed) or "none"
        raise NotKnown("No such period is closed", period=period, closed=known, remedy=remedy)
    return found


def proved(history: History, period: PeriodClosed) -> bool:
    """Whether the history still comes to what was signed: the same transactions, at that position."""
    made = figures(history.uncut().upto(period.at_position).at(At(occurred_us=period.last_us)))
    return (made.totals, made.transactions, made.sha256) == (period.totals, period.transactions, period.sha256)


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
    dated: str | None
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

    What alters the signed figures is dated in it; the
    rest was dated into the open period instead, as the book is configured to do. Debits are positive.
    """
    signed = closed(asked.history, period)
    for event in asked.history.uncut().events(Query.of(types=[POSTED])):
        if event.position <= signed.at_position:
            continue
        posted = msgspec.convert(event.data, Posted)
        alters = event.time_us <= signed.last_us
        if alters or (posted.dated is not None and to_us(posted.dated) <= signed.last_us):
            for each in posted.postings:
                yield SinceRow(
                    event.position,
                    to_datetime(event.time_us),
                    posted.dated,
                    posted.transaction,
                    posted.category,
                    each.account,
                    each.currency,
                    decimal_of(each.amount_minor, each.currency),
                    alters,
                )
