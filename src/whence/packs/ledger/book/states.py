"""The states that a book goes by, all as of one position: looked up when they are asked for and caught up from there,
so that an account with a long past costs no more than a new one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec

from whence.events import Event, Recorded
from whence.model import Model
from whence.packs.ledger.state import Account, Charge, Hold, Periods, Transaction
from whence.query import Query, QueryItem
from whence.store import Store

STATES = (Account, Charge, Hold, Transaction, Periods)
MODELS = {each.kind: Model.of(each) for each in STATES}
HANDLERS: dict[tuple[type, type], Callable[..., None]] = {
    (each, event): handler
    for each in STATES
    for handler in vars(each).values()
    for event in getattr(handler, "__whence_on__", ())
}
"""The handlers by the class of the state and that of the event."""
STATES_MAX, GAP_MAX = 200_000, 20_000
"""So many states are kept, and so many events that others appended are folded into them; beyond, it begins anew."""
APART_MAX = 32
"""So many entities are looked up at once."""

Made = tuple[msgspec.Struct, Event]
"""What is to be appended: the typed event, and as it is appended."""


class States:
    """The states of a store's entities as of `head`. It is not safe for threads: a book asks it under its lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, Any] = {}
        self._is_behind = True
        self.head = 0

    def of(self, entity: str) -> Any:
        if entity not in self._kept:
            self.look_up([entity])
        return self._kept[entity]

    def copy_of(self, entity: str) -> Any:
        """The state as a value of its own, which no later event changes."""
        return _model(entity).copied(self.of(entity))

    def accounts(self, names: Iterable[str]) -> dict[str, Account]:
        entities = {name: f"account:{name}" for name in names}
        self.look_up(entities.values())
        return {name: self._kept[entity] for name, entity in entities.items()}

    def look_up(self, entities: Iterable[str]) -> None:
        """Know these entities, too, as of the head."""
        new = [each for each in entities if each not in self._kept]
        for start in range(0, len(new), APART_MAX):
            group = new[start : start + APART_MAX]
            self._kept.update((each, _model(each).initial()) for each in group)
            query = Query(tuple(QueryItem(tags=(each,)) for each in group))
            self._fold(self._store.read(query, upto=self.head), set(group))

    def catch_up(self, *, if_behind: bool = False) -> None:
        """Fold into all that is kept what happened since, `if_behind` only where some of it is known to be missing; or
        forget all, where that would take longer."""
        if if_behind and not self._is_behind:
            return
        self._is_behind = False
        head = self._store.head()
        if head == self.head:
            return
        if head - self.head > GAP_MAX or len(self._kept) > STATES_MAX:
            self._kept.clear()
        if self._kept:
            reading = self._store.read(after=self.head)
            self._fold(reading, self._kept.keys())
            head = reading.head
        self.head = head

    def take(self, made: Sequence[Made], positions: Sequence[int]) -> None:
        """Fold what was just appended, if nothing lies between: by the same handlers, and without reading it again."""
        if self.head != positions[0] - 1 or positions[-1] != self.head + len(positions):
            self._is_behind = True
            return
        for each, event in made:
            for tag in event.tags:
                state = self._kept.get(tag)
                if state is not None and (handler := HANDLERS.get((type(state), type(each)))):
                    handler(state, each)
        self.head = positions[-1]

    def _fold(self, events: Iterable[Recorded], among: Collection[str]) -> None:
        for event in events:
            for tag in event.tags:
                if tag in among:
                    self._kept[tag] = _model(tag).apply(self._kept[tag], event)


def _model(entity: str) -> Model:
    return MODELS[entity.partition(":")[0]]
