"""The roll-forward of a reconciliation: what was there, what happened by category, less fees and payouts, what is there
then; the other side beside it; and the differences that explain what is between both, to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from whence.packs.ledger.money import decimal_of
from whence.packs.ledger.reconciliation.comparing import PAYOUT, Compared
from whence.packs.ledger.reconciliation.items import Side
from whence.packs.ledger.state import Difference

FEE = "fee"


class StatementRow(msgspec.Struct, frozen=True):
    """A line of the statement: of this side, of the other, and what lies between them."""

    currency: str
    line: str
    here: Decimal | None = None
    there: Decimal | None = None
    difference: Decimal | None = None
    items: int | None = None


def statement(compared: Compared, carried: Iterable[Difference] = ()) -> list[StatementRow]:
    """The roll-forward in each currency. `carried` are the open differences of before the first day."""
    sides = (compared.here, compared.there)
    currencies = sorted({each.currency for side in sides for each in side.items} | {*compared.here.opening})
    kept = list(carried)
    return [row for currency in currencies for row in _of_currency(compared, kept, currency)]


def _of_currency(compared: Compared, carried: list[Difference], currency: str) -> Iterator[StatementRow]:
    here, there = compared.here, compared.there
    one, other = _activity(here, currency), _activity(there, currency)
    opening = here.opening.get(currency, 0)
    stated = there.opening.get(currency)

    def row(line: str, mine: int | None, theirs: int | None, items: int | None = None) -> StatementRow:
        between = None if mine is None or theirs is None else decimal_of(theirs - mine, currency)
        one, other = (None if each is None else decimal_of(each, currency) for each in (mine, theirs))
        return StatementRow(currency, line, one, other, between, items)

    yield row("opening", opening, stated)
    for category in sorted(one.keys() | other.keys(), key=_rank):
        mine, count = one.get(category, (0, 0))
        theirs = other[category][0] if category in other else None
        yield row(_title(category), mine, theirs, count)
    mine = opening + sum(minor for minor, _ in one.values())
    balances = [
        each.balance_minor for each in there.items if each.currency == currency and each.balance_minor is not None
    ]
    added = sum(minor for minor, _ in other.values())
    theirs = balances[-1] if balances else (opening if stated is None else stated) + added
    yield row("closing", mine, theirs)
    explained = 0
    for kind, count in compared.kinds.items():
        minor = sum(each.effect.get(currency, 0) for each in compared.differences if each.kind == kind)
        if any(currency in each.effect for each in compared.differences if each.kind == kind):
            explained += minor
            yield StatementRow(currency, f"open: {kind}", difference=decimal_of(minor, currency), items=count)
        elif all(not each.effect for each in compared.differences if each.kind == kind) and kind != "order":
            yield StatementRow(currency, f"unreadable: {kind}", items=count)
    before = [each for each in carried if currency in each.effect_minor]
    if before:
        minor = sum(each.effect_minor[currency] for each in before)
        explained += minor
        told = decimal_of(minor, currency)
        yield StatementRow(currency, "open from before", difference=told, items=len(before))
    yield StatementRow(currency, "unexplained", difference=decimal_of(theirs - mine - explained, currency))


def _activity(side: Side, currency: str) -> dict[str, tuple[int, int]]:
    """What each category comes to, and how many lines it has."""
    found: dict[str, tuple[int, int]] = {}
    for each in side.items:
        if each.currency == currency:
            minor, count = found.get(each.category, (0, 0))
            found[each.category] = (minor + each.amount_minor, count + 1)
    return found


def _rank(category: str) -> tuple[int, str]:
    """Fees and payouts come last, as a statement has them."""
    return (2 if category == PAYOUT else 1 if category.endswith(FEE) else 0, category)


def _title(category: str) -> str:
    if category == PAYOUT:
        return "payouts"
    return f"fees: {category}" if category.endswith(FEE) else f"activity: {category or 'all'}"
