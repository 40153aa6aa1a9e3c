"""Events that Whence did not export are taken as they are, into a new store too; a wrong one is refused alone."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from whence.events import IMPORT_STARTED, IMPORTED, Event
from whence.files.importer import ImportReport, import_events
from whence.files.mapping import Mapping
from whence.stores.memory import MemoryStore

FOREIGN = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": 1}
ENVELOPE = {"type": "A", "id": "x", "data": 1}
STORED = {"position": 1, "id": "y", "type": "A", "tags": [], "data": 1, "recorded": "2020-01-01T00:00:00Z"}


def imported(format: str, *values: Any, store: MemoryStore | None = None) -> ImportReport:
    source = io.BytesIO("\n".join(map(json.dumps, values)).encode())
    return import_events(store or MemoryStore(), Mapping.from_table("bus", {"format": format}), source)


@pytest.mark.parametrize("before", [[], [Event("First")]], ids=["new store", "old store"])
@pytest.mark.parametrize(("format", "value"), [("cloudevents", FOREIGN), ("whence", ENVELOPE)])
def test_events_without_a_recorded_time_are_appended(format: str, value: dict[str, Any], before: list[Event]) -> None:
    store = MemoryStore()
    if before:
        store.append(before)
    report = imported(format, value, {**value, "id": "2"}, store=store)
    assert (report.appended, report.refused, report.recorded_not_kept) == (2, [], 0)
    types = [event.type for event in store.read()][len(before) :]
    assert types == [IMPORT_STARTED, value["type"], value["type"], IMPORTED]
    assert imported(format, value, store=store).already == 1


def test_whose_position_is_no_number_is_refused_alone() -> None:
    wrong = {**FOREIGN, "position": "abc", "recorded": "2020-01-01T00:00:00Z", "tags": "[]"}
    for position in ("abc", 1, True, "-1", "9" * 30):
        report = imported("cloudevents", {**wrong, "position": position}, FOREIGN)
        assert report.appended == 1
        [(line, reason)] = report.refused
        assert line == 1
        assert "position" in reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"position": None}, "position"),
        ({"basis": {"query": {"all": True}, "position": "abc"}}, "position is a whole number"),
        ({"time": "0001-01-01T00:00:00+02:00"}, "years 1 and 9999"),
        ({"recorded": "yesterday"}, "Not a time"),
        ({"id": ""}, "id"),
        ({"tags": 5}, "list"),
        ({"colour": "red"}, "no such field"),
    ],
)
def test_an_envelope_with_a_wrong_field_is_refused_alone(change: dict[str, Any], reason: str) -> None:
    report = imported("whence", {**STORED, **change}, {**STORED, "id": "z", "position": 2})
    assert report.appended == 1
    [(line, said)] = report.refused
    assert line == 1
    assert reason in said


@pytest.mark.parametrize("absent", ["recorded", "position"])
def test_an_envelope_with_half_of_what_a_store_adds_is_refused_rather_than_losing_it(absent: str) -> None:
    [(_, reason)] = imported("whence", {name: value for name, value in STORED.items() if name != absent}).refused
    assert f"lacks a field (Field: {absent})" in reason


def test_an_envelope_without_an_id_is_refused_with_the_reason() -> None:
    [(_, reason)] = imported("whence", {"type": "A", "data": 1}).refused
    assert "Field: id" in reason
