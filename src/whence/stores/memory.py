"""A store in this process's memory, for tests and for branches of a history. It keeps the same promises as the others
except that nothing survives the process."""

from __future__ import annotations

import platform
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from whence import jsonvalue
from whence.admission import RawId, admit, check_restored, refuse_other_spelling, rows_of
from whence.clock import Clock, SystemClock
from whence.errors import StoreClosed
from whence.events import Event, Recorded, Row, recorded_from
from whence.grammar import raw_to_id
from whence.postings import Postings
from whence.query import AppendCondition, Basis, Query
from whence.store import FORMAT, Identity, Reading, check_range

PAGE_EVENTS = 1000


class MemoryStore:
    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._changed = threading.Condition()
        self._events: list[Recorded] = []  # append-only, so that readers need no lock below the head they saw
        self._postings = Postings()  # guarded by _changed
        self._closed = False
        self._identity = Identity(raw_to_id(self._clock.new_id()), 1, FORMAT)

    def append(
        self, events: Sequence[Event | Row], condition: AppendCondition | None = None, *, basis: Basis | None = None
    ) -> Sequence[int]:
        rows = rows_of(events)
        basis_text = None if basis is None else jsonvalue.canonical(basis.to_json()).decode()
        with self._changed:
            self._refuse_closed()
            if (known := admit(self, rows, condition)) is not None:
                return known
            refuse_other_spelling((row.type for row in rows), self._postings.by_type)
            first = len(self._events) + 1
            recorded_us = max(self._clock.now_us(), self._events[-1].recorded_us if self._events else 0)
            for position, row in enumerate(rows, first):
                if row.raw_id is None:
                    row.raw_id = self._clock.new_id()
                self._keep(recorded_from(row, position, recorded_us, basis_text))
            self._changed.notify_all()
            return range(first, first + len(rows))

    def read(
        self,
        query: Query | None = None,
        *,
        after: int = 0,
        upto: int | None = None,
        limit: int | None = None,
        backwards: bool = False,
    ) -> Reading:
        query = query or Query.all()
        check_range(after, upto, limit)
        with self._changed:
            self._refuse_closed()
            head = len(self._events)
            positions = self._postings.matching(query, after, head if upto is None else min(upto, head))
        ordered = positions[::-1] if backwards else positions
        chosen = ordered if limit is None else ordered[:limit]
        events = self._events
        return Reading(head, lambda: iter([(events[position - 1] for position in chosen)]))

    def head(self) -> int:
        self._refuse_closed()
        return len(self._events)

    def wait(self, after: int, timeout_s: float) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._events) > after, timeout_s)
            self._refuse_closed()
            return len(self._events)

    def restore(self, recorded: Iterable[Recorded]) -> int:
        source = iter(recorded)
        while page := list(islice(source, PAGE_EVENTS)):
            with self._changed:
                self._refuse_closed()
                for event in page:
                    if check_restored(event, self._events[-1] if self._events else None, self):
                        refuse_other_spelling([event.type], self._postings.by_type)
                        self._keep(event)
                self._changed.notify_all()
        return len(self._events)

    def identity(self) -> Identity:
        self._refuse_closed()
        return self._identity

    def settings(self) -> dict[str, str]:
        return {"store": "memory", "python": platform.python_version(), "durable": "no, gone with the process"}

    def problems(self) -> Iterator[str]:
        return iter(())

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # What admission asks.

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        self._refuse_closed()
        ids = self._postings.ids
        return {raw_id: ids[raw_id] for raw_id in raw_ids if raw_id in ids}

    def newest_match(self, query: Query, after: int) -> int | None:
        return self._postings.newest_match(query, after)

    def fetch(self, position: int) -> Recorded:
        return self._events[position - 1]

    def _keep(self, event: Recorded) -> None:
        self._events.append(event)
        self._postings.add(event.position, event.raw_id, event.type, event.tags)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed(remedy="Open it again.")
