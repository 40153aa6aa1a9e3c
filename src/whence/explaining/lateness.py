"""Where the two clocks differ at a time: the events that had happened by then and were not known yet, and those that
were known and had not happened. How such a difference is told is left to the edges."""

from __future__ import annotations

import msgspec

from whence.grammar import normal_kind
from whence.history import At, History
from whence.query import Query


class Lateness(msgspec.Struct, frozen=True):
    """The positions of the events that the two clocks put on different sides of a moment, rising.

    `late` had happened by then and were recorded later: as known then, they are missing. `early` were recorded by then
    and happened later: as it happened, they are missing. It is true when there are any.
    """

    late: list[int]
    early: list[int]

    def __bool__(self) -> bool:
        return bool(self.late or self.early)


def lateness(history: History, about: str | None, at: At) -> Lateness:
    """Which events the two clocks put on different sides of a time, whichever clock it was given by: those of an entity
    (`lead:42`), of all entities of a kind (`lead`), or all. Now and a position are the same by both: there are none.

    For an entity its own events are read, else the whole history.
    """
    us = at.recorded_us if at.occurred_us is None else at.occurred_us
    late: list[int] = []
    early: list[int] = []
    if us is None:
        return Lateness(late, early)
    known = history.recorded_upto(us)
    is_entity = about is not None and ":" in about
    prefix = "" if about is None or is_entity else f"\n{normal_kind(about)}:"
    for page in history.facts(Query.of(tags=[about]) if about is not None and is_entity else None):
        for position, _, text, _, time_us in page.rows:
            if (time_us <= us) != (position <= known) and prefix in f"\n{text}":
                (late if time_us <= us else early).append(position)
    return Lateness(late, early)
