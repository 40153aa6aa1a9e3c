"""The events of a type as a table, and back: nothing is lost, whatever their data is."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pyarrow")

from whence.events import Body, Event, Recorded
from whence.jsonvalue import canonical
from whence.segments import columns
from whence.segments.columns import events_of, table_of
from whence.segments.segment import Codes
from whence.stores.memory import MemoryStore

scalars = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
values = st.recursive(
    scalars | texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
names = st.sampled_from(["score", "Score", "time", "data_time", "rest", "", "ö", "x", "copy", "data_Time"])
data = st.dictionaries(names, values, max_size=5) | values
tags = st.lists(st.sampled_from(["lead:1", "lead:2", "lead:3", "deal:1", "campaign:a"]), max_size=4)
events = st.builds(
    Event,
    st.sampled_from(["Scored", "Opened"]),
    data,
    tags,
    id=st.none() | st.uuids() | st.uuids().map(str),
    version=st.sampled_from([1, 1, 2]),
    time=st.none() | st.integers(0, 2**50),
    actor=st.none() | st.sampled_from(["crm", "ann"]),
    cause=st.none() | st.just("an earlier one") | st.uuids().map(str),
    correlation=st.none() | st.just("import:1"),
    meta=st.none() | st.just({"a": 1}),
)


def round_trip(recorded: list[Recorded]) -> list[Recorded]:
    codes = Codes("lead")
    found = []
    for type, rows in codes.collect(recorded).items():
        found += events_of(table_of(rows), type, list(codes.by_entity))
    return sorted(found, key=lambda event: event.position)


def comparable(event: Recorded) -> Any:
    data = event.raw_data if event.content_type else canonical(event.data)
    return data, [getattr(event, name) for name in event.__struct_fields__ if name != "raw_data"]


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=12))
def test_whatever_is_stored_comes_back_from_its_table(given: list[Event]) -> None:
    store = MemoryStore()
    known = set()
    for event in given:
        if event.id is None or event.id not in known:
            store.append([event])
            known |= {event.id, str(event.id)}
    recorded = list(store.read())
    assert [comparable(event) for event in round_trip(recorded)] == [comparable(event) for event in recorded]


def stored(*given: Any) -> list[Recorded]:
    store = MemoryStore()
    for value in given:
        store.append([Event("Scored", value, ["lead:1"])])
    return list(store.read())


def table(*given: Any) -> Any:
    return table_of(Codes("lead").collect(stored(*given))["Scored"])


plain = st.fixed_dictionaries(
    {},
    optional={
        "score": st.integers(-100, 100) | st.sampled_from([61.5, -0.25, 1e-7, 7.0, 1e20]),
        "n": st.integers(-(2**53) + 1, 2**53 - 1),
        "share": st.floats(-1e6, 1e6),
        "ok": st.booleans(),
        "why": st.text(st.characters(exclude_categories=("Cs",)), max_size=5) | st.just("2026-01-05T09:00:00Z"),
    },
)


@settings(max_examples=300)
@given(st.lists(plain, min_size=1, max_size=12), st.integers(1, 4))
def test_what_arrow_parses_is_what_is_collected(given: list[Any], page: int) -> None:
    recorded = stored(*given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "PAGE_EVENTS", page)
        found = columns._parsed(recorded)
        collected = [(field, array) for field, array in columns._collected(recorded)]
    if found is not None:
        there = [(field, array) for field, array in found if array.null_count < len(array)]
        assert [field.name for field, _ in there] == [field.name for field, _ in collected]
        for (field, array), (other, expected) in zip(there, collected, strict=True):
            assert field.equals(other, check_metadata=True)
            assert array.equals(expected)


def test_flat_data_of_one_shape_are_parsed_by_arrow() -> None:
    assert columns._parsed(stored({"score": 60, "why": "a"}, {"score": 61.5, "ok": True})) is not None
    for odd in ({"score": 62.0}, {"score": None}, {"score": [1]}, {"score": {"a": 1}}, {"score": "x"}, {"why": "{"}, 5):
        assert columns._parsed(stored({"score": 60, "why": "a"}, odd)) is None


def test_a_field_of_one_type_is_a_column_and_nothing_is_left_over() -> None:
    found = table({"score": 60, "stage": "won", "ok": True, "share": 0.5}, {"score": 80, "stage": "lost"})
    assert found.column("score").to_pylist() == [60, 80]
    assert [str(found.schema.field(name).type) for name in ("score", "stage", "ok", "share")] == [
        "int64",
        "string",
        "bool",
        "double",
    ]
    assert "rest" not in found.column_names


def test_integers_beside_fractions_are_numbers_to_add_up_and_come_back_as_they_were() -> None:
    given = [{"score": 60}, {"score": 61.5}, {"score": 62.0}, {"score": -0.0}]
    found = table(*given)
    assert found.column("score").to_pylist() == [60.0, 61.5, 62.0, 0.0]
    assert json.dumps([event.data for event in round_trip(stored(*given))]) == json.dumps(given)


def test_what_does_not_fit_a_column_keeps_its_exact_json() -> None:
    found = table({"score": 60}, {"score": "sixty"}, {"score": 70}, {"score": None}, {"score": [1]}, [1, 2])
    assert found.column("score").to_pylist() == [60, None, 70, None, None, None]
    assert [rest and json.loads(rest) for rest in found.column("rest").to_pylist()] == [
        None,
        {"score": "sixty"},
        None,
        {"score": None},
        {"score": [1]},
        [1, 2],
    ]


def test_an_event_about_two_entities_is_there_for_each_and_marked_once() -> None:
    store = MemoryStore()
    store.append([Event("Merged", {}, ["lead:1", "lead:2", "deal:9"]), Event("Merged", {}, ["deal:9"])])
    codes = Codes("lead")
    found = table_of(codes.collect(store.read())["Merged"])
    assert found.select(["position", "entity", "copy"]).to_pylist() == [
        {"position": 1, "entity": 0, "copy": False},
        {"position": 1, "entity": 1, "copy": True},
        {"position": 2, "entity": None, "copy": False},
    ]


def test_a_body_that_is_no_json_is_kept() -> None:
    store = MemoryStore()
    store.append([Event("Scored", Body(b"\x00\xff", "image/png"), ["lead:1"], id=uuid.uuid4())])
    store.append([Event("Scored", {"score": 1}, ["lead:1"])])
    recorded = list(store.read())
    assert [comparable(event) for event in round_trip(recorded)] == [comparable(event) for event in recorded]


def test_of_very_many_fields_the_most_frequent_are_columns() -> None:
    given = [{f"field{number}": number, "score": number} for number in range(300)]
    found = table(*given)
    assert "score" in found.column_names
    assert found.num_columns < 210
    assert [event.data for event in round_trip(stored(*given))] == given
