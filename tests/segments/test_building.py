"""Segments are built beside writers and killed builders, are the same whenever they are built, and are refused or built
again where they do not belong."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from tests.exam import counts
from whence.errors import CannotWrite, InvalidSegments
from whence.events import Event
from whence.segments.building import build
from whence.segments.manifest import NAME, damaged
from whence.segments.reading import Segments
from whence.store import Store
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store

SIZE = 50


def fill(store: Store, count: int, seed: int = 1) -> None:
    rng = random.Random(seed)
    for first in range(0, count, 20):
        store.append(
            [
                Event(
                    rng.choice(["LeadScored", "EmailOpened"]),
                    {"score": rng.randrange(100), "n": first + number},
                    [f"lead:{rng.randrange(30)}"],
                    time=10**15 + rng.randrange(10**9),
                )
                for number in range(min(20, count - first))
            ]
        )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(str(tmp_path / "leads.db"), create=True)
    fill(made, 230)
    yield made
    made.close()


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def positions(segments: Segments) -> list[int]:
    return [row["position"] for row in segments.sql("SELECT position FROM events ORDER BY 1").to_pylist()]


def test_what_is_in_no_segment_yet_is_in_every_answer(store: Store, tmp_path: Path) -> None:
    manifest = build(store, "lead", tmp_path / "segs", segment_events=SIZE)
    assert (manifest.head, len(manifest.segments)) == (200, 4)
    with Segments.open(store, "lead", tmp_path / "segs") as segments:
        assert (segments.built, segments.head) == (200, 230)
        assert positions(segments) == list(range(1, 231))
        assert segments.sql('SELECT sum(n) AS n FROM "LeadScored"').to_pylist() == [
            {"n": sum(event.data["n"] for event in store.read() if event.type == "LeadScored")}
        ]
        store.append([Event("LeadScored", {"score": 1}, ["lead:1"])])
        assert positions(segments) == list(range(1, 231)), "an answer is for the head it was opened at"


def test_built_bit_by_bit_or_at_once_they_are_the_same_to_the_byte(store: Store, tmp_path: Path) -> None:
    build(store, "lead", tmp_path / "twice", segment_events=SIZE)
    fill(store, 200, seed=2)
    build(store, "lead", tmp_path / "twice", segment_events=SIZE)
    build(store, "lead", tmp_path / "once", segment_events=SIZE)
    assert files(tmp_path / "twice") == files(tmp_path / "once")


@pytest.mark.parametrize("lost", ["a file", "a folder", "the manifest", "a file's end"])
def test_what_is_lost_is_built_again(store: Store, tmp_path: Path, lost: str) -> None:
    folder = tmp_path / "segs"
    build(store, "lead", folder, segment_events=SIZE)
    before = files(folder)
    victim = folder / "000002" / "LeadScored.parquet"
    match lost:
        case "a file":
            victim.unlink()
        case "a folder":
            for path in (folder / "000002").iterdir():
                path.unlink()
            (folder / "000002").rmdir()
        case "the manifest":
            (folder / NAME).unlink()
        case _:
            victim.write_bytes(victim.read_bytes()[:-1])
    with Segments.open_built(store, "lead", folder) as segments:
        assert positions(segments) == list(range(1, 231))
    build(store, "lead", folder, segment_events=SIZE)
    assert files(folder) == before


def test_progress_is_told_after_each_segment_and_not_where_all_are_there(store: Store, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    for _ in range(2):
        build(store, "lead", tmp_path / "segs", lambda *done: told.append(done), segment_events=SIZE)
    assert told == [(50, 200), (100, 200), (150, 200), (200, 200)]


def test_a_damaged_file_is_named(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "segs"
    manifest = build(store, "lead", folder, segment_events=SIZE)
    victim = folder / "000002" / "LeadScored.parquet"
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    assert list(damaged(folder, manifest)) == ["000002/LeadScored.parquet"]


def test_segments_of_another_store_kind_or_format_are_refused(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "segs"
    build(store, "lead", folder, segment_events=SIZE)
    other = MemoryStore()
    fill(other, 400)
    with pytest.raises(InvalidSegments, match=r"belong to another store.*Delete that folder"):
        Segments.open(other, "lead", folder)
    with pytest.raises(InvalidSegments, match="of another kind"):
        Segments.open(store, "deal", folder)
    manifest = json.loads((folder / NAME).read_text())
    (folder / NAME).write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(InvalidSegments, match="another format"):
        Segments.open(store, "lead", folder)
    (folder / NAME).write_text("{")
    with pytest.raises(InvalidSegments, match="cannot be used"):
        Segments.open(store, "lead", folder)


def test_a_folder_that_cannot_be_made_says_so(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CannotWrite, match="make the folder writable"):
        build(store, "lead", tmp_path / "file" / "segs", segment_events=SIZE)


def test_beside_writers_and_another_builder(store: Store, tmp_path: Path) -> None:
    folder, stop = tmp_path / "segs", threading.Event()

    def write() -> None:
        for number in range(600):
            store.append([Event("LeadScored", {"score": 1}, [f"lead:{number % 40}"])])
            time.sleep(0.002)

    def keep_building() -> None:
        while not stop.is_set():
            build(store, "lead", folder, segment_events=SIZE)

    threads = [threading.Thread(target=work, daemon=True) for work in (write, keep_building, keep_building)]
    for thread in threads:
        thread.start()
    while threads[0].is_alive():
        with Segments.open(store, "lead", folder) as segments:
            assert positions(segments) == list(range(1, segments.head + 1))
    stop.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    build(store, "lead", folder, segment_events=SIZE)
    build(store, "lead", tmp_path / "fresh", segment_events=SIZE)
    assert files(folder) == files(tmp_path / "fresh")


BUILDER = """
import sys
from pathlib import Path
from whence.segments.building import build
from whence.stores.opening import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
build(store, "lead", Path(sys.argv[2]), segment_events=20)
"""


def test_a_builder_that_is_killed_leaves_no_wrong_answer(store: Store, tmp_path: Path) -> None:
    fill(store, 2_000, seed=3)
    build(store, "lead", tmp_path / "whole", segment_events=20)
    folder, rng, killed = tmp_path / "segs", random.Random(7), 0
    expected = list(range(1, store.head() + 1))
    for _ in range(counts.SEGMENT_KILLS):
        line = [sys.executable, "-c", BUILDER, str(tmp_path / "leads.db"), str(folder)]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        time.sleep(rng.random() * 0.08)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        assert process.stderr.read() == b"", "those that made segments end as quietly"
        process.stdout.close()
        process.stderr.close()
        with Segments.open_built(store, "lead", folder) as segments:
            assert positions(segments) == expected
        if rng.random() < 0.2 and folder.exists():  # so that there is always something to build
            for path in folder.glob("*/*"):
                path.unlink()
    assert killed
    build(store, "lead", folder, segment_events=20)
    assert files(folder) == files(tmp_path / "whole")


def test_the_store_is_not_touched(store: Store, tmp_path: Path) -> None:
    names = [name for name in os.listdir(tmp_path) if name.startswith("leads.db")]
    before = {name: (tmp_path / name).read_bytes() for name in names if not name.endswith("-shm")}
    with Segments.open(store, "lead", tmp_path / "segs") as segments:
        segments.sql("SELECT count(*) FROM events")
    assert before == {name: (tmp_path / name).read_bytes() for name in before}


def test_events_come_back_as_they_were(store: Store, tmp_path: Path) -> None:
    with Segments.open(store, "lead", tmp_path / "segs") as segments:
        found = segments.to_arrow("LeadScored").to_pylist()
    expected = [event for event in store.read() if event.type == "LeadScored"]
    assert [(row["id"], row["tags"], row["n"]) for row in found] == [
        (event.id, list(event.tags), event.data["n"]) for event in expected
    ]
