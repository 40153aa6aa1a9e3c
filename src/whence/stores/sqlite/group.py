"""Group commit: callers that arrive while a commit is under way are committed together by one of them, with one sync
for all. A lone caller commits at once, on its own thread. What a commit does is left to the store.

Those whose requests are settled are woken one by one, each by the one before: threads woken all at once stand in each
other's way for Python's lock, which costs more than the append itself."""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from operator import call

from whence.errors import OutcomeUnknown, WhenceError
from whence.events import Row
from whence.query import AppendCondition, Basis

GROUP_EVENTS_MAX = 10_000
PATIENCE = 4
"""So many times as long as the last commit took may the next one wait for callers to come back, who are woken one by
one; it waits no longer than until as many as last time are there."""
PATIENCE_MAX_S = 0.006
LOOK_AGAIN_S = 1.0
"""The first who comes to wait behind a leader looks again so often, should whoever was to wake somebody have been
interrupted just then; all others wait without a timeout, which would cost each append a timer."""


class Request:
    """One append on its way: settled with its positions or its error."""

    __slots__ = (
        "basis",
        "committed",
        "condition",
        "error",
        "group",
        "positions",
        "returned",
        "rows",
        "settled",
        "wake",
        "wakes",
    )

    def __init__(self, rows: list[Row], condition: AppendCondition | None, basis: Basis | None) -> None:
        self.rows = rows
        self.condition = condition
        self.basis = basis
        self.positions: Sequence[int] = ()
        self.error: BaseException | None = None
        self.settled = False
        self.wake: threading.Lock | None = None  # of those who wait: held, and released to wake them
        self.group: list[Request] = [self]  # whom its thread commits when it leads
        self.wakes: Iterator[Callable[[], None]] | None = None  # of that group, once it is settled; taken once
        self.returned = False  # its thread was interrupted, and waits no longer
        self.committed = False  # its group's commit came back without an error


class GroupCommit:
    """`commit` is handed a list of requests and settles the positions or error of each; never called twice at once."""

    def __init__(self, commit: Callable[[list[Request]], None]) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._waiting: list[Request] = []  # guarded by _lock
        self._leader: Request | None = None  # guarded by _lock: its thread commits a group, or is woken to
        self._next: Request | None = None  # guarded by _lock: the first who waits behind the leader
        self._expected = 1  # requests in the last group: so many are likely to come again at once
        self._patience_s = 0.0  # so long it is worth waiting for those
        self._complete: threading.Lock | None = None  # guarded by _lock: released when so many are waiting
        self._to_wake: deque[Callable[[], None]] = deque()  # releases the lock of each that is settled
        self._wakes = map(call, iter(self._to_wake.popleft, None))  # whose next takes and calls one: uninterruptible
        self._is_waking = False  # whether one of those woken is yet to wake the next
        self._locks: list[threading.Lock] = []  # held, and nobody waits for them: to be used again

    def run(self, request: Request) -> Sequence[int]:
        """Have a request committed; return its positions or raise its error."""
        try:
            self._enqueue(request)
            if request.wake is not None:
                self._wait(request, request.wake)
            if self._leader is request:
                if self._expected > 1:
                    self._gather()
                self._lead(request)
            else:
                self._wake_next()
        except BaseException:
            self._withdraw(request)
            raise
        finally:
            request.group = []  # it held the request itself, which only the garbage collector would have found
        if request.error is not None:
            raise request.error
        return request.positions

    def _enqueue(self, request: Request) -> None:
        with self._lock:
            if self._leader is None:
                self._leader = request
            else:
                request.wake = self._locks.pop() if self._locks else _held_lock()
                if not self._waiting:
                    self._next = request
            self._waiting.append(request)
            if self._complete is not None and len(self._waiting) >= self._expected:
                self._complete.release()
                self._complete = None

    def _wait(self, request: Request, wake: threading.Lock) -> None:
        """Wait until the request is settled, or is to lead."""
        woken = False
        while not request.settled and self._leader is not request:
            if request is self._next:
                woken = wake.acquire(timeout=LOOK_AGAIN_S)
                if not woken:
                    self._wake_next()
            else:
                woken = wake.acquire()
        if request.settled and not woken:  # it looked just then: its turn to wake the next comes with its lock
            woken = wake.acquire(timeout=LOOK_AGAIN_S)
        if woken:  # else somebody is about to release it
            request.wake = None
            self._locks.append(wake)

    def _gather(self) -> None:
        """Give those of the last group the time to come back, rather than sync the disk for the first of them alone."""
        with self._lock:
            if len(self._waiting) >= self._expected:
                return
            self._complete = complete = _held_lock()
        complete.acquire(timeout=self._patience_s)
        with self._lock:
            self._complete = None

    def _withdraw(self, request: Request) -> None:
        """Leave nobody waiting for a request whose thread was interrupted, wherever that was."""
        with self._lock:
            if in_no_group := request in self._waiting:
                self._waiting.remove(request)
        self._finish(request)
        if request.wake is not None and (in_no_group or not request.wake.acquire(timeout=LOOK_AGAIN_S)):
            request.returned = True  # else its group is settled, and it is for this thread to wake the next
        self._wake_next()

    def _lead(self, own: Request) -> None:
        began = time.monotonic()
        try:
            self._take_group(own)
            self._commit(own.group)
            own.committed = True
        except BaseException as problem:
            for request in own.group:
                request.error = _for_one(problem)
            raise
        finally:
            self._patience_s = min(PATIENCE * (time.monotonic() - began), PATIENCE_MAX_S)
            self._finish(own)

    def _finish(self, own: Request) -> None:
        """Settle a group and hand on the lead. An interrupt may come in between: then it is done again."""
        for request in own.group:
            if not own.committed and request.error is None:
                request.error = OutcomeUnknown(problem="interrupted", remedy=RETRY)
        with self._lock:
            if self._leader is own:
                self._waiting = [request for request in self._waiting if request is not own]
                self._expected = len(own.group)
                self._leader = self._waiting[0] if self._waiting else None
                if self._leader is not None:
                    self._leader.wake.release()  # type: ignore[union-attr]
        for request in own.group:
            request.settled = True
        if own.wakes is None:
            followers = [request for request in own.group if request is not own and not request.returned]
            own.wakes = iter([request.wake.release for request in followers])  # type: ignore[union-attr]
        self._to_wake.extend(own.wakes)
        if self._to_wake and not self._is_waking:
            self._is_waking = True
            self._wake_next()

    def _wake_next(self) -> None:
        """Wake one of those whose requests are settled; that one wakes the next."""
        while True:
            try:
                next(self._wakes)
            except IndexError:
                self._is_waking = False
                if self._to_wake:  # they came just before, and were left to this thread
                    self._is_waking = True
                    continue
            return

    def _take_group(self, own: Request) -> None:
        """As many of those waiting, in order, as stay within the limit; at least one. They are the leader's group from
        when they wait no longer: an interrupt comes after a call, and there is none in between."""
        with self._lock:
            count = events = 0
            for request in self._waiting:
                events += len(request.rows)
                if events > GROUP_EVENTS_MAX and count:
                    break
                count += 1
            own.group, self._waiting = self._waiting[:count], self._waiting[count:]


def _held_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


def _for_one(problem: BaseException) -> WhenceError:
    """What one member of a failed group is told: a copy of its own, since each is raised in another thread."""
    if isinstance(problem, WhenceError):
        return copy.copy(problem)
    return OutcomeUnknown(problem=repr(problem), remedy=RETRY)


RETRY = "Append the same events with the same ids again: a retry is safe."
