"""The log file store: one JSON line an event, made for people, `tail -f`, `grep` and git, up to about a million events.

An append is sealed with a checksum (logline) and synced before it returns; what follows the last sealed append does
not exist. Any number of processes may read and append. A reader takes no lock and never changes the file: it takes in
whole appends, and syncs them itself before it shows them, because their writer may have died before it did."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import threading
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

import msgspec

from whence import jsonvalue
from whence.admission import RawId, admit, check_restored, refuse_other_spelling, rows_of
from whence.clock import Clock, SystemClock
from whence.errors import (
    CannotWrite,
    CorruptStore,
    NoSuchStore,
    NotAStore,
    OutcomeUnknown,
    StoreBusy,
    StoreClosed,
    StoreError,
)
from whence.events import Event, Recorded, Row, recorded_from
from whence.grammar import id_to_raw, raw_to_id
from whence.postings import Postings
from whence.query import AppendCondition, Basis, Query
from whence.store import FORMAT, Identity, Reading, check_range
from whence.stores import logline

BUSY_TIMEOUT_S = 10.0
PAGE_EVENTS = 1000
PAGE_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 4 * 1024 * 1024
HEADER_BYTES_MAX = 4096
SECOND_LOOKS = 3
"""So often a reader that meets something wrong looks again, because a writer may just be setting a torn end aside."""

REOPEN = "Open the store again: it is read anew. Retrying an append with the same ids is safe."
_full_sync = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone leaves the data in the drive's cache


class LogFileStore:
    """Use `LogFileStore.open(path)`. Thread-safe; several processes may share the file."""

    def __init__(self, path: str, fd: int, writable: bool, clock: Clock) -> None:
        self.path = path
        self.busy_timeout_s = BUSY_TIMEOUT_S
        """How long an append waits for another writer."""
        self._clock = clock
        self._process = os.getpid()
        self._fd = fd
        self._writable = writable
        self._closed = False
        self._broken: OSError | None = None  # why a sync failed; nothing is trusted after that
        self._writing = threading.Lock()  # held through an append, outside the file's lock
        self._changed = threading.Condition()  # guards what follows, never held while an append is written
        self._appending = False  # the file's lock is ours and an append is on its way
        header = _header(fd, path)
        self._identity = logline.identity_of(header, path)
        self._verified = Verified(fd, path, len(header))

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        clock: Clock | None = None,
        origin: str | None = None,
    ) -> LogFileStore:
        """Open the log in a file; with `create`, make it when the file is missing or empty, noting its origin.

        A file that cannot be written is opened for reading. Reads the whole log: some seconds for a million events.
        Raises NoSuchStore, NotAStore (also for an empty file without `create`), UnknownFormat, CorruptStore naming the
        line, CannotWrite.
        """
        path, clock = os.path.abspath(path), clock or SystemClock()
        fd, writable = _open(path, create)
        try:
            if create and writable and os.fstat(fd).st_size == 0:
                _make(fd, path, Identity(raw_to_id(clock.new_id()), 1, FORMAT, origin), clock.now_us())
            store = cls(path, fd, writable, clock)
            with store._changed:
                store._look()
                store._sync()
        except BaseException:
            os.close(fd)
            raise
        return store

    # Writing.

    def append(
        self, events: Sequence[Event | Row], condition: AppendCondition | None = None, *, basis: Basis | None = None
    ) -> Sequence[int]:
        rows = rows_of(events)
        basis_text = None if basis is None else jsonvalue.canonical(basis.to_json()).decode()
        with self._exclusive():
            with self._changed:
                verified = self._settled()
                if (known := admit(verified, rows, condition)) is not None:
                    return known
                verified.refuse_other_spelling(row.type for row in rows)
                recorded = self._record(rows, basis_text)
            self._write(recorded)
            return range(recorded[0].position, recorded[-1].position + 1)

    def restore(self, recorded: Iterable[Recorded]) -> int:
        for page in _pages_to_restore(recorded):
            with self._exclusive():
                with self._changed:
                    fresh = Continued(self._settled())
                    for event in page:
                        if check_restored(event, fresh.last, fresh):
                            fresh.add(event)
                    fresh.refuse_other_spelling(event.type for event in fresh.events)
                if fresh.events:
                    self._write(fresh.events)
        return self.head()

    def _record(self, rows: Sequence[Row], basis_text: str | None) -> list[Recorded]:
        verified, clock = self._verified, self._clock
        recorded_us = max(clock.now_us(), verified.recorded_us)
        for row in rows:
            if row.raw_id is None:
                row.raw_id = clock.new_id()
        return [recorded_from(row, at, recorded_us, basis_text) for at, row in enumerate(rows, verified.head() + 1)]

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """The right to append, against the other threads and processes."""
        self._refuse_closed()
        if not self._writable:
            remedy = "Make the file writable, or copy the store with whence copy."
            raise CannotWrite("The log file is open for reading only", path=self.path, remedy=remedy)
        deadline = time.monotonic() + self.busy_timeout_s
        if not self._writing.acquire(timeout=self.busy_timeout_s):
            raise _busy(self.path, self.busy_timeout_s)
        try:
            self._refuse_closed()
            _lock(self._fd, self.path, deadline, self.busy_timeout_s)
            try:
                yield
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
        finally:
            self._writing.release()

    def _settled(self) -> Verified:
        """What is there once others' appends are taken in and a torn end is set aside. Under the file's lock."""
        self._refuse_closed()
        torn = self._catch_up()
        if torn:
            try:
                _set_aside(self._fd, self.path, torn)
                os.ftruncate(self._fd, self._verified.end)
            except OSError as problem:
                raise _cannot_write(self.path, problem) from problem
            self._sync()
        return self._verified

    def _write(self, recorded: Sequence[Recorded]) -> None:
        """Append the lines of these events and sync them; on a failure nothing of them stays."""
        lines = logline.sealed(recorded)
        with self._changed:
            self._appending = True
        try:
            try:
                _put(self._fd, lines, self._verified.end)
            except OSError as problem:
                self._take_back()
                raise _cannot_write(self.path, problem) from problem
            self._sync()
            with self._changed:
                self._verified.add_events(recorded, lines)
        finally:
            with self._changed:
                self._appending = False
                self._changed.notify_all()

    def _take_back(self) -> None:
        """Cut a part of an append off again. Where that fails too, the next append sets it aside as a torn end."""
        try:
            os.ftruncate(self._fd, self._verified.end)
        except OSError:
            return
        self._sync()

    def _sync(self) -> None:
        """Make durable what the file holds. A failed sync is never tried again: the system may have dropped the data
        and report success the second time."""
        try:
            if _full_sync is None:
                os.fsync(self._fd)
            else:
                fcntl.fcntl(self._fd, _full_sync)
        except OSError as problem:
            if not self._writable and problem.errno in (errno.EROFS, errno.EINVAL):
                return  # a file system that cannot be written has nothing to sync
            self._broken = problem
            raise OutcomeUnknown(path=self.path, problem=problem.strerror, remedy=REOPEN) from problem

    # Taking in what is in the file. These hold _changed.

    def _look(self) -> bytes:
        """Take in what is there now, without a lock on the file, and return the torn end beyond it."""
        self._refuse_closed()
        if self._appending:  # this process holds the file's lock, so that nobody else appends
            return b""
        for _ in range(SECOND_LOOKS):
            try:
                return self._catch_up()
            except CorruptStore:
                time.sleep(0.02)
        return self._catch_up()

    def _looked(self) -> Verified:
        self._look()
        return self._verified

    def _catch_up(self) -> bytes:
        """Take in the complete appends of others and return the torn end beyond them. Raises CorruptStore."""
        verified = self._verified
        before = verified.end
        if _size(self._fd, self.path, before) == before:
            return b""
        rest = verified.take_in()
        if verified.end > before:
            self._sync()
            self._changed.notify_all()
        logline.refuse_unless_torn(rest, verified.head(), self.path)
        return rest

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
        check_range(after, upto, limit)
        with self._changed:
            postings = self._looked().postings
            head = postings.head
            positions = postings.matching(query or Query.all(), after, head if upto is None else min(upto, head))
        ordered = positions[::-1] if backwards else positions
        return Reading(head, lambda: self._pages(ordered if limit is None else ordered[:limit]))

    def head(self) -> int:
        with self._changed:
            return self._looked().head()

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        with self._changed:
            return self._looked().positions_of(raw_ids)

    def wait(self, after: int, timeout_s: float) -> int:
        deadline = time.monotonic() + timeout_s
        pause_s = 0.001
        with self._changed:  # woken by this process's appends; those of others are found by looking again
            while (head := self._looked().head()) <= after and (left_s := deadline - time.monotonic()) > 0:
                self._changed.wait(min(pause_s, left_s))
                pause_s = min(pause_s * 2, 0.05)
            return head

    def _pages(self, positions: Sequence[int]) -> Iterator[list[Recorded]]:
        done = 0
        while done < len(positions):
            page = self._page(positions[done : done + PAGE_EVENTS])
            done += len(page)
            yield page

    def _page(self, positions: Sequence[int]) -> list[Recorded]:
        """The events at the first of these positions, as many as fit a page. No lock is held while they are read."""
        with self._changed:
            self._refuse_closed()
            spans = self._verified.spans(positions)
            fd = os.dup(self._fd)  # so that close() cannot hand its number to another file meanwhile
        try:
            lines = _lines_at(fd, spans)
        finally:
            os.close(fd)
        return [_recorded(line, position, self.path) for line, position in zip(lines, positions, strict=False)]

    # What it is.

    def identity(self) -> Identity:
        self._refuse_closed()
        return self._identity

    def settings(self) -> dict[str, str]:
        """Also says what was torn: an unfinished append at the end, and those that were set aside before."""
        with self._changed:
            torn = self._look()
        aside = [f"{os.path.basename(name)} ({os.path.getsize(name)} bytes)" for name in _set_aside_before(self.path)]
        settings = {
            "store": "log file",
            "file": self.path,
            "python": platform.python_version(),
            "msgspec": msgspec.__version__,
            "durable": "yes, synced before an append returns",
            "writable": "yes" if self._writable else "no",
        }
        if torn:
            settings["unfinished append"] = (
                f"{len(torn)} bytes at the end do not count; the next append sets them aside"
            )
        if aside:
            settings["unfinished appends set aside"] = ", ".join(aside)
        return settings

    def problems(self) -> Iterator[str]:
        """Reads the file again from its first byte, with every checksum, and decodes every event."""
        with self._changed:
            self._refuse_closed()
            fd = os.dup(self._fd)
        try:
            yield from _problems(fd, self.path)
        finally:
            os.close(fd)

    def close(self) -> None:
        if self._process != os.getpid():
            return  # a forked child must leave its parent's file and lock alone
        with self._writing, self._changed:
            if not self._closed:
                self._closed = True
                os.close(self._fd)
            self._changed.notify_all()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed(path=self.path, remedy="Open it again.")
        if self._broken is not None:
            problem = self._broken.strerror
            raise OutcomeUnknown("A sync failed before", path=self.path, problem=problem, remedy=REOPEN)
        if self._process != os.getpid():
            remedy = "Open the store after the fork, or start processes by spawn."
            raise StoreError("This store was opened before a fork", path=self.path, remedy=remedy)


class Verified:
    """What was verified of a log: up to which byte, where each line begins, and the index of its events."""

    def __init__(self, fd: int, path: str, start: int) -> None:
        self.postings = Postings()
        self.end = start
        self.recorded_us = 0
        """When the last event was recorded."""
        self._fd = fd
        self._path = path
        self._starts = array("Q")  # of the line of position 1, 2, 3 …

    def take_in(self) -> bytes:
        """Take in the complete appends that follow, and return what lies beyond the last."""
        rest = b""
        while chunk := os.pread(self._fd, max(CHUNK_BYTES, len(rest)), self.end + len(rest)):
            rest += chunk
            entries, starts, end = logline.complete_appends(rest, self.postings.head)
            if entries:
                add, base = self.postings.add, self.end
                for entry in entries:
                    add(entry.position, id_to_raw(entry.id), entry.type, entry.tags)
                self._starts.extend([base + start for start in starts])
                self.recorded_us = logline.to_us(entries[-1].recorded)
                self.end += end
                rest = rest[end:]
        return rest

    def add_events(self, recorded: Sequence[Recorded], lines: bytes) -> None:
        """Add the events of this process's own append."""
        start = self.end
        for event, line in zip(recorded, lines.split(b"\n"), strict=False):
            self.postings.add(event.position, event.raw_id, event.type, event.tags)
            self._starts.append(start)
            start += len(line) + 1
        self.end, self.recorded_us = start, recorded[-1].recorded_us

    def spans(self, positions: Sequence[int]) -> list[tuple[int, int]]:
        """The first and the last byte of the first of these lines, at least of one and at most of a page."""
        starts, room = self._starts, PAGE_BYTES
        spans: list[tuple[int, int]] = []
        for position in positions:
            start = starts[position - 1]
            end = starts[position] if position < len(starts) else self.end
            room -= end - start
            if room < 0 and spans:
                break
            spans.append((start, end))
        return spans

    def refuse_other_spelling(self, types: Iterable[str]) -> None:
        """Raise InvalidEvent for a type that differs from one in use only in case."""
        refuse_other_spelling(types, self.postings.by_type)

    def events(self) -> Iterator[Recorded]:
        """All of them, read from the file."""
        done = 0
        while done < self.head():
            positions = range(done + 1, min(done + PAGE_EVENTS, self.head()) + 1)
            for line in _lines_at(self._fd, self.spans(positions)):
                done += 1
                yield _recorded(line, done, self._path)

    # What admission asks.

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        ids = self.postings.ids
        return {raw_id: ids[raw_id] for raw_id in raw_ids if raw_id in ids}

    def newest_match(self, query: Query, after: int) -> int | None:
        return self.postings.newest_match(query, after)

    def fetch(self, position: int) -> Recorded:
        (line,) = _lines_at(self._fd, self.spans([position]))
        return _recorded(line, position, self._path)

    def head(self) -> int:
        return self.postings.head


