"""HTML as text: tables and lists, everything in them escaped, for a notebook or a page, and the document around a page
that works offline. What stands in them is left to those who show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from whence.cell import as_json


class Html(str):
    """Text that is HTML already, and is not escaped again."""


def cell(value: Any) -> str:
    """A value for the eye, escaped: text as it is, — for nothing, anything else as JSON."""
    if isinstance(value, Html):
        return value
    return escape("—" if value is None else value if isinstance(value, str) else as_json(value))


def bold(value: Any) -> Html:
    return Html(f"<b>{cell(value)}</b>")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    caption: str = "",
    *,
    classes: Mapping[int, str] | None = None,
    totals: int = 0,
) -> Html:
    """A table. `classes` gives columns, by their place, a class; the last `totals` rows have the class `total`."""
    rows = list(rows)
    kinds = [f' class="{name}"' if (name := (classes or {}).get(place)) else "" for place in range(len(columns))]
    titled = f"<caption>{cell(caption)}</caption>" if caption else ""
    head = "".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, columns, strict=True))
    lines = ["".join(f"<td{kind}>{cell(value)}</td>" for kind, value in zip(kinds, row, strict=True)) for row in rows]
    begun = ["<tr>"] * (len(rows) - totals) + ['<tr class="total">'] * totals
    body = "".join(f"{row}{line}</tr>\n" for row, line in zip(begun, lines, strict=True))
    return Html(f"<table>{titled}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>")


def scrolling(table: Html) -> Html:
    """A table that scrolls by itself where it is wider than the page."""
    return Html(f'<div class="scroll">{table}</div>')


def bullets(items: Iterable[Any], kind: str) -> Html:
    """A list of a class."""
    return Html(f'<ul class="{kind}">{"".join(f"<li>{cell(item)}</li>" for item in items)}</ul>')


def nested(items: Iterable[tuple[int, Any]]) -> Html:
    """Lists in lists, of items with their depth: that of the first is 0, and each is at most one deeper than the one
    before it."""
    parts, depth = [], -1
    for at, item in items:
        parts += ["<ul>"] * (at - depth) or ["</li>", *["</ul></li>"] * (depth - at)]
        parts.append(f"<li>{cell(item)}")
        depth = at
    return Html("".join([*parts, *["</li></ul>"] * (depth + 1)]))


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
