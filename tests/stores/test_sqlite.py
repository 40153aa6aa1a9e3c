"""The SQLite store sits the exam that every store sits."""

from __future__ import annotations

from pathlib import Path

from tests.exam import counts
from whence.clock import Clock
from whence.store import Store
from whence.stores.sqlite import SQLiteStore
from whence.testing import DurableStoreSuite


class TestSQLiteStore(DurableStoreSuite):
    races = counts.RACES
    tailed_events = counts.TAILED_EVENTS

    def open(self, folder: Path, clock: Clock | None = None) -> Store:
        return SQLiteStore.open(folder / "leads.db", create=True, clock=clock)
