"""What is compared: the lines of a side as items of one shape, and those that could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

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
    """A line that cannot be read as an amount or a day, as the source wrote it; nothing of it is repaired. Its day is
    known where that can be read."""

    line: int
    kind: FaultKind
    reason: str
    id: str = ""
    day: date | None = None


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

    def opening_minor(self, currency: str) -> int | None:
        """What was there before the first line; None where a file does not say it."""
        return self.opening.get(currency, 0 if self.sha256 is None else None)

    def closing_minor(self, currency: str) -> int | None:
        """The last balance that is stated, and what moved after it; None where none is stated."""
        since_minor = 0
        for each in reversed(self.items):
            if each.currency != currency:
                continue
            if each.balance_minor is not None:
                return each.balance_minor + since_minor
            since_minor += each.amount_minor
        return None


def sums(items: Iterable[Item]) -> Counter[str]:
    """What items come to, by currency."""
    found = Counter[str]()
    for each in items:
        found[each.currency] += each.amount_minor
    return found
