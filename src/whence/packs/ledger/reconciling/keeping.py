"""A reconciliation as it is run and kept: its differences are events of their own, open until a person decides about
each or they are gone, and carried forward with their age."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.app import Moment, Whence
from whence.errors import InvalidInput
from whence.pack import Asked, table
from whence.packs.ledger.entries import day_of
from whence.packs.ledger.files.layout import table_of
from whence.packs.ledger.money import decimal_of
from whence.packs.ledger.reconciling.comparing import Compared, compare
from whence.packs.ledger.reconciling.events import CODEC, DifferenceFound, DifferenceGone, Reconciled, amounts
from whence.packs.ledger.reconciling.passes import DAYS, PASSES
from whence.packs.ledger.reconciling.sides import Reader, Side, of_account
from whence.packs.ledger.reconciling.state import Difference
from whence.packs.ledger.reconciling.statement import UNEXPLAINED, StatementRow, statement
from whence.query import Query

BATCH = 5_000
DAYS_OLD = (30, 60, 90)
BUCKETS = ("0 to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days", "no day")


class Reconciliation(msgspec.Struct, frozen=True):
    """A reconciliation: its name, what was compared, the roll-forward, and what stands from before."""

    name: str
    since: date | None
    until: date | None
    compared: Compared
    statement: list[StatementRow]
    carried: dict[str, Difference]
    recorded: int = 0

    @property
    def unexplained(self) -> dict[str, Decimal]:
        """What is between the closing balances beyond all differences, by currency: the sides began with another
        balance."""
        rows = (row for row in self.statement if row.line == UNEXPLAINED)
        return {row.currency: row.difference for row in rows if row.difference}


def reconcile(
    db: Whence,
    here: str,
    there: str,
    *,
    since: date | None = None,
    until: date | None = None,
    at: Moment = None,
    clock: str = "occurred",
    passes: Sequence[str] = tuple(PASSES),
    days: int = DAYS,
    order: bool = False,
    record: bool = False,
    by: str | None = None,
) -> Reconciliation:
    """Compare two sides: each an account or group of the ledger, or `SIDE=FILE` with a [pack.ledger.side.SIDE] of
    whence.toml. With `record`, every difference becomes an event, and those of before that are gone are said to be.

    Raises InvalidConfig, InvalidFile, InvalidInput, NotKnown for an account that is not there.
    """
    if since is not None and until is not None and until < since:
        raise InvalidInput("The last day is before the first", since=since, until=until, remedy="Turn them around.")
    asked = db.asked(at if at is not None or until is None else until, clock=clock)
    sides = [_side(db, asked, each, since, until) for each in (here, there)]
    name = f"{here.partition('=')[0]}~{there.partition('=')[0]}"
    compared = compare(*sides, passes=passes, days=days, order=order, name=name)
    kept = db.asked().states(Difference)
    carried = {
        key: each
        for key, each in kept.items()
        if each.reconciliation == name and _stands(each) and _is_before(each, since)
    }
    made = Reconciliation(name, since, until, compared, statement(compared, carried.values()), carried)
    if not record:
        return made
    return msgspec.structs.replace(made, recorded=_record(db, made, kept, asked.history.head, by))


def _side(db: Whence, asked: Asked, said: str, since: date | None, until: date | None) -> Side:
    name, sign, file = said.partition("=")
    if not sign:
        return of_account(asked, name, since=since)
    reader = Reader(name, table_of(db, "side", name), db.config.zone)
    return reader.read(file, db.config.zone, since=since, until=until)


def _stands(each: Difference) -> bool:
    """Whether a difference is still between the balances: it is open, or was left as it is, or is theirs to mend."""
    return each.status == "open" or (each.status == "settled" and each.decision != "corrected")


def _is_before(each: Difference, since: date | None) -> bool:
    return since is not None and each.day is not None and each.day < since.isoformat()


def _record(db: Whence, made: Reconciliation, known: dict[str, Difference], head: int, by: str | None) -> int:
    """Append what is new, and return how many differences are."""
    compared = made.compared
    since, until = (None if each is None else each.isoformat() for each in (made.since, made.until))
    found = {each.difference: each for each in compared.differences}
    fresh = {key: each for key, each in found.items() if key not in known or known[key].status == "gone"}
    events = [
        CODEC.event(each, id=None if key in known else f"difference:{key}", actor=by) for key, each in fresh.items()
    ]
    looked_at = _days_of(db, made.name)
    events += [
        CODEC.event(DifferenceGone(key, made.name), actor=by)
        for key, each in known.items()
        if each.reconciliation == made.name and each.status == "open" and key not in found
        if _covers(since, until, *looked_at[key] if each.day is None else (each.day, each.day))
    ]
    here, there = compared.here, compared.there
    digests = {side.name: side.sha256 for side in (here, there) if side.sha256 is not None}
    counts = (compared.passes, compared.matched, compared.kinds)
    told = Reconciled(made.name, here.name, there.name, since, until, *counts, digests, head)
    events.append(CODEC.event(told, actor=by))
    for start in range(0, len(events), BATCH):
        db.append(events[start : start + BATCH])
    return len(fresh)


def _days_of(db: Whence, name: str) -> dict[str, tuple[str | None, str | None]]:
    """The first and last day that were compared when each difference of a reconciliation was found."""
    types = [DifferenceFound.event_type, Reconciled.event_type]
    found, waiting = dict[str, tuple[str | None, str | None]](), list[str]()
    for event in db.history().events(Query.of(types=types, tags=[f"reconciliation:{name}"])):
        if event.type == Reconciled.event_type:
            found |= dict.fromkeys(waiting, (event.data["since"], event.data["until"]))
            waiting.clear()
        else:
            waiting.append(event.data["difference"])
    return found | dict.fromkeys(waiting, (None, None))


def _covers(since: str | None, until: str | None, first: str | None, last: str | None) -> bool:
    """Whether all days from the first to the last are among those that are compared; None is no bound."""
    return (since is None or (first is not None and since <= first)) and (
        until is None or (last is not None and last <= until)
    )


# What is asked.


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
    items, amounts = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for each in asked.states(Difference).values():
        if each.status == "open":
            age = _age(asked, each)
            bucket = BUCKETS.index("no day") if age is None else bisect_left(DAYS_OLD, age)
            for currency, minor in (each.effect_minor or {"": 0}).items():
                items[currency, bucket] += 1
                amounts[currency, bucket] += minor
    for key in sorted(items):
        amount = decimal_of(amounts[key], key[0]) if key[0] else None
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
