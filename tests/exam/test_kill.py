"""Acknowledged means durable: a writer is killed at random moments, and what it said it had appended is all there."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.exam import counts, small
from whence.events import Event
from whence.query import Query
from whence.store import Store
from whence.stores.opening import open_store
from whence.stores.sqlite import lookup
from whence.stores.sqlite.connection import connect_to_read
from whence.stores.sqlite.runs import flushed_upto, load_runs

ROOT = Path(__file__).parents[2]
STORE_AFRESH = 4  # kills on one file, so that later ones fall on a store that was killed before
AFTERWARDS = 60  # appends after each kill, enough for a slice of a merge where the index is small
OPENED_WITHIN_S = 5.0  # "at once", on a machine that is busy with other tests


class Writer:
    def __init__(self, path: Path, name: str, size: int, index: str) -> None:
        self._acknowledged: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.exam.writer", str(path), name, str(size), index],
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


def assert_whole(path: Path, acknowledged: set[str]) -> None:
    """Opened at once, no gap, no part of an append, everything acknowledged, sound; and it can be appended to."""
    started = time.monotonic()
    store = open_store(path)
    assert time.monotonic() - started < OPENED_WITHIN_S
    assert_holds(store, acknowledged)
    assert list(store.problems()) == []
    afterwards = f"afterwards-{store.head()}"
    for part in range(AFTERWARDS):
        data = {"append": afterwards, "of": AFTERWARDS}
        store.append([Event("Written", data, ("writer:afterwards", f"n:0_{part}"))])
    acknowledged.add(afterwards)
    assert_holds(store, acknowledged)
    assert list(store.problems()) == []
    store.close()


def assert_holds(store: Store, acknowledged: set[str]) -> None:
    appends: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    tagged = []
    head = 0
    for event in store.read():
        head += 1
        assert event.position == head
        data = event.data
        appends[data["append"]] += 1
        sizes[data["append"]] = data["of"]
        if "n:0_0" in event.tags:
            tagged.append(head)
    assert head == store.head()
    assert appends == sizes
    assert acknowledged - appends.keys() == set()
    assert [event.position for event in store.read(Query.of(tags=["n:0_0"]))] == tagged


def caught(path: Path, acknowledged: set[str], killed: str) -> Counter[str]:
    """What the index of a SQLite store shows of the moment of the kill."""
    db = connect_to_read(str(path))
    with db:
        runs = load_runs(db)
        flushed = flushed_upto(runs)
        head = db.execute("SELECT coalesce(max(position), 0) FROM event").get
    db.close()
    due = head - flushed >= lookup.FLUSH_EVENTS  # killed between an append and the flush it called for
    if flushed and not due:  # or after the flush, and before the append was acknowledged
        store = open_store(path)
        (last,) = store.read(after=flushed - 1, upto=flushed)
        append = last.data["append"]
        due = append.startswith(f"{killed}-") and append not in acknowledged
        store.close()
    merging = any(run.merges_into is not None for run in runs)
    return Counter({"with a merge under way": int(merging), "at a flush": int(due)})


# Half of the kills of the SQLite store are of writers whose index is so small that it merges all the time.
@pytest.mark.timeout(0 if counts.FULL else 300)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside another writer"])
@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    ("name", "index", "share"),
    [("leads.db", "shipped", 8), ("leads.db", "small", 8), ("leads.jsonl", "shipped", 4)],
    ids=["leads.db", "leads.db that merges all the time", "leads.jsonl"],
)
def test_what_a_killed_writer_had_acknowledged_is_all_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    name: str,
    index: str,
    share: int,
    size: int,
    beside: bool,
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    if index == "small":
        small.shrink(small.FOR_KILLS, monkeypatch.setattr)
    acknowledged: set[str] = set()
    figures: Counter[str] = Counter()
    for kill in range(-(-counts.KILLS // share)):
        if kill % STORE_AFRESH == 0:
            path = tmp_path / f"{kill}-{name}"
            acknowledged.clear()
        other = Writer(path, f"other{kill}", 10, index) if beside else None
        if other:
            other.wait_for_another()
        writer = Writer(path, f"killed{kill}", size, index)
        writer.wait_for_another()
        time.sleep(chance.random() * (1.0 if size == 1000 or index == "small" else 0.3))
        said = writer.kill()
        figures += Counter({"kills": 1, "appends acknowledged": len(said)})
        acknowledged.update(said)
        if name == "leads.db":
            figures += caught(path, acknowledged, f"killed{kill}")
        if other:
            other.wait_for_another()
            acknowledged.update(other.stop())
        assert_whole(path, acknowledged)
        print(f"kill {kill}: {dict(figures)}")
    for figure, number in figures.items():
        record_property(figure if index == "shipped" else f"{figure}, small index", number)
    if index == "small" and counts.FULL:
        assert figures["with a merge under way"] > 0
        assert figures["at a flush"] > 0 or size == 1
