"""The laws of double entry, as pure functions: what balances, which accounts may be posted to, and how far down one may
go. Under which condition a transaction is appended, so that they hold among many, is left to the pack book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from whence.errors import Refused
from whence.jsonvalue import INTEGER_MAX
from whence.money import Money, exponent
from whence.packs.ledger.decisions import refuse_unusable
from whence.packs.ledger.events import Held, Posted, Posting
from whence.packs.ledger.state import Account


def refuse_too_large(amount: Money, **about: str) -> None:
    """Raise Refused for an amount that an event cannot hold exactly."""
    if abs(amount.minor) > INTEGER_MAX:
        facts = {**about, "amount": str(amount), "most": str(Money(INTEGER_MAX, amount.currency))}
        remedy = "Is the unit right? Else split it into several."
        raise Refused("An amount is too large to be kept exactly", **facts, remedy=remedy)


def positive(amount: Money) -> Money:
    """The amount. Raises Refused for nothing, or less, or more than can be kept."""
    if amount.minor <= 0:
        remedy = "Turn the direction around." if amount.minor else "Name what is moved."
        raise Refused("An amount is more than nothing", amount=str(amount), remedy=remedy)
    refuse_too_large(amount)
    return amount


def refuse_unbalanced(postings: Sequence[Posting], **about: str) -> None:
    """Raise Refused unless there are two postings or more, which come to zero in each currency."""
    sums: dict[str, int] = {}
    for each in postings:
        currency, minor = each.currency, each.amount_minor
        if currency not in sums:
            exponent(currency)
        if abs(minor) > INTEGER_MAX:  # asked before a Money is made: this is the hot path of posting
            refuse_too_large(Money(minor, currency), **about)
        sums[currency] = sums.get(currency, 0) + minor
    if len(postings) < 2:
        raise Refused("A transaction has two postings or more", remedy="Name where it comes from.", **about)
    for currency, over in sums.items():
        if over:
            remedy = "Debits are positive, credits negative; in each currency they come to zero."
            raise Refused("The postings do not balance", **about, over=str(Money(over, currency)), remedy=remedy)


Moved = dict[tuple[str, str], int]
"""By how much what is available changes, by account and currency, seen from the account's own side."""


def _refuse_unfit(account: Account, name: str, currency: str) -> None:
    """Raise Refused for an account that is not usable, or kept in another currency."""
    if account.status != "open":
        refuse_unusable(account, name)
    if account.currency != currency and account.currency is not None:
        remedy = "Post to an account of that currency."
        raise Refused("The account is kept in another currency", account=name, kept_in=account.currency, remedy=remedy)


def _refuse_below(floor: int, name: str, currency: str, there: int, change: int) -> NoReturn:
    """Raise Refused for an account that would go below its limit."""
    facts = {"available": there, "wanted": -change, "least": floor}
    told = {fact: str(Money(minor, currency)) for fact, minor in facts.items()}
    remedy = "Move less, or change the limit: whence ledger limit."
    raise Refused("Not enough is available", account=name, **told, remedy=remedy)


def allow(event: Posted | Held, accounts: Mapping[str, Account], moved: Moved) -> None:
    """Add what this event does to what has moved since these accounts' states. Raises Refused, and adds nothing, where
    an account is not usable or would go below what is allowed. What is captured was set aside before, so it does not
    count twice.

    An account is asked once, for what all of the event does to it: 5.00 out and 6.00 in of an account that may not go
    below 0 is 1.00 in, in whichever order they stand."""
    net: Moved = {}  # added when all of it is allowed
    if isinstance(event, Held):
        _refuse_unfit(accounts[event.account], event.account, event.currency)
        net[event.account, event.currency] = -event.amount_minor
    else:
        refuse_unbalanced(event.postings, transaction=event.transaction)
        hold = event.hold
        for each in event.postings:
            key = name, currency = each.account, each.currency
            account = accounts[name]
            if account.status != "open" or account.currency != currency:
                _refuse_unfit(account, name, currency)
            change = account.from_its_side(each.amount_minor)
            if hold is not None and change < 0 and hold in account.holds:
                change += event.freed_minor
            net[key] = net[key] + change if key in net else change
    for key, change in net.items():
        net[key] = after = moved.get(key, 0) + change
        if change >= 0:
            continue
        account = accounts[key[0]]
        floor = account.floor_minor
        if floor is not None:
            left = account.available_minor(key[1]) + after
            if left < floor:
                _refuse_below(floor, *key, left - change, change)
    moved.update(net)


def limited(moved: Moved, accounts: Mapping[str, Account]) -> set[str]:
    """The accounts that have a limit: on their balance it depends whether this is allowed."""
    return {name for (name, _) in moved if accounts[name].floor_minor is not None}
