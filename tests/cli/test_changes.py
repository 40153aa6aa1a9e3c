"""diff over a kind, and what every answer says where the two clocks differ, on the story of two leads."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from running import Run


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_diff_of_a_kind_gives_every_entity_that_changed(pipeline: Path, whence: Run) -> None:
    done = whence("diff", "lead", "2026-01-05", "2026-01-12", "--json")
    found = rows(done.out)
    assert found[0].keys() == {"entity", "how", "field", "before", "after"}
    scores = [(row["entity"], row["how"], row["before"], row["after"]) for row in found if row["field"] == "score"]
    assert scores == [("lead:42", "changed", 60, 80)]
    assert {row["how"] for row in found if row["entity"] == "lead:7"} == {"new"}
    as_csv = list(csv.DictReader(io.StringIO(whence("diff", "lead", "2026-01-05", "2026-01-12", "--csv").out)))
    assert [row["entity"] for row in as_csv] == [row["entity"] for row in found]
    shown = whence("diff", "lead", "2026-01-05", "2026-01-12").out.splitlines()
    assert shown[-1] == (
        "2 of 2 of kind lead changed, 1 of them new, from end of 2026-01-05 to end of 2026-01-12, "
        "times in UTC, occurred clock"
    )
    assert len(whence("diff", "lead", "2026-01-05", "2026-01-12", "-n", "2").out.splitlines()) == 4


def test_diff_of_a_kind_without_changes_or_without_entities_says_so(pipeline: Path, whence: Run) -> None:
    same = whence("diff", "lead", "@5", "@5")
    assert (same.code, same.err) == (0, "No difference.\n")
    assert same.out == "0 of 2 of kind lead changed, from @5 to @5, times in UTC\n"
    for words, said in ((("laed", "@1"), "Did you mean lead?"), (("lead", "@0", "@0"), "No lead was known then.")):
        done = whence("diff", *words)
        assert (done.code, done.out) == (1, "")
        assert said in done.err


@pytest.fixture
def late(pipeline: Path, whence: Run) -> str:
    """The story, and then a day between what was recorded and two events that come late; that day is returned."""
    day = rows(whence("show", "@6", "--json").out)[0]["recorded"]
    for words in (("lead:42", "Scored", "score=70"), ("lead:7", "Called")):
        assert whence("append", *words, "--time", "2026-01-13").code == 0
    return day


QUESTIONS = [
    (("state", "lead:42", "--at", "DAY"), "1 event (@7)"),
    (("states", "lead", "--at", "DAY"), "2 events (@7, @8)"),
    (("at", "DAY"), "2 events (@7, @8)"),
    (("at", "DAY", "lead:42"), "1 event (@7)"),
    (("why", "lead:42", "score", "--at", "DAY"), "1 event (@7)"),
    (("diff", "lead:42", "@2", "DAY"), "1 event (@7)"),
    (("diff", "lead", "@2", "DAY"), "2 events (@7, @8)"),
]


@pytest.mark.parametrize(("words", "events"), QUESTIONS)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_every_answer_says_where_the_clocks_differ(
    words: tuple[str, ...], events: str, form: tuple[str, ...], late: str, whence: Run
) -> None:
    asked = [late if word == "DAY" else word for word in words]
    for clock, other, told in (("occurred", "recorded", "counted here"), ("recorded", "occurred", "left out")):
        done = whence(*asked, *form, "--clock", clock)
        assert done.code == 0
        assert done.err.startswith("The clocks differ at 20")
        assert done.err.endswith(f": {events} recorded later, {told}. See --clock {other}.\n")


def test_where_nothing_was_known_yet_an_answer_says_so(pipeline: Path, whence: Run) -> None:
    assert whence("state", "lead:42", "--at", "2026-01-10").err == (
        "Nothing was known yet at end of 2026-01-10: 4 events (@1, @2, @4, @5) recorded later, counted here.\n"
    )
    assert "6 events (@1, @2, @3, @4, @5 and 1 more) recorded" in whence("states", "lead", "--at", "2026-01-12").err


def test_by_the_recorded_clock_what_came_later_is_left_out(pipeline: Path, whence: Run) -> None:
    whence("append", "lead:42", "Meets", "place=Ulm", "--time", "2100-01-01")
    done = whence("state", "lead:42", "--at", "2090-01-01", "--clock", "recorded")
    assert "place" in done.out
    assert done.err == (
        "The clocks differ at end of 2090-01-01: 1 event (@7) recorded before it happened, counted here. "
        "See --clock occurred.\n"
    )
    assert whence("state", "lead:42").err == whence("state", "lead:42", "--at", "@6").err == ""


def test_as_known_before_anything_was_recorded_no_question_has_an_answer(pipeline: Path, whence: Run) -> None:
    for line in (
        "state lead:42 --at DAY",
        "states lead --at DAY",
        "states lead --by score --at DAY",
        "at DAY",
        "at DAY lead:42",
        "diff lead:42 DAY",
        "diff lead DAY",
        "why lead:42 score --at DAY",
    ):
        done = whence(*line.replace("DAY", "2026-01-09").split(), "--clock", "recorded")
        assert (done.code, done.out) == (1, ""), line
        assert done.err.startswith("error: Not known: nothing was recorded yet at that time"), line


def test_an_entity_that_was_imported_later_was_not_known_before(pipeline: Path, whence: Run) -> None:
    whence("append", "lead:1", "Called")
    (pipeline / "crm.csv").write_text("when,what,lead\n2024-01-05,Called,77\n")
    (pipeline / "crm.toml").write_text('type = "what"\ntime = "when"\nzone = "UTC"\ntags = ["lead:{lead}"]\n')
    assert whence("import", "crm.csv", "--mapping", "crm.toml").code == 0
    before = rows(whence("show", "@7", "--json").out)[0]["recorded"]
    done = whence("state", "lead:77", "--at", before, "--clock", "recorded")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Not known: lead:77 was imported on 20")
    assert whence("state", "lead:77", "--at", "2020-01-01", "--clock", "recorded").code == 1


def test_where_an_import_kept_recorded_times_it_is_not_the_import_that_made_it_known(folder: Path, whence: Run) -> None:
    (folder / "crm.csv").write_text(
        "when,what,lead,seen\n2024-01-05,Called,1,2024-01-05\n2024-01-05,Called,2,2024-01-09\n"
    )
    (folder / "crm.toml").write_text(
        'type = "what"\ntime = "when"\nzone = "UTC"\nrecorded = "seen"\ntags = ["lead:{lead}"]\n'
    )
    assert whence("import", "crm.csv", "--mapping", "crm.toml", "--store", "crm.db").code == 0
    asked = ("--at", "2024-01-06", "--zone", "UTC", "--store", "crm.db")
    done = whence("state", "lead:2", *asked, "--clock", "recorded")
    assert (done.code, done.err) == (1, "Nothing was known of lead:2 then: its first event is of 2024-01-09 00:00.\n")
    assert whence("state", "lead:2", *asked).err == (
        "The clocks differ at end of 2024-01-06: 1 event (@2) recorded later, counted here. See --clock recorded.\n"
    )
