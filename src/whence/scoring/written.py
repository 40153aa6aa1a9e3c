"""A scorecard as the lines of whence.toml that say it, to be read, kept and pasted; reading them is left to card."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from whence.scoring.card import ORDER, Scorecard

NAMED = ("group", "score")
"""Parts that are tables by name; the others are lists of tables."""
FIRST = ("name", "group", "on", "when", "while")
"""What a rule begins with; the rest is as the card has it."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(card: Scorecard, name: str | None = None) -> str:
    """The card in TOML, under its name or another one. Read again it has the same version."""
    return "\n".join(_lines(card, ("scorecard", name or card.name))) + "\n"


def _lines(card: Scorecard, where: tuple[str, ...]) -> Iterator[str]:
    table = card.to_table()
    yield f"[{_path(where)}]"
    if card.kind != where[-1]:
        yield f"kind = {_value(card.kind)}"
    if card.order != ORDER:
        yield f"order = {_value(card.order)}"
    for part in ("rule", "group", "score", "grade", "threshold"):
        for each in table[part]:
            yield ""
            said = {key: each[key] for key in (*FIRST, *each) if key in each}
            if part in NAMED:
                yield f"[{_path((*where, part, said.pop('name')))}]"
            else:
                yield f"[[{_path((*where, part))}]]"
            if len(types := said.get("on", ())) == 1:
                said["on"] = types[0]
            yield from (f"{_key(key)} = {_value(value)}" for key, value in said.items())


def _path(keys: tuple[str, ...]) -> str:
    return ".".join(map(_key, keys))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
