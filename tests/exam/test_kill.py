"""Acknowledged means durable: a writer is killed at random moments, and what it said it had appended is all there."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.exam import counts
from whence.stores.opening import open_store

ROOT = Path(__file__).parents[2]
STORE_AFRESH = 4  # kills on one file, so that later ones fall on a store that was killed before
OPENED_WITHIN_S = 5.0  # "at once", on a machine that is busy with other tests


class Writer:
    def __init__(self, path: Path, name: str, size: int) -> None:
        self._acknowledged: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.exam.writer", str(path), name, str(size)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_for_another(self) -> None:
        """Until an append is acknowledged that began after this was called."""
        now = time.monotonic_ns()
        assert self._process.stdout
        for line in self._process.stdout:
            append, begun = line.split()
            self._acknowledged.append(append)
            if int(begun) > now:
                return
        raise AssertionError(f"the writer ended by itself: {self._process.wait()}")

    def kill(self) -> list[str]:
        """What it had acknowledged when it died."""
        self._process.kill()
        return self._ended(-9)

    def stop(self) -> list[str]:
        """What it had acknowledged when it was done."""
        assert self._process.stdin
        self._process.stdin.close()
        return self._ended(0)

    def _ended(self, code: int) -> list[str]:
        assert self._process.stdin
        assert self._process.stdout
        # What died in the middle of a line had not said it.
        whole = [line for line in self._process.stdout if line.endswith("\n")]
        assert self._process.wait(60) == code
        self._process.stdin.close()
        self._process.stdout.close()
        return self._acknowledged + [line.split()[0] for line in whole]


def assert_whole(path: Path, acknowledged: set[str]) -> int:
    """Opened at once, no gap, no part of an append, everything acknowledged; the number of events."""
    started = time.monotonic()
    store = open_store(path)
    assert time.monotonic() - started < OPENED_WITHIN_S
    appends: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    head = 0
    for event in store.read():
        head += 1
        assert event.position == head
        data = event.data
        appends[data["append"]] += 1
        sizes[data["append"]] = data["of"]
    assert head == store.head()
    assert appends == sizes
    assert acknowledged - appends.keys() == set()
    assert list(store.problems()) == []
    store.close()
    return head


@pytest.mark.timeout(0 if counts.FULL else 300)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside another writer"])
@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("name", ["leads.db", "leads.jsonl"])
def test_what_a_killed_writer_had_acknowledged_is_all_there(tmp_path: Path, name: str, size: int, beside: bool) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    for kill in range(-(-counts.KILLS // 4)):
        if kill % STORE_AFRESH == 0:
            path = tmp_path / f"{kill}-{name}"
            acknowledged.clear()
        other = Writer(path, f"other{kill}", 10) if beside else None
        if other:
            other.wait_for_another()
        writer = Writer(path, f"killed{kill}", size)
        writer.wait_for_another()
        # A merge of the SQLite index comes every few 10,000 events: wait long enough to meet some.
        time.sleep(chance.random() * (1.0 if size == 1000 else 0.3))
        acknowledged.update(writer.kill())
        if other:
            other.wait_for_another()
            acknowledged.update(other.stop())
        events = assert_whole(path, acknowledged)
        print(f"kill {kill}: {events} events, {len(acknowledged)} appends acknowledged")
