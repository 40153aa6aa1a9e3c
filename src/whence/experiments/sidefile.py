"""A side of an experiment from a file: an entity, a time and a number a row, that something else came to. What is made
of the numbers is left to experiments.

A row has the entity in the column `entity`, that of its kind (`lead`, `lead_id`) or `id`, as `lead:42` or `42`; the
number in `value`, `answer` or `score`; and in `time`, `at` or `timestamp` since when it is known. A time without a zone
is one of the store's; a day alone counts from its end, so that nothing is known earlier than it was.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from typing import Any

from whence.clock import parse_iso, to_us
from whence.errors import InvalidEvent, InvalidFile, InvalidTime
from whence.experiments.side import TimedValues
from whence.files.rows import name_of
from whence.files.valuefile import VALUE_NAMES, ValueRow, column, value_of, value_rows
from whence.grammar import normal_kind, normal_tags

ENDINGS = (".csv", ".jsonl", ".ndjson", ".json", ".parquet")
TIME_NAMES = ("time", "at", "timestamp")

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def is_file(named: Any) -> bool:
    """Whether something names a file of values: a path, or a text that ends as such a file does, also with .gz."""
    if isinstance(named, str):
        return named.lower().removesuffix(".gz").endswith(ENDINGS)
    return isinstance(named, os.PathLike)


def read_side(path: str | os.PathLike[str], kind: str, zone: tzinfo) -> TimedValues | Mapping[str, Any]:
    """The numbers of a file, each from its time on; where the first row has no time, one number an entity. An empty
    number is no answer. Held in memory. Raises InvalidFile naming the line."""
    kind, file = normal_kind(kind), name_of(path)
    rows: list[tuple[str, int, Any]] = []
    untimed: dict[str, Any] = {}
    lines: dict[str, int] = {}
    is_timed: bool | None = None
    for row in value_rows(path):
        if is_timed is None:
            is_timed = any(name in row.cells for name in TIME_NAMES)
        entity = _entity(row, kind, file)
        value = value_of(row, column(row, VALUE_NAMES, file, "Name the column of the numbers value."), file)
        if is_timed:
            rows.append((entity, _time_us(row, zone, file), value))
        elif entity in lines:
            remedy = "Give each row a time, or each entity one row."
            facts = {"file": file, "line": row.line, "entity": entity, "first_line": lines[entity]}
            raise InvalidFile("An entity is given twice, and no time says which holds", **facts, remedy=remedy)
        else:
            untimed[entity], lines[entity] = value, row.line
    if is_timed is None:
        remedy = f"Write a row for each entity: {kind}:42,2026-01-09,80."
        raise InvalidFile("The file has no rows", file=file, remedy=remedy)
    return TimedValues(rows) if is_timed else untimed


def _entity(row: ValueRow, kind: str, file: str) -> str:
    name = column(row, ("entity", kind, f"{kind}_id", "id"), file, "Name the column of the entities entity.")
    given = row.cells[name]
    text = str(given).strip() if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
    said = text if text.startswith(f"{kind}:") else f"{kind}:{text}"
    other, sign, _ = text.partition(":")
    try:
        if sign and other != kind:
            raise InvalidEvent("Of another kind")
        (entity,) = normal_tags((said,))
    except InvalidEvent as problem:
        facts = {"file": file, "line": row.line, "column": name, "value": repr(given)[:80], "problem": problem.fact}
        raise InvalidFile(f"Not a {kind}", **facts, remedy=f"Write {kind}:42, or 42.") from None
    return entity


def _time_us(row: ValueRow, zone: tzinfo, file: str) -> int:
    name = column(row, TIME_NAMES, file, "Give each row a time, or none of them.")
    try:
        return _moment_us(row.cells[name], zone)
    except InvalidTime as problem:
        facts = {"file": file, "line": row.line, "column": name, "value": repr(row.cells[name])[:80]}
        raise InvalidFile(problem.fact, **facts, remedy="Write 2026-01-09T14:30:00Z, or 2026-01-09.") from None


def _moment_us(given: Any, zone: tzinfo) -> int:
    """The moment from which a number is known; the last of a day. Raises InvalidTime."""
    if isinstance(given, str):
        moment = parse_iso(given)
        given = moment.date() if _DAY.fullmatch(given.strip()) else moment
    if isinstance(given, date) and not isinstance(given, datetime):
        return to_us(datetime.combine(given + timedelta(days=1), time_of_day(), zone)) - 1
    if not isinstance(given, datetime):
        raise InvalidTime("Not a time")
    return to_us(given if given.tzinfo is not None else given.replace(tzinfo=zone))
