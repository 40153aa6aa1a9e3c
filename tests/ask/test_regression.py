"""A failing history becomes a pytest file that fails now and passes once the code is right, wherever the store is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import whence
from whence.app import Whence
from whence.config import Config
from whence.errors import InvalidModel, NotKnown
from whence.events import Body, Event
from whence.model import Model
from whence.stores.memory import MemoryStore

CRM = """
from datetime import date
from decimal import Decimal
from typing import ClassVar

import msgspec
from whence import Codec, Upcast, on


class Scored(msgspec.Struct, frozen=True):
    points: int
    day: date
    worth: Decimal
    event_version: ClassVar[int] = 2


CODEC = Codec(Scored, upcasts=[Upcast("Scored", 1, lambda data: {**data, "day": "2025-01-01", "worth": "0.10"})])


class Lead:
    kind = "lead"
    order = "occurred"
    codec = CODEC
    score = 0
    worth = Decimal(0)
    image = None
    notes = ()

    @on(Scored)
    def scored(self, event):
        self.score += event.points
        self.worth += event.worth
        self.day = event.day

    @on("Noted")
    def noted(self, event):
        self.notes = (*self.notes, event.data["text"])
        self.by = event.actor

    @on("Pictured")
    def pictured(self, event):
        self.image = event.data.content
"""
STRANGE = 'quotes "\'""" \\ back, {braces}, é, 中文, \u2028, tab\t, line\nbreak, 🙂 ' + "long " * 60


@pytest.fixture
def db() -> Whence:
    store = MemoryStore()
    store.append(
        [
            Event("Noted", {"text": STRANGE}, ["lead:42"], actor='o\'neill "x"', time="2025-03-02T00:00:00Z"),  # type: ignore[arg-type]
            Event("Scored", {"points": 70}, ["lead:42"], version=1, time="2025-03-03T00:00:00Z"),  # type: ignore[arg-type]
            Event("Noted", {"text": "other"}, ["lead:7"]),
            Event("Scored", {"points": 70, "day": "2025-03-04", "worth": "1.30"}, ["lead:42", "deal:1"], version=2),
            Event("Pictured", Body(bytes(range(256)), "image/png"), ["lead:42"], meta={"a": [None, 1.5, True]}),
        ]
    )
    return Whence(store, Config(Path.cwd()))


