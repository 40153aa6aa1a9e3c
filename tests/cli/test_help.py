"""Every command, option and exit code is documented, and every example in a help text works."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from running import Run

from whence.cli import packs
from whence.cli.exits import MEANINGS
from whence.cli.program import GROUPS, program


def commands(group: click.Group = program, path: str = "whence") -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


ALL = list(commands())
LEAVES = [(path, command) for path, command in ALL if not isinstance(command, click.Group)]
OF_PACKS = tuple(f"whence {name} " for name in packs.names())
"""What begins with one of these is an example of a pack, which tells a story of its own: whence.testing.PackSuite."""
EXAMPLES = [(path, example) for path, leaf in LEAVES if not path.startswith(OF_PACKS) for example in leaf.examples]


def test_every_command_stands_in_one_group_of_the_help() -> None:
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(program.commands)


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[path for path, _ in LEAVES])
def test_every_command_begins_with_an_example_and_says_what_it_does(path: str, command: click.Command) -> None:
    text = command.help or ""
    assert text.lstrip("\b\n ").startswith(f"$ {path}"), text
    assert len(text.splitlines()[-1]) > 20
    assert command.short_help


@pytest.mark.parametrize(("path", "command"), ALL, ids=[path for path, _ in ALL])
def test_every_option_says_what_it_does_and_shows_its_environment_variable(
    path: str, command: click.Command, whence: Run
) -> None:
    shown = re.sub(r"\s+", " ", whence(*path.split()[1:], "--help").out)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter
            assert parameter.show_envvar, parameter
            name = variable(path, parameter)
            assert name in shown.replace(" ", "").replace("│", "") or name in shown, (name, shown)


def variable(path: str, option: click.Option) -> str:
    return str(option.envvar or "_".join([*path.upper().replace("-", "_").split(), str(option.name).upper()]))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[path for path, _ in ALL])
def test_what_may_be_given_again_is_a_line_each_in_the_environment(
    path: str, command: click.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = click.Context(command, auto_envvar_prefix=path.upper().replace("-", "_").replace(" ", "_"))
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.multiple:
            monkeypatch.setenv(variable(path, parameter), "EmailOpened campaign:spring\n2026-01\n")
            assert parameter.value_from_envvar(context) == ["EmailOpened campaign:spring", "2026-01"]


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[path for path, _ in LEAVES])
def test_no_help_text_loses_its_brackets(path: str, command: click.Command, whence: Run) -> None:
    shown = re.sub(r"[\s│]+", "", whence(*path.split()[1:], "--help").out)
    texts = [command.help or "", *(option.help or "" for option in command.params if isinstance(option, click.Option))]
    for text in texts:
        for bracketed in re.findall(r"\[[^\]]*\]", text):
            assert re.sub(r"\s+", "", bracketed) in shown, bracketed


def test_no_help_text_names_a_bound_that_is_not_there() -> None:
    ranges = [
        (path, each.type) for path, leaf in LEAVES for each in leaf.params if isinstance(each.type, click.IntRange)
    ]
    assert [path for path, each in ranges if (each.min, each.max) == (None, None)] == []


def test_every_exit_code_is_in_the_help(whence: Run) -> None:
    shown = whence("--help").out
    for code, meaning in MEANINGS.items():
        assert re.search(rf"\b{code}  {re.escape(meaning[:20])}", shown), code


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_every_example_works(path: str, example: str, pipeline: Path, whence: Run) -> None:
    import_id = prepare(pipeline, whence)
    done = whence(*shlex.split(example.partition(" > ")[0].replace("import:ID", import_id))[1:])
    assert done.code == 0, done
    assert "error" not in done.err


CARD = """
[scorecard.{name}]
kind = "lead"
[[scorecard.{name}.rule]]
on = "EmailOpened"
points = {points}
[[scorecard.{name}.threshold]]
score = "score"
at = 40
stage = "warm"
"""


def prepare(pipeline: Path, whence: Run) -> str:
    """What the examples speak of: a second store, a file to import and its mapping, two scorecards, of which one
    was adopted, with two experiments that were kept, a lead that won
    yesterday and that a CRM scored as we do, an answer to that, and an import, whose name is returned."""
    (pipeline / "crm.csv").write_text("when,what,lead,score\n2026-01-05 09:00,Scored,42,60\n")
    with (pipeline / "whence.toml").open("a") as config:
        config.write('[import.crm]\ntype = "what"\ntime = "when"\nzone = "UTC"\ntags = ["lead:{lead}"]\n')
        config.write(CARD.format(name="lead", points=40) + CARD.format(name="v2", points=70))
    for words in (
        ("lead:42", "StageChanged", "stage=won", "--time", "2026-01-08"),
        ("lead:42", "LeadScored", "score=40", "--time", "2026-01-09"),
        ("lead:42", "Called", "--time", "yesterday"),
        ("lead:42", "Called", "--store", "leads.db"),
    ):
        assert whence("append", *words).code == 0
    (pipeline / "old.csv").write_text("when,what,lead,score\n2026-01-04 09:00,Scored,7,10\n")
    import_id = whence("import", "old.csv").out.split()[-1]
    assert import_id.startswith("import:")
    adopted = whence("scorecard", "adopt", "lead", "--by", "anna", "--why", "As before", "--time", "2026-01-01")
    assert adopted.code == 0
    assert whence("replay", "lead", "--save", "result.jsonl").code == 0
    (pipeline / "lead.py").write_text('class Lead:\n    kind = "lead"\n')
    for name, points in (("v2", "40"), ("v2-strict", "70")):
        line = ("experiment", "lead", "--candidate", "v2", "--threshold", points, "--save", f"experiments/{name}")
        assert whence(*line).code == 0
    assert whence("snapshot", "lead").code == 0
    (pipeline / "crm-leads.csv").write_text(whence("states", "lead", "--csv").out)
    (pipeline / "states.jsonl").write_text(whence("states", "lead", "--json", "--at", "2026-01-09").out)
    (pipeline / "case.json").write_text(whence("case", "open", "lead:42", "LeadScored").out)
    (scored,) = whence("log", "--type", "LeadScored", "--json").out.splitlines()
    (pipeline / "answers.csv").write_text(f"case,value\n{json.loads(scored)['id']},50\n")
    return import_id
