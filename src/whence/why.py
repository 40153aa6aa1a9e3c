"""Why a field has the value it has: the ordered events that changed it, each with before and after. It is the very same
fold, looked at between its steps."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from whence.compare import refuse_field, same
from whence.events import Recorded
from whence.history import History
from whence.model import Model, ModelLike
from whence.query import Query


class Step(msgspec.Struct, frozen=True):
    """An event that changed the field, and the value before and after it."""

    recorded: Recorded
    before: Any
    after: Any


class Explanation(msgspec.Struct, frozen=True):
    """The value of an entity's field and the steps that led to it, in the order of the fold."""

    entity: str
    field: str
    value: Any
    steps: list[Step]


def why(history: History, model: ModelLike, entity: str, field: str) -> Explanation:
    """Every event that changed a field of an entity; changes within lists and dicts count. A part of a field is asked
    for with dots: `address.city`.

    Raises InvalidModel for a field that the entity never had, naming those it has, and FoldFailed.
    """
    model = Model.of(model)
    before = value_at(model.fields(model.initial()), field)
    steps, known = [], dict(model.fields(model.initial()))
    seen = before is not MISSING
    for recorded, fields in _states(history, model, entity):
        known = fields
        after = value_at(fields, field)
        seen = seen or after is not MISSING
        if not same(before, after):
            steps.append(Step(recorded, _shown(before), _shown(after)))
        before = after
    if not seen:
        refuse_field(field, known)
    return Explanation(entity, field, _shown(before), steps)


MISSING = object()
"""What `value_at` returns where there is no value; None is a value."""


def value_at(fields: Mapping[str, Any], path: str) -> Any:
    """A copy of the value of a field, or of a part of one named with dots; MISSING where there is none."""
    if path in fields:
        return copy.deepcopy(fields[path])
    first, dot, rest = path.partition(".")
    while dot:
        part = fields.get(first, MISSING)
        if isinstance(part, Mapping):
            return value_at(part, rest)
        if hasattr(part, "__dict__"):
            return value_at(vars(part), rest)
        more, dot, rest = rest.partition(".")
        first = f"{first}.{more}"
    return MISSING


def _states(history: History, model: Model, entity: str) -> Iterator[tuple[Recorded, dict[str, Any]]]:
    """The fields of an entity after each of its events."""
    state = model.initial()
    for recorded in history.events(Query.of(tags=[entity]), order=model.order):
        state = model.apply(state, recorded)
        yield recorded, model.fields(state)


def _shown(value: Any) -> Any:
    return None if value is MISSING else value
