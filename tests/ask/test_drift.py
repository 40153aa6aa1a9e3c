"""Stored rows against a fresh replay: what differs is named, what agrees in another form is left alone."""

from __future__ import annotations

import io
from typing import Any

import pytest

from whence.checking.drift import Verified, verify
from whence.clock import FixedClock
from whence.errors import InvalidConfig, InvalidFile
from whence.events import Event
from whence.history import At, History
from whence.rules import built_in, from_toml
from whence.stores.memory import MemoryStore

TABLE: dict[str, Any] = {
    "built_in": False,
    "fields": {"stage": "new"},
    "rule": [
        {"on": "Scored", "set": {"score": "$score", "since": "$time"}, "add": {"worth": "$worth"}},
        {"on": "Noted", "set": {"note": "$note"}},
    ],
}
LEAD = from_toml("lead", TABLE)


@pytest.fixture
def history() -> History:
    store = MemoryStore(FixedClock("2026-01-05T09:00:00Z"))
    for lead, score, worth in (("lead:1", 60, "1.50"), ("lead:2", 80, "2")):
        store.append([Event("Scored", {"score": score, "worth": worth}, [lead])])
    store.append([Event("Noted", {"note": "=1+1"}, ["lead:1"])])
    return History.of(store)


def verified(history: History, text: str, name: str = "crm.csv", **options: Any) -> Verified:
    stream = io.BytesIO(text.encode())
    stream.name = name
    return verify(history, LEAD, stream, **options)


def told(found: Verified) -> list[tuple[str, str, str | None, Any, Any]]:
    return [(each.what, each.entity, each.field, each.stored, each.replayed) for each in found.drifts]


def test_each_value_that_differs_is_named_and_absent_fields_are_not_compared(history: History) -> None:
    found = verified(history, "lead,score,stage,owner\n1,60,new,anna\nlead:2,81,new,ben\n")
    assert told(found) == [("differs", "lead:2", "score", "81", 80)]
    assert (found.entities, found.fields, found.not_compared) == (2, ("score", "stage"), ("owner",))
    assert found.drifts[0].line == 3


def test_entities_that_only_one_side_has_are_named(history: History) -> None:
    found = verified(history, "id,score\n1,60\n3,5\n")
    assert [each[:2] for each in told(found)] == [("only stored", "lead:3"), ("only replayed", "lead:2")]
    assert verified(history, "entity,score\n1,60\n2,80\n").agrees
    assert verified(history, "Lead Id;score\n1;60\n2;80\n", column="Lead Id", delimiter=";").agrees


def test_a_cell_is_compared_as_states_writes_it(history: History) -> None:
    text = "lead,since,worth,note\nlead:1,2026-01-05T09:00:00Z,1.50,'=1+1\nlead:2,2026-01-05T09:00:00Z,2,\n"
    assert verified(history, text).agrees, verified(history, text)
    assert verified(history, text.replace("'=", "=")).agrees
    assert told(verified(history, text.replace("1.50", "1.5"))) == [
        ("differs", "lead:1", "worth", "1.5", verified_worth(history))
    ]


def verified_worth(history: History) -> Any:
    return LEAD.fields(history.state(LEAD, "lead:1"))["worth"]


def test_a_value_in_json_is_compared_with_its_type(history: History) -> None:
    lines = '{"lead": "lead:1", "score": 60, "note": "=1+1"}\n{"lead": "2", "score": 80, "note": null}\n'
    assert verified(history, lines, "states.jsonl").agrees
    found = verified(history, lines.replace("60", '"60"').replace("80", "80.0"), "states.jsonl")
    assert told(found) == [("differs", "lead:1", "score", "60", 60), ("differs", "lead:2", "score", 80.0, 80)]


def test_a_moment_cuts_the_history(history: History) -> None:
    cut = history.at(At(position=1))
    assert verified(cut, "lead,score\n1,60\n").agrees


def test_what_cannot_be_compared_is_refused_with_a_remedy(history: History) -> None:
    for text, problem in (
        ("name,score\n1,60\n", "No column names the entities.*--entity name"),
        ("name,Lead,score\nx,1,60\n", "--entity Lead"),
        ("the lead,score\n1,60\n", "--entity 'the lead'"),
        ("lead;score\n1;60\n", "--delimiter ';'"),
        ("lead,owner\n1,anna\n", "No column is a field.*Fields: "),
        ("lead,score\n1,60\nlead:1,60\n", "An entity comes twice"),
        ("lead,score,score\n1,60,61\n", "A column's name comes twice.*score"),
        ("lead,score\n1,60,5\n", "3 columns instead of 2"),
        ("", "The file is empty"),
    ):
        with pytest.raises(InvalidFile, match=problem):
            verified(history, text)
    for name, text in (
        ("crm.csv", "lead,score\n1,60\n,80\n"),
        ("rows.jsonl", '{"lead":1,"score":60}\n{"lead":null,"score":80}\n'),
        ("rows.jsonl", '{"lead":1,"score":60}\n{"lead":[2],"score":80}\n'),
    ):
        with pytest.raises(InvalidFile, match=rf"No entity is called so \(File: {name}, .*[23], Column: lead"):
            verified(history, text, name)
    with pytest.raises(InvalidConfig, match="Not a delimiter"):
        verified(history, "lead;;score\n", delimiter=";;")
    with pytest.raises(InvalidFile, match="Not an object"):
        verified(history, "[1]\n[2]\n", "rows.jsonl")


def test_the_built_in_model_agrees_with_what_states_wrote(history: History) -> None:
    stream = io.BytesIO(b"lead,score,worth\nlead:1,60,1.50\nlead:2,80,2\n")
    assert verify(history, built_in("lead"), stream).agrees
