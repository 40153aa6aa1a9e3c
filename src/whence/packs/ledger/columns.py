"""Balances over segments through DuckDB: the same answer as from the history, and quicker over a long one. Which are
asked for is left to whoever asks."""

from __future__ import annotations

from whence.app import Moment, Whence
from whence.clock import to_datetime
from whence.packs.ledger.entries import Balances
from whence.packs.ledger.events import POSTED

JSON = '[{"account": "VARCHAR", "currency": "VARCHAR", "amount_minor": "BIGINT"}]'
SQL = f"""
SELECT posting.account, posting.currency, sum(posting.amount_minor)::HUGEINT AS minor
FROM (
    SELECT unnest(from_json(postings, '{JSON.replace("{", "{{").replace("}", "}}")}')) AS posting
    FROM "{POSTED}"
    {{where}}
)
GROUP BY ALL
ORDER BY ALL
"""


def balances(db: Whence, *, at: Moment = None, clock: str = "occurred") -> Balances:
    """The balance of each account and currency, debits positive, at a moment by either clock. Segments that are missing
    are built first. Raises MissingExtra without the extra `columns`."""
    moment = db.at(at, clock=clock)
    where: list[str] = []
    values: list[object] = []
    if moment.occurred_us is not None:
        where.append("time <= ?")
        values.append(to_datetime(moment.occurred_us).replace(tzinfo=None))
    elif not moment.is_now:
        where.append("position <= ?")
        values.append(db.history(moment).head)
    with db.segments("account") as segments:
        if POSTED not in segments.types:
            return {}
        said = SQL.format(where=f"WHERE {' AND '.join(where)}" if where else "")
        found = segments.sql(said, *values)
    rows = zip(*(column.to_pylist() for column in found.columns), strict=True)
    return {(account, currency): int(minor) for account, currency, minor in rows}
