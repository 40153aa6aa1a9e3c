"""Stores to ask: of invented events, several histories at random side by side in one, and of files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

import whence
from whence.config import Config
from whence.events import Event

TOGETHER = 8
"""So many histories are in one store: to open one takes longer than to ask it."""
CUSTOMERS = 3
history = st.lists(
    st.tuples(st.integers(0, CUSTOMERS - 1), st.sampled_from("ABC"), st.integers(0, 40)), min_size=1, max_size=20
)
histories = st.lists(history, min_size=TOGETHER, max_size=TOGETHER)
Histories = Sequence[Sequence[tuple[int, str, int]]]


def side_by_side(histories: Histories) -> list[tuple[int, str, int]]:
    """The events of all, each history with customers of its own."""
    return [(CUSTOMERS * at + who, type, minute) for at, rows in enumerate(histories) for who, type, minute in rows]


def store(events: Iterable[Event], config: Config | None = None) -> whence.Whence:
    db = whence.open(":memory:", config=config)
    db.append(list(events))
    return db


def visit(who: int | str, type: str, minute: int, **data: Any) -> Event:
    tag = who if isinstance(who, str) else f"lead:{who}"
    return Event(type, data, (tag,), time=f"2026-01-05T{9 + minute // 60:02}:{minute % 60:02}:00Z")


def by_customer(rows: Sequence[tuple[int, str, int]]) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for who, type, minute in sorted(rows, key=lambda row: row[2]):  # of the same minute as they were recorded
        found[who].append((minute, type))
    return found


def stored(events: list[Event], order: str) -> whence.Whence:
    """A store of events in the order of their file, or in that of time."""
    db = whence.open(":memory:")
    ordered = sorted(events, key=lambda event: event.time) if order == "time order" else events  # type: ignore[arg-type,return-value]
    for start in range(0, len(events), 10_000):
        db.append(ordered[start : start + 10_000])
    return db
