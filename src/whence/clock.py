"""Time and ids, the two things that are not pure, behind one replaceable value. Times are integer microseconds
since 1970-01-01T00:00:00Z; nothing else in Whence looks at the wall clock or makes an id."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from whence.errors import InvalidTime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EARLIEST_US = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
LATEST_US = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND

_FINER = re.compile(r"([.,]\d{6})(\d+)")
_LOSES = re.compile(r"[.,]\d{6}\d*[1-9]")
_FREE_BITS = (1 << 128) - 1 - (0xF << 76) - (0x3 << 62)
_VERSION_8 = (0x8 << 76) + (0x2 << 62)


class Clock(Protocol):
    """What a store needs from the world: the time in microseconds UTC, and fresh ids of 16 bytes."""

    def now_us(self) -> int: ...

    def new_id(self) -> bytes: ...


class SystemClock:
    """The machine's clock; ids are UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def new_id(self) -> bytes:
        return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


class FixedClock:
    """A clock for tests and demonstrations: it stands still until told to move, and its ids are numbered."""

    def __init__(self, start: datetime | str | int = EPOCH) -> None:
        self._now_us = to_us(start)
        self._ids = 0

    def now_us(self) -> int:
        return self._now_us

    def set(self, moment: datetime | str | int) -> None:
        self._now_us = to_us(moment)

    def advance(self, seconds: float) -> None:
        self._now_us += round(seconds * 1_000_000)

    def new_id(self) -> bytes:
        self._ids += 1
        return uuid7(max(self._now_us, 0) // 1000, self._ids.to_bytes(10, "big"))


def uuid7(milliseconds: int, random_bytes: bytes) -> bytes:
    """The 16 bytes of a UUIDv7 from a time and ten random bytes (RFC 9562, section 5.7)."""
    body = bytearray(milliseconds.to_bytes(6, "big") + random_bytes)
    body[6] = 0x70 | (body[6] & 0x0F)
    body[8] = 0x80 | (body[8] & 0x3F)
    return bytes(body)


def uuid8(digest: bytes) -> bytes:
    """The 16 bytes of a UUIDv8 from the first bits of a hash (RFC 9562, section 5.8)."""
    return (int.from_bytes(digest[:16], "big") & _FREE_BITS | _VERSION_8).to_bytes(16, "big")


def to_us(moment: datetime | str | int) -> int:
    """Microseconds since the epoch for an aware datetime, an ISO 8601 text with a zone, or microseconds.

    Raises InvalidTime when there is no zone, when the text is not ISO 8601, when the moment lies outside the years 1 to
    9999 in UTC, and for anything else: a date too, since a day is no single time. Digits finer than a microsecond are
    cut.
    """
    if isinstance(moment, bool):
        raise InvalidTime("A time cannot be true or false", value=moment)
    if isinstance(moment, int):
        return _within(moment, moment, "Give microseconds since 1970.")
    if isinstance(moment, str):
        moment = parse_iso(moment)
    if not isinstance(moment, datetime):
        fact = "A day is not a time" if isinstance(moment, date) else "Not a time"
        raise InvalidTime(fact, value=repr(moment)[:80], remedy="Write datetime(2026, 1, 5, 9, 0, tzinfo=UTC).")
    if moment.tzinfo is None:
        raise InvalidTime(
            "A time needs a zone", value=moment.isoformat(), remedy="Write 2026-01-05T09:00:00Z, or +01:00 for Z."
        )
    return _within((moment - EPOCH) // MICROSECOND, moment.isoformat(), "In UTC it lies outside: mend the year.")


def _within(us: int, value: object, remedy: str) -> int:
    """The microseconds, when they lie in the years that a time in UTC can have. Raises InvalidTime."""
    if not EARLIEST_US <= us <= LATEST_US:
        raise InvalidTime("Not between the years 1 and 9999", value=value, remedy=remedy)
    return us


def is_finer(text: str) -> bool:
    """Whether a time has digits finer than a microsecond, which are cut when it is read."""
    at = max(text.find("."), text.find(","))
    return at >= 0 and text[at + 7 : at + 8].isdigit() and _LOSES.search(text) is not None


def parse_iso(text: str) -> datetime:
    """The datetime that an ISO 8601 text means; without a zone where the text names none. Raises InvalidTime."""
    try:
        return datetime.fromisoformat(_FINER.sub(r"\1", text.strip()))
    except ValueError:
        raise InvalidTime("Not a time", value=repr(text), remedy="Write it as 2026-01-05T09:00:00Z.") from None


def to_datetime(us: int) -> datetime:
    """The aware UTC datetime of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=us)


def to_iso(us: int) -> str:
    """ISO 8601 in UTC with as many digits as are needed: 2026-01-05T09:00:00Z, 2026-01-05T09:00:00.250000Z."""
    return to_datetime(us).replace(tzinfo=None).isoformat() + "Z"
