"""What the tests of experiments share: a few leads whose numbers can be worked out by hand, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from whence.clock import to_us
from whence.events import Event
from whence.history import History
from whence.scoring import Rule, Scorecard, Threshold
from whence.stores.memory import MemoryStore

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """A moment so many days after the start."""
    return START + timedelta(days=number)


def us(number: float) -> int:
    return to_us(day(number))


def happened(lead: int | str, days: float, type: str, **data: Any) -> Event:
    return Event(type, data, (f"lead:{lead}",), time=day(days))


def history(events: Iterable[Event]) -> History:
    store = MemoryStore()
    store.append(list(events))
    return History.of(store)


def card(name: str = "v1", at: int = 70, **points: int) -> Scorecard:
    """Points for each event of a type, and one threshold: the stage "qualified"."""
    rules = [Rule(name=f"for {type}", on=type, points=each) for type, each in points.items()]
    return Scorecard(
        name=name, kind="lead", rules=rules, thresholds=[Threshold(score="score", at=at, stage="qualified")]
    )


STORY = [
    # lead 1 opens, asks for a demo, and is won: v1 (demo 70) names it on day 5, v2 (open 40) on day 3.
    happened(1, 0, "Created", source="fair"),
    happened(1, 2, "Opened"),
    happened(1, 3, "Opened"),
    happened(1, 5, "Demo"),
    happened(1, 20, "Won"),
    # lead 2 only opens, and is won: only v2 names it, on day 2.
    happened(2, 0, "Created", source="web"),
    happened(2, 1, "Opened"),
    happened(2, 2, "Opened"),
    happened(2, 12, "Won"),
    # lead 3 asks for a demo, and is never won: only v1 names it.
    happened(3, 0, "Created", source="fair"),
    happened(3, 4, "Demo"),
    # lead 4 does nothing.
    happened(4, 0, "Created", source="web"),
    # lead 5 came too late to be observed for 30 days.
    happened(5, 80, "Created", source="web"),
    happened(5, 81, "Opened"),
    happened(5, 82, "Opened"),
    happened(9, 100, "Created", source="web"),
]
V1 = card("v1", Demo=70)
V2 = card("v2", Opened=40)
