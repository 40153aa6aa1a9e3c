"""The implementations under measurement, each in a file of its own with the same few methods; one that cannot do a
thing does not have the method."""

from __future__ import annotations

from importlib import import_module
from typing import Any

NAMES = ("whence", "apsw", "fsync", "recorder", "application", "umadb")


def opened(name: str, folder: str) -> Any:
    """An implementation, with its data in a folder."""
    return _class(name)(folder)


def settings(name: str) -> str:
    """How an implementation is set, in words."""
    return str(_class(name).settings)


def _class(name: str) -> Any:
    module = "eventsourcing" if name in ("recorder", "application") else name
    return getattr(import_module(f"benchmarks.implementations.{module}_"), name.capitalize())
