"""What moves money, as pure functions of what is known, an id and what is asked for: each comes to one event. What the
laws say of it is left to laws, and under which condition it is appended to the pack book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypedDict, TypeVar, Unpack, cast

from whence.errors import InvalidTime, Refused
from whence.money import Money, money
from whence.packs.ledger.decisions import refuse_unusable
from whence.packs.ledger.events import Held, Movement, Posted, Posting, Released
from whence.packs.ledger.state import Account, Charge, Hold, Transaction
from whence.packs.movements.laws import refuse_too_large

Amount = str | Money
Category = Annotated[str, "what it is, such as fee, credit or deposit"]
Text = Annotated[str | None, "what it is for"]
State = TypeVar("State", Account, Charge, Hold, Transaction)


class How(TypedDict, total=False):
    """What every verb is told besides: who does it, when it happened (now, unless it is said), and a `key` that names
    the transaction, so that the same again changes nothing."""

    by: str | None
    time: datetime | str | int | None
    key: str | None


class Known:
    """The states as of one position, looked up as a verb asks for them: `known(Charge, "ch_1")`. It depends on every
    event of what it asks for, which is noted. An account is not: its type never changes, and on whether it may be used
    depends whatever moves it (see book.writing.depends_on)."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find
        self.noted: dict[str, None] = {}

    def __call__(self, state: type[State], id: str) -> State:
        entity = f"{state.kind}:{id}"
        if state is not Account:
            self.noted[entity] = None
        return cast(State, self._find(entity))


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
    one, other = known(Account, source), known(Account, target)
    refuse_unusable(one, source)
    refuse_unusable(other, target)
    if one.from_its_side(1) != other.from_its_side(1):
        remedy = "Say which is debited and which credited: whence ledger enter."
        kinds = f"{source} is {one.type}, {target} is {other.type}"
        raise Refused("A transfer is between accounts of one side", accounts=kinds, remedy=remedy)
    return Posted(id, category, _entry(source, target, money(amount), -one.from_its_side(1)), text)


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
    if known(Charge, charge).status != "none":
        raise Refused("It was charged before", charge=charge, remedy="Take another name for another charge.")
    postings: tuple[Posting, ...] = _entry(debit, credit, amount)
    if fee is not None:
        postings = _less_fee(postings, fee, fee_account)
    return Posted(id, "charge", postings, text, charge=charge, charged_minor=amount.minor)


def refund(
    known: Known, id: str, charge: str, amount: Amount | None = None, *, text: Text = None, **how: Unpack[How]
) -> Posted:
    """$ whence ledger refund ch_1 "5.00 EUR" --text "came late" --by ben --time 2026-01-04
    $ whence ledger refund ch_1 --by ben --time 2026-01-05

    Give back some of a charge, or all that is left of it.

    However many try at once, never is more given back than was charged before.
    """
    found = known(Charge, charge)
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
    if known(Hold, hold).status != "none":
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
    found = known(Hold, hold)
    left, taken = _of_hold(found, hold, amount, "A capture")
    sign = -known(Account, found.account).from_its_side(1)
    postings = _entry(found.account, target, taken, sign)
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


def reverse(known: Known, id: str, transaction: str, *, text: Text = None, **how: Unpack[How]) -> Posted:
    """$ whence ledger reverse 019a-4711 --text 'posted twice' --by anna

    Undo a transaction by its counter-entry.

    The counter-entry names it. Nothing is deleted, and it happens once.
    """
    found = known(Transaction, transaction)
    if found.status == "none":
        remedy = "whence ledger statement ACCOUNT lists them."
        raise Refused("No such transaction", transaction=transaction, remedy=remedy)
    if found.reversed_by is not None:
        raise Refused("It was reversed before", transaction=transaction, by_transaction=found.reversed_by)
    if found.hold is not None:
        remedy = "Move it back: whence ledger enter."
        raise Refused("A capture is not reversed", transaction=transaction, remedy=remedy)
    left_minor = None if found.charge is None else known(Charge, found.charge).left_minor
    if found.charged_minor > 0 and left_minor != found.charged_minor:
        remedy = "Refund the rest: whence ledger refund."
        raise Refused("Some of the charge was refunded", transaction=transaction, remedy=remedy)
    counter = tuple(Posting(each.account, -each.amount_minor, each.currency) for each in found.postings)
    back_minor = -found.charged_minor
    return Posted(id, "reversal", counter, text, found.charge, back_minor, reverses=transaction)


VERBS: tuple[Callable[..., Movement], ...] = (enter, transfer, charge, refund, hold, capture, release, reverse)
"""Those that are commands; `post` is for Python and for files."""


# What they are made of.


def _entry(one: str, other: str, amount: Money, sign: int = 1) -> tuple[Posting, Posting]:
    """A debit of one account and a credit of another; the other way around with a sign of -1."""
    minor = sign * _positive(amount).minor
    if one == other:
        raise Refused("An amount moves between two accounts", account=one, remedy="Name another one for it.")
    return Posting(one, minor, amount.currency), Posting(other, -minor, amount.currency)


def _less_fee(entry: tuple[Posting, ...], fee: Money, account: str) -> tuple[Posting, ...]:
    """The entry with a fee kept from what is debited."""
    debit, credit = entry
    amount = Money(debit.amount_minor, debit.currency)
    if fee.currency != amount.currency:
        raise Refused("The fee is in another currency", amount=str(amount), fee=str(fee), remedy="Post it by itself.")
    if not 0 <= fee.minor <= amount.minor:
        remedy = "Post what is owed beyond it by itself: whence ledger enter."
        raise Refused("A fee is a part of the amount", amount=str(amount), fee=str(fee), remedy=remedy)
    if not fee.minor:
        return entry
    arrives = Posting(debit.account, amount.minor - fee.minor, amount.currency)
    return arrives, Posting(account, fee.minor, amount.currency), credit


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
    refuse_too_large(amount)
    return amount
