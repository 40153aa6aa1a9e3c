"""Group commit by itself: who is committed together, and what happens when a thread is interrupted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from whence.errors import OutcomeUnknown
from whence.stores.sqlite.group import GroupCommit, Request

WAIT_S = 10


def request() -> Request:
    return Request([], None, None)


def started(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not met():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.001)


def test_those_who_arrive_during_a_commit_are_committed_together() -> None:
    sizes: list[int] = []
    may_go_on = threading.Event()

    def commit(group: list[Request]) -> None:
        sizes.append(len(group))
        assert may_go_on.wait(WAIT_S)

    commits = GroupCommit(commit)
    threads = [started(lambda: commits.run(request()))]
    until(lambda: sizes == [1])
    threads += [started(lambda: commits.run(request())) for _ in range(5)]
    until(lambda: len(commits._waiting) == 5)
    may_go_on.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert sizes == [1, 5]


def test_the_leader_gives_those_of_the_last_group_time_to_come_back() -> None:
    sizes: list[int] = []
    commits = GroupCommit(lambda group: sizes.append(len(group)))
    commits._expected, commits._patience_s = 3, WAIT_S
    threads = [started(lambda: commits.run(request())) for _ in range(3)]
    for thread in threads:
        thread.join(WAIT_S)
    assert sizes == [3]


def test_nobody_is_waited_for_longer_than_a_commit_takes() -> None:
    sizes: list[int] = []
    commits = GroupCommit(lambda group: sizes.append(len(group)))
    commits._expected, commits._patience_s = 3, 0.002
    commits.run(request())
    commits.run(request())
    assert sizes == [1, 1]


def test_a_leader_who_is_interrupted_hands_on_the_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    commits = GroupCommit(lambda group: sizes.append(len(group)))
    other: list[threading.Thread] = []

    def interrupted() -> None:
        monkeypatch.undo()
        other.append(started(lambda: commits.run(request())))
        until(lambda: len(commits._waiting) == 2)
        raise KeyboardInterrupt

    commits._expected = 2
    monkeypatch.setattr(commits, "_gather", interrupted)
    with pytest.raises(KeyboardInterrupt):
        commits.run(request())
    other[0].join(WAIT_S)
    assert sizes == [1]
    commits.run(request())
    assert sizes == [1, 1]


class Interrupting:
    """A lock behind which the main thread is interrupted once, when it has taken its group."""

    def __init__(self, commits: GroupCommit) -> None:
        self.commits, self.lock, self.is_armed = commits, commits._lock, False

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *problem: object) -> None:
        self.lock.release()
        is_main = threading.current_thread() is threading.main_thread()
        if self.is_armed and is_main and not self.commits._waiting:
            self.is_armed = False
            raise KeyboardInterrupt


def test_a_leader_who_is_interrupted_when_it_has_its_group_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commits = GroupCommit(lambda group: None)
    lock = Interrupting(commits)
    problems: list[str] = []
    threads: list[threading.Thread] = []

    def run() -> None:
        try:
            commits.run(request())
        except OutcomeUnknown as problem:
            problems.append(type(problem).__name__)

    def gather() -> None:
        threads.extend(started(run) for _ in range(3))
        until(lambda: len(commits._waiting) == 4)
        lock.is_armed = True

    monkeypatch.setattr(commits, "_lock", lock)
    monkeypatch.setattr(commits, "_gather", gather)
    commits._expected = 4
    with pytest.raises(KeyboardInterrupt):
        commits.run(request())
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()
    assert problems == ["OutcomeUnknown"] * 3


def test_a_group_that_fails_fails_each_of_its_requests() -> None:
    def commit(group: list[Request]) -> None:
        raise OSError("no disk")

    commits = GroupCommit(commit)
    commits._expected, commits._patience_s = 2, WAIT_S
    problems: list[BaseException] = []

    def run() -> None:
        try:
            commits.run(request())
        except BaseException as problem:
            problems.append(problem)

    for thread in [started(run), started(run)]:
        thread.join(WAIT_S)
    assert sorted(type(problem).__name__ for problem in problems) == ["OSError", "OutcomeUnknown"]


@pytest.mark.parametrize("moment", ["before it waits", "when it is woken"])
def test_a_follower_who_is_interrupted_keeps_nobody_else_from_waking(
    monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    followers, interrupted = 6, request()
    may_go_on, is_leading = threading.Event(), threading.Event()
    returned: list[str] = []

    def commit(group: list[Request]) -> None:
        is_leading.set()
        assert may_go_on.wait(WAIT_S)

    commits = GroupCommit(commit)
    wait = commits._wait

    def interrupt(given: Request, wake: threading.Lock) -> None:
        if given is interrupted and moment == "before it waits":
            until(lambda: given not in commits._waiting)  # its group is being committed
            raise KeyboardInterrupt
        wait(given, wake)
        if given is interrupted:
            raise KeyboardInterrupt

    def run(given: Request) -> None:
        try:
            commits.run(given)
            returned.append("done")
        except KeyboardInterrupt:
            returned.append("interrupted")

    monkeypatch.setattr(commits, "_wait", interrupt)
    threads = [started(lambda: run(request()))]
    assert is_leading.wait(WAIT_S)
    for number in range(followers):
        threads.append(started(lambda number=number: run(interrupted if number == 2 else request())))
        until(lambda number=number: len(commits._waiting) == number + 1)
    may_go_on.set()
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()
    assert sorted(returned) == ["done"] * followers + ["interrupted"]


class Early(Request):
    """A request whose thread looks just when it is settled, before anybody is woken."""

    __slots__ = ("_settled", "returned_first")

    @property
    def settled(self) -> bool:
        return self._settled

    @settled.setter
    def settled(self, settled: bool) -> None:
        self._settled = settled
        if settled:
            self.returned_first.wait(0.1)


def test_a_follower_who_returns_before_it_is_woken_keeps_nobody_else_from_waking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_go_on, is_leading = threading.Event(), threading.Event()

    def commit(group: list[Request]) -> None:
        is_leading.set()
        assert may_go_on.wait(WAIT_S)

    commits = GroupCommit(commit)
    early = Early([], None, None)
    early.returned_first = threading.Event()
    wait = commits._wait

    def wait_late(given: Request, wake: threading.Lock) -> None:
        if given is early:
            until(lambda: early.settled)
        wait(given, wake)

    def run(given: Request) -> None:
        commits.run(given)
        if given is early:
            early.returned_first.set()

    monkeypatch.setattr(commits, "_wait", wait_late)
    threads = [started(lambda: run(request()))]
    assert is_leading.wait(WAIT_S)
    for number in range(6):
        threads.append(started(lambda number=number: run(early if number == 2 else request())))
        until(lambda number=number: len(commits._waiting) == number + 1)
    may_go_on.set()
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()


def test_who_was_woken_by_nobody_wakes_after_a_while() -> None:
    commits = GroupCommit(lambda group: None)
    first, second = request(), request()
    commits._enqueue(first)
    commits._take_group(first)
    thread = started(lambda: commits.run(second))
    until(lambda: commits._next is second)
    commits._leader, commits._waiting = second, [second]  # handed on, and interrupted before it could wake anybody
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert second.committed
