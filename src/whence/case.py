"""Decisions taken outside, by a person or a language model, in two steps: a case hands out what was read and where, and
its answer is appended under the condition that nothing came between. Whence calls no model."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from whence import jsonvalue
from whence.errors import ConditionFailed, IdConflict, InvalidEvent, InvalidFile, InvalidQuery
from whence.events import Event
from whence.grammar import id_to_raw, split_tag
from whence.history import History
from whence.model import Model, ModelLike
from whence.query import AppendCondition, Basis, Query
from whence.store import Store

ANSWER = "case:"
"""What the id of an answer begins with."""
STALE = ".Stale"
"""Added to the type of an answer before which something else came: it is kept, and no fold takes it for a decision."""


class Case(msgspec.Struct, frozen=True):
    """What an outside decision is made on. Plain JSON: it can be written to a file and handed back with the answer.

    The same question about the same events is the same case, with the same id. `answered` is the position of its
    answer, when it has one: then it need not be asked again.
    """

    id: str
    entity: str
    type: str
    query: Query
    position: int
    state: dict[str, Any]
    answered: int | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` is its inverse."""
        value: dict[str, Any] = msgspec.to_builtins(self)
        return value | {"query": self.query.to_json()}

    def _checked(self) -> Case:
        texts, numbers = (self.id, self.entity, self.type), (self.position, self.answered or 0)
        if not all(isinstance(text, str) for text in texts) or not all(type(number) is int for number in numbers):
            raise TypeError("a field is of another type")
        return self

    @classmethod
    def from_json(cls, value: Any) -> Case:
        """The case that `to_json` wrote. Raises InvalidFile."""
        try:
            return cls(**msgspec.convert(value, dict[str, Any]) | {"query": Query.from_json(value["query"])})._checked()
        except (TypeError, KeyError, msgspec.ValidationError, InvalidQuery) as problem:
            raise InvalidFile("Not a case", problem=problem, remedy="Hand back what whence case open wrote.") from None


class Answered(msgspec.Struct, frozen=True):
    """Where the answer is, and whether something came between: then it is kept, but marked stale."""

    position: int
    stale: bool


def open_case(store: Store, model: ModelLike, entity: str, type: str, *, query: Query | None = None) -> Case:
    """What to decide on: the state of an entity and the position it was read at, for an answer of an event type.

    `query` selects what the decision depends on; by default every event of the entity. Raises FoldFailed.
    """
    split_tag(entity)
    model = Model.of(model)
    boundary = query or Query.of(tags=[entity])
    head = store.head()
    history = History.of(store).upto(head)
    seen = store.read(boundary, upto=head, backwards=True)
    own = (type, type + STALE)  # an answer does not ask its own question anew; to other questions it is news
    newest = next((event for event in seen if not (event.type in own and event.id.startswith(ANSWER))), None)
    state = model.fields(model.fold(history.events(Query.of(tags=[entity]), order=model.order)))
    plain: dict[str, Any] = msgspec.to_builtins(state)
    named = [entity, type, boundary.to_json(), None if newest is None else newest.id]
    id = hashlib.sha256(jsonvalue.canonical(named)).hexdigest()[:32]
    raw_id = id_to_raw(_answer_id(id))
    return Case(id, entity, type, boundary, head, plain, store.positions_of([raw_id]).get(raw_id))


def answer_case(
    store: Store,
    case: Case,
    output: dict[str, Any],
    *,
    actor: str,
    input: Any = None,
    model: str | None = None,
    prompt: str | None = None,
) -> Answered:
    """Append the answer to a case: an event of the case's type whose data are the output and, under `case`, what it was
    given (input, model, prompt).

    When something came between the case and its answer, the answer is kept under the type with `.Stale` added.
    Answering again with the same content returns the same position. Raises IdConflict for another answer to the case.
    """
    if "case" in output:
        raise InvalidEvent(
            "An answer's field `case` is what was given", field="case", remedy="Name the field otherwise."
        )
    given = {"id": case.id, "input": input, "model": model, "prompt": prompt}
    data = output | {"case": {name: value for name, value in given.items() if value is not None}}
    basis = Basis(case.query, case.position)

    def answer(type: str) -> Event:
        return Event(type, data, (case.entity,), _answer_id(case.id), actor=actor)

    try:
        condition = AppendCondition(fail_if_events_match=case.query, after=case.position)
        return Answered(store.append([answer(case.type)], condition, basis=basis)[0], stale=False)
    except ConditionFailed:
        return Answered(store.append([answer(case.type + STALE)], basis=basis)[0], stale=True)
    except IdConflict as first:
        try:
            return Answered(store.append([answer(case.type + STALE)], basis=basis)[0], stale=True)
        except IdConflict:
            raise IdConflict(
                "This case has another answer already",
                case=case.id,
                remedy="Open a new case; a correction is a new event.",
            ) from first


def _answer_id(case_id: str) -> str:
    return ANSWER + case_id
