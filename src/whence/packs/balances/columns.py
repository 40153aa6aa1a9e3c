"""Balances over segments through DuckDB: the same answer as from the history, and quicker over a long one. Which are
asked for is left to whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.app import Moment, Whence
from whence.packs.balances.entries import Balances
from whence.packs.ledger.events import Posted

if TYPE_CHECKING:
    from whence.segments.reading import Segments

JSON = '[{"account": "VARCHAR", "currency": "VARCHAR", "amount_minor": "BIGINT"}]'


def balances(db: Whence, *, at: Moment = None, clock: str = "occurred") -> Balances:
    """The balance of each account and currency, debits positive, at a moment by either clock. Segments that are missing
    are built first. Raises MissingExtra without the extra `columns`."""
    moment = db.at(at, clock=clock)
    upto = None if moment.is_now or moment.occurred_us is not None else db.history(moment).head
    with db.segments("account") as segments:
        return balances_in(segments, occurred_us=moment.occurred_us, upto=upto)


def balances_in(segments: Segments, *, occurred_us: int | None = None, upto: int | None = None) -> Balances:
    """The same of segments that are open: of what had happened by a time, and was recorded up to a position."""
    if Posted.event_type not in segments.types:
        return Balances()
    where, values = ["NOT coalesce(copy, false)"], list[object]()
    if occurred_us is not None:
        where.append("epoch_us(coalesce(time, recorded)) <= ?")
        values.append(occurred_us)
    if upto is not None:
        where.append("position <= ?")
        values.append(upto)
    query = f"""
        SELECT posting.account, posting.currency, sum(posting.amount_minor)::HUGEINT AS minor
        FROM (
            SELECT unnest(from_json(postings, '{JSON}')) AS posting
            FROM {segments.rows_of(Posted.event_type)}
            WHERE {" AND ".join(where)}
        )
        GROUP BY ALL
        ORDER BY ALL
    """
    found = segments.sql(query, *values)
    rows = zip(*(column.to_pylist() for column in found.columns), strict=True)
    return Balances({(account, currency): int(minor) for account, currency, minor in rows})
