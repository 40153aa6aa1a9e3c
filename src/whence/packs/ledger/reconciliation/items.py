"""A side of a reconciliation: its lines as items of one shape, whether they come from an account or a file. How they
find each other is left to passes.

    [pack.ledger.side.bank]        # how a file's lines are read
    unit = "major"
    currency = { value = "EUR" }
    amount = "amount"              # or a list that is added up: ["credit?", "-debit?"]
    id = "reference"               # what both sides call it …
    ids = "shared"                 # … or "own": the file's own numbers, which are not compared
    group = "automatic_payout_id"  # lines that one amount of the other side stands for
    time = "booked"
    category = "type"
    text = "purpose"
    balance = "balance"            # what the source states after the line
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, tzinfo
from typing import Any, Literal

import msgspec

from whence.errors import InvalidConfig, InvalidInput
from whence.files.mapping import Field
from whence.files.rows import Given
from whence.pack import Asked
from whence.packs.ledger import bank
from whence.packs.ledger.entries import chart, entries, named, sign_of
from whence.packs.ledger.lines import READING_KEYS, File, Line, Times, getter, reading_of
from whence.packs.ledger.money import NOTATION_KEYS, Notation, exponent
from whence.packs.ledger.sources import Columns, Term, Valued, refuse_misshapen, refuse_unknown
from whence.packs.ledger.tables import day_of, in_time

TEXTS = ("id", "currency", "group", "category", "text")
SIDE_KEYS = (*READING_KEYS, *NOTATION_KEYS, *TEXTS, "amount", "ids", "balance")
SIDE_SHAPES: dict[str, tuple[Any, str]] = {
    "amount": (Columns, 'amount = "column", or ["credit?", "-debit?"]'),
    "ids": (Literal["shared", "own"], 'ids = "shared" or "own"'),
    "balance": (str, 'balance = "column"'),
    **dict.fromkeys(TEXTS, (Valued, '"column" or { value = "EUR" }')),
}
FaultKind = Literal["rounding", "format"]


class Item(msgspec.Struct, frozen=True, gc=False):
    """A line of a side: where it stands (a position or a line), what it is called, when it was, and what it moves."""

    number: int
    id: str
    group: str
    us: int
    day: date
    amount_minor: int
    currency: str
    category: str = ""
    text: str = ""
    balance_minor: int | None = None


class Fault(msgspec.Struct, frozen=True):
    """A line that cannot be read as an amount or a day, as the source wrote it; nothing of it is repaired."""

    line: int
    kind: FaultKind
    reason: str
    id: str = ""


class Side(msgspec.Struct, frozen=True):
    """The items of a side in its own order, the lines that could not be read, and the digest of its file; `has_groups`
    where it is one that says what its lines were settled with."""

    name: str
    items: list[Item]
    faults: list[Fault] = []
    ids_shared: bool = True
    opening: dict[str, int] = {}
    sha256: str | None = None
    has_groups: bool = True

    def sums(self) -> dict[str, int]:
        """What its items come to, by currency."""
        found: dict[str, int] = {}
        for each in self.items:
            found[each.currency] = found.get(each.currency, 0) + each.amount_minor
        return found


def of_account(
    asked: Asked, account: str, *, since: date | None = None, categories: Iterable[str] | None = None
) -> Side:
    """The entries of an account or group as a side, seen from the account's own side, with what was there before the
    first day. An entry is called by its reference, else by its transaction. Raises NotKnown."""
    known = chart(asked.history)
    wanted, only = named(known, account), None if categories is None else frozenset(categories)
    items, opening = [], dict[str, int]()
    for each in sorted(entries(asked.history, wanted), key=in_time):
        posted, day = each.posted, day_of(each.time_us, asked.zone)
        amount = sign_of(known.get(each.account)) * each.amount_minor
        if since is not None and day < since:
            opening[each.currency] = opening.get(each.currency, 0) + amount
        elif only is None or posted.category in only:
            id = posted.reference or (
                posted.transaction if posted.source is None else posted.transaction.removeprefix(f"{posted.source}:")
            )
            items.append(
                Item(
                    each.position,
                    id,
                    posted.group or "",
                    each.time_us,
                    day,
                    amount,
                    each.currency,
                    posted.category,
                    posted.text or "",
                )
            )
    return Side(account, items, opening=opening, has_groups=any(each.group for each in items))


class Reader:
    """How the lines of a file become items, from a table of whence.toml. Raises InvalidConfig naming the key."""

    def __init__(self, name: str, table: Mapping[str, Any], zone: tzinfo | None = None) -> None:
        refuse_unknown(name, table, SIDE_KEYS)
        refuse_misshapen(name, table, SIDE_SHAPES)
        table = bank.with_defaults(table, bank.OF_SIDE)
        self.name, self.format = name, str(table.get("format", ""))
        self.reading = reading_of(name, table, zone)
        self.notation = Notation.of(table)
        self.columns: set[str] = set()
        for key in ("currency", "amount", "time"):
            if key not in table:
                raise InvalidConfig("A side says this", side=name, key=key, remedy=f'Write {key} = "column".')
        fields = {key: Field.of(f"{name}.{key}", table[key]) for key in TEXTS if key in table}
        for field in fields.values():
            self.columns.update(field.columns)
        self._texts: dict[str, Callable[[Any], str]] = {key: getter(field) for key, field in fields.items()}
        said = table["amount"]
        self._amount = tuple(Term.of(each) for each in ([said] if isinstance(said, str) else said))
        self._balance = None if "balance" not in table else Term.of(table["balance"])
        self.columns.update(each.column for each in (*self._amount, *([self._balance] if self._balance else [])))
        self._times = Times(table, self.reading)
        self.ids_shared = table.get("ids", "shared") == "shared"

    def read(self, given: Given, zone: tzinfo, *, since: date | None = None, until: date | None = None) -> Side:
        """The lines of a file as a side, those between two days where they are named. Raises InvalidFile."""
        file = bank.BankFile(self.format, given) if self.format in bank.FORMATS else File(given, self.reading)
        file.require(self.columns)
        items, faults = list[Item](), list[Fault]()
        for line in file:
            try:
                item = self._item(line, zone)
            except InvalidInput as problem:
                faults.append(self._fault(line, problem))
            else:
                if (since is None or item.day >= since) and (until is None or item.day <= until):
                    items.append(item)
        return Side(file.name, items, faults, self.ids_shared, _opening(items), file.sha256, "group" in self._texts)

    def _item(self, line: Line, zone: tzinfo) -> Item:
        if line.problem is not None:
            raise InvalidInput(line.problem)
        cells = line.cells
        currency = self._said("currency", cells).upper()
        exponent(currency)
        us = self._times.us(cells)
        assert us is not None, "a side has times"
        amount = sum(self._minor(term, cells, currency) for term in self._amount)
        stated = self._balance is not None and (
            cells.get(self._balance.column, "").strip() or not self._balance.may_be_empty
        )
        balance = self._minor(self._balance, cells, currency) if stated and self._balance is not None else None
        texts = (self._said(key, cells) for key in ("id", "group"))
        id, group = texts
        told = (self._said("category", cells), self._said("text", cells))
        return Item(line.number, id, group, us, day_of(us, zone), amount, currency, *told, balance)

    def _minor(self, term: Term, cells: Mapping[str, str], currency: str) -> int:
        cell = cells.get(term.column, "")
        return 0 if term.may_be_empty and not cell.strip() else term.sign * self.notation.minor(cell, currency)

    def _said(self, key: str, cells: Mapping[str, str]) -> str:
        get = self._texts.get(key)
        return "" if get is None else get(cells)

    def _fault(self, line: Line, problem: InvalidInput) -> Fault:
        kind: FaultKind = "rounding" if problem.fact.startswith("A fraction of the smallest unit") else "format"
        return Fault(line.number, kind, str(problem), self._said("id", line.cells) if line.cells else "")


def _opening(items: list[Item]) -> dict[str, int]:
    """What a file that states balances had before its first line, by currency."""
    found: dict[str, int] = {}
    for each in items:
        if each.balance_minor is not None and each.currency not in found:
            found[each.currency] = each.balance_minor - each.amount_minor
    return found
