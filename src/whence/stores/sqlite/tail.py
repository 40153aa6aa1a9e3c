"""The newest events of the store, not yet in a run, indexed in the memory of this process and shared by its threads.

Every process catches up from the event rows before it reads or checks; it never relies on what another remembers."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import apsw

from whence.events import Row
from whence.postings import Postings
from whence.stores.sqlite.sql import statement

_TAIL = statement("select_tail")


class Tail:
    """Events beyond the last run.

    The postings may be ahead of a reader's snapshot, also by events that are not committed yet, so a reader asks with
    `upto` its own head. They only grow: a flush or a failed commit puts new ones in their place.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._postings = Postings()  # replaced and added to under _lock

    def cover(self, db: apsw.Connection, flushed: int, head: int) -> Postings | None:
        """Postings of every event with flushed < position <= head of this snapshot.

        None when a run was written after the snapshot was taken: begin again with a newer one.
        """
        with self._lock:
            if self._postings.base > flushed:
                return None
            if self._postings.base < flushed:
                self._postings = Postings(flushed)
            postings = self._postings
            if postings.head < head:
                for position, raw_id, type, tags_text in db.execute(_TAIL, (postings.head, head)):
                    tags = tags_text.split("\n") if tags_text else ()
                    postings.add(position, raw_id, type, tags)
            return postings

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Index rows that are being appended from position `first` on, before their commit."""
        with self._lock:
            self._postings.extend(first, [(row.raw_id, row.type, row.tags) for row in rows])  # type: ignore[misc]

    def restart(self, base: int) -> None:
        """Begin anew beyond `base`: after a flush, or when a commit did not happen."""
        with self._lock:
            self._postings = Postings(base)
