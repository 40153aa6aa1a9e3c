"""`whence snapshot`, and what other commands say of snapshots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Run

MODEL = """
class Lead:
    kind = "lead"

    def __init__(self):
        self.touches = 0{more}
"""


def test_snapshots_are_made_listed_compared_counted_and_dropped(pipeline: Path, whence: Run) -> None:
    before = whence("states", "lead", "--json").out
    assert whence("snapshot", "lead", "--list").code == 1
    assert whence("verify-state", "lead").code == 1
    made = whence("snapshot", "lead")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("Kept the states of 2 entities of kind lead up to @")
    (row,) = map(json.loads, whence("snapshot", "lead", "--list", "--json").out.splitlines())
    assert (row["model"], row["entities"], row["not used"]) == ("built-in", 2, None)
    assert row["size"] == next(pipeline.glob("whence.db.snapshots/lead/*.snapshot")).stat().st_size
    assert whence("states", "lead", "--json").out == before
    assert whence("verify-state", "lead").out == f"Agrees: 2 entities of kind lead at @{row['position']}.\n"
    assert "Snapshots: " in whence("du").out
    assert "ok   snapshots are this store's, and undamaged" in whence("check").out
    assert whence("snapshot", "lead", "--drop").out == "Removed 1 snapshot of kind lead.\n"
    assert whence("snapshot", "lead", "--drop").code == 1
    assert "Snapshots: " not in whence("du").out


def test_where_the_code_changed_it_is_said_that_they_are_not_used(pipeline: Path, whence: Run) -> None:
    (pipeline / "lead.py").write_text(MODEL.format(more=""))
    assert whence("snapshot", "lead", "--model", "lead.py:Lead").code == 0
    assert whence("states", "lead", "--model", "lead.py:Lead").err == ""
    (pipeline / "lead.py").write_text(MODEL.format(more="; self.mood = 'good'"))
    for command in (("states", "lead"), ("bisect", "lead", "touches > 0")):
        said = whence(*command, "--model", "lead.py:Lead").err
        assert "No snapshot of lead is used: the model's code has changed. whence snapshot lead makes others." in said
    whence("snapshot", "lead")
    assert "No snapshot of lead is used" in whence("states", "lead", "--model", "lead.py:Lead").err
    listed = whence("snapshot", "lead", "--list", "--json", "--model", "lead.py:Lead").out.splitlines()
    reasons = {row["model"]: row["not used"] for row in map(json.loads, listed)}
    assert reasons == {"Lead": "the model's code has changed", "built-in": "it is of another model"}
    compared = whence("verify-state", "lead", "--model", "lead.py:Lead")
    assert "Not compared, nor used" in compared.err
    assert compared.code == 1


def test_a_damaged_snapshot_is_named_by_check_and_passed_over(pipeline: Path, whence: Run) -> None:
    before = whence("states", "lead").out
    whence("snapshot", "lead")
    path = next(pipeline.glob("whence.db.snapshots/lead/*.snapshot"))
    path.write_bytes(path.read_bytes()[:-1])
    again = whence("states", "lead")
    assert again.out == before
    assert "No snapshot of lead is used: its digest differs." in again.err
    assert "its digest differs" in whence("snapshot", "lead", "--list").out
    done = whence("check")
    assert done.code == 1
    assert "its digest differs. It is not used: make it again or drop it" in done.out
    assert "Stop writing" not in done.err  # the store itself is whole
    assert "its digest differs" in whence("verify-state", "lead").err
    assert whence("snapshot", "lead").code == 0
    assert whence("check").code == 0


def test_what_cannot_be_kept_is_refused_with_the_reason(pipeline: Path, whence: Run) -> None:
    (pipeline / "lead.py").write_text(MODEL.format(more="; self.odd = object()"))
    done = whence("snapshot", "lead", "--model", "lead.py:Lead")
    assert done.code != 0
    assert "it holds a value of type object" in done.err
    assert "go without snapshots: they change no answer" in done.err


@pytest.mark.parametrize(
    "arguments",
    [("snapshot", "lead", "--list", "--drop"), ("verify-state", "lead", "--at", "@1")],
)
def test_what_does_not_go_together_is_said(arguments: tuple[str, ...], pipeline: Path, whence: Run) -> None:
    assert whence(*arguments).code == 2


def test_a_kind_that_is_mistyped_leaves_no_snapshot(pipeline: Path, whence: Run) -> None:
    done = whence("snapshot", "leda")
    assert done.code == 1
    assert "Did you mean lead?" in done.err
    assert list(pipeline.glob("whence.db.snapshots/*/*.snapshot")) == []
    for command in (("snapshot", "leda", "--drop"), ("verify-state", "leda")):
        done = whence(*command)
        assert (done.code, done.err) == (1, "There is no leda here. Did you mean lead?\n")


@pytest.mark.parametrize("command", ["states", "snapshot", "verify-state"])
def test_an_entity_is_no_kind(command: str, pipeline: Path, whence: Run) -> None:
    done = whence(command, "lead:42")
    assert (done.code, done.out) == (2, "")
    assert "Name it alone: lead." in done.err
    assert not list(pipeline.glob("whence.db.snapshots/*"))


def test_what_is_in_the_place_of_a_snapshot_is_named_and_the_others_are_dropped(pipeline: Path, whence: Run) -> None:
    whence("snapshot", "lead")
    odd = next(pipeline.glob("whence.db.snapshots/lead/*.snapshot")).with_name("odd.snapshot")
    odd.mkdir()
    assert "odd.snapshot: it cannot be read: Is a directory" in whence("snapshot", "lead", "--list").out
    assert "A snapshot of lead is not used, odd.snapshot: it cannot be read" in whence("states", "lead").err
    for command in (("snapshot", "lead"), ("snapshot", "lead", "--drop")):
        done = whence(*command)
        assert done.code == 4
        assert "odd.snapshot" in done.err
    assert list(pipeline.glob("whence.db.snapshots/lead/*.snapshot")) == [odd]


def test_a_file_in_the_place_of_the_folder_is_named(pipeline: Path, whence: Run) -> None:
    (pipeline / "whence.db.snapshots").write_text("x")
    assert "it cannot be read: Not a directory" in whence("snapshot", "lead", "--list").out
    assert whence("states", "lead").code == 0
    assert whence("check").code == 1
    compared = whence("verify-state", "lead")
    assert (compared.code, "a snapshot: it cannot be read: Not a directory" in compared.err) == (1, True)
    for command in (("snapshot", "lead"), ("snapshot", "lead", "--drop")):
        done = whence(*command)
        assert (done.code, "Not a directory" in done.err) == (4, True)


def test_a_fold_that_changes_its_own_class_is_refused(pipeline: Path, whence: Run) -> None:
    text = (
        "from whence import on\n"
        + MODEL.format(more="")
        + """
    seen = []

    @on("Scored")
    def scored(self, event):
        self.seen.append(event.position)
"""
    )
    (pipeline / "lead.py").write_text(text)
    done = whence("snapshot", "lead", "--model", "lead.py:Lead")
    assert (done.code, done.out) == (1, "")
    assert "folding changed the model's own code" in done.err
    assert "whence check --model" in done.err
    assert list(pipeline.glob("whence.db.snapshots/lead/*.snapshot")) == []
