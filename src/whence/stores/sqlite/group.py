"""Group commit: callers that arrive while a commit is under way are committed together by one of them, with one sync
for all. A lone caller commits at once, on its own thread. What a commit does is left to the store."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Sequence

from whence.errors import OutcomeUnknown, WhenceError
from whence.events import Row
from whence.query import AppendCondition, Basis

GROUP_EVENTS_MAX = 10_000
PATIENCE_MAX_S = 0.002
LOOK_AGAIN_S = 1.0
"""Whoever waits looks again so often, should the thread that was to wake it have been interrupted just then."""


class Request:
    """One append on its way: settled with its positions or its error."""

    __slots__ = ("basis", "committed", "condition", "error", "group", "positions", "rows", "settled", "wake")

    def __init__(self, rows: list[Row], condition: AppendCondition | None, basis: Basis | None) -> None:
        self.rows = rows
        self.condition = condition
        self.basis = basis
        self.positions: Sequence[int] = ()
        self.error: BaseException | None = None
        self.settled = False
        self.wake: threading.Lock | None = None  # made for those who wait, and released to wake them
        self.group: list[Request] = [self]  # whom its thread commits when it leads
        self.committed = False  # its group's commit came back without an error


class GroupCommit:
    """`commit` is handed a list of requests and settles the positions or error of each; never called twice at once."""

    def __init__(self, commit: Callable[[list[Request]], None]) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._waiting: list[Request] = []  # guarded by _lock
        self._leader: Request | None = None  # guarded by _lock: its thread commits a group, or is woken to
        self._expected = 1  # requests in the last group: so many are likely to come again at once
        self._patience_s = 0.0  # how long the last commit took: worth waiting for those, but no longer
        self._complete: threading.Lock | None = None  # guarded by _lock: released when so many are waiting

    def run(self, request: Request) -> Sequence[int]:
        """Have a request committed; return its positions or raise its error."""
        try:
            self._enqueue(request)
            while not request.settled and self._leader is not request:
                request.wake.acquire(timeout=LOOK_AGAIN_S)  # type: ignore[union-attr]
            if self._leader is request:
                if self._expected > 1:
                    self._gather()
                self._lead(request)
        except BaseException:
            self._withdraw(request)
            raise
        if request.error is not None:
            raise request.error
        return request.positions

    def _enqueue(self, request: Request) -> None:
        with self._lock:
            if self._leader is None:
                self._leader = request
            else:
                request.wake = threading.Lock()
                request.wake.acquire()
            self._waiting.append(request)
            if self._complete is not None and len(self._waiting) >= self._expected:
                self._complete.release()
                self._complete = None

    def _gather(self) -> None:
        """Give those of the last group the time to come back, rather than sync the disk for the first of them alone."""
        with self._lock:
            if len(self._waiting) >= self._expected:
                return
            self._complete = complete = threading.Lock()
            complete.acquire()
        complete.acquire(timeout=self._patience_s)
        with self._lock:
            self._complete = None

    def _withdraw(self, request: Request) -> None:
        """Leave nobody waiting for a request whose thread was interrupted, wherever that was."""
        with self._lock:
            if request in self._waiting:
                self._waiting.remove(request)
        self._finish(request)

    def _lead(self, own: Request) -> None:
        began = time.monotonic()
        try:
            own.group = self._next_group()
            self._commit(own.group)
            own.committed = True
        except BaseException as problem:
            for request in own.group:
                request.error = _for_one(problem)
            raise
        finally:
            self._patience_s = min(time.monotonic() - began, PATIENCE_MAX_S)
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
            if not request.settled:
                request.settled = True
                if request is not own:
                    request.wake.release()  # type: ignore[union-attr]

    def _next_group(self) -> list[Request]:
        """As many of those waiting, in order, as stay within the limit; at least one."""
        with self._lock:
            count = events = 0
            for request in self._waiting:
                events += len(request.rows)
                if events > GROUP_EVENTS_MAX and count:
                    break
                count += 1
            group, self._waiting = self._waiting[:count], self._waiting[count:]
            return group


def _for_one(problem: BaseException) -> WhenceError:
    """What one member of a failed group is told: a copy of its own, since each is raised in another thread."""
    if isinstance(problem, WhenceError):
        return copy.copy(problem)
    return OutcomeUnknown(problem=repr(problem), remedy=RETRY)


RETRY = "Append the same events with the same ids again: a retry is safe."
