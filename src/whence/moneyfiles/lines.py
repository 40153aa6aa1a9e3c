"""The lines of a file as rows whose value is their cells by column: of CSV or JSON lines, plain or gzip. What a cell
means is left to layout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from whence.errors import InvalidConfig, near
from whence.files import rows
from whence.files.mapping import Mapping as Reading
from whence.files.reader import other_delimiter, refuse_twice
from whence.files.rows import Given, RawRow


class File:
    """A file of lines, to be read once to its end; `sha256` is its digest then."""

    def __init__(self, given: Given, reading: Reading) -> None:
        self._source = rows.Source(given)
        self.name = self._source.name
        lines = self._source.lines(reading.encoding)
        self._header: list[str] | None = None
        self._delimiter = reading.delimiter
        if self._source.format(reading) == "csv":
            self._header, self._rows = rows.csv_rows(lines, reading, self.name)
        else:
            self._rows = rows.batch_rows(lines, self.name)

    @property
    def sha256(self) -> str:
        return self._source.digest

    def require(self, columns: Iterable[str]) -> None:
        """Raise InvalidConfig for columns that the header does not have, or has twice."""
        header, columns = self._header or [], sorted(columns)
        refuse_twice(header, columns, file=self.name)
        missing = [] if self._header is None else [each for each in columns if each not in header]
        if not missing:
            return
        remedy = other_delimiter(header, self._delimiter) or near(missing[0], header, 3)
        raise InvalidConfig("The file has no such column", file=self.name, column=", ".join(missing), remedy=remedy)

    def __iter__(self) -> Iterator[RawRow]:
        header = self._header
        try:
            for row in self._rows:
                if row.problem is not None:
                    row.value = {}
                elif header is None:
                    row.value = _flatten("", json.loads(row.raw, parse_float=str), {})
                else:
                    row.value = dict(zip(header, row.value, strict=True))
                yield row
        finally:
            self._source.close()


def _flatten(path: str, value: Any, found: dict[str, str]) -> dict[str, str]:
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
    return found
