"""trace, diff over a kind and what is said where the two clocks differ, on the story of two leads."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from running import Run
from test_screen import in_terminal

from whence.cli import run


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def plain(text: str) -> list[str]:
    """The lines without colours and without what a progress bar left behind."""
    last_frames = (line.rpartition("\x1b[2K")[2] for line in text.splitlines())
    return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", line) for line in last_frames]


@pytest.fixture
def traced(pipeline: Path, whence: Run) -> Path:
    """An e-mail of a campaign was opened, which led to a score and a call, and 30 page views of one visit."""
    for id, cause, words in (
        ("sent", "from-elsewhere", ("campaign:spring", "lead:42", "EmailSent")),
        ("opened", "sent", ("lead:42", "EmailOpened", "--by", "crm")),
        ("scored", "opened", ("lead:42", "Scored", "score=90", "--by", "scoring")),
        ("called", "scored", ("lead:42", "Called", "--by", "anna")),
    ):
        assert run(["append", *words, "--id", id, "--cause", cause, "--time", "2026-01-13 09:00"]) == 0
    for number in range(30):
        assert run(["append", "lead:42", "Viewed", f"n={number}", "--cause", "opened", "--correlation", "visit:1"]) == 0
    return pipeline


def test_the_chain_of_causes_stands_above_and_the_tree_of_effects_below(traced: Path, whence: Run) -> None:
    lines = whence("trace", "opened").out.splitlines()
    assert lines[0] == "from-elsewhere  not in this store"
    assert lines[1].startswith("@7  EmailSent  campaign:spring lead:42  2026-01-13 09:00:00*")
    assert lines[2].startswith("@8  EmailOpened  lead:42")
    assert lines[3].startswith("├── @9  Scored  lead:42  2026-01-13 09:00:00*  scoring  score=90")
    assert lines[4].startswith("│   └── @10  Called")
    assert lines[5].startswith("├── @11  Viewed")
    assert lines[34].startswith("└── @40  Viewed")
    assert lines[35] == "1 cause, 32 effects; times in UTC"


def test_depth_cuts_the_tree_and_counts_what_is_beneath(traced: Path, whence: Run) -> None:
    lines = whence("trace", "@7", "--depth", "1").out.splitlines()
    assert [line.partition("  Email")[0] for line in lines[1:4]] == ["@7", "└── @8", "    └── … 32 more"]


def test_a_correlation_is_counted_by_type_and_listed_when_asked_for(traced: Path, whence: Run) -> None:
    counted = whence("trace", "@11").out.splitlines()
    assert counted[-1] == "2 causes, 0 effects; 29 more of correlation visit:1: Viewed 29; times in UTC"
    listed = whence("trace", "@11", "--correlation").out
    assert len(listed.splitlines()) == len(counted) + 30


def test_as_json_a_trace_is_one_nested_object(traced: Path, whence: Run) -> None:
    (found,) = rows(whence("trace", "sent", "--json").out)
    assert (found["event"]["position"], found["missing_cause"], found["circular"]) == (7, "from-elsewhere", False)
    assert found["effects"][0]["effects"][0]["effects"][0]["event"]["id"] == "called"
    assert len(found["effects"][0]["effects"]) == 31
    (cut,) = rows(whence("trace", "sent", "--depth", "1", "--json").out)
    assert cut["effects"][0]["more"] == 32


def test_causes_that_go_round_in_a_circle_are_said_to(pipeline: Path, whence: Run) -> None:
    whence("append", "lead:42", "A", "--id", "a", "--cause", "b")
    whence("append", "lead:42", "B", "--id", "b", "--cause", "a")
    lines = whence("trace", "b").out.splitlines()
    assert lines[0] == "The causes go round in a circle."
    assert [line.split("  ")[0] for line in lines[1:4]] == ["@7", "@8", "└── @7"]


def test_what_is_not_there_cannot_be_traced(pipeline: Path, whence: Run) -> None:
    for words in ("@99", "nothing"):
        done = whence("trace", words)
        assert (done.code, done.out) == (1, "")
        assert "error: No event" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_shows_the_first_effects_of_a_cause_and_counts_the_rest(traced: Path) -> None:
    lines = plain(in_terminal(80, "trace", "opened"))
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("└── … 11 more") for line in lines)
    assert any(line.startswith("│   └── @10  Called") for line in lines)


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


def test_in_a_pipe_nothing_of_a_trace_is_cut(pipeline: Path, whence: Run) -> None:
    whence("append", "lead:42", "Noted", f"note={'x' * 50_000}", "--id", "long")
    whence("append", "lead:42", "Noted", f"note={'y' * 50_000}", "--cause", "long")
    out = whence("trace", "long").out
    assert (out.count("x" * 50_000), out.count("y" * 50_000)) == (1, 1)
