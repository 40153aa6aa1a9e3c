"""Which column of a file becomes what in an event: a table in `whence.toml`, checked when it is read. What
its rows become is left to reader.

    [import.loans]                       # the name is the source's name: it is part of every row's id
    format = "csv"                       # or jsonl, whence, cloudevents; default: by the file's ending, else csv
    type = "activity"                    # a column
    tags = ["application:{case_id}"]     # text with columns in braces; or { application = "case_id" }
    time = "timestamp"                   # ISO 8601 with a zone
    actor = "resource"

A value is a column's name, a text with columns in braces, or `{ value = "Purchase" }` for the same text on every row.

    types = { "A b" = "AB" }   other names for types; else spaces and hyphens become _, the original kept in meta
    time_format = "%Y%m%d"     how times are written, if not ISO 8601 (or a list: the first that fits)
    zone = "Europe/Berlin"     for times that name no zone; without it, they are refused
    recorded = "stored_at"     when it was recorded elsewhere, rising; kept in a store that holds nothing else
    id = "event_id"            an id of the row's own; default: a hash of the source's name, the row and which copy
    source = "loans"           the source's name in ids, if the table is renamed; cause = "parent_id"
    data = ["a", "b"]          these columns; data = "payload": that value itself; default: every column not used above
    numbers = ["a"]            CSV columns that become JSON numbers; a cell that is no exact number refuses its row
    decimal = ","              for 1.250,50: dots, spaces or apostrophes group thousands; default a dot, and no groups
    delimiter = ";"            or "spaces" for runs of spaces; default a comma
    columns = ["a", "b"]       their names, for a file without a header
    encoding = "cp1252"        default utf-8

Empty cells are left out of data, a tag whose columns are all empty too; an empty type, time or id refuses the row.
In JSON lines a dot leads inwards: `payload.action`. A local time that came twice (the clock was put back) is read as
the first; one that never was refuses the row, and so does a count of seconds since 1970. Digits finer than a
microsecond are kept in meta. All columns that numbers does not name stay text, and of a number a currency in front or
behind (12,50 €, EUR 12.50) is left out.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import re
from collections.abc import Mapping as Table
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from whence.errors import InvalidConfig, InvalidEvent, near
from whence.grammar import normal_kind, normal_type
from whence.tomlfile import read_toml

FORMATS = ("csv", "jsonl", "whence", "cloudevents")
KEYS = (
    "format", "source", "type", "types", "tags", "time", "time_format", "zone", "recorded", "id", "actor", "cause",
    "data", "numbers", "decimal", "delimiter", "columns", "encoding",
)  # fmt: skip

_BRACES = re.compile(r"\{([^{}]+)\}")


class Field(msgspec.Struct, frozen=True):
    """One text of an event: what stands between the columns, and the columns; parts alternate, text first."""

    texts: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, key: str, value: Any) -> Field:
        """The field that a mapping's value means. Raises InvalidConfig naming the key."""
        if isinstance(value, dict) and value.keys() == {"value"} and isinstance(value["value"], str) and value["value"]:
            return cls((value["value"],), ())
        if not isinstance(value, str) or not value:
            remedy = (
                f'Write {key} = "column", {key} = "text {{column}}" or {key} = {{ value = "the same on every row" }}.'
            )
            raise InvalidConfig("Not a column", key=key, value=repr(value), remedy=remedy)
        parts = _BRACES.split(value)
        return cls(tuple(parts[::2]), tuple(parts[1::2])) if len(parts) > 1 else cls(("", ""), (value,))

    def text(self, cells: Sequence[str]) -> str:
        """What the cells of its columns make; "" when there are columns and all of them are empty."""
        if not self.columns:
            return self.texts[0]
        return self.texts[0] + "".join(map(str.__add__, cells, self.texts[1:])) if any(cells) else ""


