"""Past decisions as cases: what each was given, so that another prompt, model or person can be asked the same. Opening
a new case is left to `case`, and comparing answers to `answers`; Whence calls no model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from whence.events import Recorded
from whence.grammar import split_tag
from whence.history import PROGRESS_EVENTS, History, Progress, by_time
from whence.model import Model, ModelLike
from whence.query import Query

ModelOf = Callable[[str], ModelLike]
"""From a kind of entity to the model that its state is folded by."""


class PastCase(msgspec.Struct, frozen=True, eq=False):
    """A decision of the past, and the events that it was given, by position.

    With a basis these are what its query saw up to its position. Without one they are the events of its entity that
    happened before it (earlier, or at the same time at a lower position); `late` counts those of them that were
    recorded after it, which whoever decided may not have known. `state` is what the entity's events among them come
    to, where it was asked for.
    """

    decision: Recorded
    entity: str | None
    given: tuple[Recorded, ...]
    late: int = 0
    state: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON object: the case's id is that of the decision, `decided` the data it recorded, `given` envelopes."""
        event = self.decision.to_json()
        said = {
            "case": event["id"],
            "entity": self.entity,
            "type": event["type"],
            "position": event["position"],
            "time": event.get("time", event["recorded"]),
            "decided": event.get("data"),
            "basis": event.get("basis"),
            "late": self.late,
        }
        if self.state is not None:
            said["state"] = self.state
        return {**said, "given": [each.to_json() for each in self.given]}


def cases(
    history: History,
    types: Sequence[str],
    *,
    entity: str | None = None,
    wanted: Callable[[Recorded], bool] | None = None,
    kinds: Sequence[str] = (),
    model_of: ModelOf | None = None,
    progress: Progress | None = None,
) -> Iterator[PastCase]:
    """The decisions of some types, by position, each with what it was given; read as they are asked for, so that one
    case is held at a time.

    `entity` keeps those about one entity, and `wanted` those it returns true for. An event of several entities is about
    the one its basis asked for, else the first of the first of `kinds`, else its first tag. `model_of` gives each its
    state. Raises InvalidEvent for what is no type or tag, FoldFailed.
    """
    for event in decisions(history, types, entity=entity, wanted=wanted, progress=progress):
        about = entity or entity_of(event, kinds)
        given, late = _given(history, event, about)
        state = None if model_of is None or about is None else _state(model_of, about, given)
        yield PastCase(event, about, given, late, state)


def decisions(
    history: History,
    types: Sequence[str],
    *,
    entity: str | None = None,
    wanted: Callable[[Recorded], bool] | None = None,
    progress: Progress | None = None,
) -> Iterator[Recorded]:
    """The events that are the decisions of `cases`, without what they were given."""
    query = Query.of(types=types, tags=() if entity is None else (entity,))
    for count, event in enumerate(history.events(query)):
        if progress and count % (PROGRESS_EVENTS // 100) == 0:
            progress(event.position, history.head)
        if wanted is None or wanted(event):
            yield event


def entity_of(event: Recorded, kinds: Sequence[str] = ()) -> str | None:
    """Which entity a decision is about; None for an event without tags."""
    tags, basis = event.tags, event.basis
    asked = () if basis is None else tuple(tag for item in basis.query.items for tag in item.tags if tag in tags)
    of_kinds = (tag for kind in kinds for tag in event.entities(kind))
    return next(iter((*asked, *of_kinds, *tags)), None)


def _given(history: History, event: Recorded, about: str | None) -> tuple[tuple[Recorded, ...], int]:
    """What a decision was given, and how many of it were recorded after it."""
    basis = event.basis
    if basis is not None:
        return tuple(history.upto(basis.position).events(basis.query)), 0
    if about is None:
        return (), 0
    own = history.events(Query.of(tags=[about]))
    earlier = tuple(each for each in own if by_time(each) < by_time(event))
    return earlier, sum(each.position > event.position for each in earlier)


def _state(model_of: ModelOf, about: str, given: Sequence[Recorded]) -> dict[str, Any]:
    model = Model.of(model_of(split_tag(about)[0]))
    own = [each for each in given if about in each.tags]
    ordered = sorted(own, key=by_time) if model.order == "occurred" else own
    plain: dict[str, Any] = msgspec.to_builtins(model.fields(model.fold(ordered)))
    return plain
