"""The newest events of the store, not yet in a run, indexed in the memory of this process and shared by its threads.

Every process catches up from the event rows before it reads or checks; it never relies on what another remembers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import apsw

from whence.events import Row
from whence.postings import Postings
from whence.stores.sqlite.sql import statement

if TYPE_CHECKING:
    from whence.stores.sqlite.filter import Keys

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
            if postings.unindexed_types:
                postings.index()
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

        With `only_ids` the tags and types wait until somebody asks, because this transaction looks up nothing but ids.
        """
        with self._lock:
            if only_ids:
                self._postings.extend_ids(first, rows)
            else:
                self._postings.extend(first, rows)

    def keys(self) -> tuple[int, int, Keys]:
        """The first and the last position, and all keys between, for a run of them."""
        from whence.stores.sqlite.merging import keys_of

        with self._lock:
            return self._postings.base + 1, self._postings.head, keys_of(self._postings)

    def restart(self, base: int) -> None:
        """Begin anew beyond `base`: after a flush, or when a commit did not happen."""
        with self._lock:
            self._postings = Postings(base)
