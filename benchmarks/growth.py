"""Whether Whence stays as fast as it grows: the first million events beside the tenth, in batches and singly. Single
appends follow a million in batches, when merges of the index are under way and go on with every append."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

from benchmarks.implementations import opened
from benchmarks.workload import events

BATCH = 1000
SINGLES = 20_000
VARIANTS: dict[str, dict[str, Any]] = {"random ids": {}, "a new entity every 3 events": {"events_per_new_entity": 3}}


def growth(folder: str, millions: int, unit: int, variant: str) -> dict[str, float]:
    """The last of so many millions (of `unit` events) beside the first, and the latency of single appends."""
    store = opened("whence", folder)
    source = events(millions * unit + 8 * SINGLES, seed=4, **VARIANTS[variant])
    batched, singly, guarded, whole, latencies = [], [], [], [], []
    for _ in range(millions):
        batched.append(unit / _spent(lambda: [store.append(list(islice(source, BATCH))) for _ in range(unit // BATCH)]))
        if len(batched) in (1, millions):
            singly.append(SINGLES / _each(store.append, [[parts] for parts in islice(source, SINGLES)], latencies))
            guarded.append(SINGLES / _each(store.append_guarded, list(islice(source, SINGLES)), latencies))
            whole.append(SINGLES / _each(store.append_if_new, list(islice(source, SINGLES)), latencies))
    store.close()
    latencies.sort()
    return {
        "batches, last million / first": batched[-1] / batched[0],
        "singly, after the last / after the first": singly[1] / singly[0],
        "with a condition, after the last / after the first": guarded[1] / guarded[0],
        "with a condition on the whole store, after the last / after the first": whole[1] / whole[0],
        "p99 of single appends, ms": latencies[len(latencies) * 99 // 100] * 1000,
        "slowest single append, ms": latencies[-1] * 1000,
    }


def _spent(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _each(append: Any, given: list[Any], latencies: list[float]) -> float:
    began = time.perf_counter()
    for one in given:
        start = time.perf_counter()
        append(one)
        latencies.append(time.perf_counter() - start)
    return time.perf_counter() - began
