"""A folder of its own and the program run in it: in this process, or as the command that is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import STORY, Result, Run

from whence.cli import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, with nothing of Whence in the environment."""
    for name in list(os.environ):
        if name.startswith("WHENCE"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def whence(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`whence("log", "lead:42")` runs the program here and returns its exit code and what it printed."""

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = run(arguments)
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def command(folder: Path) -> Run:
    """The same as a process of its own: `command("log", input=b"…")`."""

    def call(*arguments: str, **options: object) -> Result:
        line = [sys.executable, "-W", "error", "-c", "from whence.cli import main; main()", *arguments]
        done = subprocess.run(line, capture_output=True, timeout=120, check=False, **options)  # type: ignore[call-overload]
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def pipeline(folder: Path, whence: Run) -> Path:
    """A folder with a whence.toml in UTC and the story of two leads in a SQLite store."""
    assert whence("init", "--zone", "UTC").code == 0
    for time, words in STORY:
        done = whence("append", *words, "--time", time)
        assert done.code == 0, done.err
    return folder
