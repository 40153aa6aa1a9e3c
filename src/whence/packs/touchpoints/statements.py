"""Statements in SQL, each in a file named as what it gives, beside the module that asks it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def statement(package: str, name: str, /, **told: object) -> str:
    """The text of `name`.sql in a package, with what is told in place of the braces."""
    return _text(package, name).format(**told)


@cache
def _text(package: str, name: str) -> str:
    return (files(package) / f"{name}.sql").read_text(encoding="utf-8")
