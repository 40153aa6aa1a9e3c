"""The decision loop: read the boundary, fold, decide, append under the condition that nothing else was decided
meanwhile; on conflict do it again. What is decided is the caller's pure function."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from whence.dependence import fields_read
from whence.errors import ConditionFailed, InvalidModel
from whence.events import Event, Recorded, events_of
from whence.grammar import split_tag
from whence.model import Model, ModelLike
from whence.query import AppendCondition, Basis, Query, QueryItem
from whence.store import Store

ATTEMPTS_MAX = 20
PAUSE_MAX_S = 0.05

T = TypeVar("T")
Decide = Callable[[Any], Event | Iterable[Event] | None]
"""A decision: from the state, or the states by entity, to one event, several, or None when nothing is to happen."""


class Decided(msgspec.Struct, frozen=True):
    """What came of a decision: the positions of its events (none to do nothing), and how often it was tried."""

    positions: Sequence[int]
    events: Sequence[Event]
    attempts: int


def execute(
    store: Store,
    entities: str | Sequence[str],
    model: ModelLike | Iterable[ModelLike],
    decide: Decide,
    *,
    query: Query | None = None,
    settings: str | None = None,
    reads: Sequence[str] | None = None,
    attempts_max: int = ATTEMPTS_MAX,
) -> Decided:
    """Decide on the state of one entity, or of several at once, and append the events under that condition.

    `decide` is a pure function: it is given the state (for several entities a dict of states by tag) and returns one
    event, several, or None when nothing is to happen. The boundary is every event of the entities, or `query`, which
    must select what the decision depends on. The basis is stored with the events: for one entity it names the fields of
    the state that `decide` may read, `reads` or else what its source says, and `settings` is a text that says by which
    version of your rules it was decided.

    Raises ConditionFailed when other decisions came first `attempts_max` times, InvalidEvent when `decide` returns
    something else, and whatever `decide` raises.
    """
    several = [entities] if isinstance(entities, str) else list(entities)
    models = map(Model.of, [model] if isinstance(model, (Model, type)) else model)
    by_kind = {each.kind: each for each in models}
    for entity in several:
        if split_tag(entity)[0] not in by_kind:
            raise InvalidModel("No model for this kind of entity", entity=entity, models=", ".join(by_kind))
    boundary = query or Query(tuple(QueryItem(tags=(entity,)) for entity in several))

    def act(attempt: int) -> Decided:
        reading = store.read(boundary)
        read = list(reading)
        states = {entity: _state(by_kind[split_tag(entity)[0]], read, entity) for entity in several}
        events = events_of(decide(states[entities] if isinstance(entities, str) else states))
        if not events:
            return Decided((), (), attempt)
        fields = fields_read(decide, type(states[entities])) if reads is None and isinstance(entities, str) else reads
        condition = AppendCondition(fail_if_events_match=boundary, after=reading.head)
        basis = Basis(boundary, reading.head, settings, None if fields is None else tuple(fields))
        return Decided(store.append(events, condition, basis=basis), events, attempt)

    return retried(act, attempts_max)


def retried(act: Callable[[int], T], attempts_max: int = ATTEMPTS_MAX) -> T:
    """What an attempt, told its number, comes to: the first one in which nobody else came first. Between two lies a
    pause that grows. Raises ConditionFailed when others came first `attempts_max` times."""
    for attempt in range(1, attempts_max + 1):
        try:
            return act(attempt)
        except ConditionFailed as conflict:
            if attempt == attempts_max:
                raise ConditionFailed(
                    conflict.fact, remedy="Try again later.", **conflict.facts, attempts=attempt
                ) from None
            time.sleep(random.uniform(0, min(PAUSE_MAX_S, 0.001 * 2**attempt)))
    raise InvalidModel("A decision is tried at least once", attempts_max=attempts_max)


def _state(model: Model, events: Sequence[Recorded], entity: str) -> Any:
    """The state of an entity from what was read, the first state when there is nothing."""
    own = [event for event in events if entity in event.tags]
    if model.order == "occurred":
        own.sort(key=lambda event: (event.time_us, event.position))
    return model.fold(own)