def pytest_on(file: Path) -> tuple[int, str]:
    """How plain pytest on a file in its folder ends, and what it says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "WHENCE"))}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # a model is written twice within the second that Python tells apart
    line = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", file.name]
    done = subprocess.run(line, cwd=file.parent, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_fails_now_and_passes_once_the_code_is_right(db: Whence, tmp_path: Path) -> None:
    crm = tmp_path / "code/crm.py"
    crm.parent.mkdir()
    crm.write_text(CRM)
    tests = tmp_path / "tests"
    tests.mkdir()
    made = db.test_for("lead:42", "score <= 100", model=f"{crm}:Lead", folder=tests)
    assert (made.events, made.problem) == (4, "score = 140")
    assert "lead:7" not in made.text
    file = tests / "test_lead_42.py"
    file.write_text(made.text, encoding="utf-8")
    code, said = pytest_on(file)
    assert code == 1, said
    assert "score <= 100 does not hold: {'score': 140}" in said
    moved = tmp_path / "elsewhere"
    shutil.copytree(tmp_path, moved, ignore=shutil.ignore_patterns("elsewhere", "__pycache__"))
    (moved / "code/crm.py").write_text(CRM.replace("self.score += event.points", "self.score = event.points"))
    code, said = pytest_on(moved / "tests/test_lead_42.py")
    assert code == 0, said


@pytest.mark.parametrize(
    "rule",
    [
        "worth != Decimal('1.40')",
        "day < date(2025, 3, 4)",
        "image is None",
        f"notes[0] != {STRANGE!r}",
        '''by != "o'neill \\"x\\""''',
        "len(notes) == 2",
    ],
)
def test_every_value_survives(rule: str, db: Whence, tmp_path: Path) -> None:
    """Each rule is false because the value is what it is: the test reports just that, not another failure."""
    (tmp_path / "crm.py").write_text(CRM)
    made = db.test_for("lead:42", rule, model=f"{tmp_path}/crm.py:Lead", folder=tmp_path)
    namespace: dict[str, Any] = {"__file__": str(tmp_path / "test_it.py")}
    exec(compile(made.text, "test_it.py", "exec"), namespace)
    (test,) = (value for name, value in namespace.items() if name.startswith("test_"))
    with pytest.raises(AssertionError, match="does not hold"):
        test()
    fields = db.state("lead:42", model=f"{tmp_path}/crm.py:Lead")
    again = namespace["EVENTS"]
    assert [whence.Recorded.from_json(each) for each in again] == list(db.log("lead:42", reverse=True))
    assert fields is not None
    assert fields["worth"] == Decimal("1.40")


def test_rules_in_toml_are_read_from_their_file_so_that_mending_them_counts(tmp_path: Path) -> None:
    toml = 'store = ":memory:"\n[model.lead]\nbuilt_in = false\n'
    toml += '[[model.lead.rule]]\non = "Scored"\nadd = { score = "$points" }\n'
    (tmp_path / "whence.toml").write_text(toml)
    store = MemoryStore()
    store.append([Event("Scored", {"points": 70}, ["lead:42"]), Event("Scored", {"points": 70}, ["lead:42"])])
    db = Whence(store, Config.nearest(tmp_path))
    file = tmp_path / "tests/test_lead.py"
    file.parent.mkdir()
    file.write_text(db.test_for("lead:42", "score <= 100", folder=file.parent).text)
    assert pytest_on(file)[0] == 1
    (tmp_path / "whence.toml").write_text(toml.replace("add =", "set ="))
    code, said = pytest_on(file)
    assert code == 0, said


def test_the_built_in_model_needs_no_file(tmp_path: Path) -> None:
    store = MemoryStore()
    store.append([Event("Scored", {"score": 70, "a b": 1}, ["lead:42"])])
    db = Whence(store, Config(tmp_path))
    file = tmp_path / "test_lead.py"
    file.write_text(db.test_for("lead:42", 'fields["a b"] == 2 and score > 0', folder=tmp_path).text)
    code, said = pytest_on(file)
    assert code == 1
    assert "does not hold: {'score': 70}" in said


def test_a_fold_that_fails_is_a_failing_history_too(db: Whence, tmp_path: Path) -> None:
    (tmp_path / "crm.py").write_text(CRM.replace("self.day = event.day", "self.day = event.no_day"))
    made = db.test_for("lead:42", "score <= 1000", model=f"{tmp_path}/crm.py:Lead", folder=tmp_path)
    assert "AttributeError" in made.problem
    file = tmp_path / "test_lead.py"
    file.write_text(made.text)
    assert pytest_on(file)[0] == 1
    (tmp_path / "crm.py").write_text(CRM)
    assert pytest_on(file)[0] == 0


def test_what_makes_no_failing_test_is_refused(db: Whence, tmp_path: Path) -> None:
    (tmp_path / "crm.py").write_text(CRM)
    model = f"{tmp_path}/crm.py:Lead"
    with pytest.raises(NotKnown, match="The rule holds"):
        db.test_for("lead:42", "score <= 200", model=model)
    with pytest.raises(NotKnown, match="Nothing is known"):
        db.test_for("lead:43", "score <= 200", model=model)
    with pytest.raises(InvalidModel, match=r"Did you mean score\?"):
        db.test_for("lead:42", "scor <= 200", model=model)
    with pytest.raises(InvalidModel, match="This is no rule"):
        db.test_for("lead:42", "score =< 200", model=model)
    with pytest.raises(InvalidModel, match="cannot import this model"):
        db.test_for("lead:7", "value == 0", model=Model.of_function("lead", 0, lambda state, event: state + 1))


def test_a_moment_cuts_the_events(db: Whence, tmp_path: Path) -> None:
    (tmp_path / "crm.py").write_text(CRM)
    made = db.test_for("lead:42", "score < 70", at=2, model=f"{tmp_path}/crm.py:Lead", folder=tmp_path)
    assert made.events == 2
