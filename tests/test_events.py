"""Events refuse nonsense when they are made, and recorded ones survive JSON with nothing lost."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from whence.errors import InvalidEvent, InvalidInput, InvalidTime
from whence.events import Body, Event, Recorded, encode, event_from_json, recorded_from, same_content
from whence.query import Basis, Query

FULL = Event("A", {"n": 1.0}, ("b:1", "a:2"), "x", 2, 5, "ann", "c", "d", {"m": None})  # type: ignore[arg-type]


def recorded(event: Event, basis: str | None = None) -> Recorded:
    return recorded_from(encode(event), 1, 10, basis)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "not a type"),
        ("tags", ["no tag"]),
        ("id", ""),
        ("id", 5),
        ("version", 0),
        ("version", True),
        ("version", 2**31),
        ("actor", ""),
        ("actor", "x" * 1001),
        ("actor", "\ud800"),
        ("cause", ""),
        ("correlation", 7),
        ("meta", [1]),
    ],
    ids=repr,
)
def test_a_bad_field_is_refused_when_the_event_is_made(field: str, value: Any) -> None:
    with pytest.raises(InvalidEvent):
        Event(**{"type": "A", field: value})


def test_a_time_without_a_zone_is_refused_when_the_event_is_made() -> None:
    with pytest.raises(InvalidTime, match="zone"):
        Event("A", time="2026-01-05T09:00:00")  # type: ignore[arg-type]


def test_events_cannot_be_changed_or_subclassed() -> None:
    with pytest.raises(AttributeError):
        FULL.type = "B"  # type: ignore[misc]
    with pytest.raises(TypeError, match="Codec"):
        type("Mine", (Event,), {})


@pytest.mark.parametrize("event", [FULL, Event("A", id="x"), Event("A", Body(b"\x00", "image/png"), id="x")], ids=repr)
def test_a_recorded_event_survives_json_and_becomes_the_same_event(event: Event) -> None:
    basis = '{"position":0,"query":{"all":true}}'
    one = recorded(event, basis)
    assert Recorded.from_json(one.to_json()) == one
    assert one.basis == Basis(Query.all(), 0)
    assert same_content(one, encode(one.to_event()))


def test_an_envelope_with_a_field_too_many_or_too_few_is_refused_by_name() -> None:
    with pytest.raises(InvalidEvent, match="Field: colour"):
        event_from_json({"type": "A", "colour": 1})
    with pytest.raises(InvalidEvent, match="Field: type"):
        event_from_json({})
    with pytest.raises(InvalidEvent, match="Field: recorded"):
        Recorded.from_json({"type": "A", "id": "x", "position": 1})


def test_an_entity_is_found_by_its_whole_kind() -> None:
    event = recorded(Event("A", None, ("leads:1", "lead:2", "lead:3"), "x"))
    assert (event.entity("lead"), event.entities("lead"), event.entity("lea")) == ("lead:2", ["lead:2", "lead:3"], None)


def test_a_body_has_a_content_type_of_its_own() -> None:
    for content_type in ("", "application/json"):
        with pytest.raises(InvalidEvent, match="plain data"):
            Body(b"", content_type)


def test_a_uuid_is_an_id_and_the_same_as_its_text() -> None:
    given = uuid.uuid4()
    assert encode(Event("A", id=given)) == encode(Event("A", id=str(given)))
    with pytest.raises(InvalidEvent, match="Field: cause"):
        Event("A", cause=given)  # type: ignore[arg-type]


def test_sixteen_bytes_are_the_uuid_they_stand_for() -> None:
    id = uuid.UUID(int=2**100 + 7)
    assert encode(Event("A", id=id.bytes)).raw_id == encode(Event("A", id=str(id))).raw_id
    with pytest.raises(InvalidEvent, match="An id is text"):
        Event("A", id=b"short")


@pytest.mark.parametrize(
    ("content", "content_type"), [(b"", 5), (b"", None), ("text", "text/plain"), (None, "image/png")]
)
def test_a_body_is_bytes_and_a_text(content: Any, content_type: Any) -> None:
    with pytest.raises(InvalidEvent, match="A body is bytes and a text"):
        Body(content, content_type)


def test_an_envelope_with_parts_of_another_type_is_refused() -> None:
    whole = recorded(Event("A", Body(b"x", "image/png"), id="x")).to_json()
    for wrong in ({"content_type": 5}, {"basis": {"query": {"all": True}, "position": "abc"}}, {"basis": {}}):
        with pytest.raises(InvalidInput):
            Recorded.from_json(whole | wrong)
