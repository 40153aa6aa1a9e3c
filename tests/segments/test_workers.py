"""Segments made by several processes are the same to the byte, and a process that ends or fails is told of."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from tests.segments.test_building import SIZE, files, fill
from whence.errors import StoreError
from whence.segments import workers
from whence.segments.building import build
from whence.segments.segment import Collect, Maker
from whence.stores.opening import open_store
from whence.stores.sqlite import SQLiteStore


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    made = open_store(str(tmp_path / "leads.db"), create=True)
    assert isinstance(made, SQLiteStore)
    fill(made, 20 * SIZE)
    return made


def test_made_by_several_processes_segments_are_the_same_to_the_byte(
    store: SQLiteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int | None]] = []
    monkeypatch.setattr(workers, "processors", lambda: 3)
    apart = build(store, "lead", tmp_path / "apart", lambda *at: told.append(at), segment_events=SIZE)
    monkeypatch.setattr(workers, "processors", lambda: 1)
    here = build(store, "lead", tmp_path / "here", segment_events=SIZE)
    assert apart == here
    assert files(tmp_path / "apart") == files(tmp_path / "here")
    assert told == [(number * SIZE, 20 * SIZE) for number in range(1, 21)]


def test_a_process_that_ends_is_told_of_and_what_it_left_is_built_again(
    store: SQLiteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, begun = tmp_path / "segs", []
    begin = workers.Worker.__init__

    def beginning(worker: workers.Worker, told: workers.Told, lock: int) -> None:
        begin(worker, told, lock)
        begun.append(worker)

    def killing(done: int, total: int | None) -> None:
        os.kill(begun[0]._process.pid, signal.SIGKILL)

    monkeypatch.setattr(workers, "processors", lambda: 2)
    monkeypatch.setattr(workers.Worker, "__init__", beginning)
    with pytest.raises(StoreError, match=r"A process that makes segments ended.*Build again"):
        build(store, "lead", folder, killing, segment_events=SIZE)
    assert all(worker._process.returncode is not None for worker in begun)
    manifest = build(store, "lead", folder, segment_events=SIZE)
    monkeypatch.setattr(workers, "processors", lambda: 1)
    assert manifest == build(store, "lead", tmp_path / "whole", segment_events=SIZE)
    assert files(folder) == files(tmp_path / "whole")


def test_what_a_process_cannot_do_is_raised_here(store: SQLiteStore, tmp_path: Path) -> None:
    lock = (tmp_path / "lock").open("w")
    worker = workers.Worker(workers.Told(store.path, "lead", tmp_path / "segs", SIZE), lock.fileno())
    with lock:
        worker.ask(Collect(1))
        assert worker.answer() == Maker(store, "lead", tmp_path / "segs", SIZE).answer(Collect(1))
        worker.ask(workers.Write(range(30), 0, ()))
        with pytest.raises(FileNotFoundError, match=r"000001\.new"):
            worker.answer()
        worker.end()
