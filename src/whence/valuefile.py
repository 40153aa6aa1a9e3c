"""Files of values that something else came to: CSV with a header, or JSON lines, a row for each value. What the values
mean is left to answers, and to the sides of an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from whence.errors import InvalidFile
from whence.mapping import Mapping as Layout
from whence.rows import Given, Source, batch_rows, csv_rows
from whence.scoring.points import number_of

CASE_NAMES = ("case", "case_id", "id")
"""What the column of the cases may be called."""
VALUE_NAMES = ("value", "answer", "score")
"""What the column of the values may be called, where no field is named."""


class ValueRow(NamedTuple):
    """A row of a file: its line, and its cells by column. Cells of CSV are text."""

    line: int
    cells: Mapping[str, Any]


def value_rows(source: Given) -> Iterator[ValueRow]:
    """The rows of a file, one at a time. Raises InvalidFile naming the line of a row that cannot be read."""
    opened = Source(source)
    layout = Layout("", "", "")
    lines = opened.lines(layout.encoding)
    try:
        if opened.format(layout) == "jsonl":
            header, rows = None, batch_rows(lines, opened.name)
        else:
            header, rows = csv_rows(lines, layout, opened.name)
        for raw in rows:
            if raw.problem is not None:
                raise InvalidFile("A row cannot be read", file=opened.name, line=raw.line, problem=raw.problem)
            cells = raw.value if header is None else dict(zip(header, raw.value, strict=True))
            if not isinstance(cells, dict):
                raise InvalidFile("Not an object", file=opened.name, line=raw.line, remedy='Write {"value": 80}.')
            yield ValueRow(raw.line, cells)
    finally:
        opened.close()


def column(row: ValueRow, names: Sequence[str], file: str, remedy: str) -> str:
    """The first of these names that a row has. Raises InvalidFile."""
    found = next((name for name in names if name in row.cells), None)
    if found is None:
        there = ", ".join(row.cells)[:80]
        raise InvalidFile("A column is missing", file=file, line=row.line, columns=there, remedy=remedy)
    return found


def value_of(row: ValueRow, name: str, file: str) -> float | None:
    """The number in a column; None where the cell is empty. Raises InvalidFile for what is no number."""
    given = row.cells.get(name)
    if given is None or given == "":
        return None
    found = number_of(given)
    if found is None:
        facts = {"file": file, "line": row.line, "column": name, "value": repr(given)[:80]}
        raise InvalidFile("Not a number", **facts, remedy="Write 80 or 72.5, or leave it empty for no answer.")
    return float(found)
