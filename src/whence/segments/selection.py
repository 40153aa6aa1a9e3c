"""A SELECT of events up to a moment: of some types, under conditions on their fields, each row with the number of its
entity. What is asked of the rows is left to whoever selects them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from whence.clock import LATEST_US
from whence.errors import InvalidQuery
from whence.jsonvalue import INTEGER_MAX
from whence.segments.fields import ABSENT, Fields, quoted_text

if TYPE_CHECKING:
    from whence.segments.names import Names
    from whence.segments.reading import Segments

Columns = Mapping[str, str | None]
"""From names of columns to the fields that are in them, as text; None: nothing."""
_CONDITION = re.compile(r"(?P<field>[^\s=<>!]+)(?P<test>>=|<=|!=|=|>|<)(?P<value>\"[^\"]*\"|\S+)")
_NUMBER = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
"""As JSON writes one, or begun with the point: 007 and nan are texts."""
_ROWS = """(SELECT
  {who} AS who,
  epoch_us(coalesce(s.time, s.recorded)) AS time_us,
  s.position,
  {type}::INTEGER AS type{columns}
FROM {rows} s{joins}
WHERE {tests})"""
_NONE = """SELECT
  NULL::INTEGER AS who,
  NULL::BIGINT AS time_us,
  NULL::BIGINT AS position,
  NULL::INTEGER AS type{columns}
WHERE false"""


class Condition(msgspec.Struct, frozen=True):
    """A comparison of a field of the data with a value. An absent field meets none."""

    field: str
    test: str
    value: str | float | bool

    @classmethod
    def all_of(cls, text: str) -> tuple[Condition, ...] | None:
        """The conditions that a text says, `score>=70 source="trade fair"`; None where it says something else."""
        found = list(_CONDITION.finditer(text))
        if " ".join(each[0] for each in found) != " ".join(text.split()):
            return None
        return tuple(cls(each["field"], each["test"], _value(each["value"])) for each in found)

    def sql(self, text: str) -> str:
        """The comparison in SQL, of the field as text. Raises InvalidQuery for texts that are to be more or less."""
        match self.value:
            case bool():
                return f"{text} {self.test} '{str(self.value).lower()}'"
            case float():
                return f"TRY_CAST({text} AS DOUBLE) {self.test} {self.value!r}"
        if self.test not in ("=", "!="):
            remedy = f"Compare with a number, written 1000.50, or write {self.field}={self.value}."
            raise InvalidQuery("Texts are equal or not", field=self.field, value=self.value, remedy=remedy)
        return f"{text} {self.test} {quoted_text(self.value)}"


def _value(text: str) -> str | float | bool:
    if text.startswith('"'):
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if abs(number) <= INTEGER_MAX else text  # beyond, an event holds it as text


class Selection:
    """Selects events up to a position and a time. Rows have `who`, the number of the entity; `time_us`; `position`;
    `type`, its number in the segments' types; and the columns that are asked for."""

    def __init__(self, segments: Segments, names: Names, bounds: tuple[int, int]) -> None:
        self._segments, self._names, self._fields = segments, names, Fields(segments)
        self._bounds = []
        position, last_us = bounds
        if position < segments.head:
            self._bounds.append(f"s.position <= {position}")
        if last_us < LATEST_US:
            self._bounds.append(f"epoch_us(coalesce(s.time, s.recorded)) <= {last_us}")

    def has(self, types: Iterable[str], field: str) -> bool:
        """Whether any event of these types has the field, whenever it happened."""
        found = " UNION ALL ".join(
            f"SELECT 1 FROM {self._segments.rows_of(type)} s WHERE {self._fields.text(type, field)} IS NOT NULL"
            for type in types
        )
        return bool(self._segments.sql(f"{found} LIMIT 1").num_rows)

    def of_entities(self, types: Iterable[str], columns: Columns, conditions: Sequence[Condition] = ()) -> str:
        """The events of some types that meet all conditions, once for each entity that one is about."""
        parts = []
        for type in types:
            tests = [each.sql(self._fields.text(type, each.field)) for each in conditions]
            part = self._rows(type, columns, [f"{self._names.who} IS NOT NULL", *tests])
            if self._names.are_joined:  # an event of two names of one entity happened once
                part = f"(SELECT DISTINCT ON (who, position) * FROM {part})"
            parts.append(part)
        return _union(parts, columns)

    def of_all(self, columns: Columns) -> str:
        """All events, each once, whichever entities they are about."""
        once = ["NOT coalesce(s.copy, false)"]
        return _union([self._rows(type, columns, once) for type in self._segments.types], columns)

    def _rows(self, type: str, columns: Columns, tests: Sequence[str]) -> str:
        texts = {name: ABSENT if field is None else self._fields.text(type, field) for name, field in columns.items()}
        return _ROWS.format(
            who=self._names.who,
            type=self._segments.types.index(type),
            columns="".join(f",\n  {text} AS {name}" for name, text in texts.items()),
            rows=self._segments.rows_of(type),
            joins=self._names.joins,
            tests="\n  AND ".join([*tests, *self._bounds]),
        )


def _union(parts: Sequence[str], columns: Columns) -> str:
    return "\nUNION ALL\n".join(parts) or _NONE.format(columns="".join(f", {ABSENT} AS {name}" for name in columns))
