"""Processes that make segments, each one at a time. They are asked through pipes, and end when their asker does."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec

from whence.errors import StoreError
from whence.segments.ahead import processors
from whence.segments.segment import Collect, Maker, Write
from whence.store import Store
from whence.stores.sqlite import SQLiteStore

WORKERS_MAX = 4
"""Each holds a whole segment, some 300 MB."""
WORTH_IT = 4
"""With fewer segments than that to make, no process is started: that takes half a second."""


class Asked(Protocol):
    """Who makes segments: is asked, and gives the answers in the order of what was asked."""

    def ask(self, request: Collect | Write) -> None: ...

    def answer(self) -> Any: ...


class Here:
    """A maker in this process."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._requests: deque[Collect | Write] = deque()

    def ask(self, request: Collect | Write) -> None:
        self._requests.append(request)

    def answer(self) -> Any:
        return self._maker.answer(self._requests.popleft())


class Worker:
    """A maker in a process of its own. It inherits the builder's lock, so that no other builder begins before it ended,
    should this process be killed."""

    def __init__(self, told: Told, lock: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from whence.segments.workers import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(lock,),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._process.stdin is not None, "a pipe was asked for"
        assert self._process.stdout is not None, "a pipe was asked for"
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self.ask(told)

    def ask(self, request: Any) -> None:
        """Raises StoreError when the process has ended."""
        try:
            pickle.dump(request, self._requests)
            self._requests.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def answer(self) -> Any:
        """Raises what the process raised, and StoreError when it has ended."""
        try:
            found = pickle.load(self._answers)
        except EOFError:
            raise self._ended() from None
        if isinstance(found, BaseException):
            raise found
        return found

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._answers.close()
        with suppress(BrokenPipeError):  # what was still to be sent is for nobody
            self._requests.close()

    def _ended(self) -> StoreError:
        remedy = "Build again: it goes on after the segments that are there."
        return StoreError("A process that makes segments ended", exit_code=self._process.wait(), remedy=remedy)


class Told(msgspec.Struct, frozen=True):
    """What a worker is told first: the file of the store, and the arguments of Maker."""

    path: str
    kind: str
    folder: Path
    segment_events: int


@contextmanager
def makers(store: Store, kind: str, folder: Path, segment_events: int, lock: int, wanted: int) -> Iterator[list[Asked]]:
    """Who is to make so many segments: several processes where there are many, and processors and a file for them."""
    count = min(processors(), WORKERS_MAX)
    if wanted < WORTH_IT or count < 2 or not isinstance(store, SQLiteStore):
        yield [Here(Maker(store, kind, folder, segment_events))]
        return
    with ExitStack() as stack:
        workers: list[Asked] = []
        for _ in range(count):
            worker = Worker(Told(store.path, kind, folder, segment_events), lock)
            stack.callback(worker.end)
            workers.append(worker)
        yield workers


def main() -> None:
    """A worker's life: it answers what it is asked until there is nobody left to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks is interrupted too, and ends it
    with (
        suppress(BrokenPipeError),  # where who asks is killed, what was still to be said is for nobody
        os.fdopen(os.dup(1), "wb") as answers,
        os.fdopen(os.dup(0), "rb") as requests,
    ):
        os.dup2(2, 1)  # what anybody prints is no answer
        try:
            told: Told = pickle.load(requests)
            store = SQLiteStore.open(told.path)
            maker = Maker(store, told.kind, told.folder, told.segment_events)
            while True:
                _say(answers, maker.answer(pickle.load(requests)))
        except (EOFError, BrokenPipeError):
            return
        except Exception as problem:
            _say(answers, problem)


def _say(answers: Any, answer: Any) -> None:
    pickle.dump(answer, answers)
    answers.flush()
