"""The accounts that there are, as of any moment, by either clock. What is on an account, what of it is held, and why,
is left to whence.packs.balances."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

import msgspec

from whence.history import History
from whence.money import decimal_of
from whence.pack import Asked, table
from whence.packs.ledger.events import ABOUT_ACCOUNTS
from whence.packs.ledger.state import Account
from whence.query import Query


def chart(history: History, *, as_of_then: bool = False) -> dict[str, Account]:
    """The accounts of a history with their types and limits: also those opened later, since what was posted before
    counts too, or only `as_of_then`. No balances are in it."""
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
