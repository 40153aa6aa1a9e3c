"""States as of the newest position that is known: looked up when they are asked for and caught up from there, so that
an entity with a long past costs no more than a new one. What is decided on them is left to whoever keeps them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from whence.events import Event, Recorded
from whence.model import Model, handlers_of
from whence.query import Query, QueryItem
from whence.store import Store

STATES_MAX, GAP_MAX = 200_000, 20_000
"""So many states are kept, and so many events that others appended are folded into them; beyond, it begins anew."""
APART_MAX = 32
"""So many entities are looked up at once."""

Made = tuple[msgspec.Struct, Event]
"""What is to be appended: the typed event, and as it is appended."""
Handlers = Mapping[tuple[type, type], Callable[..., None]]
"""The handlers by the class of the state and that of the event."""


class States:
    """The states of a store's entities as of `head`, of the kinds that these classes are; their handlers are told the
    event alone. It is not safe for threads: whoever keeps it asks it under a lock."""

    def __init__(self, store: Store, classes: Sequence[type]) -> None:
        self._store = store
        self._models, self._handlers = _models(tuple(classes)), _handlers(tuple(classes))
        self._kept: dict[str, Any] = {}
        self._is_behind = True
        self.head = 0

    def of(self, entity: str) -> Any:
        """The state that is kept, to be looked at: what comes later is folded into it."""
        if entity not in self._kept:
            self.look_up([entity])
        return self._kept[entity]

    def copy_of(self, entity: str) -> Any:
        """The state as a value of its own, which no later event changes."""
        return self._model(entity).copied(self.of(entity))

    def of_kind(self, kind: str, ids: Iterable[str]) -> dict[str, Any]:
        """The states of several entities of a kind, by their ids."""
        entities = {id: f"{kind}:{id}" for id in ids}
        self.look_up(entities.values())
        return {id: self._kept[entity] for id, entity in entities.items()}

    def look_up(self, entities: Iterable[str]) -> None:
        """Know these entities, too, as of the head."""
        new = [each for each in entities if each not in self._kept]
        for start in range(0, len(new), APART_MAX):
            group = new[start : start + APART_MAX]
            self._kept.update((each, self._model(each).initial()) for each in group)
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
        handlers = self._handlers
        for each, event in made:
            for tag in event.tags:
                state = self._kept.get(tag)
                if state is not None and (handler := handlers.get((type(state), type(each)))):
                    handler(state, each)
        self.head = positions[-1]

    def _fold(self, events: Iterable[Recorded], among: Collection[str]) -> None:
        for event in events:
            for tag in event.tags:
                if tag in among:
                    self._kept[tag] = self._model(tag).apply(self._kept[tag], event)

    def _model(self, entity: str) -> Model:
        return self._models[entity.partition(":")[0]]


@cache
def _models(classes: tuple[type, ...]) -> Mapping[str, Model]:
    """The models by their kinds; kept, since a model learns its steps as it goes."""
    return {each.kind: each for each in map(Model.of, classes)}


@cache
def _handlers(classes: tuple[type, ...]) -> Handlers:
    return {(each, event): handler for each in classes for event, handler in handlers_of(each).items()}
