"""The roll-forward of a reconciliation: what was there, what happened by category, less fees and payouts, what is there
then; the other side beside it; and the differences that explain what is between both, to the cent. `items` counts the
lines of this side alone and, below the closing, differences.

    line                here    there  difference  items
    opening           100.00   100.00        0.00          the same on both sides, and then
    activity: charge   50.00    50.00        0.00      2   what came in,
    fees: fee          -1.50    -2.00       -0.50      1   less fees
    payouts           -40.00   -40.00        0.00      1   and payouts,
    closing           108.50   108.00       -0.50          comes to this; the other side has 0.50 less,
    open: amount                            -0.50      1   since a fee has another amount there,
    unexplained                              0.00          which leaves nothing
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec

from whence.matching.comparing import PAYOUT, Compared, Found
from whence.matching.sides import Side
from whence.money import decimal_of
from whence.packs.differences.state import Difference

UNEXPLAINED = "unexplained"
STANDING = ("open", "settled")


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
    kept = list(carried)
    known = [each.opening for each in sides] + [each.effect_minor for each in kept]
    currencies = sorted({each.currency for side in sides for each in side.items}.union(*known))
    unread = Counter(each.what for each in compared.differences if not each.effect_minor and each.what != "order")
    return [
        *(row for currency in currencies for row in _of_currency(compared, kept, currency)),
        *(StatementRow("", f"unreadable: {kind}", items=unread[kind]) for kind in compared.kinds if unread[kind]),
    ]


def _of_currency(compared: Compared, carried: list[Difference], currency: str) -> Iterator[StatementRow]:
    """Both sides from their opening to their closing balances, and then what is between those, until nothing is left to
    be explained."""
    here, there = compared.here, compared.there
    opening, opening_there = here.opening_minor(currency), there.opening_minor(currency)
    yield _row(currency, "opening", opening, opening_there)
    moved, moved_there = _activity(here, currency), _activity(there, currency)
    counts = Counter(each.category for each in here.items if each.currency == currency)
    is_alike = not moved or not moved_there or any(moved) == any(moved_there)  # both name categories, or neither
    for category in sorted(moved.keys() | moved_there.keys(), key=_rank):
        one, other = (each.get(category, 0 if is_alike else None) for each in (moved, moved_there))
        yield _row(currency, _title(category), one, other, counts[category])
    # A side that does not say its opening is taken to begin as the other, but for what stands between them: with 100
    # here, and 5 of before that are missing there, the other begins with 95.
    standing = sum(each.effect_minor.get(currency, 0) for each in carried)
    begun = (0 if opening_there is None else opening_there - standing) if opening is None else opening
    begun_there = begun + standing if opening_there is None else opening_there
    closing = begun + moved.total()
    stated = there.closing_minor(currency)
    closing_there = begun_there + moved_there.total() if stated is None else stated
    yield _row(currency, "closing", closing, closing_there)
    yield from _explained(compared, carried, currency, closing_there - closing)


def _explained(compared: Compared, carried: list[Difference], currency: str, left: int) -> Iterator[StatementRow]:
    """The differences that explain what is between the closing balances, by kind, and what is left of it then."""
    parts: dict[str, Sequence[Found | Difference]] = {}
    parts |= {f"open: {kind}": [each for each in compared.differences if each.what == kind] for kind in compared.kinds}
    parts |= {f"{status} from before": [each for each in carried if each.status == status] for status in STANDING}
    for line, found in parts.items():
        effects = [each.effect_minor[currency] for each in found if currency in each.effect_minor]
        if effects:
            left -= sum(effects)
            yield StatementRow(currency, line, difference=decimal_of(sum(effects), currency), items=len(effects))
    yield StatementRow(currency, UNEXPLAINED, difference=decimal_of(left, currency))


def _row(currency: str, line: str, here: int | None, there: int | None, items: int | None = None) -> StatementRow:
    """A line whose amounts are told in the smallest unit; None where a side does not say it."""
    off = None if here is None or there is None else there - here
    one, other, between = (None if each is None else decimal_of(each, currency) for each in (here, there, off))
    return StatementRow(currency, line, one, other, between, items)


def _activity(side: Side, currency: str) -> Counter[str]:
    """What each category comes to."""
    found = Counter[str]()
    for each in side.items:
        if each.currency == currency:
            found[each.category] += each.amount_minor
    return found


def _rank(category: str) -> tuple[int, str]:
    """Fees and payouts come last, as a statement has them."""
    return (2 if category == PAYOUT else 1 if _is_fee(category) else 0, category)


def _is_fee(category: str) -> bool:
    """Whether its last word is fee: stripe_fee and application-fee are, coffee is not."""
    return re.split(r"[\W_]+", category)[-1] in ("fee", "fees")


def _title(category: str) -> str:
    if category == PAYOUT:
        return "payouts"
    return f"fees: {category}" if _is_fee(category) else f"activity: {category or 'all'}"
