"""The words in which people say an event: KIND:VALUE is a tag, KEY=VALUE is data, and the word that is neither is its
type. How many of each there may be is left to whoever asks.

A value is JSON where it is valid JSON (a number, true, a list), else text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from whence.errors import InvalidEvent
from whence.jsonvalue import parse


class Words(NamedTuple):
    """What the words are, each sort in the order given."""

    types: list[str]
    tags: list[str]
    fields: dict[str, Any]


def words_of(words: Iterable[str]) -> Words:
    """The types, the tags and the data among words. Raises InvalidEvent for a field that is given twice."""
    found = Words([], [], {})
    for word in words:
        key, sign, value = split_word(word)
        if sign == "=":
            if key in found.fields:
                raise InvalidEvent("A field is given twice", field=key, remedy=f"Write {key}='[1, 2]' for a list.")
            found.fields[key] = _value_under(key, value)
        elif sign == ":":
            found.tags.append(word)
        else:
            found.types.append(word)
    return found


def _value_under(key: str, text: str) -> Any:
    try:
        return value_of(text)
    except InvalidEvent as problem:
        remedy = f"{problem.remedy} {key}='\"…\"' makes it text."
        raise InvalidEvent(problem.fact, remedy=remedy, **{**problem.facts, "field": key}) from None


def split_word(word: str) -> tuple[str, str, str]:
    """The word at its first `:` or `=`, whichever comes first; with neither, the word and two empty texts."""
    for place, sign in enumerate(word):
        if sign in ":=":
            return word[:place], sign, word[place + 1 :]
    return word, "", ""


def value_of(text: str) -> Any:
    """JSON where the text is valid JSON, else the text itself. Raises InvalidEvent for JSON that no event can have."""
    try:
        return parse(text)
    except InvalidEvent as problem:
        if problem.fact == "Not valid JSON":
            return text
        raise
