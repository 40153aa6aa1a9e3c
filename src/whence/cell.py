"""A value as the text of a cell, and as JSON where JSON has no word for it: what tables, CSV and those who compare with
them share. How a table is laid out is left to the command line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from typing import IO, Any

import msgspec

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
AS_JSON = re.compile(r"true|false|null|[-+]?[\d.]+(e[-+]?\d+)?|[\[{\"].*", re.S | re.I)
"""A text that would be taken for another value."""
KEYS = (str, int, float, bool, type(None))
"""What json makes a key of."""


def as_json(value: Any) -> str:
    """A value as JSON text; a time or a decimal, alone, without quotes."""
    text = json_text(value)
    return text[1:-1] if text.startswith('"') else text


def json_text(value: Any) -> str:
    """A value as JSON text, a key that JSON has no word for as the text of a cell."""
    try:
        return json.dumps(value, ensure_ascii=False, default=plain)
    except TypeError:  # keys
        return json.dumps(_keyed(value), ensure_ascii=False, default=lambda each: _keyed(plain(each)))


def _keyed(value: Any) -> Any:
    """The same value, the keys in it as JSON can say them."""
    if isinstance(value, dict):
        return {key if isinstance(key, KEYS) else cell_text(key): _keyed(each) for key, each in value.items()}
    return [_keyed(each) for each in value] if isinstance(value, (list, tuple)) else value


def plain(value: Any) -> Any:
    """What JSON has no word for, as text: a time as ISO 8601, a decimal as it is written, anything else by its repr."""
    try:
        return msgspec.to_builtins(value)
    except TypeError:
        return repr(value)


def cell_text(value: Any) -> str:
    """A value in a cell: text as it is, everything else as JSON, nothing for None."""
    return "" if value is None else value if isinstance(value, str) else as_json(value)


def told_apart(value: Any) -> str:
    """A value as text that is told from every other: JSON, and text as it is, in quotes where it reads as JSON."""
    if isinstance(value, str) and value and not AS_JSON.fullmatch(value):
        return value
    return json_text(value) if isinstance(value, str) else as_json(value)


def write_csv(out: IO[str], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a header and rows, each cell harmless, and return how many rows there were."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([harmless(name) for name in names])
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the count
        writer.writerow([harmless(cell) for cell in row])
    return count


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins with = + - @, a tab or a return gets a `'` in
    front (OWASP, CSV injection). Numbers, and text that reads wholly as a number (-5, +49.5), stay as they are."""
    text = cell_text(value)
    return (
        "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not NUMBER.fullmatch(text) else text
    )
