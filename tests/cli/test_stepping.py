"""`whence step`: all steps in a pipe, and one after the other at a terminal."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from running import Run


def test_in_a_pipe_every_step_is_printed(pipeline: Path, whence: Run) -> None:
    done = whence("step", "lead:42")
    assert done.code == 0
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[1] == ["1", "2026-01-05", "09:00:00*", "LeadCreated", "crm", "source", "—", "fair"]
    assert ["6", "2026-01-12", "09:30:00*", "Scored", "scoring", "score", "60", "80"] in rows


def test_json_has_the_state_before_and_after_each_step(pipeline: Path, whence: Run) -> None:
    steps = [json.loads(line) for line in whence("step", "lead:42", "--json").out.splitlines()]
    assert [step["event"]["position"] for step in steps] == [1, 2, 4, 5, 6]
    assert [step["number"] for step in steps] == [1, 2, 3, 4, 5]
    assert all(one["after"] == other["before"] for one, other in itertools.pairwise(steps))
    assert {"field": "score", "before": 60, "after": 80} in steps[-1]["changes"]


@pytest.mark.parametrize(
    ("options", "last"),
    [
        (("--to", "@4"), 4),
        (("--to", "3"), 2),
        (("--type", "EmailOpened"), 4),
        (("--field", "title"), 5),
        (("--until", "(score or 0) > 60"), 6),
        (("--until", "campaign == 'spring'", "--type", "Scored"), 2),
        (("--at", "2026-01-09"), 4),
    ],
)
def test_it_ends_where_it_is_told_to(pipeline: Path, whence: Run, options: tuple[str, ...], last: int) -> None:
    rows = list(csv.DictReader(io.StringIO(whence("step", "lead:42", "--csv", *options).out)))
    assert rows[0]["position"] == "1"
    assert rows[-1]["position"] == str(last)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("lead:43",), 1, "Nothing is known of lead:43"),
        (("lead:42", "--type", "Nope"), 1, "nothing to stop at"),
        (("lead:42", "--field", "scor"), 2, "Did you mean score?"),
        (("lead:42", "--until", "scor > 1"), 2, "Did you mean score?"),
        (("lead:42", "--to", "@4", "--type", "Scored"), 2, "--to goes without"),
        (("lead:42", "--to", "yesterday"), 2, "Write @120"),
    ],
)
def test_what_cannot_be_done_is_said(pipeline: Path, whence: Run, words: tuple[str, ...], code: int, said: str) -> None:
    done = whence("step", *words)
    assert done.code == code
    assert said in done.err
    assert done.out == ""


def at_a_terminal(folder: Path, typed: str, *words: str) -> tuple[int, str]:
    """What the command prints at a terminal of 80 columns while these lines are typed, each when it asks, without its
    colours; and how it ends."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm", "PYTHONUNBUFFERED": "1"}
    line = [sys.executable, "-W", "error", "-c", "from whence.cli import main; main()", *words]
    running = subprocess.Popen(line, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen, lines = b"", typed.splitlines(keepends=True)
    try:
        while part := os.read(ours, 4096):
            seen += part
            if seen.endswith(b"step> ") and lines:
                os.write(ours, lines.pop(0).encode())
    except OSError:  # how Linux says that nobody writes to it any more
        pass
    os.close(ours)
    return running.wait(60), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode()).replace("\r", "")


def test_the_steps_before_an_event_that_the_model_cannot_fold_are_shown(pipeline: Path, whence: Run) -> None:
    (pipeline / "lead.py").write_text(
        "from whence import on\n\nclass Lead:\n    kind = 'lead'\n    score = 0\n\n    @on('Scored')\n"
        "    def scored(self, event):\n        self.score += event.data['score']\n"
    )
    assert whence("append", "lead:42", "Scored", "score=many").code == 0
    done = whence("step", "lead:42", "--model", "lead.py:Lead")
    assert done.code == 5
    assert done.out.count("score") >= 2
    assert "Handler: Lead.scored" in done.err


def test_at_a_terminal_it_goes_forwards_and_backwards(pipeline: Path) -> None:
    code, seen = at_a_terminal(pipeline, "n\nn\nb\n\ng 6\nq\n", "step", "lead:42")
    assert code == 0
    titles = re.findall(r"^(\d)/5  @(\d)  ", seen, re.M)
    assert titles == [("1", "1"), ("2", "2"), ("3", "4"), ("2", "2"), ("3", "4"), ("5", "6")]
    assert re.search(r"score +60 +80", seen)


def test_at_a_terminal_it_runs_to_a_type_a_field_and_a_rule(pipeline: Path) -> None:
    typed = "t EmailOpened\nb\nf title\ng 1\ne score == 80\nn\nt Nope\ns\nq\n"
    code, seen = at_a_terminal(pipeline, typed, "step", "lead:42")
    assert code == 0
    assert [number for number, _ in re.findall(r"^(\d)/5  @(\d)  ", seen, re.M)] == ["1", "3", "2", "4", "1", "5"]
    assert "This was the last event." in seen
    assert "There is no such event further on." in seen
    assert re.search(r"campaign +spring", seen), "s shows the whole state"


def test_at_a_terminal_a_mistake_is_said_and_the_walk_goes_on(pipeline: Path) -> None:
    code, seen = at_a_terminal(pipeline, "e scor > 1\nwhat\nb\nb\nn\n\x04", "step", "lead:42", "--type", "Scored")
    assert code == 0, "the end of the input is the end of the walk"
    assert "Did you mean score?" in seen
    assert "q             quit" in seen
    assert [number for number, _ in re.findall(r"^(\d)/5  @(\d)  ", seen, re.M)] == ["2", "1", "1"]
    assert "This is the beginning" in seen
