"""What a replay of all history through a scorecard costs, from segments in a new process, beside the same logic by hand
over msgspec structs, eventsourcing and SQL by hand. Eight types of events, an entity for every hundred of them."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import apsw
import duckdb
import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

import whence
from benchmarks.scorecard import CARD
from benchmarks.workload import BATCH, append_all
from whence.clock import EPOCH, MICROSECOND
from whence.events import Event
from whence.model import Model, on
from whence.replay import replay
from whence.segments.building import build
from whence.stores.opening import open_store

MILLIONS = 10
"""So many times as many events as the other measures have."""
LOOPED = 10
"""The loop by hand sees one event of so many, the first ones, and eventsourcing one of ten times as many."""
EVENTS_PER_ENTITY = 100
START_US = 1_700_000_000_000_000
STEP_US = 3_000_000
HOUR_US = 3_600_000_000
HALF_LIFE_HOURS = 14 * 24


def made(count: int, seed: int = 8) -> Iterator[Event]:
    """So many events in the order of their times, for random entities."""
    rng = random.Random(seed)
    pages = ("home", "pricing", "docs", "blog")
    entities = max(count // EVENTS_PER_ENTITY, 1)
    for number in range(count):
        draw, small = int(rng.random() * 100), int(rng.random() * 300)
        if draw < 35:
            type, data = "PageVisited", {"page": pages[small & 3], "seconds": small}
        elif draw < 60:
            type, data = "EmailOpened", {"campaign": f"c{small % 40}", "opens": small % 4}
        elif draw < 75:
            type, data = "LinkClicked", {"campaign": f"c{small % 40}", "link": f"https://example.com/{small % 16}"}
        elif draw < 82:
            type, data = "WebinarAttended", {"minutes": small % 60, "topic": f"t{small % 12}"}
        elif draw < 90:
            type, data = "Called", {"answered": small % 3 == 0, "seconds": small}
        elif draw < 96:
            type, data = "FormSent", {"form": f"f{small % 9}", "fields": small % 12}
        elif draw < 98:
            type, data = "DemoAsked", {"seats": small % 50}
        else:
            type, data = "Unsubscribed", {"reason": f"r{small % 5}"}
        entity = f"lead:{int(rng.random() * entities)}"
        yield Event(type, data, [entity], time=START_US + number * STEP_US)


def fill(folder: str, count: int) -> float:
    """Make the stores; how many events a second."""
    count *= MILLIONS
    began = time.perf_counter()
    with whence.open(os.path.join(folder, "leads.db"), create=True) as db:
        append_all(db, made(count))
    rate = count / (time.perf_counter() - began)
    with closing(_application(folder)) as app:
        aggregates: dict[str, _Scored] = {}
        touched: dict[str, _Scored] = {}
        for number, given in enumerate(made(_by_eventsourcing(count)), 1):
            lead = given.tags[0]
            if lead not in aggregates:
                aggregates[lead] = _Scored()
            assert given.time is not None, "each has one"
            aggregates[lead].see(given.type, given.data, (given.time - EPOCH) // MICROSECOND)
            touched[lead] = aggregates[lead]
            if number % BATCH == 0:
                app.save(*touched.values())
                touched = {}
        app.save(*touched.values())
        ids = [str(aggregate.id) for aggregate in aggregates.values()]
        Path(folder, "ids.json").write_bytes(msgspec.json.encode(ids))
    return rate


def _by_eventsourcing(count: int) -> int:
    return count // LOOPED // LOOPED


def compare(folder: str, count: int) -> dict[str, float]:
    """All of it once, in turn."""
    count *= MILLIONS
    segments_folder = Path(folder, "built")
    shutil.rmtree(segments_folder, ignore_errors=True)
    with closing(open_store(os.path.join(folder, "leads.db"))) as store:
        began = time.perf_counter()
        build(store, "lead", segments_folder)
        built = count / (time.perf_counter() - began)
    with whence.open(os.path.join(folder, "leads.db")) as db, db.segments("lead"):
        pass  # those that are measured are there
    one = cold(folder)
    loop = by_hand(folder, count // LOOPED)
    other = by_eventsourcing(folder, _by_eventsourcing(count))
    rate = count / one["cold"]
    return {
        "cold": rate / 1e6,
        "beside a loop": rate / loop,
        "beside eventsourcing": rate / other,
        "again": one["cold"] / one["warm"],
        "sums": sums(folder),
        "processes": processes(folder),
        "memory": one["memory_mb"],
        "building": built / 1e3,
    }


HAND_SQL = """SELECT e.entity, sum(seconds) AS seconds FROM read_parquet({}) p
JOIN read_parquet({}) e ON e.code = p.entity GROUP BY e.entity"""


def sums(folder: str) -> float:
    """The seconds of sums per entity beside those of SQL by hand on the same files, the quicker of three runs each."""
    with whence.open(os.path.join(folder, "leads.db")) as db, db.segments("lead") as segments:
        files = [path for type, path in segments.files() if type == "PageVisited"]
        names = sorted({path.parent / "entities.parquet" for _, path in segments.files()})
        by_hand = HAND_SQL.format(list(map(str, files)), list(map(str, names)))
        asked = 'SELECT entity, sum(seconds) AS seconds FROM "PageVisited" GROUP BY entity'
        with closing(duckdb.connect(":memory:")) as duck:
            return _quickest(lambda: segments.sql(asked)) / _quickest(lambda: duck.sql(by_hand).to_arrow_table())


def _quickest(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


class PageVisited(msgspec.Struct, frozen=True, gc=False):
    page: str
    seconds: int


class Called(msgspec.Struct, frozen=True, gc=False):
    answered: bool
    seconds: int


class Lead:
    """A model of two types; the others are not read."""

    kind: ClassVar[str] = "lead"

    def __init__(self) -> None:
        self.seconds = self.calls = 0
        self.page = ""

    @on(PageVisited)
    def visited(self, event: PageVisited) -> None:
        self.seconds += event.seconds
        self.page = event.page

    @on(Called)
    def called(self, event: Called) -> None:
        self.calls += event.answered


def processes(folder: str) -> float:
    """How many times as quick two processes replay a model as one, both of them begun before."""
    with (
        whence.open(os.path.join(folder, "leads.db")) as db,
        db.segments("lead") as segments,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
    ):
        replay(segments, Model.of(Lead), executor=pool)
        began = time.perf_counter()
        replay(segments, Model.of(Lead))
        alone = time.perf_counter() - began
        began = time.perf_counter()
        replay(segments, Model.of(Lead), executor=pool)
        return alone / (time.perf_counter() - began)


COLD = """
import time
began = time.perf_counter()
import sys
from benchmarks.scorecard import card
import whence
from whence.segments.scoring import score_segments
with whence.open(sys.argv[1]) as db, db.segments("lead") as segments:
    first = card()
    found = score_segments(segments, first)
    cold = time.perf_counter() - began
    began = time.perf_counter()
    again = score_segments(segments, card(opened=3, visited_pricing=9))
    warm = time.perf_counter() - began
