"""A value as it is typed on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whence import jsonvalue
from whence.errors import InvalidEvent, InvalidFile


def value_of(text: str) -> Any:
    """What is typed, as JSON where it reads as JSON, else as text; @FILE is what the file says. Raises InvalidFile."""
    if text.startswith("@") and len(text) > 1:
        try:
            return Path(text[1:]).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as problem:
            remedy = "Name a text file, or write the value in JSON quotes where it begins with @."
            said = getattr(problem, "strerror", None) or problem
            raise InvalidFile("Cannot be read", file=text[1:], problem=said, remedy=remedy) from None
    try:
        return jsonvalue.parse(text)
    except InvalidEvent:
        return text
