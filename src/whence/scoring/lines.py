"""On which line of a TOML file each table and key stands, which `tomllib` does not tell; it has read the file before,
so that what comes here is valid. What the keys mean is left to whoever asks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

Where = tuple[str | int, ...]
"""The keys and, in arrays, the numbers from 0 that lead to a value."""
LineOf = Callable[[Where], int | None]
"""From where a value is to its line, from 1."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]*")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def lines_of(text: str) -> dict[Where, int]:
    """The line of each table, key and entry of an array, from 1: the first one that names it."""
    return dict(reversed(list(_Scanner(text).entries())))


def nearest_line(lines: Mapping[Where, int], where: Where) -> int | None:
    """The line of a value, or of what it is missing from; None when the file has neither."""
    return next((lines[where[:end]] for end in range(len(where), 0, -1) if where[:end] in lines), None)


class _Scanner:
    """One pass over a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lengths: dict[Where, int] = {}

    def entries(self) -> Iterator[tuple[Where, int]]:
        table: Where = ()
        while self._skip(_BLANK) < len(self._text):
            line = self._line()
            if self._text[self._at] == "[":
                brackets = 2 if self._text.startswith("[[", self._at) else 1
                self._at += brackets
                table = self._resolve(self._keys(), is_array=brackets == 2)
                self._at += brackets
                yield from ((table[:end], line) for end in range(1, len(table) + 1))
            else:
                yield from self._pair(table)

    def _pair(self, table: Where) -> Iterator[tuple[Where, int]]:
        """A key and its value."""
        line = self._line()
        keys = self._keys()
        yield from ((table + keys[:end], line) for end in range(1, len(keys) + 1))
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        yield from self._value(table + keys)

    def _value(self, where: Where) -> Iterator[tuple[Where, int]]:
        opening = self._text[self._at]
        if opening in "[{":
            closing = "]" if opening == "[" else "}"
            self._at += 1
            number = 0
            while self._text[self._skip(_BLANK)] != closing:
                if opening == "[":
                    yield (*where, number), self._line()
                    yield from self._value((*where, number))
                    number += 1
                else:
                    yield from self._pair(where)
                if self._text[self._skip(_BLANK)] == ",":
                    self._at += 1
            self._at += 1
        else:
            self._skip(_TEXT if opening in "\"'" else _SCALAR)

    def _keys(self) -> Where:
        """A dotted key, up to what follows it."""
        keys: list[str] = []
        while True:
            start = self._skip(_SPACE)
            quoted = self._text[start] in "\"'"
            said = self._text[start : self._skip(_TEXT if quoted else _BARE)]
            keys.append(_unquoted(said) if quoted else said)
            if self._text[self._skip(_SPACE)] != ".":
                return tuple(keys)
            self._at += 1

    def _resolve(self, keys: Where, *, is_array: bool) -> Where:
        """Where a header leads: into the last entry of each array on its way."""
        where: Where = ()
        for number, key in enumerate(keys, 1):
            where = (*where, key)
            if is_array and number == len(keys):
                self._lengths[where] = self._lengths.get(where, 0) + 1
            if where in self._lengths:
                where = (*where, self._lengths[where] - 1)
        return where

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at + 1
        return self._at

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1


def _unquoted(said: str) -> str:
    return said[1:-1] if said[0] == "'" else _ESCAPE.sub(_unescaped, said[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    return chr(int(code, 16)) if code else _ESCAPED.get(found[4], found[4])
