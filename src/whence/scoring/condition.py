"""What a rule asks of the fields of an event's data, or of the facts known of an entity: a value, or comparisons. A
field that is not there meets no condition; which events are asked is left to matching."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from whence.compare import same
from whence.scoring.points import number_of

ABSENT = object()
"""Stands for a field that is not there."""

COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "at_least": lambda value, bound: value >= bound,
    "at_most": lambda value, bound: value <= bound,
    "more_than": lambda value, bound: value > bound,
    "less_than": lambda value, bound: value < bound,
}
"""Tests against a number. A value that is none, see `points.number_of`, passes none of them."""
TESTS = ("is", "not", "one_of", *COMPARISONS)


class Condition(msgspec.Struct, frozen=True):
    """One test of one field: the dotted path to it, one of TESTS, and what it is tested against."""

    field: str
    test: str
    against: Any

    def holds(self, value: Any) -> bool:
        """Whether a value passes. ABSENT and null never do. 1, 1.0, "1" and true differ unless they are compared."""
        if value is ABSENT or value is None:
            return False
        if self.test in COMPARISONS:
            number, bound = number_of(value), number_of(self.against)
            return number is not None and bound is not None and COMPARISONS[self.test](number, bound)
        if self.test == "one_of":
            return any(same(value, each) for each in self.against)
        return same(value, self.against) == (self.test == "is")


def conditions_in(table: Mapping[str, Any]) -> Iterator[Condition]:
    """The conditions of a table that was checked: `{ industry = "SaaS", seats = { at_least = 10 } }`."""
    for field, said in table.items():
        tests = said if isinstance(said, dict) else {"is": said}
        yield from (Condition(field, test, against) for test, against in tests.items())


def look(data: Any, field: str) -> Any:
    """The value at a dotted path in an event's data; ABSENT where there is none."""
    for part in field.split("."):
        if not isinstance(data, dict) or part not in data:
            return ABSENT
        data = data[part]
    return data
