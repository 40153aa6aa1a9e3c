"""`whence experiments`, as it is typed: what was kept, and which runs can be compared."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from running import Run
from test_experimenting import CARDS


@pytest.fixture
def tried(pipeline: Path, whence: Run) -> Path:
    """Two experiments that were kept, and differ in the points needed."""
    path = pipeline / "whence.toml"
    path.write_text(path.read_text() + CARDS)
    for name, points in (("one", "60"), ("two", "72")):
        line = ("experiment", "lead", "--candidate", "v2", "--threshold", points, "--outcome", "Scored")
        done = whence(*line, "--samples", "10", "--save", f"experiments/{name}")
        assert done.code == 0
        assert f"Kept in experiments/{name}" in done.err
    return pipeline


def test_what_was_kept_is_listed(tried: Path, whence: Run) -> None:
    rows = [json.loads(line) for line in whence("experiments", "--json").out.splitlines()]
    assert [(row["name"], row["baseline"], row["candidate"], row["gained"]) for row in rows] == [
        ("one", "lead", "v2", 0),
        ("two", "lead", "v2", 1),
    ]
    assert whence("experiments", "experiments/two", "--csv").out.splitlines()[1].startswith("two,20")
    assert whence("experiments", "two").out.splitlines()[1].split()[0] == "two"


def test_runs_are_compared_and_what_keeps_them_from_comparing_is_said(tried: Path, whence: Run) -> None:
    done = whence("experiments", "--compare", "one", "two")
    assert done.out.splitlines()[0].split() == ["measure", "one", "two"]
    assert ["gained", "0", "1"] in [line.split() for line in done.out.splitlines()]
    assert "points needed by the baseline differs: 60.0, 72.0" in done.err
    assert "do not compare" in done.err
    assert "differs" not in whence("experiments", "--compare", "one", "one").err


def test_a_run_without_its_times_is_still_listed(tried: Path, whence: Run) -> None:
    (tried / "experiments" / "one" / "run.json").unlink()
    assert json.loads(whence("experiments", "one", "--json").out)["when"] is None


def test_what_is_not_there_or_broken_is_said(tried: Path, whence: Run) -> None:
    done = whence("experiments", "none")
    assert done.code == 1
    assert "whence experiment lead --candidate v2 --save" in done.err
    (tried / "experiments" / "one" / "result.json").write_text('{"format": 99}')
    assert "another format" in whence("experiments").err


@pytest.mark.parametrize("package", ["plotly", "pyarrow"])
def test_without_a_package_it_says_what_to_install(
    tried: Path, whence: Run, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    done = whence("experiment", "lead", "--candidate", "v2", "--save", "experiments/three")
    assert (done.code, done.out) == (2, "")
    assert 'pip install "whence[report]"' in done.err
    assert not (tried / "experiments" / "three").exists()
