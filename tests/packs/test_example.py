"""The pack in examples/, as a third party's: built and installed by pip, and used without a line of Whence changed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/tickets"
PAGE = ROOT / "docs/packs/write-a-pack.md"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the example is installed in; nothing is fetched."""
    folder = tmp_path_factory.mktemp("third")
    source = shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    site = folder / "site"
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    line = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return site


def called(site: Path, folder: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WHENCE_", "PYTEST"))}
    environment |= {"PYTHONPATH": str(site), "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def whence(site: Path, folder: Path, *arguments: str) -> str:
    return called(site, folder, "-c", "from whence.cli import main; main()", *arguments)


def test_it_is_installed_and_used_as_any_pack(site: Path, tmp_path: Path) -> None:
    assert "tickets" in whence(site, tmp_path, "packs", "--csv")
    whence(site, tmp_path, "init", "--pack", "tickets", "--zone", "UTC")
    whence(site, tmp_path, "tickets", "open", "42", "It burns", "--by", "ben", "--time", "2026-03-02 09:00")
    whence(
        site, tmp_path, "tickets", "escalate", "42", "--reason", "hot", "--by", "carla", "--time", "2026-03-02 14:00"
    )
    (row,) = whence(site, tmp_path, "tickets", "backlog", "--at", "2026-03-02 15:00", "--json").splitlines()
    assert json.loads(row) == {"ticket": "42", "subject": "It burns", "urgency": "high", "hours": 6.0}
    assert json.loads(whence(site, tmp_path, "state", "ticket:42", "--json"))["urgency"] == "high"
    why = whence(site, tmp_path, "why", "ticket:42", "urgency")
    assert "ticket.Escalated" in why
    assert "carla" in why
    with (tmp_path / "whence.toml").open("a") as file:
        file.write('[scorecard.v2]\nkind = "ticket"\nrule = [{ on = "ticket.Opened", points = 60 }]\n')
        file.write('threshold = [{ score = "score", at = 50, stage = "at once" }]\n')
    line = ("experiment", "ticket", "--candidate", "v2", "--outcome", "ticket.Escalated", "--json")
    assert json.loads(whence(site, tmp_path, *line))["kind"] == "ticket"


def test_it_passes_the_exam_of_packs(site: Path, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "test_tickets.py", tmp_path)
    assert " passed" in called(site, tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_tickets.py")


def test_it_takes_less_than_120_lines() -> None:
    assert len((EXAMPLE / "whence_tickets.py").read_text().splitlines()) < 120


def test_the_page_that_teaches_it_makes_this_very_pack() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in ("whence_tickets.py", "pyproject.toml"):
        blocks = re.findall(
            rf"^<!-- (?:file|add to): tickets/{re.escape(name)} -->\n```\w+\n(.*?)^```$", text, re.M | re.S
        )
        taught = [line for block in blocks for line in block.splitlines() if line]
        assert taught == [line for line in (EXAMPLE / name).read_text().splitlines() if line], name
