"""Whether Whence stays as fast as it grows: a store's first million events beside the tenth million of another. Both
are appended in turn, a few at a time, so that the machine is the same for both; single appends come in the middle, when
merges of the index are under way and go on with each append."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from benchmarks.implementations import opened
from benchmarks.workload import Parts, events

BATCH = 1000
MILLIONS = 10
TURN = 10
"""So many batches, or ten times as many single appends, are appended to the one store before it is the other's turn."""
SINGLES_IN_A_MILLION = 10
"""Single appends of each kind are this part of a million."""
KINDS: dict[str, Callable[[Any, Parts], None]] = {
    "singly": lambda store, parts: store.append([parts]),
    "with a condition": lambda store, parts: store.append_guarded(parts),
    "with a condition on the whole store": lambda store, parts: store.append_if_new(parts),
}
VARIANTS: dict[str, dict[str, Any]] = {"random ids": {}, "a new entity every 3 events": {"events_per_new_entity": 3}}


class Growing:
    """A store that is appended to, and the seconds that takes."""

    def __init__(self, store: Any, source: Iterator[Parts]) -> None:
        self.store = store
        self.source = source
        self.seconds: dict[str, float] = {}
        self.latencies: list[float] = []

    def batches(self, count: int) -> None:
        for _ in range(count):
            batch = list(islice(self.source, BATCH))
            began = time.perf_counter()
            self.store.append(batch)
            self._spend("batches", began)

    def singles(self, kind: str, count: int) -> None:
        append = KINDS[kind]
        for parts in islice(self.source, count):
            began = time.perf_counter()
            append(self.store, parts)
            self.latencies.append(self._spend(kind, began))

    def _spend(self, kind: str, began: float) -> float:
        seconds = time.perf_counter() - began
        self.seconds[kind] = self.seconds.get(kind, 0.0) + seconds
        return seconds


def growth(folder: str, unit: int, variant: str) -> dict[str, float]:
    """How fast the tenth million (of `unit` events) is appended beside the first, and the latency of single appends.

    Making the parts of the events is outside the time, which would else hide how much slower appends become.
    """
    singles = unit // SINGLES_IN_A_MILLION
    with closing(_store(folder, "old")) as old_store, closing(_store(folder, "young")) as young_store:
        old, young = (
            Growing(store, events(MILLIONS * unit + len(KINDS) * singles, seed=4, **VARIANTS[variant]))
            for store in (old_store, young_store)
        )
        old.batches((MILLIONS - 1) * unit // BATCH)
        old.seconds.clear()
        _in_turn(old, young, unit // 2 // BATCH, lambda one, count: one.batches(count))
        for kind in KINDS:
            _in_turn(old, young, singles, lambda one, count, kind=kind: one.singles(kind, count), 10 * TURN)  # type: ignore[misc]
        _in_turn(old, young, unit // 2 // BATCH, lambda one, count: one.batches(count))
    latencies = sorted(old.latencies + young.latencies)
    return {
        **{f"{kind}, the tenth million / the first": young.seconds[kind] / old.seconds[kind] for kind in old.seconds},
        "p99 of single appends, ms": latencies[len(latencies) * 99 // 100] * 1000,
        "slowest single append, ms": latencies[-1] * 1000,
    }


def _store(folder: str, name: str) -> Any:
    place = os.path.join(folder, name)
    os.mkdir(place)
    return opened("whence", place)


def _in_turn(
    old: Growing, young: Growing, count: int, append: Callable[[Growing, int], None], turn: int = TURN
) -> None:
    """Append so many to each, the one that goes first changing each time."""
    pair = (old, young)
    while count > 0:
        for one in pair:
            append(one, min(turn, count))
        count, pair = count - turn, pair[::-1]
