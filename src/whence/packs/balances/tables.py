"""What is on an account, and its statement: exactly, in major units, and from the account's own side."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.clock import to_datetime
from whence.moments import day_of
from whence.money import decimal_of
from whence.pack import Asked, table
from whence.packs.balances.entries import Balances, balances, from_own_side, named, refuse_backwards
from whence.packs.ledger.tables import all_holds, chart

Group = Annotated[str, "an account, or the beginning of a path: a group"]
Total = Annotated[bool, "one sum for the group instead of a line an account"]


class BalanceRow(msgspec.Struct, frozen=True):
    account: str
    currency: str
    balance: Decimal
    held: Decimal
    available: Decimal


@table
def balance(asked: Asked, account: Group, *, total: Total = False) -> Iterable[BalanceRow]:
    """$ whence ledger balance assets:bank
    $ whence ledger balance assets --at 2026-01-31
    $ whence ledger balance wallets --total --json

    What is on an account, or on each of a group.

    What is available is what is not held.
    """
    known = chart(asked.history)
    wanted = named(known, account)
    posted, held = balances(asked.history, frozenset(wanted)), Balances()
    for each in all_holds(asked).values():
        if each.status == "open" and each.account in wanted:
            held[each.account, each.currency] += each.left_minor
    # Nothing is on an account of one currency that was not used yet; those of a group are shown once they are open.
    shown = wanted if wanted == [account] else chart(asked.history, as_of_then=True)
    unused = [(name, only) for name in wanted if name in shown and (only := known[name].currency) is not None]
    there, set_aside = Balances(), Balances()
    for name, currency in sorted({*posted, *held, *unused}):
        line, first = (account, wanted[0]) if total else (name, name)
        there[line, currency] += known[first].from_its_side(posted[name, currency])
        set_aside[line, currency] += held[name, currency]
    for (line, currency), minor in there.items():
        parts = (minor, set_aside[line, currency], minor - set_aside[line, currency])
        yield BalanceRow(line, currency, *(decimal_of(each, currency) for each in parts))


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
    asked: Asked, account: Group, *, since: Annotated[date | None, "the first day; what came before is one line"] = None
) -> Iterable[EntryRow]:
    """$ whence ledger statement assets:bank --since 2026-01-01
    $ whence ledger statement wallets:ben --at 2026-01-31 --csv

    The entries of an account or group, with the balance after each.

    They stand in the order in which they happened. `reported` is the balance that the source states beside one. With a
    first day, the first line is what was there before.
    """
    refuse_backwards(asked, since)
    running, opening = Balances(), Balances()
    shown = []
    for each in from_own_side(asked, account):
        key = (each.account, each.currency)
        running[key] += each.amount_minor
        if since is None or day_of(each.time_us, asked.zone) >= since:
            shown.append((each, running[key]))
        else:
            opening[key] = running[key]
    if since is not None:
        start = datetime(since.year, since.month, since.day, tzinfo=asked.zone)
        for name, currency in sorted(running):
            nothing, before = (decimal_of(minor, currency) for minor in (0, opening[name, currency]))
            yield EntryRow(start, "", "opening", None, name, currency, nothing, before, None)
    for each, after in shown:
        posted, currency = each.posted, each.currency
        told = (posted.transaction, posted.category, posted.text, each.account, currency)
        amounts = decimal_of(each.amount_minor, currency), decimal_of(after, currency)
        reported = None if each.reported_minor is None else decimal_of(each.reported_minor, currency)
        yield EntryRow(to_datetime(each.time_us), *told, *amounts, reported)
