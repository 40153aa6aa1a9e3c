"""Positions without gaps for events that are moved to another store when some of them are left out, and the bases that
name such positions. Which events are moved is left to copying and importer."""

from __future__ import annotations

from array import array
from bisect import bisect_right

import msgspec

from whence import jsonvalue
from whence.events import Recorded
from whence.query import Basis


class Numbering:
    """Gives events, which come in the order of the positions they had, the positions 1, 2, 3 …"""

    def __init__(self) -> None:
        self.count = 0
        self._whole = 0  # up to here nothing was left out
        self._kept = array("Q")  # the positions that the events after that had, rising

    def next(self, event: Recorded) -> Recorded:
        """The event at the next position, and its basis at that of the last event kept at or before it."""
        self.count += 1
        if event.position == self._whole + 1 and not self._kept:
            self._whole += 1
            return event
        self._kept.append(event.position)
        return msgspec.structs.replace(event, position=self.count, basis_text=self._moved(event.basis))

    def _moved(self, basis: Basis | None) -> str | None:
        if basis is None:
            return None
        position = min(basis.position, self._whole) + bisect_right(self._kept, basis.position)
        return jsonvalue.canonical(msgspec.structs.replace(basis, position=position).to_json()).decode()
