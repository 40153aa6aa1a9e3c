"""The memory store sits the exam that every store sits."""

from __future__ import annotations

from pathlib import Path

from tests.exam import counts
from whence.clock import Clock
from whence.store import Store
from whence.stores.memory import MemoryStore
from whence.testing import StoreSuite


class TestMemoryStore(StoreSuite):
    races = counts.RACES
    tailed_events = counts.TAILED_EVENTS

    def open(self, folder: Path, clock: Clock | None = None) -> Store:
        return MemoryStore(clock)
