"""Whence's SQLite store, used as its documentation says."""

from __future__ import annotations

import os

from benchmarks.workload import TYPES, Lead, Parts
from whence.codec import Codec
from whence.events import Event
from whence.history import History, state_now
from whence.model import Model
from whence.query import AppendCondition, Query
from whence.replay import replay
from whence.segments.reading import Segments
from whence.stores.sqlite import SQLiteStore


class Whence:
    settings = "WAL, synchronous=FULL"

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "events.db")
        self.store = SQLiteStore.open(self.path, create=True)
        self.model = Model.of(Lead)

    def append(self, batch: list[Parts]) -> None:
        self.store.append([Event(parts.type, parts.data, parts.tags, parts.id) for parts in batch])

    def append_guarded(self, parts: Parts) -> None:
        """A decision: the head as it was read, and the condition that nothing about the entity came since."""
        condition = AppendCondition(Query.of(tags=[f"lead:{parts.entity}"]), after=self.store.head())
        self.store.append([Event(parts.type, parts.data, parts.tags, parts.id)], condition)

    def append_if_new(self, parts: Parts) -> None:
        """A condition without a position, on the whole store: that nothing has this tag yet."""
        tag = f"request:{parts.id}"
        condition = AppendCondition(Query.of(tags=[tag]))
        self.store.append([Event(parts.type, parts.data, (*parts.tags, tag), parts.id)], condition)

    def load(self, entity: int) -> Lead:
        return state_now(self.store, self.model, f"lead:{entity}")  # type: ignore[no-any-return]

    def read_all(self) -> int:
        return sum(1 for _ in History.of(self.store).typed(Codec(*TYPES.values())))

    def fold_all(self) -> int:
        return len(History.of(self.store).states(self.model))

    def build(self) -> None:
        """Build the segments, from which a replay reads."""
        self._segments().close()

    def replay_all(self) -> int:
        with self._segments() as segments:
            return len(replay(segments, self.model).states)

    def _segments(self) -> Segments:
        return Segments.open(self.store, "lead", os.path.join(os.path.dirname(self.path), "segments"))

    def close(self) -> None:
        self.store.close()
