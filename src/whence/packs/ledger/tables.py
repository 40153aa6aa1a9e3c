"""The accounts that there are, what is held and what was charged, as of any moment, by either clock. What is on an
account, and why, is left to whence.packs.balances."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.history import History
from whence.money import decimal_of
from whence.pack import Asked, table
from whence.packs.ledger.events import ABOUT_ACCOUNTS, Held
from whence.packs.ledger.state import Account, Charge, Hold
from whence.query import Query


def chart(history: History, *, as_of_then: bool = False) -> dict[str, Account]:
    """The accounts of a history with their types and limits, whenever they were opened, or `as_of_then`; no balances
    are in it."""
    history = history if as_of_then else history.uncut()
    found = history.states(Account, query=Query.of(types=ABOUT_ACCOUNTS)).values()
    return {each.account: each for each in found if each.account}


def is_below(account: str, group: str) -> bool:
    """Whether an account is the one of this name, or its path begins with it."""
    return account == group or account.startswith(f"{group}:")


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
    for name, each in sorted(chart(asked.history, as_of_then=True).items()):
        if group is None or is_below(name, group):
            minor, currency = each.floor_minor, each.currency
            floor = None if minor is None or currency is None else decimal_of(minor, currency)
            yield AccountRow(name, each.type or "", currency, each.status, floor)


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
            yield ChargeRow(id, each.status, each.currency, *(decimal_of(minor, each.currency) for minor in parts))