class Continued:
    """What was verified and the events that are to follow them, as admission sees them while they are restored."""

    def __init__(self, verified: Verified) -> None:
        self._verified = verified
        self.events: list[Recorded] = []
        self.last = verified.fetch(verified.head()) if verified.head() else None
        self._ids: dict[RawId, int] = {}

    def add(self, event: Recorded) -> None:
        self.events.append(event)
        self._ids[event.raw_id] = event.position
        self.last = event

    def refuse_other_spelling(self, types: Iterable[str]) -> None:
        self._verified.refuse_other_spelling(types)

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        fresh = {raw_id: self._ids[raw_id] for raw_id in raw_ids if raw_id in self._ids}
        return self._verified.positions_of(raw_ids) | fresh

    def newest_match(self, query: Query, after: int) -> int | None:
        for event in self.events:
            if event.position > after and query.matches(event.type, event.tags):
                return event.position
        return self._verified.newest_match(query, after)

    def fetch(self, position: int) -> Recorded:
        stored = self._verified.head()
        return self._verified.fetch(position) if position <= stored else self.events[position - stored - 1]

    def head(self) -> int:
        return self._verified.head() + len(self.events)


# The file.


def _open(path: str, create: bool) -> tuple[int, bool]:
    """A file descriptor, and whether it can be written."""
    if os.path.exists(path) and not os.path.isfile(path):
        kind = "folder" if os.path.isdir(path) else "device or pipe"
        raise NotAStore(f"This is a {kind}", path=path, remedy="Name a file, such as leads.jsonl.")
    if create and not os.path.isdir(folder := os.path.dirname(path)):
        raise CannotWrite("There is no such folder", folder=folder, remedy="Make the folder first.")
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o666), True
    except FileNotFoundError:
        raise NoSuchStore(path=path, remedy="Check the path, or make a store with whence init.") from None
    except OSError as problem:
        if problem.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StoreError("The file cannot be opened", path=path, problem=problem.strerror) from problem
        if create and not os.path.exists(path):
            raise _cannot_write(path, problem) from problem
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC), False
    except OSError as problem:
        remedy = "Ask its owner for the right to read it."
        raise StoreError("The file cannot be read", path=path, problem=problem.strerror, remedy=remedy) from problem


