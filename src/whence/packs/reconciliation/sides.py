"""A side of a reconciliation: its lines as items of one shape, whether they come from an account or a file. How they
find each other is left to whence.matching.

    [pack.ledger.side.bank]        # … and how it is read: unit, currency, time
    amount = "amount"              # or a list that is added up: ["credit?", "-debit?"]
    id = "reference"               # what both sides call it …
    ids = "shared"                 # … or "own": the file's own numbers, which are not compared
    group = "automatic_payout_id"  # lines that one amount of the other side stands for
    category = "type"
    text = "purpose"
    balance = "balance"            # what the source states after the line
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, tzinfo
from typing import Any, Literal

from whence.errors import InvalidConfig, InvalidInput
from whence.files.rows import Given, RawRow
from whence.matching.sides import Fault, FaultKind, Item, Side
from whence.moments import day_of
from whence.moneyfiles.banks import OF_SIDE
from whence.moneyfiles.layout import Columns, Layout, Shapes
from whence.pack import Asked
from whence.packs.balances.entries import from_own_side

TEXTS = ("id", "group", "category", "text")
SHAPES: Shapes = {
    "amount": (Columns, 'amount = "column", or ["credit?", "-debit?"]'),
    "ids": (Literal["shared", "own"], 'ids = "shared" or "own"'),
    "balance": (str, 'balance = "column"'),
}


def of_account(asked: Asked, account: str, *, since: date | None = None) -> Side:
    """The entries of an account or group as a side, seen from the account's own side, with what was there before the
    first day. An entry is called by its reference, else by its transaction. Raises NotKnown."""
    items, opening = [], Counter[str]()
    for each in from_own_side(asked, account):
        posted, day = each.posted, day_of(each.time_us, asked.zone)
        if since is not None and day < since:
            opening[each.currency] += each.amount_minor
            continue
        prefix = "" if posted.source is None else f"{posted.source}:"
        id = posted.reference or posted.transaction.removeprefix(prefix)
        told = (each.amount_minor, each.currency, posted.category, posted.text or "")
        items.append(Item(each.position, id, posted.group or "", each.time_us, day, *told))
    return Side(account, items, opening=opening, has_groups=any(each.group for each in items))


class Reader(Layout):
    """How the lines of a file become items, from a table of whence.toml. Raises InvalidConfig naming the key."""

    def __init__(self, name: str, table: Mapping[str, Any], zone: tzinfo | None = None) -> None:
        super().__init__(name, table, TEXTS, SHAPES, OF_SIDE, zone)
        for key in ("amount", "time"):
            if key not in self.table:
                raise InvalidConfig("A side says this", side=name, key=key, remedy=f'Write {key} = "column".')
        self._amount = self.terms(self.table["amount"])
        self._balance = next(iter(self.terms(self.table.get("balance", []))), None)
        self._ids_shared = self.table.get("ids", "shared") == "shared"

    def read(self, given: Given, zone: tzinfo, *, since: date | None = None, until: date | None = None) -> Side:
        """The lines of a file as a side, those between two days where they are named, in the order in
        which their balances follow from each other: files, and statements in them, may begin with the newest. Raises
        InvalidFile."""
        file = self.open(given)
        items, faults = list[Item](), list[Fault]()

        def is_within(day: date) -> bool:
            return (since is None or day >= since) and (until is None or day <= until)

        for row in file:
            try:
                item = self._item(row, zone)
            except InvalidInput as problem:
                fault = self._fault(row, problem, zone)
                if fault.day is None or is_within(fault.day):
                    faults.append(fault)
            else:
                if is_within(item.day):
                    items.append(item)
        items = max((items, items[::-1], sorted(items, key=lambda each: each.us)), key=_following)
        return Side(file.name, items, faults, self._ids_shared, _opening(items), file.sha256, self.has("group"))

    def _item(self, row: RawRow, zone: tzinfo) -> Item:
        if row.problem is not None:
            raise InvalidInput(row.problem)
        cells, currency = row.value, self.currency(row.value)
        us = self.us(cells)
        assert us is not None, "a side has times"
        amount = sum(self.minor(term, cells, currency) for term in self._amount)
        balance, balance_minor = self._balance, None
        if balance is not None and (cells.get(balance.column, "").strip() or not balance.may_be_empty):
            balance_minor = self.minor(balance, cells, currency)
        id, group, category, text = (self.said(key, cells) for key in TEXTS)
        told = (amount, currency, category, text, balance_minor)
        return Item(row.line, id, group, us, day_of(us, zone), *told)

    def _fault(self, row: RawRow, problem: InvalidInput, zone: tzinfo) -> Fault:
        kind: FaultKind = "rounding" if problem.fact.startswith("A fraction of the smallest unit") else "format"
        if not row.value:
            return Fault(row.line, kind, str(problem))
        try:
            us = self.us(row.value)
        except InvalidInput:
            us = None
        return Fault(row.line, kind, str(problem), self.said("id", row.value), None if us is None else day_of(us, zone))


def _following(items: list[Item]) -> int:
    """How many of the stated balances follow from the one before."""
    last: dict[str, int | None] = {}
    found = 0
    for each in items:
        before = last.get(each.currency)
        found += before is not None and before + each.amount_minor == each.balance_minor
        last[each.currency] = each.balance_minor
    return found


def _opening(items: list[Item]) -> dict[str, int]:
    """What a file that states balances had before its first line, by currency."""
    found: dict[str, int] = {}
    for each in items:
        if each.balance_minor is not None and each.currency not in found:
            found[each.currency] = each.balance_minor - each.amount_minor
    return found
