"""The fields of events in SQL, over the rows of a type as they are kept: as text, whichever column a value is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whence.segments.reading import Segments

ABSENT = "NULL::VARCHAR"
OF_ANY = ("actor", "correlation", "settings")
"""What any event may have: two of its envelope, and the version of the settings that a decision names."""


class Fields:
    """What a value is in SQL, over rows that are called `s`."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._known: dict[str, dict[str, str]] = {}

    def _columns(self, type: str) -> dict[str, str]:
        """The columns that a type's rows have, with their kinds."""
        if type not in self._known:
            found = self._segments.sql(f"SELECT * FROM {self._segments.rows_of(type)} LIMIT 0").schema
            self._known[type] = {field.name: str(field.type) for field in found}
        return self._known[type]

    def text(self, type: str, field: str) -> str:
        """The value of a field of the data, NULL where an event has none; or of what any event may have. ABSENT where
        no event of the type has it. A dotted path leads into an object, or a text that is one in JSON."""
        from whence.segments.columns import ENVELOPE  # here, since it needs pyarrow

        there = self._columns(type)
        if field == "settings":
            return "json_extract_string(s.basis, '$.settings')" if "basis" in there else ABSENT
        if field in OF_ANY:
            return f"s.{field}"
        first, *inner = names = field.split(".")
        if not all(names):
            return ABSENT
        column = first if first in there and first not in ENVELOPE else f"data_{first}"
        found = []
        if column in there:
            text = f"s.{_quoted(column)}"
            if inner:
                text = f"CASE WHEN json_valid({text}::VARCHAR) THEN json_extract_string({text}, {_path(inner)}) END"
            elif there[column] == "double":
                text = f"regexp_replace({text}::VARCHAR, '\\.0$', '')"
            found.append(f"{text}::VARCHAR")
        if "rest" in there:
            found.append(f"json_extract_string(s.rest, {_path(names)})")
        return f"coalesce({', '.join(found)})" if found else ABSENT


def _path(names: Sequence[str]) -> str:
    """A JSON path through these names, whatever is in them."""
    keys = (name.replace("\\", "\\\\").replace('"', '\\"') for name in names)
    return quoted_text("$" + "".join(f'."{key}"' for key in keys))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
