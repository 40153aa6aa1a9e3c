"""Values and changes as people read them: short in a cell, texts as differences by line or sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from whence.cell import as_json
from whence.packs.settings.timeline import Change, Difference
from whence.packs.settings.tree import MISSING

CELL_MAX = 60
LONG = 40
"""A text longer than this, or of several lines, is shown as a difference."""
SENTENCE = re.compile(r"(?<=[.!?;:])\s+")


def cell(value: Any) -> str:
    """A value in a cell: — where there is none, text in quotes, cut where it is long."""
    if value is MISSING:
        return "—"
    text = value if isinstance(value, str) and value and not _reads_as_json(value) else as_json_text(value)
    return _cut(" ".join(text.split()))


def _cut(text: str, most: int = CELL_MAX) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def as_json_text(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else as_json(value)


def plain(value: Any) -> Any:
    """A value for JSON: None where there is none."""
    return None if value is MISSING else value


def first_line(text: str | None) -> str | None:
    return None if text is None else text.strip().partition("\n")[0]


def sentence(each: Difference) -> str:
    """What became of a setting in a few words; of a long text, the lines or sentences that differ."""
    if each.before is MISSING:
        return f"{each.name} = {cell(each.after)}"
    if each.after is MISSING:
        return f"{each.name} removed"
    if is_long(each.before) and is_long(each.after):
        found = [line for line in text_diff(each.before, each.after, 0) if line[0] in "-+"]
        return f"{each.name}: {_cut(' '.join(found), 2 * CELL_MAX)}"
    return f"{each.name}: {cell(each.before)} → {cell(each.after)}"


def summary(change: Change, most: int = 2) -> str:
    """A change in one line."""
    if change.how == "refused":
        return f"{change.document}: a version that cannot be used"
    if not change.differences:
        return f"{change.document}: nothing"
    said = "; ".join(sentence(each) for each in change.differences[:most])
    rest = len(change.differences) - most
    return f"{said}; {rest} more" if rest > 0 else said


def is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > LONG or "\n" in value)


def text_diff(before: str, after: str, context: int = 2) -> Iterator[str]:
    """The lines of a text that differ, with - and + in front and some around them; a text of one line by sentences."""
    one, other = (_pieces(text, "\n" in before + after) for text in (before, after))
    for number, group in enumerate(
        difflib.SequenceMatcher(None, one, other, autojunk=False).get_grouped_opcodes(context)
    ):
        if number:
            yield "  …"
        for tag, first, last, start, end in group:
            if tag == "equal":
                yield from (f"  {piece}" for piece in one[first:last])
                continue
            yield from (f"- {piece}" for piece in one[first:last])
            yield from (f"+ {piece}" for piece in other[start:end])


def _pieces(text: str, by_line: bool) -> list[str]:
    return text.splitlines() if by_line or not text else SENTENCE.split(text)


def _reads_as_json(text: str) -> bool:
    return bool(re.fullmatch(r"true|false|null|[-+]?[\d.]+(e[-+]?\d+)?|[\[{\"].*", text, re.S | re.I))
