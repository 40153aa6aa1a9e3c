"""Models and events that the tests of replay share; they stand in a module, so that other processes find them."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from whence.codec import Codec, Upcast
from whence.events import Event
from whence.model import on
from whence.segments.building import build
from whence.segments.reading import Segments
from whence.stores.memory import MemoryStore

START = datetime(2026, 3, 2, tzinfo=UTC)


class Scored(msgspec.Struct, frozen=True):
    score: float
    by: str | None = None
    event_version: ClassVar[int] = 2


class Opened(msgspec.Struct, frozen=True):
    campaign: str
    times: int = 1


class Lead:
    kind = "lead"
    codec = Codec(Scored, Opened, upcasts=[Upcast("Scored", 1, lambda data: {"score": data["points"]})])

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.score = 0.0

    @on(Scored)
    def scored(self, event: Scored) -> None:
        self.score = event.score
        self.seen.append(event.score)

    @on(Opened)
    def opened(self, event: Opened) -> None:
        self.seen.append((event.campaign, event.times))


class LateLead(Lead):
    order = "occurred"


class Watched:
    kind = "lead"

    def __init__(self) -> None:
        self.seen: list[Any] = []

    @on("Scored")
    def scored(self, event: Any) -> None:
        self.seen.append((event.position, event.data, event.id, event.tags, event.time))


class Strict(Lead):
    @on(Scored)
    def scored(self, event: Scored) -> None:
        if event.score > 90:
            raise ValueError("too much")


class Deadly(Lead):
    """It kills the process that folds it, unless that is the one of the tests."""

    @on(Scored)
    def scored(self, event: Scored) -> None:
        if parent_process() is not None:
            os.kill(os.getpid(), signal.SIGKILL)


def event(number: int, type: str, data: Any, *leads: int, hours: int | None = None, version: int = 1) -> Event:
    time = None if hours is None else START + timedelta(hours=hours)
    tags = [f"lead:{lead}" for lead in leads]
    return Event(type, data, tags, id=f"e{number}", version=version, time=time)


def segments(folder: Path, events: list[Event], size: int = 4) -> tuple[MemoryStore, Segments]:
    """A store with these events, and its segments of so many each, with the others as the newest."""
    store = MemoryStore()
    for each in events:
        store.append([each])
    build(store, "lead", folder, segment_events=size)
    return store, Segments.open_built(store, "lead", folder)


def many(count: int = 400) -> list[Event]:
    """A history with everything in it."""
    found = []
    for n in range(count):
        leads = (n * 7 % 31,) if n % 11 else (n % 31, n % 5 + 40)
        match n % 5:
            case 0:
                found.append(event(n, "Scored", {"points": n % 90}, *leads, hours=n * 37 % 100))
            case 1:
                found.append(event(n, "Scored", {"score": n / 8, "by": "ann"}, *leads, version=2))
            case 2:
                found.append(event(n, "Opened", {"campaign": f"c{n % 3}", "times": n}, *leads, hours=n))
            case 3:
                found.append(event(n, "Opened", {"campaign": "spring"}, *leads))
            case _:
                found.append(event(n, "Ignored", {"x": [n]}, *leads))
    return found
