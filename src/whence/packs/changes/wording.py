"""Values and changes as people read them: short in a cell, long texts by what differs."""

from __future__ import annotations

import re
from typing import Any

from whence.cell import as_json
from whence.packs.changes.change import Change, Difference
from whence.textdiff import is_long, text_diff
from whence.tree import MISSING

CELL_MAX = 60
AS_JSON = re.compile(r"true|false|null|[-+]?[\d.]+(e[-+]?\d+)?|[\[{\"].*", re.S | re.I)
"""A text that would be taken for another value."""


def cell(value: Any) -> str:
    """A value in a cell: — where there is none, text in quotes where it needs them, cut where it is long."""
    if value is MISSING:
        return "—"
    text = as_json(value) if not isinstance(value, str) else value
    if isinstance(value, str) and (not value or AS_JSON.fullmatch(value)):
        text = f'"{value}"'
    return _cut(" ".join(text.split()))


def _cut(text: str, most: int = CELL_MAX) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def plain(value: Any) -> Any:
    """A value for JSON: None where there is none."""
    return None if value is MISSING else value


def summary(change: Change, most: int = 2) -> str:
    """A change in one line, for the packs that ask which change it was."""
    if change.how == "refused":
        return f"{change.document}: a version that cannot be used"
    if not change.differences:
        return f"{change.document}: nothing"
    said = "; ".join(_sentence(each) for each in change.differences[:most])
    rest = len(change.differences) - most
    return f"{said}; {rest} more" if rest > 0 else said


def _sentence(each: Difference) -> str:
    """What became of a setting in a few words; of a long text, the lines or sentences that differ."""
    if each.before is MISSING:
        return f"{each.name} = {cell(each.after)}"
    if each.after is MISSING:
        return f"{each.name} removed"
    if is_long(each.before) and is_long(each.after):
        found = [line for line in text_diff(each.before, each.after, 0) if line[0] in "-+"]
        return f"{each.name}: {_cut(' '.join(found), 2 * CELL_MAX)}"
    return f"{each.name}: {cell(each.before)} → {cell(each.after)}"
