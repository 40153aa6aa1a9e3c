"""The statements of the SQLite store, each in a file named as what it does."""

from __future__ import annotations

from importlib.resources import files


def statement(name: str) -> str:
    """The text of `name`.sql."""
    return (files(__package__) / f"{name}.sql").read_text()
