"""How the lines of a file are read, as a table of whence.toml says it: texts, amounts, currency and times, each from
columns. What a line is for is left to those who add keys of their own.

    unit = "minor"                       # 1250 is 12.50; "major" where 12.50 is written: stated, never guessed
    currency = "currency"                # a column, or { value = "EUR" }
    time = "created"                     # as for [import.NAME]; time_format = "unix" is seconds since 1970
    decimal = ","                        # also: thousands, parentheses, symbol; format, delimiter, encoding, zone …

An amount is a column with its sign, or a list that is added up; a ? behind it lets an empty cell be nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from typing import Any

import msgspec

from whence.errors import InvalidConfig, InvalidTime, near
from whence.files.mapping import Field
from whence.files.mapping import Mapping as Reading
from whence.files.reader import Moment, Moments, moment
from whence.files.rows import Given
from whence.money import Notation, exponent
from whence.moneyfiles import banks
from whence.moneyfiles.lines import File

READING_KEYS = ("format", "delimiter", "encoding", "columns", "time", "time_format", "zone")
FORMATS = ("csv", "jsonl", *banks.FORMATS)
UNIX = "unix"
"""The way to write times that is seconds since 1970."""

Cells = Mapping[str, str]
Text = Callable[[Cells], str]
Columns = str | list[str]
Valued = str | dict[str, str]
Shapes = Mapping[str, tuple[Any, str]]
"""The type of a key's value, and how it is written."""
VALUED: tuple[Any, str] = (Valued, '"column" or { value = "EUR" }')

_SECONDS = re.compile(r"\d{1,11}", re.ASCII)


class Term(msgspec.Struct, frozen=True):
    """A column that is added or taken away; one that may be empty is nothing then."""

    column: str
    sign: int
    may_be_empty: bool

    @classmethod
    def of(cls, said: str) -> Term:
        sign, name = (-1, said[1:].strip()) if said.startswith("-") else (1, said.strip())
        return cls(name.removesuffix("?"), sign, name.endswith("?"))


class Layout:
    """A table of whence.toml, checked: `texts` are its keys that are texts, `shapes` what its other keys have to be,
    and `own` what a bank's format says by itself. Raises InvalidConfig naming the key."""

    def __init__(
        self, name: str, table: Mapping[str, Any], texts: Iterable[str], shapes: Shapes, own: Cells, zone: tzinfo | None
    ) -> None:
        shapes = {**shapes, "currency": VALUED, **dict.fromkeys(texts, VALUED)}
        check(name, table, shapes, *READING_KEYS, *Notation.__struct_fields__)
        self._format = str(table.get("format", "csv"))
        if self._format not in FORMATS:
            remedy = near(self._format, FORMATS, 3)
            raise InvalidConfig("No such format", source=name, format=self._format, remedy=remedy)
        self.name, self.table = name, {**own, **table} if self._format in banks.FORMATS else dict(table)
        try:
            self._reading, self._notation = self._read_as(zone), Notation.of(self.table)
        except InvalidConfig as problem:
            raise InvalidConfig(problem.fact, source=name, **problem.facts, remedy=problem.remedy) from None
        if "currency" not in self.table:
            remedy = 'Write currency = "column" or currency = { value = "EUR" }.'
            raise InvalidConfig("The currency of the amounts is stated", source=name, remedy=remedy)
        self.columns: set[str] = set() if self._reading.time is None else {*self._reading.time.columns}
        self._texts = {key: self.text(key, self.table[key]) for key in ("currency", *texts) if key in self.table}
        self._time = None if self._reading.time is None else _getter(self._reading.time)
        self._moments = Moments(self._moment)

    def open(self, given: Given) -> File | banks.BankFile:
        """A file that is laid out so and has all its columns. Raises InvalidFile and InvalidConfig."""
        if self._format in banks.FORMATS:
            return banks.BankFile(self._format, given)
        file = File(given, self._reading)
        file.require(self.columns)
        return file

    def has(self, key: str) -> bool:
        return key in self._texts

    def said(self, key: str, cells: Cells) -> str:
        """The text of a key in a line; empty where the table does not say it."""
        get = self._texts.get(key)
        return "" if get is None else get(cells)

    def currency(self, cells: Cells) -> str:
        """Raises InvalidInput for none of ISO 4217."""
        code = self._texts["currency"](cells).upper()
        exponent(code)
        return code

    def minor(self, term: Term, cells: Cells, currency: str) -> int:
        """What a term comes to. Raises InvalidInput."""
        cell = cells.get(term.column, "")
        return 0 if term.may_be_empty and not cell.strip() else term.sign * self._notation.minor(cell, currency)

    def us(self, cells: Cells) -> int | None:
        """The moment that a line names; None where there are no times. Raises InvalidTime."""
        return None if self._time is None else int(self._moments[self._time(cells)][0])

    def text(self, key: str, value: Any) -> Text:
        """The function from cells to the text of a field."""
        field = Field.of(f"{self.name}.{key}", value)
        self.columns.update(field.columns)
        return _getter(field)

    def template(self, key: str, value: str) -> Text:
        """The function from cells to a text with columns in braces; one without is that text itself."""
        return self.text(key, value if "{" in value else {"value": value})

    def terms(self, said: Columns) -> tuple[Term, ...]:
        """The columns that are added up."""
        found = tuple(Term.of(each) for each in ([said] if isinstance(said, str) else said))
        self.columns.update(each.column for each in found)
        return found

    def _read_as(self, zone: tzinfo | None) -> Reading:
        said = {key: self.table[key] for key in READING_KEYS if key in self.table}
        if self._format in banks.FORMATS:
            del said["format"]  # it has no columns to describe
        if said.get("time_format") == UNIX:
            del said["time_format"]
        return Reading.from_table(self.name, {"type": {"value": self.name}, **said}, zone=zone)

    def _moment(self, text: str) -> Moment:
        if self.table.get("time_format") != UNIX:
            return moment(self._reading, "time", text)
        if not _SECONDS.fullmatch(text):
            raise InvalidTime("Not seconds since 1970", value=repr(text))
        return int(text) * 1_000_000, None


def check(place: str, table: Mapping[str, Any], shapes: Shapes, *others: str) -> None:
    """Raise InvalidConfig for a key that means nothing, or whose value is of another shape, saying what to write."""
    known = (*others, *shapes)
    for key, value in table.items():
        if key not in known:
            raise InvalidConfig("No such key", source=place, key=key, remedy=near(key, known, 3))
        shape, written = shapes.get(key, (Any, ""))
        try:
            msgspec.convert(value, shape)
        except msgspec.ValidationError:
            facts = {"source": place, "key": key, "given": repr(value)[:80]}
            raise InvalidConfig("Not written so", **facts, remedy=f"Write {written}.") from None


def checking(place: str, key: str, layout: Callable[[str, Mapping[str, Any]], Layout]) -> Callable[..., list[type]]:
    """The `configure` of a pack whose tables [PLACE.KEY.NAME] are such layouts: it raises InvalidConfig for one that is
    not, and configures no state."""

    def checked(table: Mapping[str, Any]) -> list[type]:
        check(place, table, {key: (dict[str, dict[str, Any]], f"[{place}.{key}.NAME]")})
        for name, each in table.get(key, {}).items():
            layout(name, each)
        return []

    return checked


def _getter(field: Field) -> Text:
    return lambda cells: field.text([cells.get(name, "").strip() for name in field.columns])