def _make(fd: int, path: str, identity: Identity, now_us: int) -> None:
    """Write the header, durably. Of two who make the store at once, the second finds it made."""
    _lock(fd, path, time.monotonic() + BUSY_TIMEOUT_S, BUSY_TIMEOUT_S)
    try:
        if os.fstat(fd).st_size == 0:
            try:
                _put(fd, logline.header_line(identity, now_us), 0)
                os.fsync(fd)
                _sync_folder(path)
            except OSError as problem:
                os.ftruncate(fd, 0)
                raise _cannot_write(path, problem) from problem
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)


def _header(fd: int, path: str) -> bytes:
    start = os.pread(fd, HEADER_BYTES_MAX, 0)
    if not start:
        raise NotAStore("The file is empty", path=path, remedy="Make a store in it with whence init.")
    return start[: start.find(b"\n") + 1]


def _size(fd: int, path: str, verified: int) -> int:
    """How long the file is. Raises CorruptStore when it is not the one that was opened, or lost what was verified."""
    here = os.fstat(fd)
    try:
        there = os.stat(path)
    except FileNotFoundError:
        raise CorruptStore("The log file is gone while it is open", path=path, remedy="Bring it back.") from None
    if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
        remedy = "Open the store again, if you meant to replace it."
        raise CorruptStore("The log file was replaced while it is open", path=path, remedy=remedy)
    if here.st_size < verified:
        remedy = "Bring back a copy; then open the store again."
        raise CorruptStore(
            "The log file was cut while it is open", path=path, bytes=here.st_size, verified=verified, remedy=remedy
        )
    return here.st_size


