"""What is decided about an account: to open it, to limit it, to close it. What moves money is left to movements."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from whence.errors import InvalidInput, Refused
from whence.money import MAJOR, Money, exponent
from whence.pack import decision
from whence.packs.ledger.events import AccountClosed, AccountOpened, AccountType, LimitChanged
from whence.packs.ledger.state import Account


def is_path(account: str) -> bool:
    """Whether a name is a path without empty parts: of `wallets:` nobody knows whose it is."""
    return all(part and part == part.strip() for part in account.split(":"))


def refuse_unusable(account: Account, name: str) -> None:
    """Raise Refused for an account that is not there, or closed."""
    if account.status == "none":
        remedy = f"whence ledger accounts lists those there are; whence ledger open {name} --type … opens one."
        raise Refused("No such account", account=name, remedy=remedy)
    if account.status != "open":
        remedy = "Take another one: whence ledger accounts lists them."
        raise Refused("The account is closed", account=name, remedy=remedy)


def _floor_minor(floor: Decimal | None, currency: str | None) -> int | None:
    if floor is None:
        return None
    if currency is None:
        remedy = "Open an account with a currency: --currency EUR."
        raise Refused("A limit is for an account of one currency", floor=floor, remedy=remedy)
    return MAJOR.minor(f"{floor:f}", currency)


@decision
def open_(
    account: Account,
    id: str,
    *,
    type: Annotated[AccountType, "what it is: assets and expenses grow by debits, the others by credits"],
    currency: Annotated[str | None, "the only currency in it, as EUR; else any"] = None,
    floor: Annotated[
        Decimal | None, "the least that may be available: 0 forbids an overdraft, -100 allows so much"
    ] = None,
    name: Annotated[str | None, "what people call it"] = None,
) -> AccountOpened:
    """$ whence ledger open assets:bank --type asset --currency EUR --by anna
    $ whence ledger open wallets:ben --type liability --currency EUR --floor 0

    Open an account.

    Its name is a path, such as assets:bank; the beginning of a path, assets, names a group.
    """
    if account.status != "none":
        raise Refused("There is such an account", account=id, status=account.status, remedy="Take another name.")
    if not is_path(id):
        remedy = "Write it as assets:bank, without an empty part."
        raise InvalidInput("An account's name is a path", account=repr(id), remedy=remedy)
    if currency is not None:
        currency = currency.upper()
        exponent(currency)  # raises where there is no such currency
    return AccountOpened(id, type, currency, _floor_minor(floor, currency), name)


@decision
def limit(
    account: Account,
    id: str,
    *,
    floor: Annotated[Decimal | None, "the least that may be available from now on; left out for no limit"] = None,
    reason: Annotated[str, "why it is changed"],
) -> LimitChanged | None:
    """$ whence ledger limit wallets:ben --floor -50 --reason "a good customer" --by anna

    Change how low an account may go.

    What is on it already is left as it is, even where it is below.
    """
    refuse_unusable(account, id)
    floor_minor = _floor_minor(floor, account.currency)
    return None if floor_minor == account.floor_minor else LimitChanged(id, floor_minor, reason)


@decision
def retire(
    account: Account, id: str, *, reason: Annotated[str, "why nothing is posted to it any more"]
) -> AccountClosed:
    """$ whence ledger retire wallets:ben --reason "left us" --by anna

    Close an account on which nothing is left and nothing is held.
    """
    refuse_unusable(account, id)
    left = [str(Money(minor, currency)) for currency, minor in account.balances.items() if minor]
    if left or account.holds:
        remedy = "Move it to another account first, and release the holds."
        raise Refused("Something is left on the account", account=id, left=", ".join(left) or "holds", remedy=remedy)
    return AccountClosed(id, reason)
