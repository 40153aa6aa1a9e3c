"""The roll-forward of a reconciliation: what was there, what happened by category, less fees and payouts, what is there
then; the other side beside it; and the differences that explain what is between both, to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from whence.money import decimal_of
from whence.packs.reconciliation.comparing import PAYOUT, Compared
from whence.packs.reconciliation.sides import Side
from whence.packs.reconciliation.state import Difference

FEE, UNEXPLAINED = "fee", "unexplained"


class StatementRow(msgspec.Struct, frozen=True):
    """A line of the statement: of this side, of the other, and what lies between them."""

    currency: str
    line: str
    here: Decimal | None = None
    there: Decimal | None = None
    difference: Decimal | None = None
    items: int | None = None


def statement(compared: Compared, carried: Iterable[Difference] = ()) -> list[StatementRow]:
    """The roll-forward in each currency, and below all how many lines could not be read. `carried` are the
    differences of before the first day that stand."""
    sides = (compared.here, compared.there)
    currencies = sorted({each.currency for side in sides for each in side.items} | {*compared.here.opening})
    kept = list(carried)
    unread = Counter(each.what for each in compared.differences if not each.effect_minor and each.what != "order")
    return [
        *(row for currency in currencies for row in _of_currency(compared, kept, currency)),
        *(StatementRow("", f"unreadable: {kind}", items=unread[kind]) for kind in compared.kinds if unread[kind]),
    ]


def _of_currency(compared: Compared, carried: list[Difference], currency: str) -> Iterator[StatementRow]:
    here, there = compared.here, compared.there
    mine, theirs = _activity(here, currency), _activity(there, currency)
    counts = Counter(each.category for each in here.items if each.currency == currency)
    ours, stated = here.opening_minor(currency), there.opening_minor(currency)
    standing = sum(each.effect_minor.get(currency, 0) for each in carried)
    # A side that does not say it is taken to begin as the other, but for what stands between them.
    begun = (0 if stated is None else stated - standing) if ours is None else ours
    begun_there = begun + standing if stated is None else stated

    def row(line: str, one: int | None, other: int | None, items: int | None = None) -> StatementRow:
        off = None if one is None or other is None else other - one
        here, there, between = (None if each is None else decimal_of(each, currency) for each in (one, other, off))
        return StatementRow(currency, line, here, there, between, items)

    def open_row(line: str, minor: int, items: int) -> StatementRow:
        return StatementRow(currency, line, difference=decimal_of(minor, currency), items=items)

    yield row("opening", ours, stated)
    is_alike = not mine or not theirs or any(mine) == any(theirs)  # else one side names no categories
    for category in sorted(mine.keys() | theirs.keys(), key=_rank):
        one, other = (each.get(category, 0 if is_alike else None) for each in (mine, theirs))
        yield row(_title(category), one, other, counts[category])
    balances = [each.balance_minor for each in there.items if each.currency == currency]
    said = next((each for each in reversed(balances) if each is not None), None)
    closing = begun + mine.total()
    reached = begun_there + theirs.total() if said is None else said
    yield row("closing", closing, reached)
    left = reached - closing - standing
    for kind in compared.kinds:
        effects = (each.effect_minor for each in compared.differences if each.what == kind)
        own = [each[currency] for each in effects if currency in each]
        if own:
            left -= sum(own)
            yield open_row(f"open: {kind}", sum(own), len(own))
    for status in ("open", "settled"):
        found = (each.effect_minor for each in carried if each.status == status)
        before = [each[currency] for each in found if currency in each]
        if before:
            yield open_row(f"{status} from before", sum(before), len(before))
    yield StatementRow(currency, UNEXPLAINED, difference=decimal_of(left, currency))


def _activity(side: Side, currency: str) -> Counter[str]:
    """What each category comes to."""
    found = Counter[str]()
    for each in side.items:
        if each.currency == currency:
            found[each.category] += each.amount_minor
    return found


def _rank(category: str) -> tuple[int, str]:
    """Fees and payouts come last, as a statement has them."""
    return (2 if category == PAYOUT else 1 if category.endswith(FEE) else 0, category)


def _title(category: str) -> str:
    if category == PAYOUT:
        return "payouts"
    return f"fees: {category}" if category.endswith(FEE) else f"activity: {category or 'all'}"
