"""What moves money, as pure functions of what is known, an id and what is asked for: each comes to one event. What the
laws say of it is left to laws, and under which condition it is appended to the pack book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Unpack

from whence.errors import Refused
from whence.money import Money, money
from whence.packs.ledger.decisions import refuse_unusable
from whence.packs.ledger.events import Posted, Posting
from whence.packs.ledger.state import Account, Charge, Transaction
from whence.packs.movements.known import Amount, How, Known, Text
from whence.packs.movements.laws import positive

Category = Annotated[str, "what it is, such as fee, credit or deposit"]


def entry(one: str, other: str, amount: Money, sign: int = 1) -> tuple[Posting, Posting]:
    """A debit of one account and a credit of another; the other way around with a sign of -1."""
    minor = sign * positive(amount).minor
    if one == other:
        raise Refused("An amount moves between two accounts", account=one, remedy="Name another one for it.")
    return Posting(one, minor, amount.currency), Posting(other, -minor, amount.currency)


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
    return Posted(id, category, entry(debit, credit, money(amount)), text)


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
    taking = -one.from_its_side(1)  # a debit of a wallet, a credit of an asset
    return Posted(id, category, entry(source, target, money(amount), taking), text)


def _less_fee(debit: Posting, credit: Posting, fee: Money, account: str) -> tuple[Posting, ...]:
    """An entry with a fee kept from what is debited: of 20.00 to the bank from sales, with a fee of 0.88, 19.12 to the
    bank and 0.88 to the fees, and still 20.00 from sales."""
    amount = Money(debit.amount_minor, debit.currency)
    if fee.currency != amount.currency:
        raise Refused("The fee is in another currency", amount=str(amount), fee=str(fee), remedy="Post it by itself.")
    if not 0 <= fee.minor <= amount.minor:
        remedy = "Post what is owed beyond it by itself: whence ledger enter."
        raise Refused("A fee is a part of the amount", amount=str(amount), fee=str(fee), remedy=remedy)
    if not fee.minor:
        return debit, credit
    arrives = Posting(debit.account, amount.minor - fee.minor, amount.currency)
    return arrives, Posting(account, fee.minor, amount.currency), credit


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
    whole = entry(debit, credit, amount)
    postings = whole if fee is None else _less_fee(*whole, fee, fee_account)
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
    postings = entry(found.credited, found.debited, amount)
    return Posted(id, "refund", postings, text, charge=charge, charged_minor=-amount.minor)


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
    if found.charge and found.charged_minor > 0 and known(Charge, found.charge).left_minor < found.charged_minor:
        remedy = "Refund the rest: whence ledger refund."
        raise Refused("Some of the charge was refunded", transaction=transaction, remedy=remedy)
    counter = tuple(Posting(each.account, -each.amount_minor, each.currency) for each in found.postings)
    back_minor = -found.charged_minor
    return Posted(id, "reversal", counter, text, found.charge, back_minor, reverses=transaction)


VERBS: tuple[Callable[..., Posted], ...] = (enter, transfer, charge, refund, reverse)
"""Those that are commands; `post` is for Python and for files."""
