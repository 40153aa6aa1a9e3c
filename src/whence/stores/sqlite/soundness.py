"""Whether a SQLite file keeps what its layout promises: pages, positions, recorded times, ids, and an index that says
the same as the events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from whence.postings import Postings
from whence.stores.sqlite.snapshot import Snapshot
from whence.stores.sqlite.sql import statement

if TYPE_CHECKING:
    from whence.stores.sqlite.filter import Keys

STRETCH_EVENTS = 10_000
_MASK = 2**64 - 1
_REMEDY = "Copy the store: whence copy writes a new one with a sound index."


def problems(snapshot: Snapshot) -> Iterator[str]:
    """A sentence for each promise that the file breaks. Reads all of it, in one snapshot."""
    execute = snapshot.execute
    execute("BEGIN")
    try:
        snapshot.refresh()
        for (said,) in execute("PRAGMA integrity_check"):
            if said != "ok":
                yield f"SQLite finds the file damaged: {said}."
        count, first, last = execute("SELECT count(*), min(position), max(position) FROM event").fetchone()  # type: ignore[misc]
        if count and (first, last) != (1, count):
            yield f"Positions have gaps: {count} events lie between {first} and {last}."
        for position, twice in execute(statement("find_repeated_ids")):
            yield f"An id is used twice: at positions {position} and {twice}."
        for position, _ in execute(statement("find_falling_recorded")):
            yield f"Recorded times fall at position {position}."
        yield from _index_problems(snapshot)
    finally:
        execute("COMMIT")


def _index_problems(snapshot: Snapshot) -> Iterator[str]:
    """Compare the number and the sum of all keys that the events call for with those stored, in little memory."""
    from whence.stores.sqlite.merging import keys_of, stored_keys

    stored_count = stored_sum = 0
    for run in snapshot.runs:
        previous = -1
        for keys in stored_keys(snapshot.db, run.run):
            if keys[0] <= previous or not (keys[1:] > keys[:-1]).all():
                yield f"Run {run.run} of the index is not sorted. {_REMEDY}"
                return
            previous = keys[-1]
            stored_count += len(keys)
            stored_sum += _digest(keys)
    expected_count = expected_sum = 0
    for first in range(0, snapshot.flushed, STRETCH_EVENTS):
        stretch = Postings(first)
        upto = min(first + STRETCH_EVENTS, snapshot.flushed)
        for position, raw_id, type, tags_text in snapshot.db.execute(statement("select_tail"), (first, upto)):
            stretch.add(position, raw_id, type, tags_text.split("\n") if tags_text else ())
        keys = keys_of(stretch)
        expected_count += len(keys)
        expected_sum += _digest(keys)
    if (stored_count, stored_sum & _MASK) != (expected_count, expected_sum & _MASK):
        yield f"The index disagrees with the events: {stored_count} keys, {expected_count} expected. {_REMEDY}"


def _digest(keys: Keys) -> int:
    """A sum over keys that does not depend on their order."""
    mixed = keys.astype("u8")
    mixed *= 0x9E3779B97F4A7C15
    mixed ^= mixed >> 29
    mixed *= 0xBF58476D1CE4E5B9
    return int(mixed.sum())
