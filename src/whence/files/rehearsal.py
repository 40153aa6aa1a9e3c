"""A store to try writes on: it reads as the real one with what was written since, and the real one is never touched."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from whence.admission import RawId, refuse_other_spelling
from whence.events import Event, Recorded, Row
from whence.query import Query
from whence.store import Store
from whence.stores.opening import open_store


class Rehearsal:
    """What an import asks of a store, on a store as it is now; a context manager. Raises as that store would."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._start = store.head()
        self._folder = tempfile.TemporaryDirectory()
        self._added = open_store(Path(self._folder.name) / "added.db", create=True)
        self._types: set[str] | None = None

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(self, *problem: object) -> None:
        self._added.close()
        self._folder.cleanup()

    def head(self) -> int:
        return self._start + self._added.head()

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        added = self._added.positions_of(raw_ids)
        stored = self._store.positions_of(raw_ids)
        return {**{raw_id: self._start + position for raw_id, position in added.items()}, **stored}

    def read(self, *, after: int = 0, upto: int) -> Iterator[Recorded]:
        yield from self._store.read(after=after, upto=min(upto, self._start))
        if upto > self._start:
            for event in self._added.read(after=max(after - self._start, 0), upto=upto - self._start):
                yield _moved(event, self._start)

    def append(self, events: Sequence[Event | Row]) -> None:
        self._refuse_other_spelling({event.type for event in events})
        self._added.append(events)

    def restore(self, recorded: Sequence[Recorded]) -> None:
        self._refuse_other_spelling({event.type for event in recorded})
        self._added.restore(_moved(event, -self._start) for event in recorded)

    def _refuse_other_spelling(self, types: Iterable[str]) -> None:
        """Ask for each type whether the store has it; read the whole store only for one that it has not."""
        unknown = {name for name in types if not self._has(name)}
        if unknown and self._types is None:
            self._types = {event.type for event in self._store.read(upto=self._start)}
        if unknown:
            refuse_other_spelling(unknown, self._types or ())

    def _has(self, type: str) -> bool:
        if self._types is not None:
            return type in self._types
        return any(self._store.read(Query.of(types=[type]), limit=1))


def _moved(event: Recorded, by: int) -> Recorded:
    return msgspec.structs.replace(event, position=event.position + by)