class Mapping(msgspec.Struct, frozen=True):
    """How the rows of one source become events. Make it with `from_table` or `load`, which check it."""

    name: str
    source: str
    digest: str
    format: str | None = None
    type: Field | None = None
    types: dict[str, str] = {}
    tags: tuple[Field, ...] = ()
    time: Field | None = None
    time_format: tuple[str, ...] = ()
    zone: tzinfo | None = None
    recorded: Field | None = None
    id: Field | None = None
    actor: Field | None = None
    cause: Field | None = None
    data: str | tuple[str, ...] | None = None
    numbers: frozenset[str] = frozenset()
    decimal: str = "."
    delimiter: str = ","
    columns: tuple[str, ...] | None = None
    encoding: str = "utf-8"

    @classmethod
    def from_table(cls, name: str, table: Table[str, Any], *, zone: tzinfo | None = None) -> Mapping:
        """The mapping that a TOML table says; `zone` is for times without one, where the table names none.

        Raises InvalidConfig naming the key and the remedy.
        """
        for key in table:
            if key not in KEYS:
                raise InvalidConfig("No such key", key=key, remedy=near(key, KEYS, 3, listed="The keys are"))
        format = _text(table, "format")
        if format is not None and format not in FORMATS:
            raise InvalidConfig(
                "No such format", key="format", value=format, remedy=near(format, FORMATS, 3, listed="Use")
            )
        if "type" not in table and format not in ("whence", "cloudevents"):
            raise InvalidConfig("A mapping names the type", key="type", remedy='Write type = "column".')
        fields = {
            key: Field.of(key, table[key])
            for key in ("type", "time", "recorded", "id", "actor", "cause")
            if key in table
        }
        named_zone = _zone(_text(table, "zone")) or zone
        said = json.dumps([table, str(named_zone)], sort_keys=True, default=str)
        return cls(
            name=name,
            source=_text(table, "source") or name,
            digest=hashlib.sha256(said.encode()).hexdigest(),
            format=format,
            types=_types(table.get("types", {})),
            tags=_tags(table.get("tags", [])),
            time_format=_time_formats(table.get("time_format", [])),
            zone=named_zone,
            data=_data(table.get("data")),
            numbers=frozenset(_texts("numbers", table.get("numbers", []))),
            decimal=_decimal(_text(table, "decimal") or "."),
            delimiter=normal_delimiter(_text(table, "delimiter") or ","),
            columns=_texts("columns", table["columns"]) if "columns" in table else None,
            encoding=_encoding(_text(table, "encoding") or "utf-8"),
            **fields,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], name: str | None = None, *, zone: tzinfo | None = None) -> Mapping:
        """The mapping in a TOML file: [import.NAME], the only one there, or the whole file, named after it.

        Raises InvalidConfig naming the file and the key.
        """
        path = Path(path)
        table = read_toml(path)
        try:
            imports = table.get("import")
            if not isinstance(imports, dict):
                return cls.from_table(name or path.stem, table, zone=zone)
            chosen = name or (next(iter(imports)) if len(imports) == 1 else "")
            if chosen not in imports:
                remedy = near(chosen, imports, 3, listed="The mappings are")
                raise InvalidConfig("No such mapping", mapping=repr(chosen), remedy=remedy)
            return cls.from_table(chosen, imports[chosen], zone=zone)
        except InvalidConfig as problem:
            raise InvalidConfig(problem.fact, remedy=problem.remedy, file=path, **problem.facts) from None

    def used(self) -> set[str]:
        """The columns that become another part of the event than data."""
        fields = (self.type, self.time, self.recorded, self.id, self.actor, self.cause, *self.tags)
        return {name for field in fields if field for name in field.columns}

    def named(self) -> dict[str, str]:
        """All columns that the mapping names, each with the key that names it."""
        found = {name: "data" for name in (self.data if isinstance(self.data, tuple) else (self.data,)) if name}
        found.update(dict.fromkeys(self.numbers, "numbers"))
        for key in ("type", "time", "recorded", "id", "actor", "cause"):
            found.update(dict.fromkeys(getattr(self, key).columns if getattr(self, key) else (), key))
        found.update({name: "tags" for field in self.tags for name in field.columns})
        return found


