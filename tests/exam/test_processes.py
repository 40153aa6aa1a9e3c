"""Many processes on one file: of any number that decide on one boundary, exactly one wins."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from tests.exam import counts
from whence.errors import ConditionFailed
from whence.events import Event
from whence.query import AppendCondition, Query
from whence.stores.opening import open_store

PROCESSES = 4


def race(url: str, rounds: int, barrier: Barrier, racer: int, results: Queue[int]) -> None:
    """Put into `results` how many rounds this racer won."""
    store = open_store(url)
    won = 0
    for number in range(rounds):
        query = Query.of(tags=[f"boundary:{number}"])
        barrier.wait(60)
        reading = store.read(query)
        if list(reading):
            continue
        try:
            store.append([Event("Won", racer, query.items[0].tags)], AppendCondition(query, after=reading.head))
        except ConditionFailed:
            continue
        won += 1
    store.close()
    results.put(won)


@pytest.mark.parametrize("name", ["leads.db", "leads.jsonl"])
def test_of_many_racing_processes_exactly_one_wins_each_round(
    tmp_path: Path, record_property: Callable[[str, object], None], name: str
) -> None:
    path = tmp_path / name
    store = open_store(path, create=True)
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(PROCESSES), context.Queue()
    racers = [
        context.Process(target=race, args=(str(path), counts.RACES, barrier, racer, results), daemon=True)
        for racer in range(PROCESSES)
    ]
    for process in racers:
        process.start()
    won = [results.get(timeout=30 + counts.RACES) for _ in racers]
    for process in racers:
        process.join(30)
    assert [process.exitcode for process in racers] == [0] * PROCESSES
    assert sum(won) == counts.RACES
    assert [event.tags[0] for event in store.read()] == [f"boundary:{number}" for number in range(counts.RACES)]
    store.close()
    record_property(f"rounds of {PROCESSES} racing processes", counts.RACES)
