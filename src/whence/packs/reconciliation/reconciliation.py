"""A reconciliation as it is run: two sides compared, the roll-forward of both, and what stands from before. How it is
recorded, and what becomes of its differences, is left to whence.packs.differences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from whence.app import Moment, Whence
from whence.errors import InvalidInput
from whence.matching.comparing import Compared, compare
from whence.matching.passes import DAYS, PASSES
from whence.packs.differences import recording
from whence.packs.differences.state import Difference
from whence.packs.reconciliation.sides import side_of
from whence.packs.reconciliation.statement import UNEXPLAINED, StatementRow, statement


class Reconciliation(msgspec.Struct, frozen=True):
    """A reconciliation: its name, what was compared, the roll-forward, and what stands from before; `recorded` is how
    many differences were new."""

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
    sides = (side_of(db, asked, each, since=since, until=until) for each in (here, there))
    name = f"{here.partition('=')[0]}~{there.partition('=')[0]}"
    compared = compare(*sides, passes=passes, days=days, order=order, name=name)
    known = db.asked().states(Difference)  # as of now, whatever moment is asked about
    carried = {
        key: each
        for key, each in known.items()
        if each.reconciliation == name and each.is_between_balances and _is_before(each, since)
    }
    recorded = 0
    if record:
        position = asked.history.head
        recorded = recording.record(db, name, compared, known, since=since, until=until, at_position=position, by=by)
    return Reconciliation(name, since, until, compared, statement(compared, carried.values()), carried, recorded)


def _is_before(each: Difference, since: date | None) -> bool:
    """Whether it is of a day before the first one that is compared."""
    return since is not None and each.day is not None and each.day < since.isoformat()
