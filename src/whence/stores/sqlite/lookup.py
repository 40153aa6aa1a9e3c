"""The whole index as one snapshot sees it, the tail in memory and the runs on disk together: what admission asks, and
the tending of the runs, which the store calls within its write transactions."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import apsw

from whence.admission import RawId
from whence.events import Recorded
from whence.query import Query
from whence.stores.sqlite.keys import id_hashes
from whence.stores.sqlite.reading import Filtering, candidates, fetch_page, first_match, scan_page
from whence.stores.sqlite.runs import Filters, Run, find, is_mergeable, trusted_filter
from whence.stores.sqlite.snapshot import Snapshot
from whence.stores.sqlite.tail import Tail

if TYPE_CHECKING:
    from whence.stores.sqlite.merging import FilterBuilding

FLUSH_EVENTS = 8192
"""So many events are indexed in memory before they are written as a run."""
FILTER_MIN_IDS = 64
"""So many ids are looked up in one array operation rather than one by one."""
RUNS_MAX = 40
"""With more runs than that, every append does a slice of a merge."""
LOOKUPS_BEFORE_FILTERS = 1000
"""A process that looks up so many ids is worth the filters of runs that others wrote."""

FINDS_BEFORE_FILTERS = 5000
"""A process that reads by so many queries is worth the filters of the small runs, of which there are most, and numpy,
which takes longest to import."""
SMALL_RUN_KEYS = 250_000

_CONFIRM = "SELECT e.position, e.id FROM carray(?) AS c CROSS JOIN event e ON e.position = c.value"


class Lookup:
    """The index of one snapshot. Filters are shared by all snapshots of a process."""

    def __init__(self, snapshot: Snapshot, filters: Filters) -> None:
        self.filters = filters
        self._snapshot = snapshot
        self._lookups = 0
        self._checked: object = None
        self._wants_filters = False
        self._building: FilterBuilding | None = None
        self._work = False

    # What admission asks.

    def head(self) -> int:
        return self._snapshot.head

    def fetch(self, position: int) -> Recorded:
        if self._snapshot.unwritten:
            self._snapshot.write_out()
        return fetch_page(self._snapshot.db.execute, [position], Filtering(Query.all(), self._snapshot.types))[0]

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        ids, head = self._snapshot.postings.ids, self._snapshot.head
        if len(raw_ids) == 1:  # what most appends ask
            found = {raw_ids[0]: ids[raw_ids[0]]} if ids.get(raw_ids[0], head + 1) <= head else {}
        else:
            found = {raw_id: ids[raw_id] for raw_id in ids.keys() & raw_ids if ids[raw_id] <= head}
        if self._snapshot.runs and len(found) < len(raw_ids):
            found |= self._in_runs([raw_id for raw_id in raw_ids if raw_id not in found] if found else raw_ids)
        return found

    def newest_match(self, query: Query, after: int) -> int | None:
        postings = self._snapshot.postings
        if (position := postings.newest_match(query, after)) is not None or after >= postings.base:
            return position
        if query.is_all:
            return postings.base
        snapshot, base = self._snapshot, postings.base
        filtering = Filtering(query, snapshot.types)
        positions = candidates(snapshot, postings, self.filters, query, after, base)
        if positions is not None:
            return first_match(snapshot.db, positions, filtering) if positions else None
        page = scan_page(snapshot.db.execute, filtering, after, base, 1, backwards=True)
        return page[0].position if page else None

    def _in_runs(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        """The positions of those ids that are in the runs, confirmed on the event rows."""
        self._lookups += len(raw_ids)
        snapshot, filters = self._snapshot, self.filters
        hashes = id_hashes(raw_ids)
        if len(hashes) >= FILTER_MIN_IDS:
            from whence.stores.sqlite.merging import may_be_there

            hashes = may_be_there(snapshot.runs, filters, hashes)
        positions: list[int] = []
        for hash in hashes:
            positions += find(snapshot.db, snapshot.runs, filters, hash) or ()
        if not positions:
            return {}
        asked = set(raw_ids)
        rows = snapshot.db.execute(_CONFIRM, (apsw.carray(array("q", positions)),))
        return {raw_id: position for position, raw_id in rows if raw_id in asked}

    # Tending the runs, numpy being imported only by processes that do.

    def flush(self, tail: Tail) -> None:
        """Write the tail as a run, unless another process just did. Inside a transaction."""
        if self._snapshot.postings.head - self._snapshot.postings.base < FLUSH_EVENTS:
            return
        from whence.stores.sqlite.merging import flush

        flush(self._snapshot.db, *tail.keys(), self.filters)
        self._snapshot.reload_runs()

    def has_work(self) -> bool:
        """Whether there is something to merge or a filter to build; known at once while the runs stay the same."""
        if self._checked is not self._snapshot.runs or self._wants_filters != (self._lookups >= LOOKUPS_BEFORE_FILTERS):
            self._checked = self._snapshot.runs
            self._wants_filters = self._lookups >= LOOKUPS_BEFORE_FILTERS
            self._work = self.can_merge() or (self._wants_filters and next(self._lacking_filters(), None) is not None)
        return self._work

    def is_behind(self) -> bool:
        """Whether there are so many runs that looking things up would become slow."""
        return len(self._snapshot.runs) > RUNS_MAX

    def can_merge(self) -> bool:
        return is_mergeable(self._snapshot.runs)

    def merge(self) -> None:
        """Begin a merge, or move one slice of one under way. Inside a transaction."""
        from whence.stores.sqlite.merging import merge_slice, start_merge

        snapshot = self._snapshot
        if not start_merge(snapshot.db, snapshot.runs, self.filters):
            merge_slice(snapshot.db, snapshot.runs, self.filters)
        snapshot.reload_runs()

    def build_filters(self, steps: int) -> None:
        """Go on with the filters of runs that other processes wrote, once this process looks up many ids."""
        if self._lookups < LOOKUPS_BEFORE_FILTERS:
            return
        from whence.stores.sqlite.merging import FilterBuilding

        while steps and (run := next(self._lacking_filters(), None)) is not None:
            if self._building is None or self._building.run.run != run.run:
                self._building = FilterBuilding(run)
            if (built := self._building.go_on(self._snapshot.db)) is not None:
                self.filters[run.run] = built
                self._checked = None
            steps -= 1

    def build_small_filters(self) -> None:
        """The filters of the small runs that this process has none of: together some 20 ms."""
        from whence.stores.sqlite.merging import FilterBuilding

        for run in self._lacking_filters():
            if run.keys <= SMALL_RUN_KEYS:
                self.filters[run.run] = FilterBuilding(run).complete(self._snapshot.db)

    def _lacking_filters(self) -> Iterator[Run]:
        """The whole runs without a filter that can be trusted."""
        whole = (run for run in self._snapshot.runs if run.written == run.keys)
        return (run for run in whole if trusted_filter(run, self.filters) is None)
