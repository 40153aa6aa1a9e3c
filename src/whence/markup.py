"""HTML as text: a table with a caption, everything in it escaped, for a notebook or a page, and the document around a
page that works offline. What stands in it is left to those who show it."""

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


def document(title: str, style: str, body: str, *, script: str = "") -> str:
    """A whole page, which may fetch nothing; the style, the script and the body are taken as they are."""
    scripted = f"<script>{script}</script>\n" if script else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>
{style}</style>
{scripted}</head>
<body>
{body}
</body>
</html>
"""


_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
