"""What a charge, a refund, a transfer … comes to in postings: pure functions of states. That accounts allow them is
left to laws, and that nothing came between to book."""

from __future__ import annotations

from collections.abc import Sequence

from whence.errors import Refused
from whence.packs.ledger.events import Posted, Posting, Released
from whence.packs.ledger.laws import from_its_side, kept
from whence.packs.ledger.money import Money
from whence.packs.ledger.state import DEBIT_SIDE, Account, Charge, Hold, Transaction


def entry(
    debit: str, credit: str, amount: Money, fee: Money | None = None, fee_account: str = ""
) -> tuple[Posting, ...]:
    """A debit of one account and a credit of another; a fee is kept from what is debited."""
    two(debit, credit)
    held_back = 0 if fee is None else fee.minor
    if fee is not None and fee.currency != amount.currency:
        raise Refused("The fee is in another currency", amount=str(amount), fee=str(fee), remedy="Post it by itself.")
    if not 0 <= held_back <= amount.minor:
        remedy = "Post what is owed beyond it by itself: whence ledger enter."
        raise Refused("A fee is a part of the amount", amount=str(amount), fee=str(fee), remedy=remedy)
    postings = [Posting(debit, amount.minor - held_back, amount.currency)]
    if held_back:
        postings.append(Posting(fee_account, held_back, amount.currency))
    return (*postings, Posting(credit, -amount.minor, amount.currency))


def moving(source: Account, target: Account, names: tuple[str, str], amount: Money) -> tuple[Posting, ...]:
    """What takes an amount from one account and adds it to another of the same side, each as it sees it."""
    positive(amount)
    two(*names)
    for each, name in zip((source, target), names, strict=True):
        if each.status == "none":
            raise Refused("No such account", account=name, remedy=f"whence ledger open {name} --type asset opens one.")
    if (source.type in DEBIT_SIDE) != (target.type in DEBIT_SIDE):
        remedy = "Say which is debited and which credited: whence ledger enter."
        kinds = f"{names[0]} is {source.type}, {names[1]} is {target.type}"
        raise Refused("A transfer is between accounts of one side", accounts=kinds, remedy=remedy)
    sign = from_its_side(source, 1)
    return (
        Posting(names[0], -sign * amount.minor, amount.currency),
        Posting(names[1], sign * amount.minor, amount.currency),
    )


def refunded(charge: Charge, id: str, transaction: str, amount: Money | None, text: str | None) -> Posted:
    """What gives back some of a charge, or all that is left. Raises Refused for more than that."""
    if charge.status == "none" or charge.currency is None or charge.debited is None or charge.credited is None:
        raise Refused("No such charge", charge=id, remedy="whence ledger charges lists them.")
    if amount is None and charge.left_minor <= 0:
        raise Refused("Nothing is left of the charge", charge=id, remedy="whence ledger charges lists all.")
    amount = Money(charge.left_minor, charge.currency) if amount is None else amount
    if amount.currency != charge.currency:
        raise Refused("The charge is in another currency", charge=id, currency=charge.currency)
    if amount.minor > charge.left_minor or charge.left_minor <= 0:
        left = str(Money(charge.left_minor, charge.currency))
        raise Refused("A refund is at most what was charged", charge=id, left=left, wanted=str(amount))
    positive(amount)
    postings = entry(charge.credited, charge.debited, amount)
    return Posted(transaction, "refund", postings, text, charge=id, charged_minor=-amount.minor)


def captured(
    hold: Hold,
    account: Account,
    id: str,
    transaction: str,
    target: str,
    amount: Money | None,
    text: str | None,
    more: bool,
) -> Posted:
    """What takes held money, or some of it; the rest is released unless `more` is to be captured later."""
    left = open_hold(hold, id)
    amount = left if amount is None else amount
    positive(amount)
    if amount.currency != left.currency or amount.minor > left.minor:
        raise Refused("A capture is at most what is held", hold=id, left=str(left), wanted=str(amount))
    sign = from_its_side(account, 1)
    postings = (
        Posting(hold.account, -sign * amount.minor, amount.currency),
        Posting(target, sign * amount.minor, amount.currency),
    )
    freed = amount.minor if more else left.minor
    return Posted(transaction, "capture", postings, text, hold=id, freed_minor=freed)


def released(hold: Hold, id: str, amount: Money | None, reason: str) -> Released:
    """What frees held money, all that is left unless an amount is named."""
    left = open_hold(hold, id)
    amount = left if amount is None else amount
    positive(amount)
    if amount.currency != left.currency or amount.minor > left.minor:
        raise Refused("A release is at most what is held", hold=id, left=str(left), wanted=str(amount))
    return Released(id, hold.account, amount.minor, amount.currency, reason)


def open_hold(hold: Hold, id: str) -> Money:
    """What is left of a hold. Raises Refused for one that is settled."""
    if hold.status != "open":
        told = "No such hold" if hold.status == "none" else f"The hold was {hold.status}"
        raise Refused(told, hold=id, remedy="whence ledger holds lists those that are open.")
    return Money(hold.left_minor, hold.currency)


def reversed_(found: Transaction, id: str, transaction: str, text: str | None, left_minor: int | None) -> Posted:
    """The counter-entry of a transaction, which names it. `left_minor` is what is left of its charge."""
    if found.status == "none":
        raise Refused("No such transaction", transaction=id, remedy="whence ledger statement ACCOUNT lists them.")
    if found.reversed_by is not None:
        raise Refused("It was reversed before", transaction=id, by_transaction=found.reversed_by)
    if found.hold is not None:
        raise Refused("A capture is not reversed", transaction=id, remedy="Refund it: whence ledger transfer back.")
    if found.charged_minor > 0 and left_minor != found.charged_minor:
        raise Refused(
            "Some of the charge was refunded", transaction=id, remedy="Refund the rest: whence ledger refund."
        )
    return Posted(
        transaction,
        "reversal",
        counter(found.postings),
        text,
        charge=found.charge,
        charged_minor=-found.charged_minor,
        reverses=id,
    )


def counter(postings: Sequence[Posting]) -> tuple[Posting, ...]:
    """The postings that undo others."""
    return tuple(Posting(each.account, -each.amount_minor, each.currency) for each in postings)


def positive(amount: Money) -> None:
    """Raise Refused for nothing, or less, or more than can be kept."""
    if amount.minor <= 0:
        raise Refused("An amount is more than nothing", amount=str(amount), remedy="Turn the direction around.")
    kept(amount)


def two(one: str, other: str) -> None:
    """Raise Refused for an account and itself."""
    if one == other:
        raise Refused("An amount moves between two accounts", account=one, remedy="Name another one for it.")
