"""How the index grows: a stretch of events is written as a run of level 0, and six runs of a level are merged into one
of the next, slice by slice, each slice one short transaction.

A slice moves keys from the runs that are merged to the run they merge into, so that in every snapshot the union of all
runs is the whole index, and any process can take the work up where another left it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import apsw
import numpy as np

from whence.errors import StoreError
from whence.postings import Postings
from whence.stores.sqlite.filter import Filter, Keys, filter_bits_each
from whence.stores.sqlite.keys import POSITION_BITS, POSITION_MAX, id_hashes, tag_hashes, type_hashes
from whence.stores.sqlite.runs import CHUNK_KEYS, Filters, Run, next_merge, trusted_filter
from whence.stores.sqlite.sql import statement

FILTER_CHUNKS = 64
"""So many chunks of a run are put into its filter at a time, which takes a few milliseconds."""
SLICE_CHUNKS = 32
"""So many chunks of each merged run are moved in one transaction, which takes some 5 ms."""

_CHUNKS_UP = statement("select_chunks_up")
_NEXT_CHUNKS = statement("select_next_chunks")
_INSERT_RUN = statement("insert_run")
_INSERT_CHUNK = statement("insert_chunk")


def flush(db: apsw.Connection, first: int, last: int, keys: Keys, filters: Filters) -> None:
    """Write the keys of a stretch of history as a run of level 0. Inside a transaction."""
    run = db.execute(_INSERT_RUN, (0, len(keys), len(keys), first, last)).get
    _write_chunks(db, run, keys)
    filters[run] = Filter(len(keys))
    filters[run].add(keys)


def keys_of(postings: Postings) -> Keys:
    """All keys of a stretch of history, sorted."""
    if postings.head > POSITION_MAX:
        raise StoreError("This store is full", events=POSITION_MAX, remedy="Continue in another store.")
    parts = [_keys(id_hashes(postings.ids), postings.ids.values())]
    for lists, hashes in ((postings.by_tag, tag_hashes), (postings.by_type, type_hashes)):
        counts = list(map(len, lists.values()))
        parts.append(_keys(hashes(lists), chain.from_iterable(lists.values()), counts))
    if postings.unindexed_types:
        parts += _keys_of_unindexed(postings)
    keys = np.concatenate(parts)
    keys.sort()
    repeated = keys[1:] == keys[:-1]  # a hash may be shared by two tags of one event
    return np.delete(keys, np.flatnonzero(repeated)) if repeated.any() else keys


def _keys(hashes: list[int], positions: Iterable[int] | Keys, counts: list[int] | None = None) -> Keys:
    """The keys of names, with one position each or as many as `counts` says."""
    keys: Keys = np.array(hashes, dtype=np.int64) << POSITION_BITS
    if counts is not None:
        keys = np.repeat(keys, counts)
    keys |= positions if isinstance(positions, np.ndarray) else np.fromiter(positions, dtype=np.int64)
    return keys


def _keys_of_unindexed(postings: Postings) -> Iterator[Keys]:
    """The keys of the types and tags of the events that are not indexed yet, the last ones."""
    types, tags = postings.unindexed_types, postings.unindexed_tags
    positions = np.arange(postings.head - len(types) + 1, postings.head + 1, dtype=np.int64)
    yield _keys(_hashes(type_hashes, types), positions)
    yield _keys(_hashes(tag_hashes, list(chain.from_iterable(tags))), np.repeat(positions, list(map(len, tags))))


def _hashes(hashes: Callable[[Iterable[str]], list[int]], names: Sequence[str]) -> list[int]:
    """The hash of each name; of those that come again it is computed once."""
    different = list(set(names))
    return list(map(dict(zip(different, hashes(different), strict=True)).__getitem__, names))


def start_merge(db: apsw.Connection, runs: Sequence[Run], filters: Filters) -> bool:
    """Begin the next merge, if there is one. Inside a transaction."""
    merged = next_merge(runs)
    if merged is None:
        return False
    keys = sum(run.keys for run in merged)
    first, last = merged[-1].first_position, merged[0].last_position
    into = db.execute(_INSERT_RUN, (merged[0].level + 1, keys, 0, first, last)).get
    db.executemany("UPDATE run SET merges_into = ? WHERE run = ?", [(into, run.run) for run in merged])
    filters[into] = Filter(keys)
    return True


def merge_slice(db: apsw.Connection, runs: Sequence[Run], filters: Filters) -> bool:
    """Move one slice of the lowest merge under way; False when there is none. Inside a transaction."""
    under_way = [run for run in runs if run.merges_into is not None]
    if not under_way:
        return False
    into = min(under_way, key=lambda run: run.level).merges_into
    assert into is not None, "a run under way merges into another"
    sources = [run.run for run in under_way if run.merges_into == into]
    pieces = {source: db.execute(_CHUNKS_UP, (source, SLICE_CHUNKS)).fetchall() for source in sources}
    ends = [_array(rows[-1][1])[-1] for rows in pieces.values() if len(rows) == SLICE_CHUNKS]
    bound = min(ends) if ends else None
    moved = [_take(db, source, rows, bound) for source, rows in pieces.items() if rows]
    keys = np.sort(np.concatenate(moved), kind="stable") if moved else np.empty(0, dtype=np.int64)
    _write_chunks(db, into, keys)
    db.execute("UPDATE run SET written = written + ? WHERE run = ?", (len(keys), into))
    if (known := filters.get(into)) is not None:
        known.add(keys)
    if bound is None:
        db.execute("DELETE FROM run WHERE merges_into = ?", (into,))
        for source in sources:
            filters.pop(source, None)
    return True


def may_be_there(runs: Sequence[Run], filters: Filters, hashes: list[int]) -> list[int]:
    """Those of many hashes that some run may contain, in one operation for each run."""
    asked = np.array(hashes, dtype=np.uint64)
    bits = filter_bits_each(asked)
    found = np.zeros(len(asked), dtype=np.bool_)
    for run in runs:
        known = trusted_filter(run, filters)
        if known is None:
            return hashes
        found |= known.may_contain_each(asked, bits)
    maybe: list[int] = asked[found].tolist()
    return maybe


class FilterBuilding:
    """The filter of a run that another process wrote, made from its chunks a few at a time."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._filter = Filter(run.keys)
        self._upto = -1

    def go_on(self, db: apsw.Connection) -> Filter | None:
        """The filter when it is complete. A key that a merge moves meanwhile does no harm: one too many is allowed."""
        chunks = db.execute(_NEXT_CHUNKS, (self.run.run, self._upto, FILTER_CHUNKS)).fetchall()
        for (keys,) in chunks:
            added = _array(keys)
            self._filter.add(added)
            self._upto = int(added[0])
        if len(chunks) == FILTER_CHUNKS:
            return None
        self._filter.added = self.run.written
        return self._filter

    def complete(self, db: apsw.Connection) -> Filter:
        """The filter, at once."""
        while (built := self.go_on(db)) is None:
            pass
        return built


