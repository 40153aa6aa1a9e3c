"""The questions that are asked of a ledger, each a function of a history: so they answer as of any moment, by either
clock. Amounts are shown in major units, exactly, and seen from the account's own side unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

import msgspec

from whence.clock import to_datetime
from whence.pack import Asked, table
from whence.packs.ledger.entries import Entry, balances, chart, entries, members, named, sign_of
from whence.packs.ledger.money import decimal_of
from whence.packs.ledger.state import Charge, Hold
from whence.query import Query


class AccountRow(msgspec.Struct, frozen=True):
    account: str
    type: str
    currency: str | None
    status: str
    floor: Decimal | None


@table
def accounts(
    asked: Asked, *, group: Annotated[str | None, "only those below this path"] = None
) -> Iterable[AccountRow]:
    """$ whence ledger accounts
    $ whence ledger accounts --group assets --json

    The accounts.

    `floor` is the least that may be available, where there is a limit.
    """
    for name, each in sorted(chart(asked.history).items()):
        if group is None or members([name], group):
            floor = None if each.floor_minor is None or each.currency is None else each.floor_minor
            shown = None if floor is None or each.currency is None else decimal_of(floor, each.currency)
            yield AccountRow(name, each.type or "", each.currency, each.status, shown)


class BalanceRow(msgspec.Struct, frozen=True):
    account: str
    currency: str
    balance: Decimal
    held: Decimal
    available: Decimal


@table
def balance(
    asked: Asked,
    account: Annotated[str, "an account, or the beginning of a path: a group"],
    *,
    total: Annotated[bool, "one sum for the group instead of a line an account"] = False,
) -> Iterable[BalanceRow]:
    """$ whence ledger balance assets:bank
    $ whence ledger balance assets --at 2026-01-31
    $ whence ledger balance wallets --total --json

    What is on an account, or on each of a group.

    What is available is what is not held.
    """
    known = chart(asked.history)
    wanted = named(known, account)
    held = _held(asked)
    found = balances(asked.history, wanted)
    rows: dict[tuple[str, str], tuple[int, int]] = {}
    first = known[wanted[0]]
    for (name, currency), minor in sorted({**dict.fromkeys(held, 0), **found}.items()):
        if name not in wanted:
            continue
        sign = sign_of(first if total else known[name])
        key = (account if total else name, currency)
        before = rows.get(key, (0, 0))
        rows[key] = (before[0] + sign * minor, before[1] + held.get((name, currency), 0))
    if not rows and first.currency is not None:
        rows[(account if total else wanted[0], first.currency)] = (0, 0)
    for (name, currency), (minor, set_aside) in rows.items():
        yield BalanceRow(
            name,
            currency,
            decimal_of(minor, currency),
            decimal_of(set_aside, currency),
            decimal_of(minor - set_aside, currency),
        )


def _held(asked: Asked) -> dict[tuple[str, str], int]:
    """What is set aside, by account and currency."""
    found: dict[tuple[str, str], int] = {}
    for each in _holds(asked).values():
        if each.status == "open":
            key = (each.account, each.currency)
            found[key] = found.get(key, 0) + each.left_minor
    return found


def _holds(asked: Asked) -> dict[str, Hold]:
    query = Query.of(types=["ledger.Held"])
    if next(iter(asked.history.events(query)), None) is None:
        return {}
    found = asked.history.states(Hold)
    return {entity.partition(":")[2]: each for entity, each in found.items()}


class EntryRow(msgspec.Struct, frozen=True):
    time: datetime
    transaction: str
    category: str
    text: str | None
    account: str
    currency: str
    amount: Decimal
    balance: Decimal
    reported: Decimal | None


@table
def statement(
    asked: Asked,
    account: Annotated[str, "an account, or a group"],
    *,
    since: Annotated[date | None, "the first day; what came before is one line"] = None,
) -> Iterable[EntryRow]:
    """$ whence ledger statement assets:bank --since 2026-01-01
    $ whence ledger statement wallets:ben --at 2026-01-31 --csv

    The entries of an account or group, with the balance after each.

    They stand in the order in which they happened. `reported` is the balance that the source states beside one. With a
    first day, the first line is what was there before.
    """
    known = chart(asked.history)
    wanted = named(known, account)
    running: dict[tuple[str, str], int] = {}
    found = sorted(entries(asked.history, wanted), key=in_time)
    shown = []
    for each in found:
        key = (each.account, each.currency)
        running[key] = running.get(key, 0) + sign_of(known.get(each.account)) * each.amount_minor
        day = day_of(each.time_us, asked.zone)
        if since is None or day >= since:
            shown.append((each, running[key]))
    if since is not None:
        opening = dict(running)
        for each, _ in shown:
            opening[(each.account, each.currency)] -= sign_of(known.get(each.account)) * each.amount_minor
        start = datetime(since.year, since.month, since.day, tzinfo=asked.zone)
        for (name, currency), minor in sorted(opening.items()):
            zero = decimal_of(0, currency)
            yield EntryRow(start, "", "opening", None, name, currency, zero, decimal_of(minor, currency), None)
    for each, after in shown:
        sign = sign_of(known.get(each.account))
        yield EntryRow(
            to_datetime(each.time_us),
            each.posted.transaction,
            each.posted.category,
            each.posted.text,
            each.account,
            each.currency,
            decimal_of(sign * each.amount_minor, each.currency),
            decimal_of(after, each.currency),
            None if each.reported_minor is None else decimal_of(each.reported_minor, each.currency),
        )


class TrialRow(msgspec.Struct, frozen=True):
    account: str
    type: str
    currency: str
    debit: Decimal
    credit: Decimal


@table
def trial_balance(asked: Asked) -> Iterable[TrialRow]:
    """$ whence ledger trial-balance
    $ whence ledger trial-balance --at 2026-01-31 --csv

    Every account's balance as a debit or a credit.

    Below stands each currency's total: both sides are the same, always.
    """
    known = chart(asked.history)
    totals: dict[str, list[int]] = {}
    for (name, currency), minor in sorted(balances(asked.history).items(), key=lambda each: each[0][::-1]):
        sums = totals.setdefault(currency, [0, 0])
        sums[0] += max(minor, 0)
        sums[1] += max(-minor, 0)
        type = known[name].type if name in known else ""
        yield TrialRow(
            name, type or "", currency, decimal_of(max(minor, 0), currency), decimal_of(max(-minor, 0), currency)
        )
    for currency, (debit, credit) in totals.items():
        yield TrialRow("total", "", currency, decimal_of(debit, currency), decimal_of(credit, currency))


class HoldRow(msgspec.Struct, frozen=True):
    hold: str
    account: str
    status: str
    currency: str
    held: Decimal
    captured: Decimal
    released: Decimal
    left: Decimal
    until: str | None


@table
def holds(asked: Asked, *, all: Annotated[bool, "those too that are settled"] = False) -> Iterable[HoldRow]:
    """$ whence ledger holds
    $ whence ledger holds --all --json

    What is set aside.

    Of each hold, how much was captured, how much released, and what is left.
    """
    for id, each in _holds(asked).items():
        if all or each.status == "open":
            parts = (each.held_minor, each.captured_minor, each.released_minor, each.left_minor)
            held, captured, released, left = (decimal_of(minor, each.currency) for minor in parts)
            yield HoldRow(id, each.account, each.status, each.currency, held, captured, released, left, each.until)


class ChargeRow(msgspec.Struct, frozen=True):
    charge: str
    status: str
    currency: str
    charged: Decimal
    refunded: Decimal
    left: Decimal


@table
def charges(
    asked: Asked, *, left: Annotated[bool, "only those of which something is left"] = False
) -> Iterable[ChargeRow]:
    """$ whence ledger charges
    $ whence ledger charges --left --json

    What was charged, what of it was given back, and what is left.
    """
    for id, each in asked.states(Charge).items():
        if each.currency is not None and (not left or each.left_minor):
            parts = (each.charged_minor, each.refunded_minor, each.left_minor)
            yield ChargeRow(id, each.status, each.currency, *(decimal_of(minor, each.currency) for minor in parts))


def in_time(entry: Entry) -> tuple[int, int]:
    """What entries are sorted by as they happened."""
    return entry.time_us, entry.position


@lru_cache(10_000)
def day_of(us: int, zone: tzinfo) -> date:
    """The day that a moment lies on."""
    return to_datetime(us).astimezone(zone).date()
