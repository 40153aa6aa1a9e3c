"""What is decided: about one account, as in any pack; and what moves money, which concerns several at once, as
functions of what is known and the id of the event that they come to. Whether the accounts allow it is left to laws,
under which condition it is appended to book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypedDict, Unpack

from whence.errors import InvalidInput, InvalidTime, Refused
from whence.pack import decision
from whence.packs.ledger.events import (
    AccountClosed,
    AccountOpened,
    AccountType,
    Held,
    LimitChanged,
    Posted,
    Posting,
    Released,
)
from whence.packs.ledger.laws import from_its_side, is_path, kept, refuse_unusable
from whence.packs.ledger.money import MAJOR, Money, exponent, money
from whence.packs.ledger.state import Account, Hold, Known

Amount = str | Money
Category = Annotated[str, "what it is, such as fee, credit or deposit"]
Text = Annotated[str | None, "what it is for"]


class How(TypedDict, total=False):
    """What every verb is told besides: who does it, when it happened (now, unless it is said), and a `key` that names
    the transaction, so that the same again changes nothing."""

    by: str | None
    time: datetime | str | int | None
    key: str | None


# About one account.


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
        exponent(currency)
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


# What moves money.


def post(
    known: Known, id: str, category: str, postings: Sequence[Posting], *, text: Text = None, **how: Unpack[How]
) -> Posted:
    """A transaction as it is: debits positive, credits negative."""
    return Posted(id, category, tuple(postings), text)


def enter(
    known: Known,
    id: str,
    debit: str,
    credit: str,
    amount: Amount,
    *,
    category: Category = "adjustment",
    text: Text = None,
    **how: Unpack[How],
) -> Posted:
    """$ whence ledger enter assets:bank equity:capital "1000.00 EUR" --category capital --by anna --time 2026-01-02

    Debit one account and credit another.

    Both have to be open, and the rules of each to allow it.
    """
    return Posted(id, category, _entry(debit, credit, money(amount)), text)


def transfer(
    known: Known,
    id: str,
    source: str,
    target: str,
    amount: Amount,
    *,
    category: Category = "transfer",
    text: Text = None,
    **how: Unpack[How],
) -> Posted:
    """$ whence ledger transfer wallets:ben wallets:cleo "5.00 EUR" --by anna --time 2026-01-06

    Move an amount between two accounts of one side.

    It is taken from the first and added to the second. Both grow on the same side, as two banks do, or two customers'
    wallets; else say which is debited.
    """
    one, other = known.account(source), known.account(target)
    refuse_unusable(one, source)
    refuse_unusable(other, target)
    if from_its_side(one, 1) != from_its_side(other, 1):
        remedy = "Say which is debited and which credited: whence ledger enter."
        kinds = f"{source} is {one.type}, {target} is {other.type}"
        raise Refused("A transfer is between accounts of one side", accounts=kinds, remedy=remedy)
    return Posted(id, category, _moved(one, source, target, money(amount)), text)


def charge(
    known: Known,
    id: str,
    charge: str,
    amount: Amount,
    *,
    debit: Annotated[str, "where it arrives, or who owes it"],
    credit: Annotated[str, "what earned it"],
    fee: Annotated[Amount | None, "what is kept of it"] = None,
    fee_account: Annotated[str, "where the fee goes"] = "expenses:fees",
    text: Text = None,
    **how: Unpack[How],
) -> Posted:
    """$ whence ledger charge ch_1 "20.00 EUR" --debit assets:stripe --credit income:sales --fee "0.88 EUR"

    Charge somebody, once.

    What is debited is the amount less the fee, what is credited is all of it.
    """
    amount, fee = money(amount), None if fee is None else money(fee)
    if known.charge(charge).status != "none":
        raise Refused("It was charged before", charge=charge, remedy="Take another name for another charge.")
    postings = _entry(debit, credit, amount, fee, fee_account)
    return Posted(id, "charge", postings, text, charge=charge, charged_minor=amount.minor)


def refund(
    known: Known, id: str, charge: str, amount: Amount | None = None, *, text: Text = None, **how: Unpack[How]
) -> Posted:
    """$ whence ledger refund ch_1 "5.00 EUR" --text "came late" --by ben --time 2026-01-04
    $ whence ledger refund ch_1 --by ben --time 2026-01-05

    Give back some of a charge, or all that is left of it.

    However many try at once, never is more given back than was charged before.
    """
    found = known.charge(charge)
    if found.currency is None or found.debited is None or found.credited is None:
        raise Refused("No such charge", charge=charge, remedy="whence ledger charges lists them.")
    left = Money(found.left_minor, found.currency)
    if amount is None and left.minor <= 0:
        raise Refused("Nothing is left of the charge", charge=charge, remedy="whence ledger charges lists all.")
    amount = left if amount is None else money(amount)
    if amount.currency != left.currency:
        raise Refused("The charge is in another currency", charge=charge, currency=left.currency)
    if amount.minor > left.minor or left.minor <= 0:
        raise Refused("A refund is at most what was charged", charge=charge, left=str(left), wanted=str(amount))
    postings = _entry(found.credited, found.debited, amount)
    return Posted(id, "refund", postings, text, charge=charge, charged_minor=-amount.minor)


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
    amount = _positive(money(amount))
    try:
        if until is not None:
            date.fromisoformat(until)
    except ValueError:
        raise InvalidTime("Not a day", given=repr(until), remedy="Write 2026-02-01.") from None
    if known.hold(hold).status != "none":
        raise Refused("There was such a hold", hold=hold, remedy="Take another name for another hold.")
    return Held(hold, account, amount.minor, amount.currency, until, text)


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
    found = known.hold(hold)
    left, taken = _of_hold(found, hold, amount, "A capture")
    postings = _moved(known.account(found.account), found.account, target, taken)
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
    found = known.hold(hold)
    _, freed = _of_hold(found, hold, amount, "A release")
    return Released(hold, found.account, freed.minor, freed.currency, reason)


def reverse(known: Known, id: str, transaction: str, *, text: Text = None, **how: Unpack[How]) -> Posted:
    """$ whence ledger reverse 019a-4711 --text 'posted twice' --by anna

    Undo a transaction by its counter-entry.

    The counter-entry names it. Nothing is deleted, and it happens once.
    """
    found = known.transaction(transaction)
    if found.status == "none":
        remedy = "whence ledger statement ACCOUNT lists them."
        raise Refused("No such transaction", transaction=transaction, remedy=remedy)
    if found.reversed_by is not None:
        raise Refused("It was reversed before", transaction=transaction, by_transaction=found.reversed_by)
    if found.hold is not None:
        remedy = "Refund it: whence ledger transfer back."
        raise Refused("A capture is not reversed", transaction=transaction, remedy=remedy)
    left_minor = None if found.charge is None else known.charge(found.charge).left_minor
    if found.charged_minor > 0 and left_minor != found.charged_minor:
        remedy = "Refund the rest: whence ledger refund."
        raise Refused("Some of the charge was refunded", transaction=transaction, remedy=remedy)
    counter = tuple(Posting(each.account, -each.amount_minor, each.currency) for each in found.postings)
    back = {"charge": found.charge, "charged_minor": -found.charged_minor, "reverses": transaction}
    return Posted(id, "reversal", counter, text, **back)  # type: ignore[arg-type]


VERBS: tuple[Callable[..., Posted | Held | Released], ...] = (
    enter,
    transfer,
    charge,
    refund,
    hold,
    capture,
    release,
    reverse,
)
"""Those that are commands; `post` is for Python and for files."""


# What they are made of.


def _entry(
    debit: str, credit: str, amount: Money, fee: Money | None = None, fee_account: str = ""
) -> tuple[Posting, ...]:
    """A debit of one account and a credit of another; a fee is kept from what is debited."""
    _refuse_unmoved(amount, debit, credit)
    held_back = 0 if fee is None else fee.minor
    if fee is not None and fee.currency != amount.currency:
        raise Refused("The fee is in another currency", amount=str(amount), fee=str(fee), remedy="Post it by itself.")
    if not 0 <= held_back <= amount.minor:
        remedy = "Post what is owed beyond it by itself: whence ledger enter."
        raise Refused("A fee is a part of the amount", amount=str(amount), fee=str(fee), remedy=remedy)
    kept_back = (Posting(fee_account, held_back, amount.currency),) if held_back else ()
    arrives = Posting(debit, amount.minor - held_back, amount.currency)
    return (arrives, *kept_back, Posting(credit, -amount.minor, amount.currency))


def _moved(account: Account, source: str, target: str, amount: Money) -> tuple[Posting, ...]:
    """What takes an amount from an account, as it sees it, and adds it to another."""
    _refuse_unmoved(amount, source, target)
    taken = -from_its_side(account, amount.minor)
    return Posting(source, taken, amount.currency), Posting(target, -taken, amount.currency)


def _of_hold(hold: Hold, id: str, amount: Amount | None, what: str) -> tuple[Money, Money]:
    """What is left of a hold, and what of it is meant. Raises Refused for one that is settled, and for more."""
    if hold.status != "open":
        told = "No such hold" if hold.status == "none" else f"The hold was {hold.status}"
        raise Refused(told, hold=id, remedy="whence ledger holds lists those that are open.")
    left = Money(hold.left_minor, hold.currency)
    meant = _positive(left if amount is None else money(amount))
    if meant.currency != left.currency or meant.minor > left.minor:
        raise Refused(f"{what} is at most what is held", hold=id, left=str(left), wanted=str(meant))
    return left, meant


def _positive(amount: Money) -> Money:
    """The amount. Raises Refused for nothing, or less, or more than can be kept."""
    if amount.minor <= 0:
        raise Refused("An amount is more than nothing", amount=str(amount), remedy="Turn the direction around.")
    kept(amount)
    return amount


def _refuse_unmoved(amount: Money, one: str, other: str) -> None:
    """Raise Refused for an amount that is none, and for an account and itself."""
    _positive(amount)
    if one == other:
        raise Refused("An amount moves between two accounts", account=one, remedy="Name another one for it.")


def _floor_minor(floor: Decimal | None, currency: str | None) -> int | None:
    if floor is None:
        return None
    if currency is None:
        remedy = "Open an account with a currency: --currency EUR."
        raise Refused("A limit is for an account of one currency", floor=floor, remedy=remedy)
    return MAJOR.minor(f"{floor:f}", currency)
