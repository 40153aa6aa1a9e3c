"""Promise 7: replaying only the events that `why` names gives the same value of that field. On models and histories
made at random."""

from __future__ import annotations

from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.exam import counts
from tests.why.models import EVENTS, FIELDS, FUNCTIONAL_FIELDS, class_models, function_models
from whence.compare import same
from whence.errors import FoldFailed, InvalidModel
from whence.events import Event
from whence.explaining.why import Explanation, value_of, why, without_each
from whence.history import History
from whence.model import Model
from whence.stores.memory import MemoryStore

CASES = st.one_of(
    st.tuples(class_models(), st.sampled_from(FIELDS)), st.tuples(function_models(), st.sampled_from(FUNCTIONAL_FIELDS))
)


@settings(max_examples=counts.EXPLAINED)
@given(CASES, EVENTS)
def test_the_named_events_alone_give_the_same_value(case: tuple[tuple[Model, str], str], events: list[Event]) -> None:
    (model, source), field = case
    history = _history(events)
    note(source)
    try:
        found = why(history, model, "thing:1", field)
    except (FoldFailed, InvalidModel):
        return  # the model fails on this history, or the field never was: then there is no value to explain
    named = {event.id for event in found.events}
    others = [event.id for event in history.events() if event.id not in named]
    alone = history.drop(*others).state(model, "thing:1")
    assert same(_value(model, alone if alone is not None else model.initial(), field), found.value)
    _sums_are_exact(found)


@settings(max_examples=counts.EXPLAINED // 4)
@given(CASES, EVENTS)
def test_an_event_that_matters_changes_the_value_when_it_is_dropped(
    case: tuple[tuple[Model, str], str], events: list[Event]
) -> None:
    (model, source), field = case
    history = _history(events)
    note(source)
    try:
        found = why(history, model, "thing:1", field)
    except (FoldFailed, InvalidModel):
        return
    for left_out in without_each(history, found, model):
        (event,) = left_out.left_out
        dropped = history.drop(event.id)
        try:
            state = dropped.state(model, "thing:1")
        except FoldFailed:
            assert left_out.problem
            continue
        value = _value(model, state if state is not None else model.initial(), field)
        assert left_out.matters == (not same(value, found.value))


def _history(events: list[Event]) -> History:
    store = MemoryStore()
    store.append([*events, Event("Alpha", {"x": 1, "k": "a"}, ["thing:1"])])
    return History.of(store)


def _value(model: Model, state: Any, field: str) -> Any:
    value = value_of(model, state, field)
    return None if repr(value) == "MISSING" else value


def _sums_are_exact(found: Explanation) -> None:
    if type(found.value) is int and type(found.start) in (int, type(None)):
        added = [each.added for each in found.contributions if each.added is not None]
        assert (found.start or 0) + sum(added) == found.value
