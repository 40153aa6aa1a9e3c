"""The way back: to a moment, past the last changes, or on one change alone, from the command line and from Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import whence
from tests.packs.settings.conftest import Call, rows
from whence.errors import InvalidQuery, NotKnown, Refused
from whence.packs import documents
from whence.packs.rollback import rollback
from whence.packs.settings import Document
from whence.packs.settings.decisions import changed
from whence.tree import Edit, version_of


def test_rollback_goes_to_a_moment_past_changes_or_on_one(call: Call) -> None:
    for day, (key, value) in enumerate((("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")), 1):
        call("settings", "set", key, value, "--time", f"2026-01-0{day}")
    assert "A preview" in call("settings", "rollback", "--to", "2026-01-02", "--preview")[2]
    assert json.loads(call("settings", "show")[1]) == {"a": 3, "b": 2, "c": 4}
    call("settings", "rollback", "--change", "@3", "--by", "anna")
    assert json.loads(call("settings", "show")[1]) == {"a": 1, "b": 2, "c": 4}
    call("settings", "rollback", "--last", "1")
    assert json.loads(call("settings", "show")[1]) == {"a": 3, "b": 2, "c": 4}
    call("settings", "rollback", "--to", "2026-01-02")
    assert json.loads(call("settings", "show")[1]) == {"a": 1, "b": 2}
    code, _, err = call("settings", "rollback", "--change", "@1", "--last", "1")
    assert code == 2
    assert "Not clear how far back" in err


def test_going_back_on_one_change_leaves_alone_what_was_changed_since(tmp_path: Path) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:
        db.decide("settings.set", "main", "mail", {"limit": 1, "footer": "Yours"})
        documents.record(db, "main", [documents.Version(values={"mail": {"limit": 2, "footer": "Best", "cc": True}})])
        db.decide("settings.set", "main", "mail.limit", 3)
        with pytest.raises(Refused, match=r"Changed again since.*mail\.limit"):
            rollback(db, change=2)
        back = rollback(db, change=2, force=True, by="anna", why="it hurt")
        assert (back.kept, back.position) == (("mail.limit",), 4)
        assert db.state("settings:main", model=Document)["values"] == {"mail": {"limit": 3, "footer": "Yours"}}  # type: ignore[index]
        assert db.event(4).data["undoes"] == [db.event(2).id]
        assert (db.event(4).actor, db.event(4).data["why"]) == ("anna", "it hurt")


def test_going_back_on_a_change_a_second_time_changes_nothing(call: Call) -> None:
    for value in ("1", "2"):
        call("settings", "set", "a.b", value)
    assert "It undoes 1 change." in call("settings", "rollback", "--change", "@2")[2]
    assert call("settings", "rollback", "--change", "@2") == (0, "", "It is so already: nothing is to change.\n")
    call("settings", "set", "a.b", "5")
    assert "Changed again since" in call("settings", "rollback", "--change", "@2")[2]


def test_a_change_that_took_a_value_away_and_gave_another_is_taken_back_whole(call: Call, folder: Path) -> None:
    steps = (
        [{"op": "add", "path": "/a", "value": 1}],
        [{"op": "remove", "path": "/a"}, {"op": "add", "path": "/a", "value": 2}],
    )
    (folder / "main.jsonl").write_text("".join(json.dumps({"changes": each}) + "\n" for each in steps))
    call("settings", "import", "main.jsonl")
    assert call("settings", "rollback", "--change", "@2")[0] == 0
    assert json.loads(call("settings", "show")[1]) == {"a": 1}


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ({}, [("add", "/a/b/c", 1)], {}),
        ({"a": {}}, [("add", "/a/b/c", 1)], {"a": {}}),
        ({"a": {"x": 1}}, [("add", "/a/b/c", 1)], {"a": {"x": 1}}),
        ({}, [("add", "/a/b", 1), ("add", "/a/c", 2)], {}),
        ({"a": 1}, [("add", "/a/b", 2)], {"a": 1}),
        ({"a": 1}, [("remove", "/a", None), ("add", "/a/b", 2)], {"a": 1}),
    ],
)
def test_an_object_that_came_with_a_setting_goes_with_it(tmp_path: Path, first: Any, second: Any, left: Any) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:
        edits = tuple(Edit(key, op, value) for op, key, value in second)
        documents.record(db, "main", [documents.Version(values=first), documents.Version(edits=edits)])
        back = rollback(db, change=2)
        assert db.state("settings:main", model=Document)["values"] == left  # type: ignore[index]
        assert back.version == version_of(left)


def test_an_object_that_somebody_put_more_into_stays(call: Call) -> None:
    for name in ("a.b", "a.c"):
        call("settings", "set", name, "1")
    call("settings", "rollback", "--change", "@1")
    assert json.loads(call("settings", "show")[1]) == {"a": {"c": 1}}


def test_going_back_names_what_came_in_meanwhile_among_what_it_undoes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:
        for value in (1, 2):
            db.decide("settings.set", "main", "a", value)

        def interrupted(*told: Any, **more: Any) -> Any:
            monkeypatch.undo()
            db.decide("settings.set", "main", "b", 3, by="another")
            return changed(*told, **more)

        monkeypatch.setattr("whence.packs.rollback.way.changed", interrupted)
        done = rollback(db, to=1)
        assert db.state("settings:main", model=Document)["values"] == {"a": 1}  # type: ignore[index]
        assert [each.position for each in done.undone] == [2, 3]
        assert db.event(4).data["undoes"] == [db.event(2).id, db.event(3).id]


def test_what_is_in_force_again_is_called_as_it_was(tmp_path: Path) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:
        for label in ("p3", "p4"):
            db.decide("settings.set", "main", "prompts.email", f"As in {label}", label=label)
        db.decide("settings.set", "main", "mail.limit", 3)
        rollback(db, change=2)
        assert (db.event(4).data["label"], db.event(4).data["edits"][0]["value"]) == ("p3", "As in p3")
        rollback(db, last=1)
        assert db.event(5).data["label"] == "p4"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:
        with pytest.raises(NotKnown, match="no such document"):
            rollback(db, last=1)
        db.decide("settings.set", "main", "a", 1)
        with pytest.raises(NotKnown, match="not so many"):
            rollback(db, last=2)
        with pytest.raises(InvalidQuery, match="Give one of --to, --last and --change"):
            rollback(db)


def test_the_help_of_rollback_says_what_python_callers_catch() -> None:
    assert "raises NotKnown, Refused and InvalidQuery" in (rollback.__doc__ or "")


def test_going_back_on_a_change_of_a_label_alone_gives_the_earlier_label_back(call: Call) -> None:
    for label in ("p3", "p4"):
        call("settings", "set", "a", "1", "--label", label)
    told = "The values are so already; the label goes back from p4 to p3."
    assert told in call("settings", "rollback", "--change", "@2", "--preview")[2]
    code, _, said = call("settings", "rollback", "--change", "@2")
    assert (code, said) == (0, f"{told}\nIt undoes 1 change.\n")
    assert rows(call("settings", "versions", "--json")[1])[0]["label"] == "p3"
    for again in (("--change", "@2"), ("--to", "@1")):
        assert call("settings", "rollback", *again)[2] == "It is so already: nothing is to change.\n"
    assert "from p3 to p4" in call("settings", "rollback", "--last", "1")[2]


def test_a_label_goes_back_with_values_that_went_away_and_came_again(tmp_path: Path) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:
        for value, label in ((1, "p3"), (2, "p4"), (1, "p5")):
            db.decide("settings.set", "main", "a", value, label=label)
        back = rollback(db, last=2)
        assert (back.differences, back.labels, back.position) == ((), ("p5", "p3"), 4)
        assert db.history().state(Document, "settings:main").label == "p3"
        db.decide("settings.set", "main", "b", 1)
        assert rollback(db, change=2).position is None  # the label of now is a later change's, and stays


@pytest.mark.parametrize("last", [0, -1])
def test_one_goes_back_by_one_change_at_least(tmp_path: Path, last: int) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:
        db.decide("settings.set", "main", "a", 1)
        with pytest.raises(InvalidQuery, match="by one change at least"):
            rollback(db, last=last)
