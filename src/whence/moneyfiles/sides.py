"""A file of money as a side of a comparison: its lines as items of one shape. How they find those of the other side is
left to whence.matching.

    amount = "amount"              # or a list that is added up: ["credit?", "-debit?"]
    time = "booked"                # … and how it is read: unit, currency
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
from datetime import UTC, date, tzinfo
from typing import Any, Literal

from whence.errors import InexactAmount, InvalidConfig, InvalidInput
from whence.files.rows import Given, RawRow
from whence.matching.sides import Fault, FaultKind, Item, Side
from whence.moments import day_of
from whence.moneyfiles.banks import OF_SIDE
from whence.moneyfiles.layout import Cells, Columns, Layout, Shapes

TEXTS = ("id", "group", "category", "text")
SHAPES: Shapes = {
    "amount": (Columns, 'amount = "column", or ["credit?", "-debit?"]'),
    "ids": (Literal["shared", "own"], 'ids = "shared" or "own"'),
    "balance": (str, 'balance = "column"'),
}


class SideReader(Layout):
    """How the lines of a file become items, from a table of whence.toml. Days lie in the zone, UTC without one. Raises
    InvalidConfig naming the key."""

    def __init__(self, name: str, table: Mapping[str, Any], zone: tzinfo | None = None) -> None:
        super().__init__(name, table, TEXTS, SHAPES, OF_SIDE, zone)
        for key in ("amount", "time"):
            if key not in self.table:
                raise InvalidConfig("A side says this", side=name, key=key, remedy=f'Write {key} = "column".')
        self._zone = zone or UTC
        self._amount = self.terms(self.table["amount"])
        self._balance = next(iter(self.terms(self.table.get("balance", []))), None)
        self._ids_shared = self.table.get("ids", "shared") == "shared"

    def read(self, given: Given, *, since: date | None = None, until: date | None = None) -> Side:
        """The lines of a file as a side, those between two days where they are named, in the order in which their
        balances follow from each other: files, and statements in them, may begin with the newest. A line that cannot be
        read is a fault, also one whose day is not known. Raises InvalidFile."""
        file = self.open(given)
        first, last = since or date.min, until or date.max
        items, faults = list[Item](), list[Fault]()
        for row in file:
            found = self._item_or_fault(row)
            if found.day is not None and not first <= found.day <= last:
                continue
            if isinstance(found, Item):
                items.append(found)
            else:
                faults.append(found)
        items = max((items, items[::-1], sorted(items, key=lambda each: each.us)), key=_following)
        return Side(file.name, items, faults, self._ids_shared, _opening(items), file.sha256, self.has("group"))

    def _item_or_fault(self, row: RawRow) -> Item | Fault:
        if row.problem is not None:
            return Fault(row.line, "format", str(InvalidInput(row.problem)))
        cells = row.value
        try:
            return self._item(row.line, cells)
        except InvalidInput as problem:
            kind: FaultKind = "rounding" if isinstance(problem, InexactAmount) else "format"
            return Fault(row.line, kind, str(problem), self.said("id", cells), self._day(cells))

    def _item(self, line: int, cells: Cells) -> Item:
        """A line that can be read. Raises InvalidInput for another."""
        currency, us = self.currency(cells), self.us(cells)
        assert us is not None, "a side has times"
        amount = sum(self.minor(term, cells, currency) for term in self._amount)
        balance, balance_minor = self._balance, None
        if balance is not None and (cells.get(balance.column, "").strip() or not balance.may_be_empty):
            balance_minor = self.minor(balance, cells, currency)
        id, group, category, text = (self.said(key, cells) for key in TEXTS)
        day = day_of(us, self._zone)
        return Item(line, id, group, us, day, amount, currency, category, text, balance_minor)

    def _day(self, cells: Cells) -> date | None:
        """The day of a line that cannot be read; None where that cannot be read either."""
        try:
            us = self.us(cells)
        except InvalidInput:
            return None
        return None if us is None else day_of(us, self._zone)


def _following(items: list[Item]) -> int:
    """How many of the stated balances follow from the one stated before in their currency, as 7.00 after 2.00 more than
    5.00."""
    last: dict[str, int] = {}
    found = 0
    for each in items:
        before = last.get(each.currency)
        after = None if before is None else before + each.amount_minor
        found += after is not None and after == each.balance_minor
        now = after if each.balance_minor is None else each.balance_minor
        if now is not None:
            last[each.currency] = now
    return found


def _opening(items: list[Item]) -> dict[str, int]:
    """What a file that states balances had before its first line, by currency."""
    found, moved = dict[str, int](), Counter[str]()
    for each in items:
        moved[each.currency] += each.amount_minor
        if each.balance_minor is not None and each.currency not in found:
            found[each.currency] = each.balance_minor - moved[each.currency]
    return found
