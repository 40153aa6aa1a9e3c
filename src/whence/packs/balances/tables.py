"""What is held, what was charged, what is on an account, and its statement: exactly, in major units, and from the
account's own side."""

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
from whence.packs.ledger.events import Held
from whence.packs.ledger.state import Charge, Hold
from whence.packs.ledger.tables import chart
from whence.query import Query

Group = Annotated[str, "an account, or the beginning of a path: a group"]
Total = Annotated[bool, "one sum for the group instead of a line an account"]


def all_holds(asked: Asked) -> dict[str, Hold]:
    """The holds by name; of a book that has none, no transaction is read."""
    query = Query.of(types=[Held.event_type])
    return asked.states(Hold) if next(iter(asked.history.events(query)), None) is not None else {}


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
    for id, each in all_holds(asked).items():
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
            amounts = (decimal_of(minor, each.currency) for minor in parts)
            yield ChargeRow(id, each.status, each.currency, *amounts)


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
    # An account of one currency has a line of zeros before anything is posted to it: in a group once it is open, and
    # where it is asked for by its own name even before.
    shown = wanted if wanted == [account] else chart(asked.history, as_of_then=True)
    even_unused = [(name, only) for name in wanted if name in shown and (only := known[name].currency) is not None]
    there, set_aside = Balances(), Balances()
    for name, currency in sorted({*posted, *held, *even_unused}):
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
