"""What a replay of all history through a scorecard costs, from segments in a new process, beside the same logic by hand
over msgspec structs and beside SQL by hand. Eight types of events, an entity for every hundred of them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import msgspec

import whence
from whence.events import Event
from whence.scoring import Scorecard

BATCH = 5000
EVENTS_PER_ENTITY = 100
START_US = 1_700_000_000_000_000
STEP_US = 3_000_000
HOUR_US = 3_600_000_000
HALF_LIFE_HOURS = 14 * 24

CARD: dict[str, Any] = {
    "kind": "lead",
    "order": "occurred",
    "rule": [
        {"name": "visited pricing", "on": "PageVisited", "when": {"page": "pricing"}, "points": 8, "at_most": 5},
        {"name": "visited", "on": "PageVisited", "points": 1, "at_most": 20},
        {"name": "opened", "on": "EmailOpened", "points": 2, "at_most": 10, "half_life": "14 days"},
        {"name": "clicked", "on": "LinkClicked", "points": 4, "at_most": 10, "half_life": "14 days"},
        {
            "name": "attended",
            "on": "WebinarAttended",
            "when": {"minutes": {"at_least": 20}},
            "points": 15,
            "at_most": 3,
        },
        {"name": "asked for a demo", "on": "DemoAsked", "points": 30, "at_most": 1},
        {"name": "called", "on": "Called", "when": {"answered": True}, "points": 10, "at_most": 4},
        {"name": "not reached", "on": "Called", "when": {"answered": False}, "points": -2, "at_most": 5},
        {"name": "form", "on": "FormSent", "points": 6, "at_most": 3},
        {"name": "large form", "on": "FormSent", "when": {"fields": {"at_least": 8}}, "points": 5, "at_most": 2},
        {"name": "unsubscribed", "on": "Unsubscribed", "points": -40, "at_most": 1},
        {"name": "came back", "on": "PageVisited", "when": {"seconds": {"at_least": 290}}, "points": 3, "at_most": 6},
    ],
    "threshold": [{"score": "score", "at": 60, "stage": "warm"}, {"score": "score", "at": 90, "stage": "hot"}],
}


def card(**points: float) -> Scorecard:
    """The scorecard, some rules with other points."""
    rules = [{**rule, "points": points.get(rule["name"].replace(" ", "_"), rule["points"])} for rule in CARD["rule"]]
    return Scorecard.from_table("lead", {**CARD, "rule": rules})


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
    """Make the store and its segments; how many events a second the segments took."""
    path = os.path.join(folder, "leads.db")
    batch: list[Event] = []
    with whence.open(path, create=True) as db:
        for event in made(count):
            batch.append(event)
            if len(batch) == BATCH:
                db.append(batch)
                batch = []
        if batch:
            db.append(batch)
        began = time.perf_counter()
        with db.segments("lead"):
            return count / (time.perf_counter() - began)


COLD = """
import time
began = time.perf_counter()
import sys
from benchmarks.replaying import card
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
    """A new process: the seconds from its first import to all scores and crossings, then with other weights."""
    root = str(Path(__file__).parents[1])
    line = [sys.executable, "-c", COLD, os.path.join(folder, "leads.db")]
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(line, capture_output=True, text=True, env=environment, check=True)
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
