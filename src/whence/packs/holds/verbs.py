"""What sets money aside and what becomes of it, as pure functions like those of whence.packs.movements.verbs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Unpack

from whence.errors import InvalidTime, Refused
from whence.money import Money, money
from whence.packs.ledger.events import Held, Movement, Posted, Released
from whence.packs.ledger.state import Account, Hold
from whence.packs.movements.known import Amount, How, Known, Text
from whence.packs.movements.laws import positive
from whence.packs.movements.verbs import entry


def hold(
    known: Known,
    id: str,
    hold: str,
    account: str,
    amount: Amount,
    *,
    until: Annotated[str | None, "until which day it is meant to be held: 2026-02-01"] = None,
    text: Text = None,
    **how: Unpack[How],
) -> Held:
    """$ whence ledger hold h_1 wallets:ben "4.00 EUR" --until 2026-02-01 --by shop --time 2026-01-07

    Set money of an account aside.

    It is on the account still, but no longer available until it is released. A capture takes it to another account.
    """
    amount = positive(money(amount))
    try:
        if until is not None:
            date.fromisoformat(until)
    except ValueError:
        raise InvalidTime("Not a day", given=repr(until), remedy="Write 2026-02-01.") from None
    if known(Hold, hold).status != "none":
        raise Refused("There was such a hold", hold=hold, remedy="Take another name for another hold.")
    return Held(hold, account, amount.minor, amount.currency, until, text)


def _of_hold(hold: Hold, id: str, amount: Amount | None, what: str) -> tuple[Money, Money]:
    """What is left of a hold, and what of it is meant. Raises Refused for one that is settled, and for more."""
    if hold.status != "open":
        told = "No such hold" if hold.status == "none" else f"The hold was {hold.status}"
        raise Refused(told, hold=id, remedy="whence ledger holds lists those that are open.")
    left = Money(hold.left_minor, hold.currency)
    meant = positive(left if amount is None else money(amount))
    if meant.currency != left.currency or meant.minor > left.minor:
        raise Refused(f"{what} is at most what is held", hold=id, left=str(left), wanted=str(meant))
    return left, meant


def capture(
    known: Known,
    id: str,
    hold: str,
    target: str,
    amount: Amount | None = None,
    *,
    more: Annotated[bool, "more is to be captured: the rest stays held instead of being released"] = False,
    text: Text = None,
    **how: Unpack[How],
) -> Posted:
    """$ whence ledger capture h_1 wallets:cleo "3.00 EUR" --by shop --time 2026-01-08

    Take what is held, or some of it, to another account.

    The rest is released with it.
    """
    found = known(Hold, hold)
    left, taken = _of_hold(found, hold, amount, "A capture")
    taking = -known(Account, found.account).from_its_side(1)  # a debit of a wallet, a credit of an asset
    postings = entry(found.account, target, taken, taking)
    freed = taken.minor if more else left.minor
    return Posted(id, "capture", postings, text, hold=hold, freed_minor=freed)


def release(
    known: Known,
    id: str,
    hold: str,
    amount: Amount | None = None,
    *,
    reason: Annotated[str, "why it is released"] = "not needed",
    **how: Unpack[How],
) -> Released:
    """$ whence ledger release h_1 --reason "ordered nothing" --by shop

    Free what is held, or some of it.

    It is available again.
    """
    found = known(Hold, hold)
    _, freed = _of_hold(found, hold, amount, "A release")
    return Released(hold, found.account, freed.minor, freed.currency, reason)


VERBS: tuple[Callable[..., Movement], ...] = (hold, capture, release)
"""Each is a command."""
