"""What is asked of recorded reconciliations: their differences, how old those are, and what was compared."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.moments import day_of
from whence.money import decimal_of
from whence.pack import Asked, table
from whence.packs.differences.events import Reconciled, amounts
from whence.packs.differences.state import Difference
from whence.query import Query

DAYS_OLD = (30, 60, 90)
"""The last day of each bucket but the last."""
BUCKETS = ("0 to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days", "no day")


class DifferenceRow(msgspec.Struct, frozen=True):
    difference: str
    reconciliation: str
    what: str
    day: str | None
    age: int | None
    currency: str
    amount: Decimal | None
    here: str
    there: str
    status: str
    decision: str | None
    reason: str | None
    note: str


@table
def differences(
    asked: Asked, *, all: Annotated[bool, "those too that are settled or gone"] = False
) -> Iterable[DifferenceRow]:
    """$ whence ledger differences
    $ whence ledger differences --all --json

    What reconciliations found and nobody has settled.

    Each has its age in days, and by how much the other side has more.
    """
    for key, each in asked.states(Difference).items():
        if all or each.status == "open":
            for currency, amount in amounts(each.effect_minor):
                about = (key, each.reconciliation, each.what, each.day, _age(asked, each), currency)
                settled = (each.status, each.decision, each.reason)
                yield DifferenceRow(*about, amount, each.here, each.there, *settled, each.note)


class AgeRow(msgspec.Struct, frozen=True):
    currency: str
    age: str
    items: int
    amount: Decimal | None


@table
def ageing(asked: Asked) -> Iterable[AgeRow]:
    """$ whence ledger ageing

    How old the open differences are, and what they come to.

    A line that could not be read has no currency and no amount, and perhaps no day.
    """
    items, minors = Counter[tuple[str, int]](), Counter[tuple[str, int]]()  # by currency and bucket
    for each in asked.states(Difference).values():
        if each.status == "open":
            age = _age(asked, each)
            bucket = BUCKETS.index("no day") if age is None else bisect_left(DAYS_OLD, age)
            for currency, minor in (each.effect_minor or {"": 0}).items():
                items[currency, bucket] += 1
                minors[currency, bucket] += minor
    for key in sorted(items):
        amount = decimal_of(minors[key], key[0]) if key[0] else None
        yield AgeRow(key[0], BUCKETS[key[1]], items[key], amount)


class ReconciliationRow(msgspec.Struct, frozen=True):
    reconciliation: str
    position: int
    by: str | None
    since: str | None
    until: str | None
    matched: int
    differences: int
    sha256: str


@table
def reconciliations(asked: Asked) -> Iterable[ReconciliationRow]:
    """$ whence ledger reconciliations

    The reconciliations that were recorded.

    Each says who did it, what came of it, and the digest of the file.
    """
    for event in asked.history.events(Query.of(types=[Reconciled.event_type])):
        each = msgspec.convert(event.data, Reconciled)
        digests = " ".join(digest[:16] for digest in each.sha256.values())
        counts = (sum(each.matched.values()), sum(each.kinds.values()))
        yield ReconciliationRow(
            each.reconciliation, event.position, event.actor, each.since, each.until, *counts, digests
        )


def _age(asked: Asked, each: Difference) -> int | None:
    """How many days old a difference is."""
    return None if each.day is None else (day_of(asked.moment_us, asked.zone) - date.fromisoformat(each.day)).days