def _lock(fd: int, path: str, deadline: float, timeout_s: float) -> None:
    """Take the file's lock, or raise StoreBusy at the deadline."""
    pause_s = 0.0005
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise _busy(path, timeout_s) from None
        except OSError as problem:
            remedy = "Keep the log on a disk whose file system has locks (flock)."
            raise StoreError(
                "The file cannot be locked", path=path, problem=problem.strerror, remedy=remedy
            ) from problem
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.01)


def _put(fd: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def _set_aside(fd: int, path: str, torn: bytes) -> None:
    """Keep a torn end in a file of its own, durably, as private as the log is."""
    for number in count(1):
        try:
            name = f"{path}.torn-{number}"
            aside = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, os.fstat(fd).st_mode & 0o777)
            break
        except FileExistsError:
            continue
    try:
        _put(aside, torn, 0)
        os.fsync(aside)
    except OSError:
        os.unlink(name)
        raise
    finally:
        os.close(aside)
    _sync_folder(path)


def _set_aside_before(path: str) -> list[str]:
    folder, prefix = os.path.dirname(path), os.path.basename(path) + ".torn-"
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.startswith(prefix)]


def _sync_folder(path: str) -> None:
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _lines_at(fd: int, spans: Sequence[tuple[int, int]]) -> list[bytes]:
    """The bytes of these lines; in one read when they lie close together."""
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    if last - first > 2 * sum(end - start for start, end in spans):
        return [os.pread(fd, end - start, start) for start, end in spans]
    block = os.pread(fd, last - first, first)
    return [block[start - first : end - first] for start, end in spans]


