"""The closed periods, each proved again, and what was recorded after a close for its period: what would alter the
signed figures is listed, and never hidden."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.clock import to_datetime, to_us
from whence.money import decimal_of
from whence.pack import Asked, table
from whence.packs.balances.entries import entries
from whence.packs.book.periods import PeriodClosed
from whence.packs.closing.signing import closed, proved
from whence.query import Query


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

    What alters the balances at its end is dated up to it, and came past the book, as by an import; the rest was dated
    into the open period instead, as the book is configured to do. Debits are positive.
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
