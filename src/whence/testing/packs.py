"""The exam of a pack: that its scenarios hold, its decisions and states are pure, and its examples work one after the
other in an empty folder. What it decides is left to its scenarios."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import ClassVar

import pytest

from whence.cli import run
from whence.config import Config
from whence.impurity import read_in
from whence.model import Model
from whence.pack import Pack, load


class PackSuite:
    """Subclass it, name the class Test…, and say which pack; pytest does the rest. The pack has to be installed.

    class TestTickets(PackSuite):
        pack = PACK
    """

    pack: ClassVar[Pack]

    def _domain(self) -> str:
        """The pack's name; of an extension that of the pack that it is added to."""
        return self.pack.name.partition(".")[0]

    def test_it_is_found_by_its_name(self) -> None:
        found = load(self._domain())
        assert self.pack.name in (found.name, *(each.name for each in found.extensions))
        assert set(self.pack.parts) <= set(found.parts)

    def test_every_scenario_holds(self) -> None:
        assert self.pack.scenarios or not self.pack.decisions, "Write a scenario for each decision."
        problems = {each.title: each.problem() for each in self.pack.scenarios}
        assert {title: problem for title, problem in problems.items() if problem} == {}

    def test_every_decision_has_a_scenario(self) -> None:
        shown = {each.when.decision.name for each in self.pack.scenarios}
        assert [each.name for each in self.pack.decisions if each.name not in shown] == []

    def test_its_states_and_decisions_are_pure(self) -> None:
        models = [Model.of(each) for each in self.pack.states]
        assert [finding for model in models for finding in read_in(model)] == []

    def test_its_event_types_are_named_for_it(self) -> None:
        assert [each for each in self.pack.events if "." not in each] == []

    def test_every_command_says_what_it_does(self) -> None:
        assert [each.name for each in self.pack.parts if not each.help] == []

    def test_what_it_writes_into_whence_toml_is_understood(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run(["init", "--pack", self._domain(), "--zone", "UTC"]) == 0
        assert list(Config.load("whence.toml").problems()) == []

    def test_its_examples_work_one_after_the_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run(["init", "--pack", self._domain(), "--zone", "UTC"]) == 0
        for each in self.pack.parts:
            for example in each.examples:
                capsys.readouterr()
                code = run(shlex.split(example)[1:])
                assert code == 0, (example, capsys.readouterr().err)
