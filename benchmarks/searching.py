"""What it costs to find the event that broke a rule: by halving, with snapshots and without, and by the scan that looks
at every event. The store is filled once, with a value that breaks the rule at nine tenths; each round is a process of
its own."""

from __future__ import annotations

import time
from contextlib import closing
from itertools import islice

from benchmarks.implementations import opened
from benchmarks.workload import Lead, Parts, events
from whence.explaining.bisect import Bisection, bisect, first_breach
from whence.expression import Rule
from whence.history import History
from whence.model import Model
from whence.snapshots.folder import SnapshotFolder

BATCH = 1000
ENTITY = 7
RULES = {"one type": "score <= 90", "every type": "score <= 90 or opened < 0"}
"""A rule on a field that a third of the events write, and one on fields that all of them write."""


def fill(folder: str, count: int) -> float:
    """Make the store; how many events a second."""
    source = events(count, seed=6)
    began = time.perf_counter()
    with closing(opened("whence", folder)) as store:
        for first in range(0, count, BATCH):
            store.append([_broken_at(parts, first + n, count) for n, parts in enumerate(islice(source, BATCH))])
    return count / (time.perf_counter() - began)


def _broken_at(parts: Parts, number: int, count: int) -> Parts:
    """From nine tenths on, the scores of one entity break the rule."""
    broken = count * 9 // 10 // 3 * 3
    if number == broken or (number > broken and parts.entity == ENTITY):
        return parts._replace(entity=ENTITY, data=parts.data | {"score": 99.5})
    return parts


def search(folder: str, count: int) -> dict[str, float]:
    """The seconds of making snapshots up to a hundredth before the end; then for each rule the seconds of the scan,
    what halving takes beside it, without and with the snapshots, and how many partial replays it needed."""
    with closing(opened("whence", folder)) as store:
        history, snapshots = History.of(store.store), SnapshotFolder(store.store)
        history.states(Lead)
        snapshots.drop("lead")
        began = time.perf_counter()
        snapshots.make(history.upto(count * 99 // 100), Model.of(Lead))
        making = time.perf_counter() - began
        found: dict[str, float] = {}
        for name, rule in RULES.items():
            halved, seconds = _timed(bisect, history, rule)
            again, again_seconds = _timed(bisect, History.of(store.store, snapshots), rule)
            scanned, scan_seconds = _timed(first_breach, history, rule)
            assert halved == again
            assert halved.breach == scanned.breach is not None
            found |= {f"{name}, scan": scan_seconds, f"{name}, ratio": seconds / scan_seconds}
            found |= {f"{name}, with snapshots": again_seconds / scan_seconds, "replays": halved.replays}
    return found | {"making": making}


def _timed(search: type[bisect] | type, history: History, rule: Rule) -> tuple[Bisection, float]:
    began = time.perf_counter()
    found = search(history, Lead, "lead", rule)
    return found, time.perf_counter() - began
