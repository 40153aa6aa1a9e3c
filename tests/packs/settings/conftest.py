"""A folder in which the settings are used, and the program there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from whence.cli import run

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    place = tmp_path / "desk"
    place.mkdir()
    monkeypatch.chdir(place)
    assert run(["init", "--pack", "settings", "--zone", "UTC"]) == 0
    capsys.readouterr()
    return place


@pytest.fixture
def call(folder: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def typed(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments)
        return (code, *capsys.readouterr())

    return typed


def rows(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def configure(folder: Path, text: str) -> None:
    with (folder / "whence.toml").open("a") as file:
        file.write(text)
