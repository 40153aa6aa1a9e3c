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


PENDING_MAX = 64
"""So many single events wait for their tags and types to be indexed: together that is several times quicker than one by
one between two syncs of the disk. Their ids are known at once."""


class Tail:
    """Events beyond the last run.

    The postings may be ahead of a reader's snapshot, also by events that are not committed yet, so a reader asks with
    `upto` its own head. They only grow: a flush or a failed commit puts new ones in their place.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._postings = Postings()  # replaced and added to under _lock
        self._pending: list[tuple[int, Row]] = []  # positions and rows of which only the id is indexed, under _lock

    def cover(self, db: apsw.Connection, flushed: int, head: int) -> Postings | None:
        """Postings of every event with flushed < position <= head of this snapshot.

        None when a run was written after the snapshot was taken: begin again with a newer one.
        """
        with self._lock:
            if self._postings.base > flushed:
                return None
            if self._postings.base < flushed:
                self._restart(flushed)
            if self._pending:
                self._index_pending()
            postings = self._postings
            if postings.head < head:
                for position, raw_id, type, tags_text in db.execute(_TAIL, (postings.head, head)):
                    postings.add(position, raw_id, type, tags_text.split("\n") if tags_text else ())
            return postings

    def cover_ids(self, flushed: int, head: int) -> Postings | None:
        """Postings whose ids alone are complete, or None when there is more to do: see `cover`."""
        postings = self._postings
        return postings if postings.base == flushed and postings.head == head else None

    def add(self, first: int, rows: Sequence[Row], only_ids: bool) -> None:
        """Index rows that are being appended from position `first` on, before their commit.

        With `only_ids` the tags and types may wait, because this transaction looks up nothing but ids.
        """
        with self._lock:
            if not only_ids or len(rows) > 1 or len(self._pending) >= PENDING_MAX:
                self._index_pending()
                self._postings.extend(first, rows)
            else:
                (row,) = rows
                self._pending.append((first, row))
                self._postings.ids[row.raw_id] = self._postings.head = first  # type: ignore[index]

    def restart(self, base: int) -> None:
        """Begin anew beyond `base`: after a flush, or when a commit did not happen."""
        with self._lock:
            self._restart(base)

    def _restart(self, base: int) -> None:
        self._postings = Postings(base)
        self._pending.clear()

    def _index_pending(self) -> None:
        head = self._postings.head
        for position, row in self._pending:
            self._postings.add(position, row.raw_id, row.type, row.tags)  # type: ignore[arg-type]
        self._postings.head = head
        self._pending.clear()
