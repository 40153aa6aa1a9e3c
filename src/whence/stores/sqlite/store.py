"""The SQLite store: one file, many readers, many writing processes, and the embedded default.

An append writes only the event row; ids, tags and types of the newest events are indexed in memory (tail), older ones
in sorted runs (runs, merging). Concurrent callers share a commit (group). Reads are paged in short transactions."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import attrgetter, itemgetter
from types import TracebackType
from typing import Any

import apsw

from whence import jsonvalue
from whence.admission import RawId, admit, check_restored, rows_of
from whence.clock import Clock, SystemClock
from whence.errors import CannotWrite, InvalidEvent, OutcomeUnknown, StoreClosed, StoreError, WhenceError
from whence.events import Event, Facts, Recorded, Row
from whence.postings import Postings
from whence.query import AppendCondition, Basis, Query
from whence.store import Identity, Reading, check_range
from whence.stores.sqlite import file, soundness
from whence.stores.sqlite.connection import connect, connect_to_read, in_words
from whence.stores.sqlite.group import RETRY, GroupCommit, Request
from whence.stores.sqlite.lookup import FINDS_BEFORE_FILTERS, FLUSH_EVENTS, Lookup
from whence.stores.sqlite.reading import (
    PAGE_EVENTS,
    Filtering,
    candidates,
    fetch_page,
    fetch_page_of_facts,
    pages_at,
    pages_between,
    scan_page,
    scan_page_of_facts,
)
from whence.stores.sqlite.snapshot import Snapshot
from whence.stores.sqlite.sql import statement
from whence.stores.sqlite.tail import Tail

EVENTS_PER_SLICE = 2000
"""For so many events appended one slice of a merge is done: enough to keep up, too little to be felt."""
CLOSING_S = 0.5
"""So long may closing go on with merges."""
EVENTS_PER_STEP = 20
"""For so many events appended one step is made towards the filters of runs that other processes wrote."""
EARNED_MAX = 8 * EVENTS_PER_SLICE
"""No more slices than that are saved up for later."""

_INSERT_BASIS = statement("insert_basis")


class SQLiteStore:
    """Use `SQLiteStore.open(path)`. Thread-safe; several processes may share the file."""

    def __init__(self, path: str, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._process = os.getpid()
        self._closed = False
        self._tail = Tail()
        self._group = GroupCommit(self._commit)
        self._write_lock = threading.Lock()
        self._writer = Snapshot(connect(path))  # guarded by _write_lock
        self._lookup = Lookup(self._writer, {})  # the index as the writer sees it, guarded by _write_lock
        self._reconnect = False  # whether the next transaction is to connect anew, guarded by _write_lock
        self._only_ids = False  # what the transaction under way looks up, guarded by _write_lock
        self._earned = EVENTS_PER_SLICE  # events appended that no slice of a merge was done for, guarded by _write_lock
        self._flushed = False  # whether this process wrote a run, guarded by _write_lock
        self._postponed: StoreError | None = None  # why the index was not tended, guarded by _write_lock
        self._finds = 0  # reads by a query since filters were last looked at; not exact, as threads go
        self._readers_lock = threading.Lock()
        self._readers: list[Snapshot] = []  # idle ones, guarded by _readers_lock
        self._appended = threading.Condition()
        self._waiting = 0  # threads in wait(), guarded by _appended

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        clock: Clock | None = None,
        origin: str | None = None,
    ) -> SQLiteStore:
        """Open the store in a file; with `create`, make it when there is none, noting where it is copied from.

        Raises NoSuchStore, NotAStore, UnknownFormat, CannotWrite.
        """
        path, clock = os.path.abspath(path), clock or SystemClock()
        try:
            file.make_ready(path, clock, create, origin)
            return cls(path, clock)
        except apsw.Error as problem:
            raise in_words(problem, path) from problem
        except OSError as problem:
            raise CannotWrite(path=path, problem=problem.strerror, remedy="Mend that, then open it again.") from problem

    # Writing.

    def append(
        self, events: Sequence[Event | Row], condition: AppendCondition | None = None, *, basis: Basis | None = None
    ) -> Sequence[int]:
        rows = rows_of(events)
        self._refuse_closed()
        return self._group.run(Request(rows, condition, basis))

    def restore(self, recorded: Iterable[Recorded]) -> int:
        source = iter(recorded)
        while page := list(islice(source, PAGE_EVENTS)):
            self._refuse_closed()
            with self._write_lock:
                self._write(lambda page=page: self._restore_page(page))  # type: ignore[misc]
                self._tend(len(page))
            self._notify()
        return self.head()

    def _commit(self, group: list[Request]) -> None:
        """Commit a group: each request is settled in turn, against what goes before it; one sync for all."""
        with self._write_lock:
            if self._closed:  # since it was asked
                self._refuse_closed()
            appended, only_ids = 0, True
            for request in group:
                appended += len(request.rows)
                only_ids = only_ids and request.condition is None
            try:
                self._write(lambda: self._settle(group), only_ids)
            except WhenceError:
                raise
            except Exception:
                self._commit_each(group)
            self._tend(appended)
        self._notify()

    def _commit_each(self, group: list[Request]) -> None:
        """Commit each of a group by itself, so that what one of them raised fails no other."""
        for request in group:
            request.error = None
            try:
                self._write(lambda request=request: self._settle([request]))  # type: ignore[misc]
            except Exception as problem:
                request.error = problem

    def _write(self, work: Callable[[], object], only_ids: bool = False) -> None:
        """Run `work` in one write transaction, seeing everything that is committed. All of it is kept, or nothing.

        With `only_ids` the work looks up nothing but ids.
        """
        if self._reconnect:
            self._writer = Snapshot(connect(self.path))
            self._lookup = Lookup(self._writer, {})
            self._reconnect = False
        snapshot, committing = self._writer, False
        execute, self._only_ids = snapshot.execute, only_ids
        try:
            execute("BEGIN IMMEDIATE")
            snapshot.refresh()
            snapshot.postings = (only_ids and self._tail.cover_ids(snapshot.flushed, snapshot.head)) or self._cover()
            work()
            if snapshot.unwritten:
                snapshot.write_out()
            committing = True
            execute("COMMIT")
        except BaseException as problem:
            self._abandon(reopen=committing)
            if committing and isinstance(problem, Exception):
                raise OutcomeUnknown(path=self.path, problem=problem, remedy=RETRY) from problem
            if isinstance(problem, apsw.Error):
                raise in_words(problem, self.path) from problem
            raise

    def _cover(self) -> Postings:
        postings = self._tail.cover(self._writer.db, self._writer.flushed, self._writer.head)
        assert postings is not None, "nobody else writes a run while this connection holds the write lock"
        return postings

    def _abandon(self, reopen: bool) -> None:
        """Forget what a transaction did that did not commit, before its lock is let go."""
        self._tail.restart(0)
        self._lookup.filters.clear()
        self._writer.forget()
        if reopen:
            self._writer.db.close()
            self._reconnect = True
        elif self._writer.db.in_transaction:
            self._writer.execute("ROLLBACK")

    def _settle(self, group: list[Request]) -> None:
        if len(group) > 1 and self._only_ids and self._settle_together(group):
            return
        for request in group:
            try:
                known = admit(self._lookup, request.rows, request.condition)
                request.positions = self._insert(request.rows, request.basis) if known is None else known
            except WhenceError as problem:
                request.error = problem

    def _settle_together(self, group: list[Request]) -> bool:
        """Settle requests that nothing can refuse as if they were one; False when that is not certain."""
        rows = [row for request in group for row in request.rows]
        given = [row.raw_id for row in rows if row.raw_id is not None]
        if any(request.basis for request in group) or len(set(given)) < len(given) or self._lookup.positions_of(given):
            return False
        try:
            first = self._insert(rows, None)[0]
        except InvalidEvent:
            return False
        for request in group:
            request.positions = range(first, first + len(request.rows))
            first += len(request.rows)
        return True

    def _insert(self, rows: list[Row], basis: Basis | None) -> Sequence[int]:
        """Write new rows at the next positions."""
        snapshot, clock = self._writer, self._clock
        codes = snapshot.type_codes(rows)
        basis_number = None if basis is None else self._basis_number(basis)
        recorded_us = max(clock.now_us(), snapshot.recorded_us)
        first = position = snapshot.head + 1
        for row, code in zip(rows, codes, strict=True):
            if row.raw_id is None:
                row.raw_id = clock.new_id()
            snapshot.unwritten += _bindings(position, row, code, recorded_us, basis_number)
            position += 1
        self._tail.add(first, rows, self._only_ids)
        snapshot.head, snapshot.recorded_us = snapshot.head + len(rows), recorded_us
        return range(first, first + len(rows))

    def _basis_number(self, basis: Basis) -> int:
        """The number under which an append's basis is kept, the items of its query interned."""
        snapshot = self._writer
        numbers = [snapshot.item_number(item) for item in basis.query.items]
        query = "[" + ",".join(map(str, numbers)) + "]"
        reads = None if basis.reads is None else jsonvalue.canonical(list(basis.reads)).decode()
        snapshot.execute(_INSERT_BASIS, (query, basis.position, basis.settings, reads))
        return snapshot.db.last_insert_rowid()

    def _restore_page(self, page: list[Recorded]) -> None:
        snapshot = self._writer
        last = self._lookup.fetch(snapshot.head) if snapshot.head else None
        basis_text: str | None = None
        basis_number: int | None = None
        for recorded in page:
            if check_restored(recorded, last, self._lookup):
                row = recorded.to_row()
                if (basis := recorded.basis) is not None and recorded.basis_text != basis_text:
                    basis_text, basis_number = recorded.basis_text, self._basis_number(basis)
                (code,) = snapshot.type_codes([row])
                number = None if recorded.basis_text is None else basis_number
                snapshot.unwritten += _bindings(recorded.position, row, code, recorded.recorded_us, number)
                self._tail.add(recorded.position, [row], only_ids=False)
                snapshot.head, snapshot.recorded_us = recorded.position, recorded.recorded_us
                last = recorded

    # The index.

    def _tend(self, appended: int) -> None:
        """Write and merge runs as far as so many appended events call for.

        The events themselves are durable already, so a failure here does not fail the append: it is kept for
        `problems`, and the work is taken up again next time.
        """
        must_flush = self._writer.head - self._writer.flushed >= FLUSH_EVENTS
        if not must_flush and not self._lookup.has_work():
            return
        with self._postponing():
            if must_flush:
                self._write(lambda: self._lookup.flush(self._tail), only_ids=True)
                self._tail.restart(self._writer.flushed)
                self._flushed = True
            for _ in range(self._slices_due(appended)):
                if self._lookup.can_merge():
                    self._write(self._lookup.merge)
            self._lookup.build_filters(1 + appended // EVENTS_PER_STEP)

    def _catch_up(self) -> None:
        """Go on with merges for a moment, once many events were written: later reads have fewer runs to look in."""
        deadline = time.monotonic() + CLOSING_S
        with self._postponing():
            while self._flushed and self._lookup.can_merge() and time.monotonic() < deadline:
                self._write(self._lookup.merge)

    @contextmanager
    def _postponing(self) -> Iterator[None]:
        """Tending the index, which may fail and be done later."""
        try:
            yield
            self._postponed = None
        except StoreError as problem:
            self._postponed = problem
        except apsw.Error as problem:
            self._postponed = in_words(problem, self.path)

    def _slices_due(self, appended: int) -> int:
        """How many slices of a merge to do after so many appended events; more when the merges are behind."""
        self._earned = min(self._earned + appended, EARNED_MAX)
        due = min(self._earned // EVENTS_PER_SLICE, 1 + appended // EVENTS_PER_SLICE)
        self._earned -= due * EVENTS_PER_SLICE
        return due + self._lookup.is_behind()

    # Reading.

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
        with self._snapshot() as snapshot:
            head = snapshot.head
            top = head if upto is None else min(upto, head)
            filtering = Filtering(query, snapshot.types)
            kinds = snapshot.types.kinds
            positions = candidates(snapshot, snapshot.postings, self._lookup.filters, query, after, top)
            self._finds += not query.is_all
            if self._finds >= FINDS_BEFORE_FILTERS:
                self._finds = 0
                Lookup(snapshot, self._lookup.filters).build_small_filters()
        if positions is not None:
            if backwards:
                positions.reverse()
            at = (filtering, positions, limit)
            return Reading(
                head,
                lambda: pages_at(self._fetch, fetch_page, *at),
                lambda: (Facts(kinds, rows) for rows in pages_at(self._fetch, fetch_page_of_facts, *at)),
            )
        between = (filtering, after, top, limit, backwards)
        return Reading(
            head,
            lambda: pages_between(self._fetch, scan_page, attrgetter("position"), *between),
            lambda: (
                Facts(kinds, rows) for rows in pages_between(self._fetch, scan_page_of_facts, itemgetter(0), *between)
            ),
        )

    def head(self) -> int:
        with self._connection() as snapshot:
            if snapshot.is_current():
                return snapshot.head
        with self._snapshot() as snapshot:
            return snapshot.head

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        with self._snapshot(only_ids=True) as snapshot:
            return Lookup(snapshot, self._lookup.filters).positions_of(raw_ids)

    def wait(self, after: int, timeout_s: float) -> int:
        deadline = time.monotonic() + timeout_s
        pause_s = 0.001
        with self._appended:
            self._waiting += 1
        try:
            while (head := self.head()) <= after and (left_s := deadline - time.monotonic()) > 0:
                with self._appended:  # woken by this process's appends; those of others are found by looking again
                    self._appended.wait(min(pause_s, left_s))
                pause_s = min(pause_s * 2, 0.05)
        finally:
            with self._appended:
                self._waiting -= 1
        return head

    def _fetch(self, page: Callable[..., list[Any]], *arguments: Any) -> list[Any]:
        with self._connection() as snapshot:
            return page(snapshot.execute, *arguments)

    def _snapshot(self, *, only_ids: bool = False) -> _Transaction:
        """A connection inside a read transaction whose head, runs and tail fit together; with `only_ids`, of the tail
        the ids."""
        return _Transaction(self, only_ids)

    def _connection(self) -> _Lent:
        """An idle connection for reading, or a new one. It is not held while a caller's code runs."""
        return _Lent(self)

    def _lend(self) -> Snapshot:
        self._refuse_closed()
        with self._readers_lock:
            if self._readers:
                return self._readers.pop()
        try:
            return Snapshot(connect_to_read(self.path))
        except apsw.Error as problem:
            raise in_words(problem, self.path) from problem

    def _give_back(self, snapshot: Snapshot) -> None:
        """Keep a connection for the next reader, unless it is in the middle of something: it would read the file as it
        was then."""
        with self._readers_lock:
            if not self._closed and snapshot.db.txn_state() == apsw.SQLITE_TXN_NONE:
                self._readers.append(snapshot)
                return
        snapshot.db.close()

    # What it is.

    def identity(self) -> Identity:
        with self._connection() as snapshot:
            return file.identity(snapshot.db)

    def settings(self) -> dict[str, str]:
        with self._connection() as snapshot:
            return file.settings(snapshot.db)

    def problems(self) -> Iterator[str]:
        if self._postponed is not None:
            yield f"The index could not be written and grows in memory: {self._postponed}"
        with self._connection() as snapshot:
            yield from soundness.problems(snapshot)

    def close(self) -> None:
        if self._process != os.getpid():
            return  # a forked child must leave its parent's connections alone
        with self._write_lock, self._readers_lock:
            if not self._closed:
                self._catch_up()
            self._closed = True
            for snapshot in (*self._readers, self._writer):
                snapshot.db.close()
            self._readers.clear()
        self._notify()

    def _notify(self) -> None:
        if self._waiting:
            with self._appended:
                self._appended.notify_all()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed(path=self.path, remedy="Open it again.")
        if self._process != os.getpid():
            remedy = "Open the store after the fork, or start processes by spawn."
            raise StoreError("This store was opened before a fork", path=self.path, remedy=remedy)


class _Lent:
    """An idle connection of a store, given back at the end; SQLite's errors come in words. Written out, because every
    read goes through here."""

    __slots__ = ("_store", "snapshot")

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        self.snapshot = store._lend()

    def __enter__(self) -> Snapshot:
        return self.snapshot

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store._give_back(self.snapshot)
        if isinstance(problem, apsw.Error):
            raise in_words(problem, self._store.path) from problem


class _Transaction(_Lent):
    """The same inside a read transaction."""

    __slots__ = ("_only_ids",)

    def __init__(self, store: SQLiteStore, only_ids: bool) -> None:
        super().__init__(store)
        self._only_ids = only_ids

    def __enter__(self) -> Snapshot:
        snapshot, tail = self.snapshot, self._store._tail
        execute = snapshot.execute
        try:
            while True:
                execute("BEGIN")
                snapshot.refresh()
                at = (snapshot.flushed, snapshot.head)
                postings = (self._only_ids and tail.cover_ids(*at)) or tail.cover(snapshot.db, *at)
                if postings is not None:
                    snapshot.postings = postings
                    return snapshot
                execute("COMMIT")
        except BaseException as problem:
            self.__exit__(type(problem), problem, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.snapshot.db.in_transaction:
                self.snapshot.execute("COMMIT")
        finally:
            super().__exit__(kind, problem, trace)


def _bindings(position: int, row: Row, code: int, recorded_us: int, basis_number: int | None) -> tuple[Any, ...]:
    """What insert_event binds."""
    return (
        position,
        row.raw_id,
        code,
        row.tags_text,
        row.raw_data,
        row.given_time_us,
        recorded_us,
        row.actor,
        row.raw_cause,
        row.correlation,
        basis_number,
        row.meta_text,
    )
