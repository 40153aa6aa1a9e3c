"""What the tests of scoring share: recorded events of one entity, made without a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from whence.clock import to_datetime, to_us
from whence.events import Event, Recorded, encode, recorded_from

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR_US = 3_600_000_000


def at(days: float = 0, hours: float = 0, us: int = 0) -> int:
    """A moment after START, in microseconds UTC."""
    return to_us(START + timedelta(days=days, hours=hours)) + us


def event(position: int, time_us: int, type: str = "Opened", tag: str = "lead:1", **data: Any) -> Recorded:
    """A recorded event of an entity."""
    made = Event(type, data, (tag,), id=f"e{position}", time=to_datetime(time_us))
    return recorded_from(encode(made), position, at(days=1000), None)