def stored_keys(db: apsw.Connection, run: int) -> Iterator[Keys]:
    """The keys of a run, chunk by chunk."""
    for (keys,) in db.execute("SELECT keys FROM chunk WHERE run = ? ORDER BY first_key", (run,)):
        yield _array(keys)


def _take(db: apsw.Connection, run: int, rows: list[tuple[Any, ...]], bound: int | None) -> Keys:
    """Remove the keys up to `bound` from the first chunks of a run and return them."""
    keys = np.concatenate([_array(chunk) for _, chunk in rows])
    count = len(keys) if bound is None else int(np.searchsorted(keys, bound, side="right"))
    first_of_row = 0
    emptied = []
    for rowid, chunk in rows:
        end = first_of_row + len(chunk) // 8
        if end <= count:
            emptied.append((rowid,))
        elif first_of_row < count:
            rest = keys[count:end]
            sql = "UPDATE chunk SET first_key = ?, keys = ? WHERE rowid = ?"
            db.execute(sql, (int(rest[0]), rest.tobytes(), rowid))
        first_of_row = end
    db.executemany("DELETE FROM chunk WHERE rowid = ?", emptied)
    return keys[:count]


def _write_chunks(db: apsw.Connection, run: int, keys: Keys) -> None:
    parts = (keys[start : start + CHUNK_KEYS] for start in range(0, len(keys), CHUNK_KEYS))
    db.executemany(_INSERT_CHUNK, [(run, int(part[0]), part.tobytes()) for part in parts])


def _array(chunk: Any) -> Keys:
    return np.frombuffer(chunk, dtype=np.int64)
