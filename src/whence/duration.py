"""Spans of time as people say them: "30 minutes", "7 days"; and back."""

from __future__ import annotations

import re

from whence.errors import InvalidTime

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
UNITS = {"second": SECOND_US, "minute": MINUTE_US, "hour": HOUR_US, "day": DAY_US, "week": 7 * DAY_US}
_SAID = re.compile(r"([1-9][0-9]{0,6}) ?(second|minute|hour|day|week)s?")


def us_of(said: str) -> int:
    """The microseconds of "30 minutes", "7 days". Raises InvalidTime."""
    found = _SAID.fullmatch(said.strip())
    if found is None:
        raise InvalidTime("Not a span of time", value=repr(said), remedy='Write "30 minutes", "12 hours" or "7 days".')
    return int(found[1]) * UNITS[found[2]]


def text_of(us: float) -> str:
    """A span for the eye, to two parts at most: `14 d 10 h`, `3 min 20 s`, `0.35 s`."""
    if us < MINUTE_US:
        return f"{us / SECOND_US:.3g} s"
    for big, large, small, little in ((DAY_US, "d", HOUR_US, "h"), (HOUR_US, "h", MINUTE_US, "min")):
        if us >= big:
            whole, rest = divmod(round(us / small), big // small)
            return f"{whole:,} {large}" + (f" {rest} {little}" if rest else "")
    whole, rest = divmod(round(us / SECOND_US), 60)
    return f"{whole} min" + (f" {rest} s" if rest else "")
