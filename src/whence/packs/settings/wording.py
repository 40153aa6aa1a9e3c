"""Values and changes as people read them: short in a cell, texts as differences by line or sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from whence.cell import as_json
from whence.packs.settings.changes import Change, Difference
from whence.tree import MISSING

CELL_MAX = 60
LONG = 40
"""A text longer than this, or of several lines, is shown as a difference."""
SENTENCE = re.compile(r"(?<=[.!?;:])\s+")
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
    """A change in one line."""
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


def is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > LONG or "\n" in value)


def text_diff(before: str, after: str, context: int = 2) -> Iterator[str]:
    """The lines of a text that differ, with - and + in front and some around them; a text of one line by sentences."""
    by_line = "\n" in before + after
    one, other = (text.splitlines() if by_line or not text else SENTENCE.split(text) for text in (before, after))
    groups = SequenceMatcher(None, one, other, autojunk=False).get_grouped_opcodes(context)
    for number, group in enumerate(groups):
        if number:
            yield "  …"
        for what, first, last, other_first, other_last in group:
            yield from (f"{'  ' if what == 'equal' else '- '}{line}" for line in one[first:last])
            yield from (f"+ {line}" for line in other[other_first:other_last] if what != "equal")
