"""trace, on the story of two leads."""

from __future__ import annotations

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


def test_in_a_pipe_nothing_of_a_trace_is_cut(pipeline: Path, whence: Run) -> None:
    whence("append", "lead:42", "Noted", f"note={'x' * 50_000}", "--id", "long")
    whence("append", "lead:42", "Noted", f"note={'y' * 50_000}", "--cause", "long")
    out = whence("trace", "long").out
    assert (out.count("x" * 50_000), out.count("y" * 50_000)) == (1, 1)


def test_a_cause_may_be_named_by_its_position_and_is_kept_as_its_id(pipeline: Path, whence: Run) -> None:
    cause = json.loads(whence("show", "@5", "--json").out)["id"]
    assert whence("append", "lead:42", "Called", "--cause", "@5", "--id", "call").code == 0
    assert json.loads(whence("show", "call", "--json").out)["cause"] == cause
    assert "1 cause, 0 effects" in whence("trace", "call").out


def test_a_cause_at_a_position_that_is_not_there_is_refused(pipeline: Path, whence: Run) -> None:
    done = whence("append", "lead:42", "Called", "--cause", "@999")
    assert (done.code, done.out) == (1, "")
    assert "No event at this position (Position: 999" in done.err
    assert whence("append", "lead:42", "Called", "--cause", "@1", "--store", "new.db").code == 4
    assert not (pipeline / "new.db").exists()


def test_of_many_types_of_a_correlation_the_most_frequent_are_counted(pipeline: Path, whence: Run) -> None:
    for letter in "ABCDEFGH":
        whence("append", "lead:1", letter, "--correlation", "file:1")
    whence("append", "lead:1", "H", "--correlation", "file:1", "--id", "last")
    footer = whence("trace", "last").out.splitlines()[-1]
    counts = "A 1, B 1, C 1, D 1, E 1, F 1, 2 more types"
    assert footer == f"0 causes, 0 effects; 8 more of correlation file:1: {counts}; times in UTC"
