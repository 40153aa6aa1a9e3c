"""HTML as text: a table with a caption, everything in it escaped, for a notebook or a page. What stands in it is left
to those who show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from whence.cell import as_json


def cell(value: Any) -> str:
    """A value for the eye, escaped: text as it is, — for nothing, anything else as JSON."""
    return escape("—" if value is None else value if isinstance(value, str) else as_json(value))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    titled = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{cell(value)}</td>' for value in row)}</tr>\n" for row in rows)
    return f"<table>{titled}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>"
