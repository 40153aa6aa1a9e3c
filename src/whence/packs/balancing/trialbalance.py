"""The trial balance: every account as a debit or a credit, as of any moment, by either clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from whence.history import History
from whence.money import decimal_of
from whence.pack import Asked, table
from whence.packs.balances.entries import balances
from whence.packs.ledger.tables import chart


class TrialRow(msgspec.Struct, frozen=True):
    account: str
    type: str
    currency: str
    debit: Decimal
    credit: Decimal


@table
def trial_balance(asked: Asked) -> Iterable[TrialRow]:
    """$ whence ledger trial-balance
    $ whence ledger trial-balance --at 2026-01-31 --csv

    Every account's balance as a debit or a credit.

    Below stands each currency's total: both sides are the same, always.
    """
    yield from trial(asked.history, balances(asked.history))


def trial(history: History, sums: Mapping[tuple[str, str], int]) -> Iterable[TrialRow]:
    """The trial balance that sums come to, by currency and account, and below it the totals."""
    types = {name: each.type or "" for name, each in chart(history).items()}
    debits, credits = Counter[str](), Counter[str]()
    for (name, currency), minor in sorted(sums.items(), key=lambda each: each[0][::-1]):
        debit, credit = max(minor, 0), max(-minor, 0)
        debits[currency] += debit
        credits[currency] += credit
        yield TrialRow(name, types.get(name, ""), currency, decimal_of(debit, currency), decimal_of(credit, currency))
    for code in debits:
        yield TrialRow("total", "", code, decimal_of(debits[code], code), decimal_of(credits[code], code))
