"""The walk through the year: the folder it leaves, and every command that it runs or names."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from whence.demo.simulator import EVENTS
from whence.demo.story import CONFIG_NAME, NEXT, STEPS, STORE_NAME, Step, _activation, make, run
from whence.errors import CannotWrite, WhenceError
from whence.stores.opening import open_store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    make(folder)
    return folder


def whence(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WHENCE_")}
    started = [sys.executable, "-c", "from whence.cli import main; main()", *words]
    return subprocess.run(started, cwd=folder, env=environment, text=True, capture_output=True, timeout=60)


def test_the_folder_holds_the_whole_year(folder: Path) -> None:
    store = open_store(folder / STORE_NAME)
    assert store.head() == EVENTS
    store.close()


def test_what_is_there_already_is_left_as_it_is(folder: Path) -> None:
    before = (folder / CONFIG_NAME).read_text()
    (folder / CONFIG_NAME).write_text(before + "\n# mine\n")
    assert make(folder) == 0
    assert (folder / CONFIG_NAME).read_text() == before + "\n# mine\n"
    (folder / CONFIG_NAME).write_text(before)


def test_an_unfinished_store_is_finished(tmp_path: Path) -> None:
    from itertools import islice

    from whence.demo.simulator import year

    with_a_thousand = open_store(tmp_path / STORE_NAME, create=True)
    with_a_thousand.restore(islice(year(), 1_000))
    with_a_thousand.close()
    assert make(tmp_path) == EVENTS - 1_000


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(CannotWrite, match="taken"):
        make(tmp_path / "taken")


def test_a_folder_that_is_in_use_for_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    assert whence(tmp_path, "init").returncode == 0
    before = sorted(tmp_path.iterdir())
    done = whence(tmp_path, "demo", ".")
    assert done.returncode == 4
    assert done.stderr.startswith("error: The folder's whence.toml names another store")
    assert "whence demo FOLDER" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_command_of_the_story_that_fails_ends_it_with_one_message(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whence.demo.story.STEPS", [Step("Why?", "state lead:none")])
    with pytest.raises(
        WhenceError, match=r"A command of the story failed \(Command: whence state lead:none, Exit code: 1"
    ):
        run(folder)


def test_whoever_has_no_whence_on_the_path_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert _activation() == ["source .venv/bin/activate"]
    whence = tmp_path / "whence"
    whence.touch()
    whence.chmod(0o755)
    assert _activation() == []


@pytest.mark.parametrize("command", [step.command for step in STEPS] + [command for _, command in NEXT])
def test_every_command_of_the_story_works(folder: Path, command: str) -> None:
    done = whence(folder, *shlex.split(command))
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_story_ends_by_itself_and_answers_its_questions(tmp_path: Path) -> None:
    started = time.monotonic()
    done = whence(tmp_path, "demo")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 30
    assert (tmp_path / "demo" / STORE_NAME).exists()
    told = done.stdout
    for step in STEPS:
        assert f"$ whence {step.command}" in told
    why = told[told.index("$ whence why lead:1042 score") :].split("$ ")[1]
    assert "60" in why
    assert "80" in why
    assert "scorer" in why
    assert why.count("EmailOpened") == 3
    assert "WebinarAttended" in why
    assert "settings v1" in why
