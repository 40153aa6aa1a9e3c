"""The lines of a file as cells by column, CSV or JSON lines, plain or gzip, each with its number; one that cannot be
read says why. What a cell means is left to layout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from whence.errors import InvalidConfig
from whence.files import rows
from whence.files.mapping import Mapping as Reading
from whence.files.mapping import near
from whence.files.rows import Given


class Line(NamedTuple):
    """One line of a file: its number, its cells, the text that it is, and why it cannot be read, if so."""

    number: int
    cells: dict[str, str]
    raw: str
    problem: str | None = None
    cut_off: bool = False


class File:
    """A file of lines, to be read once to its end; `sha256` is its digest then."""

    def __init__(self, given: Given, reading: Reading) -> None:
        self._source = rows.Source(given)
        self.name = self._source.name
        lines = self._source.lines(reading.encoding)
        self._header: list[str] | None = None
        if self._source.format(reading) == "csv":
            self._header, self._rows = rows.csv_rows(lines, reading, self.name)
        else:
            self._rows = rows.batch_rows(lines, self.name)

    @property
    def sha256(self) -> str:
        return self._source.digest

    def require(self, columns: Iterable[str]) -> None:
        """Raise InvalidConfig for a column that the header does not have."""
        header = self._header
        missing = () if header is None else (each for each in columns if each not in header)
        for name in missing:
            remedy = near(name, header or (), "There are:")
            raise InvalidConfig("The file has no such column", file=self.name, column=name, remedy=remedy)

    def __iter__(self) -> Iterator[Line]:
        header = self._header
        try:
            for row in self._rows:
                if row.problem is not None:
                    yield Line(row.line, {}, row.raw, row.problem, row.cut_off)
                elif header is None:
                    cells: dict[str, str] = {}
                    _flatten("", json.loads(row.raw, parse_float=str), cells)
                    yield Line(row.line, cells, row.raw)
                else:
                    yield Line(row.line, dict(zip(header, row.value, strict=True)), row.raw)
        finally:
            self._source.close()


def _flatten(path: str, value: Any, found: dict[str, str]) -> None:
    """A JSON object as cells: what lies deeper by dots, numbers as they are written."""
    match value:
        case dict():
            for key, each in value.items():
                _flatten(f"{path}.{key}" if path else key, each, found)
        case None:
            found[path] = ""
        case str():
            found[path] = value
        case _:
            found[path] = json.dumps(value, ensure_ascii=False)
