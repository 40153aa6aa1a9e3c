"""What a funnel of six steps in order costs over segments, beside SQL by hand on the same files: without a window by
the shortest chain of joins, with one by joins to the next event. Ten events for each customer."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import duckdb

import whence
from benchmarks.workload import append_all
from whence.events import Event
from whence.packs import attribution, funnels, retention
from whence.packs.touchpoints import Touchpoints, touchpoints
from whence.segments.columns import table_of

MILLIONS = 5
"""So many times as many events as the other measures have."""
EVENTS_PER_CUSTOMER = 10
START_US = 1_700_000_000_000_000
STEP_US = 6_000_000
STEPS = ("Visited", "Read", "SignedUp", "Asked", "Offered", "Bought")
SHARES = (30, 54, 72, 85, 94, 100)
WINDOW = "30 days"


def made(count: int, seed: int = 9) -> Iterator[Event]:
    """So many events in the order of their times, of random customers; each later step is rarer."""
    rng = random.Random(seed)
    customers = max(count // EVENTS_PER_CUSTOMER, 1)
    for number in range(count):
        draw = rng.random() * 100
        type = next(step for step, share in zip(STEPS, SHARES, strict=True) if draw < share)
        tag = f"customer:{int(rng.random() * customers)}"
        yield Event(type, {"source": f"s{int(draw) % 7}", "value": int(draw)}, [tag], time=START_US + number * STEP_US)


def fill(folder: str, count: int) -> float:
    """Make the store and its segments; how many events a second."""
    count *= MILLIONS
    began = time.perf_counter()
    with whence.open(os.path.join(folder, "shop.db"), create=True) as db:
        append_all(db, made(count))
        with db.segments("customer"):
            pass
    return count / (time.perf_counter() - began)


def compare(folder: str, count: int) -> dict[str, float]:
    """All of it once, in turn: the quicker of three runs each, everything opened before."""
    with (
        whence.open(os.path.join(folder, "shop.db")) as db,
        touchpoints(db, kinds=["customer"]) as asked,
        closing(duckdb.connect(":memory:")) as duck,
    ):
        views(duck, asked)
        plain, windowed = chained(), next_events()
        ours = [row.customers for row in funnels.funnel(asked, STEPS).groups[0].rows]
        assert ours == list(duck.execute(plain).fetchone() or ())
        within = [row.customers for row in funnels.funnel(asked, STEPS, within=WINDOW).groups[0].rows]
        assert within == list(duck.execute(windowed).fetchone() or ())
        seconds = _quickest(lambda: funnels.funnel(asked, STEPS))
        return {
            "seconds": seconds,
            "by hand": seconds / _quickest(lambda: duck.execute(plain).fetchall()),
            "within by hand": _quickest(lambda: funnels.funnel(asked, STEPS, within=WINDOW))
            / _quickest(lambda: duck.execute(windowed).fetchall()),
            "retention": _quickest(lambda: retention.retention(asked, unit="week", upto=12)),
            "paths": _quickest(lambda: attribution.paths(asked)),
            "attribution": _quickest(
                lambda: attribution.attribution(asked, "Bought", ["Visited|Read"], channel="source")
            ),
        }


def views(duck: Any, asked: Touchpoints) -> None:
    """A view for each step over its files and what is in none of them yet, as somebody by hand would have it."""
    files: dict[str, list[str]] = {step: [] for step in STEPS}
    for type, path in asked.segments.files():
        files.setdefault(type, []).append(str(path))
    for type, rows in asked.segments.newest().items():
        duck.register(f"newest_{type.replace('.', '_')}", table_of(rows))
    for step in STEPS:
        stored = f"SELECT entity, time FROM read_parquet({files[step]}) UNION ALL " if files[step] else ""
        newest = f"SELECT entity, time FROM newest_{step}" if step in asked.segments.newest() else ""
        duck.execute(f"CREATE VIEW {step} AS {stored}{newest}".removesuffix("UNION ALL "))


def chained() -> str:
    """How many get to each step: the first of each step not before the one before."""
    parts = [f"s0 AS (SELECT entity, min(time) AS t FROM {STEPS[0]} GROUP BY entity)"]
    parts += [
        f"s{number} AS (SELECT e.entity, min(e.time) AS t FROM {step} e JOIN s{number - 1} p "
        f"ON p.entity = e.entity AND e.time >= p.t GROUP BY e.entity)"
        for number, step in enumerate(STEPS)
        if number
    ]
    counts = ", ".join(f"(SELECT count(*) FROM s{number})" for number in range(len(STEPS)))
    return f"WITH {', '.join(parts)} SELECT {counts}"


def next_events() -> str:
    """The same within a window from the start, of any start: each with the next event of each step, as long as it is
    in time. Twice as quick as left joins that keep all."""
    parts = [f"c0 AS (SELECT entity, time AS begun, time AS t FROM {STEPS[0]})"]
    parts += [
        f"c{number} AS (SELECT c.entity, c.begun, e.time AS t FROM c{number - 1} c ASOF JOIN {step} e "
        f"ON e.entity = c.entity AND e.time >= c.t WHERE e.time <= c.begun + INTERVAL {WINDOW})"
        for number, step in enumerate(STEPS)
        if number
    ]
    counts = ", ".join(f"(SELECT count(DISTINCT entity) FROM c{number})" for number in range(len(STEPS)))
    return f"WITH {', '.join(parts)} SELECT {counts}"


def _quickest(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
