"""Group commit: callers that arrive while a commit is under way are committed together by one of them, with one sync
for all. A lone caller commits at once, on its own thread. What a commit does is left to the store."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence

from whence.errors import OutcomeUnknown, WhenceError
from whence.events import Row
from whence.query import AppendCondition, Basis

GROUP_EVENTS_MAX = 10_000


class Request:
    """One append on its way: settled with its positions or its error."""

    __slots__ = ("basis", "condition", "error", "positions", "rows", "settled", "wake")

    def __init__(self, rows: list[Row], condition: AppendCondition | None, basis: Basis | None) -> None:
        self.rows = rows
        self.condition = condition
        self.basis = basis
        self.positions: Sequence[int] = ()
        self.error: BaseException | None = None
        self.settled = False
        self.wake: threading.Lock | None = None  # made for those who wait, and released to wake them


class GroupCommit:
    """`commit` is handed a list of requests and settles the positions or error of each; never called twice at once."""

    def __init__(self, commit: Callable[[list[Request]], None]) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._waiting: list[Request] = []  # guarded by _lock
        self._leading = False  # guarded by _lock: some thread is committing, or has been woken to

    def run(self, request: Request) -> Sequence[int]:
        """Have a request committed; return its positions or raise its error."""
        with self._lock:
            wake = None
            if self._leading:
                request.wake = wake = threading.Lock()
                wake.acquire()
                self._waiting.append(request)
            self._leading = True
        if wake is None:
            self._lead(request, [request])
        else:
            self._await(request, wake)
            if not request.settled:
                self._lead(request, self._next_group())
        if request.error is not None:
            raise request.error
        return request.positions

    def _await(self, request: Request, wake: threading.Lock) -> None:
        """Sleep until the request is settled, or is the first of those who wait and is to lead."""
        try:
            wake.acquire()
        except BaseException:  # interrupted: withdraw, and if the lead was just handed over, hand it on
            with self._lock:
                if request in self._waiting:
                    self._waiting.remove(request)
                    if not wake.locked():
                        self._hand_over()
            raise

    def _lead(self, own: Request, group: list[Request]) -> None:
        try:
            self._commit(group)
        except BaseException as problem:
            for request in group:
                request.error = _for_one(problem)
            raise
        finally:
            with self._lock:
                self._hand_over()
            for request in group:
                request.settled = True
                if request is not own:
                    request.wake.release()  # type: ignore[union-attr]

    def _hand_over(self) -> None:
        """Let the first of those who wait lead. Under the lock."""
        self._leading = bool(self._waiting)
        if self._waiting:
            self._waiting[0].wake.release()  # type: ignore[union-attr]

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
