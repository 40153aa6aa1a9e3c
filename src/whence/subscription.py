"""Following a store: first what is there, then what comes, in order, without a miss or a repeat. Where a reader keeps
the position it has reached is its own affair."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from whence.events import Recorded
from whence.query import Query
from whence.store import Store

WAIT_S = 0.5


class Subscription:
    """The events of a store that match a query, from a position on.

    `position` is the last position that is dealt with. It moves on when the next event is asked for, so that what is
    kept of it is never ahead of the work: after a crash, the event under way is seen again.
    """

    def __init__(self, store: Store, query: Query | None = None, *, after: int = 0) -> None:
        self.position = after
        self._store = store
        self._query = query

    def catch_up(self) -> Iterator[Recorded]:
        """The events up to the head at the time of the call; then it ends."""
        reading = self._store.read(self._query, after=self.position)
        for recorded in reading:
            yield recorded
            self.position = recorded.position
        self.position = max(self.position, reading.head)

    def live(self, stop: threading.Event | None = None) -> Iterator[Recorded]:
        """The events there are, then those that come, until `stop` is set."""
        while stop is None or not stop.is_set():
            yield from self.catch_up()
            self._store.wait(self.position, WAIT_S)
