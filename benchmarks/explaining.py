"""What an explanation costs: `why` on an entity of many events inside a large store, and the same fold traced and not.
The store is filled once; each round is a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from typing import Any

from benchmarks.implementations import opened
from benchmarks.workload import ENTITIES, Lead, Parts, events
from whence.explaining.tracing import Trace
from whence.explaining.why import why
from whence.history import History
from whence.model import Model
from whence.query import Query

BATCH = 1000
MILLIONS = 5
PART = 500
"""One of so many events is of the entity that is explained."""
ENTITY = f"lead:{ENTITIES}"
FIELD = "opened"
"""Made by two thirds of the entity's events, each of which reads what the one before it wrote."""


def fill(folder: str, unit: int) -> float:
    """Make the store, of five times as many events; how many a second."""
    source, count = events(MILLIONS * unit, seed=5), MILLIONS * unit
    began = time.perf_counter()
    with closing(opened("whence", folder)) as store:
        for first in range(0, count, BATCH):
            store.append([_of_entity(parts, first + n) for n, parts in enumerate(islice(source, BATCH))])
    return count / (time.perf_counter() - began)


def _of_entity(parts: Parts, number: int) -> Parts:
    return parts._replace(entity=ENTITIES) if number % PART == 0 else parts


def explain(folder: str, unit: int) -> dict[str, float]:
    """The seconds of `why` in a process that explained nothing before, and what a fold over the same events costs.

    A fold is compared with one of before any was traced: once more untraced after that, and traced.
    """
    model = Model.of(Lead)
    with closing(opened("whence", folder)) as store:
        history = History.of(store.store)
        own = list(history.events(Query.of(tags=[ENTITY])))
        assert len(own) == MILLIONS * unit // PART
        model.fold(own)
        before = min(_seconds(lambda: model.fold(own)) for _ in range(5))
        began = time.perf_counter()
        found = why(history, model, ENTITY, FIELD)
        seconds = time.perf_counter() - began
        assert found.value == len(found.contributions)
    traced, untraced = [], []
    for _ in range(5):
        untraced.append(_seconds(lambda: model.fold(own)))
        traced.append(_seconds(lambda: Trace.of(model, own)))
    return {
        "seconds": seconds,
        "traced": min(traced) / min(untraced),
        "untraced": min(untraced) / before,
    }


def _seconds(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
