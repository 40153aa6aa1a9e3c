"""Files of values that something else came to: CSV with a header, JSON lines, or Parquet, a row for each value. What
the values mean is left to answers, and to sidefile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

from whence.errors import InvalidFile, MissingExtra
from whence.files.mapping import Mapping as Layout
from whence.files.rows import Given, Source, batch_rows, csv_rows
from whence.scoring.points import BOUND_POINTS_MAX, number_of

CASE_NAMES = ("case", "case_id", "id")
"""What the column of the cases may be called."""
VALUE_NAMES = ("value", "answer", "score")
"""What the column of the values may be called, where no field is named."""


class ValueRow(NamedTuple):
    """A row of a file: its line (of Parquet its number, from 1), and its cells by column. Cells of CSV are text."""

    line: int
    cells: Mapping[str, Any]


def value_rows(source: Given) -> Iterator[ValueRow]:
    """The rows of a file, one at a time. Raises InvalidFile naming the line of a row that cannot be read, and
    MissingExtra for Parquet without pyarrow."""
    if isinstance(source, (str, os.PathLike)) and os.fspath(source).lower().endswith(".parquet"):
        yield from _parquet_rows(Path(source))
        return
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


def _parquet_rows(path: Path) -> Iterator[ValueRow]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        remedy = 'pip install "whence[columns]" (or: pip install pyarrow), or give it as CSV.'
        raise MissingExtra("To read Parquet needs pyarrow", package="pyarrow", remedy=remedy) from None
    try:
        with parquet.ParquetFile(path) as file:
            cells = chain.from_iterable(batch.to_pylist() for batch in file.iter_batches())
            yield from map(ValueRow, count(1), cells)
    except (OSError, ArrowException) as problem:
        remedy = "Check the path, and that it is Parquet."
        raise InvalidFile("The file cannot be read", file=path, problem=str(problem)[:200], remedy=remedy) from None


def column(row: ValueRow, names: Sequence[str], file: str, remedy: str) -> str:
    """The first of these names that a row has. Raises InvalidFile."""
    found = next((name for name in names if name in row.cells), None)
    if found is None:
        there = ", ".join(row.cells)[:80]
        if len(row.cells) == 1 and any(sign in there for sign in ";\t|"):
            remedy = "Separate the columns by commas."
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
    if abs(found) > BOUND_POINTS_MAX:
        facts = {"file": file, "line": row.line, "column": name, "value": repr(given)[:80]}
        raise InvalidFile("Too great a number", **facts, remedy=f"No score is beyond {BOUND_POINTS_MAX:,}.")
    return float(found)
