"""Whether Whence stays as fast as it grows: the first million events beside the tenth, in batches and singly. Single
appends come in the middle of a million, when merges of the index are under way and go on with each append."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from benchmarks.workload import Parts, events

BATCH = 1000
MILLIONS = 10
SINGLES_IN_A_MILLION = 10
"""Single appends of each kind are this part of a million."""
VARIANTS: dict[str, dict[str, Any]] = {"random ids": {}, "a new entity every 3 events": {"events_per_new_entity": 3}}


def growth(store: Any, unit: int, variant: str) -> dict[str, float]:
    """The last of ten millions (of `unit` events) beside the first, and the latency of single appends.

    Making the parts of the events is outside the time, which would else hide how much slower appends become.
    """
    singles = unit // SINGLES_IN_A_MILLION
    source = events(MILLIONS * unit + 6 * singles, seed=4, **VARIANTS[variant])
    batched: list[float] = []
    single: dict[str, list[float]] = {}
    latencies: list[float] = []
    for number in range(MILLIONS):
        seconds = _batches(store, source, unit // 2)
        if number in (0, MILLIONS - 1):
            for kind, append in _kinds(store).items():
                taken = _each(append, islice(source, singles))
                latencies += taken
                single.setdefault(kind, []).append(singles / sum(taken))
        batched.append(unit / (seconds + _batches(store, source, unit // 2)))
    latencies.sort()
    return {
        "batches, last million / first": batched[-1] / batched[0],
        **{f"{kind}, in the last million / in the first": after / before for kind, (before, after) in single.items()},
        "p99 of single appends, ms": latencies[len(latencies) * 99 // 100] * 1000,
        "slowest single append, ms": latencies[-1] * 1000,
    }


def _kinds(store: Any) -> dict[str, Callable[[Parts], None]]:
    return {
        "singly": lambda parts: store.append([parts]),
        "with a condition": store.append_guarded,
        "with a condition on the whole store": store.append_if_new,
    }


def _batches(store: Any, source: Iterator[Parts], count: int) -> float:
    """The seconds that appending so many events in batches takes."""
    seconds = 0.0
    for _ in range(count // BATCH):
        batch = list(islice(source, BATCH))
        began = time.perf_counter()
        store.append(batch)
        seconds += time.perf_counter() - began
    return seconds


def _each(append: Callable[[Parts], None], source: Iterator[Parts]) -> list[float]:
    """The seconds that each append takes."""
    taken = []
    for parts in source:
        began = time.perf_counter()
        append(parts)
        taken.append(time.perf_counter() - began)
    return taken
