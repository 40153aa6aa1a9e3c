"""The index of the SQLite store on disk: a log-structured merge tree (O'Neil et al., 1996) of sorted runs of keys.

The newest events are indexed in memory (postings); the union of all runs in a snapshot is the index of the rest.
Reading them is here; how they are written and merged is left to merging."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import apsw
import msgspec

from whence.stores.sqlite.keys import POSITION_MAX, filter_bits, key_range
from whence.stores.sqlite.sql import statement

if TYPE_CHECKING:
    from whence.stores.sqlite.filter import Filter

CHUNK_KEYS = 500
"""Keys in a chunk: 4,000 bytes, so that a chunk fills a page."""

MERGED_RUNS = 6
"""So many runs of a level are merged into one of the next: with fewer, keys are rewritten more often; with more, there
are more runs to look up in."""
NEAR_KEYS = 7
"""Of most names a chunk has fewer keys: the end of them is looked for here before it is anywhere."""
LARGE_LEVEL, MERGED_LARGE_RUNS = 2, 12
"""From this level on, so many: rewriting what is old is what makes appending to a large store slower than to a small
one."""

_RUNS = statement("select_runs")
_LAST_CHUNKS = statement("select_last_chunks")
_CHUNKS_DOWN = statement("select_chunks_down")


class Run(msgspec.Struct, frozen=True):
    """Sorted keys of the events from `first_position` to `last_position`; `written` of `keys` are there so far."""

    run: int
    level: int
    keys: int
    written: int
    first_position: int
    last_position: int
    merges_into: int | None


Filters = dict[int, "Filter"]


def load_runs(db: apsw.Connection) -> list[Run]:
    """The runs in the snapshot of a connection, the newest events first."""
    return [Run(*row) for row in db.execute(_RUNS)]


def flushed_upto(runs: Sequence[Run]) -> int:
    """The last position that is in a run."""
    return runs[0].last_position if runs else 0


def is_mergeable(runs: Sequence[Run]) -> bool:
    """Whether a merge is under way or could begin."""
    return any(run.merges_into is not None for run in runs) or next_merge(runs) is not None


def next_merge(runs: Sequence[Run]) -> list[Run] | None:
    """The oldest runs of the lowest level that has enough whole runs to merge, the newest first."""
    growing = {run.merges_into for run in runs}
    by_level: dict[int, list[Run]] = {}
    for run in runs:
        if run.merges_into is None and run.run not in growing:
            by_level.setdefault(run.level, []).append(run)
    for level, whole in sorted(by_level.items()):
        count = MERGED_RUNS if level < LARGE_LEVEL else MERGED_LARGE_RUNS
        if len(whole) >= count:
            return whole[-count:]
    return None


def find(
    db: apsw.Connection,
    runs: Sequence[Run],
    filters: Filters,
    hash: int,
    after: int = 0,
    upto: int = POSITION_MAX,
    most: int | None = None,
) -> list[int] | None:
    """The positions with after < position <= upto that a hash is kept under, rising; a few may be somebody else's.

    None when there are more than `most`.
    """
    bits = filter_bits(hash)
    asked = [
        run.run
        for run in runs
        if run.last_position > after
        and run.first_position <= upto
        and (
            (known := filters.get(run.run)) is None
            or known.added != run.written
            or known.view[hash >> known.shift] & bits == bits
        )
    ]
    if not asked:
        return []
    low, high = key_range(hash, after, upto)
    found: list[int] = []
    begun_before = []
    for run, first_key, keys in db.execute(_LAST_CHUNKS, (apsw.carray(array("q", asked)), high)):
        found += _positions_in(keys, low, high)
        if first_key > low:
            begun_before.append((run, first_key - 1))
    for run, below in begun_before:
        for first_key, keys in db.execute(_CHUNKS_DOWN, (run, below)):
            found += _positions_in(keys, low, high)
            if most is not None and len(found) > most:
                return None
            if first_key <= low:
                break
    found.sort()
    return found


def _positions_in(keys: bytes, low: int, high: int) -> list[int]:
    chunk = memoryview(keys).cast("q")
    first = bisect_left(chunk, low)
    near = first + NEAR_KEYS
    end = bisect_right(chunk, high, first, min(near, len(chunk)))
    if end == near:
        end = bisect_right(chunk, high, end)
    return [key & POSITION_MAX for key in chunk[first:end]]


def trusted_filter(run: Run, filters: Filters) -> Filter | None:
    """The filter of a run, if this process has one and no other process added keys to the run since."""
    known = filters.get(run.run)
    return known if known is not None and known.added == run.written else None
