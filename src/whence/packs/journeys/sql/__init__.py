"""What the journeys ask in SQL, each in a file named as what it gives."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of `name`.sql."""
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