def _text(table: Table[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None or (isinstance(value, str) and value):
        return value
    raise InvalidConfig("Not text", key=key, value=repr(value), remedy=f'Write {key} = "…".')


def _texts(key: str, value: Any, one: bool = False) -> tuple[str, ...]:
    if one and isinstance(value, str) and value:
        return (value,)
    if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
        return tuple(value)
    raise InvalidConfig("Not a list of texts", key=key, value=repr(value), remedy=f'Write {key} = ["…", "…"].')


def _data(value: Any) -> str | tuple[str, ...] | None:
    return value if value is None or (isinstance(value, str) and value) else _texts("data", value)


def _types(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
        raise InvalidConfig(
            "Not a table of names", key="types", remedy='Write types = { "in the file" = "InTheStore" }.'
        )
    for name in value.values():
        try:
            normal_type(name)
        except InvalidEvent as problem:
            raise InvalidConfig(problem.fact, key="types", remedy=problem.remedy, type=repr(name)) from None
    return dict(value)


def _tags(value: Any) -> tuple[Field, ...]:
    remedy = 'Write tags = ["lead:{column}"] or tags = { lead = "column" }.'
    if isinstance(value, dict):
        fields = [(kind, Field.of(f"tags.{kind}", each)) for kind, each in value.items()]
        named = tuple(Field((f"{kind}:{field.texts[0]}", *field.texts[1:]), field.columns) for kind, field in fields)
    else:
        named = tuple(
            Field.of("tags", each if "{" in each else {"value": each}) for each in _texts("tags", value, one=True)
        )
    for field in named:
        kind, colon, _ = field.texts[0].partition(":")
        try:
            normal_kind(kind)
        except InvalidEvent as problem:
            raise InvalidConfig(problem.fact, key="tags", kind=repr(kind), remedy=remedy) from None
        if not colon:
            raise InvalidConfig("Not a tag", key="tags", value=repr(field.texts[0]), remedy=remedy)
    return named


def _time_formats(value: Any) -> tuple[str, ...]:
    """Forms of times, each with a sign that strptime knows. Raises InvalidConfig for one that no time could have."""
    forms = _texts("time_format", value, one=True)
    for form in forms:
        try:
            datetime.strptime("", form)
        except (ValueError, re.error) as problem:  # the latter for a sign that comes twice
            if "%" in form and "does not match" in str(problem):
                continue
        remedy = 'Write it with % signs, as Python does: "%d.%m.%Y %H:%M" for 31.12.2025 14:30.'
        raise InvalidConfig("Not a form of times", key="time_format", value=repr(form), remedy=remedy)
    return forms


def _zone(name: str | None) -> tzinfo | None:
    if name is None or name == "UTC":
        return None if name is None else UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidConfig(
            "No such time zone", key="zone", value=name, remedy="Write Europe/Berlin, or UTC."
        ) from None


def _decimal(value: str) -> str:
    if value in (".", ","):
        return value
    raise InvalidConfig("Not a decimal sign", key="decimal", value=repr(value), remedy='Write decimal = "," or ".".')


def normal_delimiter(value: str) -> str:
    if value == "spaces" or (len(value) == 1 and value not in '"\r\n\0'):
        return value
    raise InvalidConfig("Not a delimiter", key="delimiter", value=repr(value), remedy='Write ";", "\\t" or "spaces".')


def _encoding(value: str) -> str:
    try:
        name = codecs.lookup(value).name
        if "a\n".encode(name) == b"a\n":
            return name
    except (LookupError, ValueError):
        pass
    remedy = 'Write "utf-8" or "cp1252"; save UTF-16 files as UTF-8.'
    raise InvalidConfig("Not an encoding of lines", key="encoding", value=repr(value), remedy=remedy)
