"""A reconciliation as it is run and kept: its differences are events of their own, open until a person decides about
each or they are gone, and carried forward. What is decided about them, and asked of them, is left to the
pack differences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from whence.app import Moment, Whence
from whence.errors import InvalidInput
from whence.matching.comparing import Compared, compare
from whence.matching.passes import DAYS, PASSES
from whence.matching.sides import Side
from whence.pack import Asked
from whence.packs.differences.events import CODEC, DifferenceFound, DifferenceGone, Reconciled
from whence.packs.differences.state import Difference
from whence.packs.reconciliation.sides import Reader, of_account
from whence.packs.reconciliation.statement import UNEXPLAINED, StatementRow, statement
from whence.query import Query

BATCH = 5_000
Days = tuple[str | None, str | None]
"""The first and the last day, as 2026-01-31; None is no bound."""


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
    own = {key: each for key, each in kept.items() if each.reconciliation == name}
    carried = {key: each for key, each in own.items() if _stands(each) and _is_before(each, since)}
    made = Reconciliation(name, since, until, compared, statement(compared, carried.values()), carried)
    if not record:
        return made
    return msgspec.structs.replace(made, recorded=_record(db, made, kept, asked.history.head, by))


def _side(db: Whence, asked: Asked, said: str, since: date | None, until: date | None) -> Side:
    name, sign, file = said.partition("=")
    if not sign:
        return of_account(asked, name, since=since)
    reader = Reader(name, db.config.table_of_pack("ledger", "side", name), db.config.zone)
    return reader.read(file, db.config.zone, since=since, until=until)


def _stands(each: Difference) -> bool:
    """Whether a difference is still between the balances: it is open, or was left as it is, or is theirs to mend."""
    return each.status == "open" or (each.status == "settled" and each.decision != "corrected")


def _is_before(each: Difference, since: date | None) -> bool:
    return since is not None and each.day is not None and each.day < since.isoformat()


def _record(db: Whence, made: Reconciliation, known: dict[str, Difference], head: int, by: str | None) -> int:
    """Append the differences that are new or back again, which are gone, and that both sides were compared. Returns how
    many of the first there are."""
    compared = made.compared
    since, until = (None if each is None else each.isoformat() for each in (made.since, made.until))
    found = {each.difference: each for each in compared.differences}
    fresh = {key: each for key, each in found.items() if key not in known or known[key].status == "gone"}
    events = [
        CODEC.event(
            DifferenceFound(reconciliation=made.name, **msgspec.structs.asdict(each)),
            id=None if key in known else f"difference:{key}",
            actor=by,
        )
        for key, each in fresh.items()
    ]
    before = {key: each for key, each in known.items() if each.reconciliation == made.name and key not in found}
    events += [
        CODEC.event(DifferenceGone(key, made.name), actor=by) for key in _gone(db, made.name, (since, until), before)
    ]
    here, there = compared.here, compared.there
    digests = {side.name: side.sha256 for side in (here, there) if side.sha256 is not None}
    counts = (compared.passes, compared.matched, compared.kinds)
    told = Reconciled(made.name, here.name, there.name, since, until, *counts, digests, head)
    events.append(CODEC.event(told, actor=by))
    for start in range(0, len(events), BATCH):
        db.append(events[start : start + BATCH])
    return len(fresh)


def _gone(db: Whence, name: str, days: Days, before: dict[str, Difference]) -> list[str]:
    """Which differences of before were not found again though all of their days were compared. One without a day may be
    of any day that was compared when it was found."""
    found_in = _found_in(db, name)
    return [
        key
        for key, each in before.items()
        if each.status == "open" and _covers(days, found_in[key] if each.day is None else (each.day, each.day))
    ]


def _found_in(db: Whence, name: str) -> dict[str, Days]:
    """The days that were compared when each difference of a reconciliation was found."""
    types = [DifferenceFound.event_type, Reconciled.event_type]
    found, waiting = dict[str, Days](), list[str]()
    for event in db.history().events(Query.of(types=types, tags=[f"reconciliation:{name}"])):
        if event.type == Reconciled.event_type:
            found |= dict.fromkeys(waiting, (event.data["since"], event.data["until"]))
            waiting.clear()
        else:
            waiting.append(event.data["difference"])
    return found | dict.fromkeys(waiting, (None, None))


def _covers(days: Days, others: Days) -> bool:
    """Whether all of the others are among these."""
    (since, until), (first, last) = days, others
    is_begun = since is None or (first is not None and since <= first)
    return is_begun and (until is None or (last is not None and last <= until))
