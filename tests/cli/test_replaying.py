"""`whence replay --states`, as it is typed: the same bytes over processes, and nothing half-written, ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import Run

pytest.importorskip("duckdb")

CARD = """
[scorecard.lead]
[[scorecard.lead.rule]]
on = "Scored"
points = "$score"
half_life = "1 day"
[[scorecard.lead.threshold]]
score = "score"
at = 70
stage = "hot"
"""
SLOW = """
import os, signal, time
from pathlib import Path
from whence import on

class Lead:
    kind = "lead"
    def __init__(self):
        self.score = 0
    @on("Scored")
    def scored(self, event):
        Path("begun").touch()
        {act}
"""


def test_what_each_comes_to_is_written_the_same_by_one_and_by_several(pipeline: Path, whence: Run) -> None:
    done = whence("replay", "lead", "--states", "one.jsonl")
    assert (done.code, done.out) == (0, "Wrote one.jsonl: 2 entities of kind lead up to @6, by built-in.\n")
    assert whence("replay", "lead", "--states", "two.jsonl", "--processes", "2").code == 0
    assert (pipeline / "one.jsonl").read_bytes() == (pipeline / "two.jsonl").read_bytes()
    origin, first, _ = map(json.loads, (pipeline / "one.jsonl").read_text().splitlines())
    assert origin == {"kind": "lead", "model": "built-in", "head": 6}
    assert (first["entity"], first["fields"]["score"]) == ("lead:42", "80")


def test_a_scorecard_is_written_with_every_crossing(pipeline: Path, whence: Run) -> None:
    (pipeline / "whence.toml").write_text((pipeline / "whence.toml").read_text() + CARD)
    for name, processes in (("one", "1"), ("two", "2")):
        words = ("replay", "lead", "--states", f"{name}.jsonl", "--card", "lead", "--processes", processes)
        assert "by the scorecard lead." in whence(*words).out
    assert (pipeline / "one.jsonl").read_bytes() == (pipeline / "two.jsonl").read_bytes()
    _, first, *_ = map(json.loads, (pipeline / "one.jsonl").read_text().splitlines())
    assert [(each["stage"], each["reached"], each["position"]) for each in first["crossings"]] == [("hot", True, 6)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lead", "--processes", "2"), "Say what"),
        (("lead", "--save", "a", "--states", "b"), "Say what"),
        (("--states", "b"), "Say what"),
        (("lead", "--save", "a", "--processes", "2"), "go with --states"),
        (("lead", "--states", "a", "--card", "lead", "--model", "x:Y"), "exclude each other"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    pipeline: Path, whence: Run, words: tuple[str, ...], said: str
) -> None:
    done = whence("replay", *words)
    assert done.code == 2
    assert said in done.err


def started(*words: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", "from whence.cli import main; main()", *words]
    return subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "out" in path.name)


def is_empty(group: int) -> bool:
    """Whether no process of a group is left, soon."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_killed_worker_is_said_and_nothing_is_written(pipeline: Path) -> None:
    (pipeline / "slow.py").write_text(SLOW.format(act="os.kill(os.getpid(), signal.SIGKILL)"))
    running = started("replay", "lead", "--model", "slow.py:Lead", "--states", "out.jsonl", "--processes", "2")
    _, err = running.communicate(timeout=60)
    assert running.returncode == 5
    assert "A process that worked for this ended before it was done" in err
    assert "take fewer processes" in err
    assert "Traceback" not in err
    assert left_in(pipeline) == []


def test_an_interrupt_ends_all_processes_at_once_and_nothing_is_written(pipeline: Path) -> None:
    (pipeline / "slow.py").write_text(SLOW.format(act="time.sleep(60)"))
    running = started("replay", "lead", "--model", "slow.py:Lead", "--states", "out.jsonl", "--processes", "2")
    until = time.monotonic() + 60
    while not (pipeline / "begun").exists() and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: everybody in the group
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert err.strip() == "interrupted"
    assert left_in(pipeline) == []
    assert is_empty(running.pid)


def test_where_the_command_itself_is_killed_no_process_is_left(pipeline: Path) -> None:
    (pipeline / "slow.py").write_text(SLOW.format(act="time.sleep(60)"))
    running = started("replay", "lead", "--model", "slow.py:Lead", "--states", "out.jsonl", "--processes", "2")
    until = time.monotonic() + 60
    while not (pipeline / "begun").exists() and time.monotonic() < until:
        time.sleep(0.02)
    running.kill()  # nobody else in the group
    running.communicate(timeout=30)
    assert is_empty(running.pid)
    assert left_in(pipeline) == []


def test_what_is_as_of_a_time_says_so(pipeline: Path, whence: Run) -> None:
    (pipeline / "whence.toml").write_text((pipeline / "whence.toml").read_text() + CARD)
    for more in ((), ("--card", "lead")):
        done = whence("replay", "lead", "--states", "then.jsonl", "--at", "2026-01-09", *more)
        assert "up to @6 as of end of 2026-01-09, by" in done.out, done.err
        first = json.loads((pipeline / "then.jsonl").read_text().splitlines()[0])
        assert (first["head"], first["at"]) == (6, "2026-01-09T23:59:59.999999Z")


def test_without_the_packages_for_columns_the_remedy_is_named(pipeline: Path) -> None:
    without = "import sys; sys.modules['pyarrow'] = None; from whence.cli import main; main()"
    line = [sys.executable, "-c", without, "replay", "lead", "--states", "out.jsonl"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert 'pip install "whence[columns]"' in done.stderr
    assert "Traceback" not in done.stderr