def _recorded(line: bytes, position: int, path: str) -> Recorded:
    recorded = logline.recorded_of(line)
    if recorded is None or recorded.position != position:
        fact = "A line of the log was changed while it is open"
        raise CorruptStore(fact, path=path, line=position + 1, remedy=logline.TAKE_ONE_SIDE)
    return recorded


def _problems(fd: int, path: str) -> Iterator[str]:
    try:
        header = _header(fd, path)
        logline.identity_of(header, path)
        verified = Verified(fd, path, len(header))
        logline.refuse_unless_torn(verified.take_in(), verified.head(), path)
    except StoreError as problem:
        yield str(problem)
        return
    recorded_us = 0
    for event in verified.events():
        line = f"Line {event.position + 1} (Position: {event.position})"
        if event.recorded_us < recorded_us:
            yield f"{line} was recorded before the one above it."
        recorded_us = event.recorded_us
        if (last := verified.postings.ids[event.raw_id]) != event.position:
            yield f"{line} has the id of a later one (Id: {event.id}, Position: {last})."


def _pages_to_restore(recorded: Iterable[Recorded]) -> Iterator[list[Recorded]]:
    page: list[Recorded] = []
    size = 0
    for event in recorded:
        page.append(event)
        size += len(event.raw_data)
        if len(page) == PAGE_EVENTS or size >= PAGE_BYTES:
            yield page
            page, size = [], 0
    if page:
        yield page


def _busy(path: str, timeout_s: float) -> StoreBusy:
    remedy = "Try again, or end the process that holds it; busy_timeout_s says how long to wait."
    return StoreBusy(path=path, waited_s=timeout_s, remedy=remedy)


def _cannot_write(path: str, problem: OSError) -> CannotWrite:
    remedies: dict[int | None, str] = {
        errno.ENOSPC: "Free some space; nothing of the append was kept.",
        errno.EDQUOT: "Free some of your quota; nothing of the append was kept.",
        errno.EACCES: "Make the file and its folder writable, or name another place.",
        errno.EROFS: "The disk can only be read: name another place.",
    }
    remedy = remedies.get(problem.errno, "Nothing of the append was kept. Look at the disk, then try again.")
    return CannotWrite(path=path, problem=problem.strerror, remedy=remedy)