import resource, json
said = {"cold": cold, "warm": warm, "crossings": len(found.standings.crossings.entity)}
print(json.dumps(said | {"memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def cold(folder: str) -> dict[str, float]:
    """A new process: the seconds from its first import to all scores and crossings, then with other weights. One before
    it, not measured, leaves what an installed Whence finds: bytecode, machine code and files in their caches."""
    root = str(Path(__file__).parents[1])
    line = [sys.executable, "-c", COLD, os.path.join(folder, "leads.db")]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(2):
        done = subprocess.run(line, capture_output=True, text=True, env={**kept, "PYTHONPATH": root}, check=True)
    return msgspec.json.decode(done.stdout, type=dict[str, float])


# The same by hand.


class _Data(msgspec.Struct, gc=False):
    """What the rules look at."""

    page: str = ""
    seconds: int = 0
    minutes: int = 0
    answered: bool = False
    fields: int = 0


def _met(type: str, data: _Data) -> list[int]:
    """The numbers of the rules that an event meets."""
    match type:
        case "PageVisited":
            met = [0, 1] if data.page == "pricing" else [1]
            return [*met, 11] if data.seconds >= 290 else met
        case "EmailOpened":
            return [2]
        case "LinkClicked":
            return [3]
        case "WebinarAttended":
            return [4] if data.minutes >= 20 else []
        case "DemoAsked":
            return [5]
        case "Called":
            return [6 if data.answered else 7]
        case "FormSent":
            return [8, 9] if data.fields >= 8 else [8]
        case _:
            return [10]


POINTS = [rule["points"] for rule in CARD["rule"]]
AT_MOST = [rule.get("at_most") for rule in CARD["rule"]]
FADING = (2, 3)
BARS = [threshold["at"] for threshold in CARD["threshold"]]
FACTORS = [0.5 ** (hour / HALF_LIFE_HOURS) for hour in range(64 * HALF_LIFE_HOURS)]


class Hand:
    """One entity's score as somebody would write it: in floats, and without the crossings that no event makes."""

    __slots__ = ("awarded", "crossings", "fading", "reached", "score", "staying")

    def __init__(self) -> None:
        self.awarded = [0] * len(POINTS)
        self.staying = 0
        self.fading: list[tuple[int, int]] = []
        self.reached = [False] * len(BARS)
        self.crossings: list[tuple[int, int]] = []
        self.score = 0

    def see(self, type: str, data: _Data, time_us: int) -> None:
        for rule in _met(type, data):
            most = AT_MOST[rule]
            if most is None or self.awarded[rule] < most:
                self.awarded[rule] += 1
                if rule in FADING:
                    self.fading.append((time_us, POINTS[rule]))
                else:
                    self.staying += POINTS[rule]
        total = float(self.staying)
        for began_us, points in self.fading:
            total += points * FACTORS[(time_us - began_us) // HOUR_US]
        self.score = round(total)
        for number, bar in enumerate(BARS):
            if (self.score >= bar) is not self.reached[number]:
                self.reached[number] = not self.reached[number]
                self.crossings.append((number, time_us))


def by_hand(folder: str, count: int) -> float:
    """Events a second of the best loop over the store's rows: no object for an event, a struct for its data."""
    decode = msgspec.json.Decoder(_Data).decode
    began = time.perf_counter()
    leads: dict[str, Hand] = {}
    with closing(apsw.Connection(os.path.join(folder, "leads.db"), apsw.SQLITE_OPEN_READONLY)) as db:
        sql = "SELECT t.name, e.tags, e.data, e.time FROM event e JOIN type t ON t.code = e.type ORDER BY e.position"
        for type, tag, data, time_us in db.execute(f"{sql} LIMIT {count}"):
            lead = leads.get(tag)
            if lead is None:
                lead = leads[tag] = Hand()
            lead.see(type, decode(data), time_us)
    return count / (time.perf_counter() - began)


class _Scored(Aggregate):
    def __init__(self) -> None:
        self.hand = Hand()

    @event("Seen")
    def see(self, type: str, data: dict[str, Any], time_us: int) -> None:
        self.hand.see(type, msgspec.convert(data, _Data), time_us)


def _application(folder: str) -> Any:
    path = os.path.join(folder, "application.db")
    return Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path})


def by_eventsourcing(folder: str, count: int) -> float:
    """Events a second of eventsourcing's application: every aggregate replayed from its repository."""
    ids = msgspec.json.decode(Path(folder, "ids.json").read_bytes(), type=list[UUID])
    with closing(_application(folder)) as app:
        began = time.perf_counter()
        for id in ids:
            app.repository.get(id)
        return count / (time.perf_counter() - began)
