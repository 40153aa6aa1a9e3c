"""The small protocol that every store keeps, and the values it returns. What may be appended is decided in admission,
where the events lie is each store's own affair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol

import msgspec

from whence.admission import RawId
from whence.errors import InvalidQuery
from whence.events import Event, Facts, Recorded, Row, facts_of
from whence.query import AppendCondition, Basis, Query

FORMAT = 1
"""The number of the layout that durable stores write; a store with another number is refused."""


class Identity(msgspec.Struct, frozen=True):
    """Which store this is: its id, the epoch (new on restore), the format of its layout, and its origin."""

    store_id: str
    epoch: int
    format: int
    origin: str | None = None


class Reading:
    """What one read returns: the `head` it saw, and the matching events up to that head, in order.

    Iterating reads page by page in short transactions; it may be done again and always gives the same events.
    """

    def __init__(
        self,
        head: int,
        pages: Callable[[], Iterator[Iterable[Recorded]]],
        pages_of_facts: Callable[[], Iterator[Facts]] | None = None,
    ) -> None:
        self.head = head
        self._pages = pages
        self._pages_of_facts = pages_of_facts

    def __iter__(self) -> Iterator[Recorded]:
        return chain.from_iterable(self._pages())

    def facts(self) -> Iterator[Facts]:
        """The same events in pages of what a fold looks at, which a store may read quicker."""
        return facts_of(self) if self._pages_of_facts is None else self._pages_of_facts()


class Store(Protocol):
    """Where a history is kept. Every implementation is thread-safe and passes whence.testing.StoreSuite."""

    def append(
        self, events: Sequence[Event | Row], condition: AppendCondition | None = None, *, basis: Basis | None = None
    ) -> Sequence[int]:
        """Append all events or none, durably, and return their positions, in order. A Row is an event encoded before.

        Ids are looked up first: when all are there with the same content, their positions come back and nothing is
        written; that makes retrying safe. Raises IdConflict when an id is there with other content or only some are
        there, ConditionFailed when the condition is met, InvalidEvent for no events, for more than 10,000 and for an id
        used twice, and StoreError when the store cannot write.
        """
        ...

    def read(
        self,
        query: Query | None = None,
        *,
        after: int = 0,
        upto: int | None = None,
        limit: int | None = None,
        backwards: bool = False,
    ) -> Reading:
        """The events that match, with after < position <= upto, rising (or falling when `backwards`), at most `limit`.

        Also returns the head it saw; events appended later are not in this reading.
        """
        ...

    def head(self) -> int:
        """The last position, 0 when empty."""
        ...

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        """The positions of those stored ids (see grammar.id_to_raw) that are there."""
        ...

    def wait(self, after: int, timeout_s: float) -> int:
        """Block until the head is beyond `after` or the time is up; return the head."""
        ...

    def restore(self, recorded: Iterable[Recorded]) -> int:
        """Write events at the very positions, ids and times they had elsewhere, into an empty store or after a prefix
        that is the same; return the head. Raises CorruptStore when a position is not the next or the prefix differs."""
        ...

    def identity(self) -> Identity: ...

    def settings(self) -> dict[str, str]:
        """The libraries, versions and settings that this store runs on, for `whence check`."""
        ...

    def problems(self) -> Iterator[str]:
        """A sentence for each promise that the store's own layout breaks; none when it is sound. Reads everything."""
        ...

    def close(self) -> None:
        """Release everything; later calls raise StoreClosed. Closing twice is allowed."""
        ...


def check_range(after: int, upto: int | None, limit: int | None) -> None:
    """Raise InvalidQuery unless the positions and the limit of a read are whole numbers from 0."""
    for name, value in (("after", after), ("upto", upto), ("limit", limit)):
        if value is not None and (not isinstance(value, int) or value < 0):
            raise InvalidQuery("A position and a limit are whole numbers from 0", given=f"{name}={value!r}")
