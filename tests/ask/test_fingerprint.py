"""A fingerprint says which code a model is: the same in every process, another when the fold could be another."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta, timezone
from fractions import Fraction
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from whence.config import load_model
from whence.fingerprint import fingerprint
from whence.model import Model
from whence.rules import built_in, from_toml

CRM = """
from typing import Annotated, ClassVar
import msgspec
from whence import Codec, Tag, Upcast, on
import points

WEIGHTS = {"open": 1, "click": 2}

class Scored(msgspec.Struct, frozen=True):
    lead: Annotated[str, Tag]
    score: int
    event_version: ClassVar[int] = 2

def moved(data):
    return {**data, "score": data["points"]}

def capped(score):
    return min(score, LIMIT)

LIMIT = 100

class Lead:
    kind = "lead"
    order = "occurred"
    codec = Codec(Scored, upcasts=[Upcast("Scored", 1, moved)])
    score = 0

    @on(Scored)
    def scored(self, event):
        self.score = capped(event.score) if event.score in {1, 60, 80, "x", "yy"} else 0

    @on("Opened", "Clicked")
    def touched(self, event):
        self.score += WEIGHTS.get(event.type, 0) + self.bonus()

    def bonus(self):
        return points.bonus(self.score)

    @property
    def is_hot(self):
        return self.score > 50
"""
POINTS = "def bonus(score):\n    return 1\n"


def of(folder: Path, crm: str = CRM, points: str = POINTS, *, seed: str = "0") -> str:
    """The fingerprint of the model in a process of its own."""
    (folder / "crm.py").write_text(crm)
    (folder / "points.py").write_text(points)
    code = (
        "import sys; from pathlib import Path; from whence.config import load_model; "
        "from whence.fingerprint import fingerprint; sys.path.insert(0, '.'); sys.dont_write_bytecode = True; "
        "print(fingerprint(load_model('crm:Lead', Path.cwd())))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_is_the_same_in_every_process_and_for_the_same_code_with_other_comments(tmp_path: Path) -> None:
    first = of(tmp_path)
    assert len(first) == 32
    assert {of(tmp_path, seed=seed) for seed in ("1", "2", "random")} == {first}
    assert of(tmp_path, crm="# a comment\n\n" + CRM.replace("LIMIT = 100", "LIMIT = 100  # points")) == first


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("score = 0\n", "score = 1\n"),
        ("event.score in {1, 60", "event.score in {2, 60"),
        ('"click": 2', '"click": 3'),
        ("LIMIT = 100", "LIMIT = 101"),
        ("return min(score", "return max(score"),
        ("points.bonus(self.score)", "points.bonus(0)"),
        ('"Opened", "Clicked"', '"Opened", "Seen"'),
        ("> 50", "> 51"),
        ('data["points"]', 'data["score"]'),
        ("    score: int\n", "    score: int = 5\n"),
        ("    score: int\n", "    score: int\n    by: str = ''\n"),
        ('order = "occurred"', 'order = "position"'),
    ],
)
def test_it_is_another_for_each_change_of_what_the_fold_runs(before: str, after: str, tmp_path: Path) -> None:
    assert before in CRM
    first = of(tmp_path)
    assert of(tmp_path, crm=CRM.replace(before, after, 1)) != first


def test_a_module_in_the_models_folder_counts(tmp_path: Path) -> None:
    first = of(tmp_path)
    assert of(tmp_path, points=POINTS.replace("1", "2")) != first


def test_a_function_counts_with_its_constants_defaults_and_closure(tmp_path: Path) -> None:
    def step(by: int) -> Model:
        def apply(state: int, event: object, times: int = 1) -> int:
            return state + by * times

        return Model.of_function("lead", 0, apply)

    assert fingerprint(step(1)) == fingerprint(step(1)) != fingerprint(step(2))
    assert fingerprint(Model.of_function("lead", 0, lambda s, e: s + 1)) != fingerprint(
        Model.of_function("lead", 0, lambda s, e: s + 2)
    )
    assert fingerprint(Model.of_function("lead", 0, lambda s, e: s)) != fingerprint(
        Model.of_function("lead", 1, lambda s, e: s)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")),
        (timezone(timedelta(hours=1)), timezone(timedelta(hours=2))),
        (UUID(int=1), UUID(int=2)),
        (Fraction(1, 2), Fraction(1, 3)),
        (range(3), range(4)),
    ],
)
def test_a_constant_of_any_plain_type_counts(one: object, other: object) -> None:
    def model(constant: object) -> Model:
        return Model.of_function("lead", 0, lambda state, event: constant)

    assert fingerprint(model(one)) != fingerprint(model(other))


def test_rules_in_toml_count_as_their_table() -> None:
    table = {"rule": [{"on": "Scored", "set": {"score": "$score"}}]}
    other = {"rule": [{"on": "Scored", "set": {"score": "$points"}}]}
    assert fingerprint(from_toml("lead", table)) == fingerprint(from_toml("lead", table))
    assert len({fingerprint(from_toml("lead", t)) for t in (table, other)} | {fingerprint(built_in("lead"))}) == 3
    assert fingerprint(built_in("lead")) != fingerprint(built_in("deal"))


def test_loading_a_file_twice_gives_the_same(tmp_path: Path) -> None:
    (tmp_path / "plain_model.py").write_text('class Lead:\n    kind = "lead"\n')
    one, two = (load_model("plain_model.py:Lead", tmp_path) for _ in range(2))
    assert fingerprint(one) == fingerprint(two)
