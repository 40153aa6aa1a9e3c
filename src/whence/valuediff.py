"""What became of a value, as people read it: short in a cell or a sentence, of long texts only what differs. How it is
printed is left to the command line."""

from __future__ import annotations

from typing import Any

import msgspec

from whence.cell import told_apart
from whence.textdiff import is_long, text_diff
from whence.tree import MISSING, Path

CELL_MAX = 60


class Difference(msgspec.Struct, frozen=True):
    """A value that is another, by its full name and its path in a tree; MISSING stands for no value."""

    name: str
    before: Any
    after: Any
    path: Path = ()


def cell(value: Any) -> str:
    """A value in a cell: — where there is none, text in quotes where it needs them, cut where it is long."""
    if value is MISSING:
        return "—"
    return _cut(" ".join(told_apart(value).split()))


def sentence(each: Difference) -> str:
    """What became of a value in a few words; of a long text, the lines or sentences that differ."""
    if each.before is MISSING:
        return f"{each.name} = {cell(each.after)}"
    if each.after is MISSING:
        return f"{each.name} removed"
    if is_long(each.before) and is_long(each.after):
        found = [line for line in text_diff(each.before, each.after, 0) if line[0] in "-+"]
        return f"{each.name}: {_cut(' '.join(found), 2 * CELL_MAX)}"
    return f"{each.name}: {cell(each.before)} → {cell(each.after)}"


def or_none(value: Any) -> Any:
    """A value for JSON: None where there is none."""
    return None if value is MISSING else value


def _cut(text: str, most: int = CELL_MAX) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
