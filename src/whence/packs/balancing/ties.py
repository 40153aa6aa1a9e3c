"""Whether what was posted agrees with the balances that the source states beside its lines. Within a day a source's
order is often not the order in which it booked, so an order is looked for in which every step agrees."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.moments import day_of
from whence.money import MAJOR, decimal_of
from whence.pack import Asked, table
from whence.packs.balances.entries import Balances, from_own_side
from whence.packs.balances.tables import Group, Total

Tolerance = Annotated[Decimal, "how far a step may be off, where the source rounds"]
STEPS_MAX = 20_000
"""So many steps are tried for one day; a day that needs more is said not to tie."""


class Step(msgspec.Struct, frozen=True):
    """A movement and the balance after it as reported, both from the account's own side."""

    amount_minor: int
    reported_minor: int


def chained(opening_minor: int, steps: Sequence[Step], tolerance_minor: int) -> list[Step] | None:
    """An order in which each balance is the one before plus the movement, within a tolerance; the exact ones first.
    None where there is none. After 10.00, a line of -3.00 that states 12.00 and one of 5.00 that states 15.00 tie in
    the other order: 10.00, 15.00, 12.00.

    It is a search by depth: of the steps that begin at the balance so far the nearest is taken, and another where that
    leads to none."""
    # The balance that each step begins at, with its number, in order: which may come next is found by halving.
    by_begin = sorted((each.reported_minor - each.amount_minor, number) for number, each in enumerate(steps))
    path: list[int] = []
    used: set[int] = set()

    def following(balance: int) -> Iterator[int]:
        """The steps that begin at a balance and are not used yet, the nearest first."""
        first = bisect_left(by_begin, (balance - tolerance_minor, 0))
        end = bisect_left(by_begin, (balance + tolerance_minor + 1, 0))
        near = [(abs(begin - balance), number) for begin, number in by_begin[first:end] if number not in used]
        return (number for _, number in sorted(near))

    ways, tried = [following(opening_minor)], 0
    while len(path) < len(steps):
        number = next(ways[-1], None)
        if number is None:  # a dead end: another way from the step before
            if not path:
                return None
            ways.pop()
            used.remove(path.pop())
            continue
        tried += 1
        if tried > STEPS_MAX:
            return None
        path.append(number)
        used.add(number)
        ways.append(following(steps[number].reported_minor))
    return [steps[number] for number in path]


class DayRow(msgspec.Struct, frozen=True):
    account: str
    day: date
    currency: str
    entries: int
    balance: Decimal
    reported: Decimal
    difference: Decimal
    ties: bool


@table
def ties(
    asked: Asked,
    account: Group,
    *,
    tolerance: Tolerance = Decimal(0),
    failing: Annotated[bool, "only the days that do not tie"] = False,
) -> Iterable[DayRow]:
    """$ whence ledger ties assets:bank
    $ whence ledger ties wallets --tolerance 0.10 --failing --json

    Whether what was posted agrees with the balances that the source reports, day by day.

    A day ties where its lines can be put in an order in which every reported balance follows from the one before.
    What was posted before the first of them is what the account began with; later entries without one are left out.
    """
    by_account: dict[tuple[str, str], dict[date, list[Step]]] = {}
    opening = Balances()
    for each in from_own_side(asked, account):
        key = (each.account, each.currency)
        if each.reported_minor is None:
            opening[key] += each.amount_minor if key not in by_account else 0
        else:
            days = by_account.setdefault(key, {})
            days.setdefault(day_of(each.time_us, asked.zone), []).append(Step(each.amount_minor, each.reported_minor))
    for (name, currency), days in by_account.items():
        added = last = opening[name, currency]
        within = MAJOR.minor(f"{tolerance:f}", currency)
        for day, steps in days.items():
            added += sum(each.amount_minor for each in steps)
            order = chained(last, steps, within)
            last = (order or steps)[-1].reported_minor
            if order is None or not failing:
                ours, theirs = decimal_of(added, currency), decimal_of(last, currency)
                yield DayRow(name, day, currency, len(steps), ours, theirs, theirs - ours, order is not None)


class ReportedRow(msgspec.Struct, frozen=True):
    account: str
    currency: str
    balance: Decimal
    reported: Decimal
    difference: Decimal
    accounts: int
    ties: bool


@table
def reported(
    asked: Asked, account: Group, *, tolerance: Tolerance = Decimal(0), total: Total = False
) -> Iterable[ReportedRow]:
    """$ whence ledger reported assets:bank
    $ whence ledger reported wallets --total --at 2026-01-31

    Balances by adding, beside those that the source reports.

    Of each account the sum of what was posted, as ties counts it, and the last balance that the source states. Which
    line of its last day is the last one is known where that day ties; else it is the one that was posted last.
    """
    latest = {(row.account, row.currency): row for row in ties(asked, account=account, tolerance=tolerance)}
    rows: dict[tuple[str, str], list[DayRow]] = {}
    for (name, currency), row in latest.items():
        rows.setdefault((account if total else name, currency), []).append(row)
    for (name, currency), own in rows.items():
        added, said = sum((row.balance for row in own), Decimal(0)), sum((row.reported for row in own), Decimal(0))
        yield ReportedRow(name, currency, added, said, said - added, len(own), all(row.ties for row in own))
