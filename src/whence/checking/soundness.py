"""Whether a store keeps its promises, found by reading all of it: what `whence check` says. How a store lays events out
is its own affair; it answers for that through `problems`."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

import msgspec

from whence import jsonvalue
from whence.errors import WhenceError
from whence.events import Recorded
from whence.grammar import normal_tags, normal_type
from whence.query import Basis
from whence.store import Store

REPORT_EVENTS = 10_000
EXAMPLES_MAX = 5

Progress = Callable[[int, int | None], None]


class Promise(msgspec.Struct, frozen=True):
    """One promise and the problems found with it, the first few in words; it holds when there are none. One about what
    is derived from the store (segments, snapshots) says nothing of the store itself."""

    name: str
    problems: tuple[str, ...]
    count: int
    derived: bool = False

    @property
    def holds(self) -> bool:
        return self.count == 0


class Findings:
    """Problems as they are found, by promise: all counted, the first few kept."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}
        self.counts: dict[str, int] = {}

    def expect(self, name: str) -> None:
        self.found.setdefault(name, [])
        self.counts.setdefault(name, 0)

    def add(self, name: str, problem: str) -> None:
        self.counts[name] += 1
        if len(self.found[name]) < EXAMPLES_MAX:
            self.found[name].append(problem)

    def promises(self) -> list[Promise]:
        return [Promise(name, tuple(self.found[name]), self.counts[name]) for name in self.found]


GAPLESS = "positions are 1, 2, 3 … without a gap"
UNIQUE = "every id is used once"
RISING = "recorded times never fall"
READABLE = "every event can be read whole"
LAYOUT = "the store's own layout and index agree with the events"


def check(store: Store, progress: Progress | None = None) -> list[Promise]:
    """Every promise that reading can verify, with the problems found. Reads the whole store twice at most."""
    findings = Findings()
    for name in (GAPLESS, UNIQUE, RISING, READABLE, LAYOUT):
        findings.expect(name)
    hashes = _read_all(store, findings, progress)
    for problem in _used_twice(store, hashes):
        findings.add(UNIQUE, problem)
    for problem in store.problems():
        findings.add(LAYOUT, problem)
    return findings.promises()


def _read_all(store: Store, findings: Findings, progress: Progress | None) -> array[int]:
    """Check what one event and the one before it can show; return a hash of each id."""
    reading, hashes = store.read(), array("q")
    position, recorded_us = 0, None
    for event in reading:
        if event.position != position + 1:
            findings.add(GAPLESS, f"after {position} comes {event.position}")
        if recorded_us is not None and event.recorded_us < recorded_us:
            findings.add(RISING, f"{event.position} was recorded before the one it follows")
        if problem := _unreadable(event):
            findings.add(READABLE, f"{event.position}: {problem}")
        position, recorded_us = event.position, event.recorded_us
        hashes.append(hash(event.raw_id))
        if progress and position % REPORT_EVENTS == 0:
            progress(position, reading.head)
    if position != reading.head:
        findings.add(GAPLESS, f"the head is {reading.head}, the last event {position}")
    return hashes


def _unreadable(event: Recorded) -> str:
    """What is wrong with an envelope, or nothing."""
    try:
        normal_type(event.type)
        normal_tags(event.tags)
        if event.content_type is None:
            jsonvalue.decode(event.raw_data)
        if event.meta_text is not None:
            jsonvalue.decode(event.meta_text)
        if event.basis_text is not None:
            Basis.from_json(jsonvalue.decode(event.basis_text))
    except (WhenceError, msgspec.DecodeError, KeyError, TypeError, UnicodeDecodeError) as problem:
        return str(problem)
    return ""


def _used_twice(store: Store, hashes: array[int]) -> Iterator[str]:
    """The ids that really occur twice, among those whose hashes do: 8 bytes an event instead of the ids themselves."""
    import numpy as np  # a tenth of a second, which only a check should wait for

    values = np.frombuffer(hashes, dtype=np.int64) if hashes else np.empty(0, dtype=np.int64)
    unique, counts = np.unique(values, return_counts=True)
    suspect = set(unique[counts > 1].tolist())
    if not suspect:
        return
    seen: dict[bytes | str, int] = {}
    for event in store.read():
        if hash(event.raw_id) in suspect:
            if event.raw_id in seen:
                yield f"{event.id} is at {seen[event.raw_id]} and {event.position}"
            seen.setdefault(event.raw_id, event.position)
