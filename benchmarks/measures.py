"""What is measured, on one implementation in a process of its own: each function returns a rate, or bytes."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from benchmarks.workload import ENTITIES, events, payload_bytes

BATCH = 1000


def prepare(store: Any, count: int) -> float:
    """Fill a store for the measures that read."""
    rate = batches(store, count, seed=0)
    if hasattr(store, "build"):
        store.build()
    return rate


def single(store: Any, count: int) -> float:
    """Durable appends of one event from one writer."""
    given = list(events(min(5_000, count), seed=1))
    for parts in given[:200]:
        store.append([parts])
    return _rate(len(given) - 200, lambda: [store.append([parts]) for parts in given[200:]])


def batches(store: Any, count: int, seed: int = 2) -> float:
    """Durable appends of 1,000 events, their parts made a batch at a time and outside the time."""
    source, seconds = events(count, seed), 0.0
    while batch := list(islice(source, BATCH)):
        began = time.perf_counter()
        store.append(batch)
        seconds += time.perf_counter() - began
    return count / seconds


def threads(store: Any, count: int, writers: int) -> float:
    """Durable appends of one event from several threads, which are all there before the time begins."""
    each = min(16_000, count) // writers
    given = [list(events(each, seed=100 + writer)) for writer in range(writers)]
    began: list[float] = []
    ready = threading.Barrier(writers, lambda: began.append(time.perf_counter()))

    def write(own: list[Any]) -> None:
        ready.wait()
        for parts in own:
            store.append([parts])

    with ThreadPoolExecutor(writers) as pool:
        for done in [pool.submit(write, own) for own in given]:
            done.result()  # a writer that failed fails the measure
        return each * writers / (time.perf_counter() - began[0])


def load(store: Any, count: int) -> float:
    """An entity of about 20 events read and folded into typed state."""
    rng = random.Random(3)
    chosen = [rng.randrange(ENTITIES) for _ in range(3_000)]
    for entity in chosen[:100]:
        store.load(entity)
    return _rate(len(chosen), lambda: [store.load(entity) for entity in chosen])


def read_all(store: Any, count: int) -> float:
    """All events in order as typed objects."""
    return _counted(count, store.read_all)


def fold_all(store: Any, count: int) -> float:
    """All events folded into the state of each entity."""
    return _rate(count, store.fold_all)


def replay_all(store: Any, count: int) -> float:
    """All events folded as a replay does it that reads them from where that is quickest."""
    return _rate(count, getattr(store, "replay_all", store.fold_all))


def is_store(place: str, name: str) -> bool:
    """Whether a file is the store's own: no list of ids, and no copy of its history in columns."""
    return name != "ids.json" and "segments" not in place


def size(folder: str, count: int) -> float:
    """Bytes an event on disk beyond its payload, once the store is closed."""
    files = (
        os.path.join(place, name) for place, _, names in os.walk(folder) for name in names if is_store(place, name)
    )
    return (sum(map(os.path.getsize, files)) - payload_bytes(count)) / count


READING: dict[str, Callable[[Any, int], float]] = {
    "load": load,
    "read_all": read_all,
    "fold_all": fold_all,
    "replay_all": replay_all,
}
WRITING: dict[str, Callable[[Any, int], float]] = {
    "single": single,
    "batches": batches,
    "threads8": lambda store, count: threads(store, count, 8),
    "threads64": lambda store, count: threads(store, count, 64),
    "threads256": lambda store, count: threads(store, count, 256),
}


def _counted(count: int, read: Callable[[], int]) -> float:
    seen = []
    rate = _rate(count, lambda: seen.append(read()))
    assert seen == [count], f"read {seen} of {count} events"
    return rate


def _rate(count: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)
