"""The lines of a file as cells by column, CSV or JSON lines, plain or gzip, each with its number; one that cannot be
read says why. What a line means is left to sources and to reconciliation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from difflib import get_close_matches
from typing import Any, NamedTuple

from whence.errors import InvalidConfig, InvalidTime
from whence.files import rows
from whence.files.mapping import Field
from whence.files.mapping import Mapping as Reading
from whence.files.reader import Getter, moment
from whence.files.rows import Given, RawRow

READING_KEYS = ("format", "delimiter", "encoding", "columns", "time", "time_format", "zone")
UNIX = "unix"
"""The way to write times that is seconds since 1970."""

_SECONDS = re.compile(r"\d{1,11}", re.ASCII)


class Line(NamedTuple):
    """One line of a file: its number, its cells, the text that it is, and why it cannot be read, if so."""

    number: int
    cells: dict[str, str]
    raw: str
    problem: str | None = None
    cut_off: bool = False


class File:
    """A file of lines that is being read; a context manager is not needed for what is read to its end."""

    def __init__(self, given: Given, reading: Reading) -> None:
        self._source = rows.Source(given)
        self._reading = reading
        self._lines = self._source.lines(reading.encoding)
        self.header: list[str] | None = None
        if self._source.format(reading) == "csv":
            self.header, self._rows = rows.csv_rows(self._lines, reading, self._source.name)
        else:
            self._rows = rows.batch_rows(self._lines, self._source.name)

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def sha256(self) -> str:
        """The digest of the file; complete when all lines were read."""
        return self._source.digest

    def require(self, columns: Iterable[str]) -> None:
        """Raise InvalidConfig for a column that the header does not have."""
        if self.header is None:
            return
        for name in columns:
            if name not in self.header:
                near = get_close_matches(name, self.header, 3)
                remedy = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(self.header)}."
                raise InvalidConfig("The file has no such column", file=self.name, column=name, remedy=remedy)

    def __iter__(self) -> Iterator[Line]:
        header = self.header
        try:
            for row in self._rows:
                if row.problem is not None:
                    yield Line(row.line, {}, row.raw, row.problem, row.cut_off)
                elif header is None:
                    yield Line(row.line, _flat(row), row.raw)
                else:
                    yield Line(row.line, dict(zip(header, row.value, strict=True)), row.raw)
        finally:
            self._source.close()


def reading_of(name: str, table: Mapping[str, Any], zone: tzinfo | None = None) -> Reading:
    """How a file is read, from the table that describes a source; `zone` is for times that name none, where the table
    does not say it either. Raises InvalidConfig."""
    said = {key: table[key] for key in READING_KEYS if key in table}
    if said.get("format") not in (None, "csv", "jsonl"):
        del said["format"]  # a bank's format, which has no columns to describe
    if said.get("time_format") == UNIX:
        del said["time_format"]
    return Reading.from_table(name, {"type": {"value": name}, **said}, zone=zone)


def getter(field: Field) -> Getter:
    """The function from the cells of a line to the text of a field."""
    return lambda cells: field.text([cells.get(name, "").strip() for name in field.columns])


class Times:
    """How the lines of a source say when something happened; None where they do not."""

    def __init__(self, table: Mapping[str, Any], reading: Reading) -> None:
        self._reading = reading
        self._unix = table.get("time_format") == UNIX
        self._get = None if reading.time is None else getter(reading.time)
        self._last: tuple[str, int] = ("", 0)

    def us(self, cells: Mapping[str, str]) -> int | None:
        """The moment that a line names. Raises InvalidTime."""
        if self._get is None:
            return None
        text = self._get(cells)
        if text == self._last[0] and text:
            return self._last[1]
        if self._unix:
            if not _SECONDS.fullmatch(text):
                raise InvalidTime("Not seconds since 1970", value=repr(text))
            return int(text) * 1_000_000
        self._last = (text, moment(self._reading, "time", text)[0])
        return self._last[1]


def _flat(row: RawRow) -> dict[str, str]:
    """A JSON object as cells: what lies deeper by dots, numbers as they are written."""
    found: dict[str, str] = {}
    _flatten("", json.loads(row.raw, parse_float=str), found)
    return found


def _flatten(path: str, value: Any, found: dict[str, str]) -> None:
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
