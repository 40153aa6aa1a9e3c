"""The writes of a container's parts in order, so that to have read all of them is one number: how many there were.
Which writes that number stands for is worked out only for those that an explanation reaches."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

Told = list[tuple[int, int]]
"""The places in a ledger whose writes were told already, rising, each with the place where its reader's own begin."""


class Ledger:
    """Who wrote which part, one entry for each write."""

    def __init__(self, writers: Mapping[Any, int], holders: Iterable[Any]) -> None:
        """`writers` is the event that wrote each part last, `holders` the parts that are containers themselves."""
        self._writers: list[int] = []
        self._before: list[int] = []  # the entry of the same part before, -1 for none
        self._after: list[int | None] = []
        self._latest: dict[Any, int] = {}
        self._holding: set[int] = set()
        for key, writer in writers.items():
            self.add(key, writer)
        for key in holders:
            self.hold(key)

    def __len__(self) -> int:
        return len(self._writers)

    def add(self, key: Any, writer: int) -> None:
        """A part was written by an event."""
        before, place = self._latest.get(key, -1), len(self._writers)
        if before >= 0:
            self._after[before] = place
        self._latest[key] = place
        self._writers.append(writer)
        self._before.append(before)
        self._after.append(None)

    def hold(self, key: Any) -> None:
        """What was put there is a container."""
        if key in self._latest:
            self._holding.add(self._latest[key])

    def told(self, place: int, reader: int, told: Told) -> list[tuple[int, bool]]:
        """Who wrote last what was there at a place, and whether a container: only those not told before, and not what
        the reader itself had written by then."""
        own = place
        while own and self._writers[own - 1] == reader:
            own -= 1
        index = bisect_left(told, (place, own))
        above = told[index] if index < len(told) else None
        if above == (place, own):
            return []
        below = told[index - 1][1] if index else 0
        told.insert(index, (place, own))
        if above is not None and above[0] - place < own - below:
            entries: Iterable[int] = {self._before[entry] for entry in range(place, above[0])}
        else:
            entries = range(below, own)
        return [
            (self._writers[entry], entry in self._holding)
            for entry in entries
            if 0 <= entry < own and ((after := self._after[entry]) is None or after >= place)
        ]
