"""How two texts differ, as people read it: by their lines, or a text of one line by its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

LONG = 40
"""A text longer than this, or of several lines, is shown as a difference."""
SENTENCE = re.compile(r"(?<=[.!?;:])\s+")


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
