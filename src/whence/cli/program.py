"""The program itself: its commands in groups, and how anything that goes wrong becomes one message and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import Any

import rich_click as click
from click.exceptions import NoArgsIsHelpError

from whence.cli import (
    asking,
    bisecting,
    cases,
    checking,
    columns,
    demonstration,
    exchange,
    exits,
    experimenting,
    gridding,
    kept,
    lineage,
    packs,
    reading,
    scorecards,
    scoring,
    screen,
    snapshots,
    stepping,
    upkeep,
    writing,
)
from whence.errors import WhenceError, near

HELP = f"""
[bold]Know whence every number came.[/bold] Whence keeps every event and answers from
the events: what is true now, why it is so, and what was true then.

$ whence demo      # a year of a lead pipeline, to look around in
$ whence init      # a whence.toml and an empty store, here
$ whence append lead:42 EmailOpened campaign=spring --by crm
$ whence why lead:42 score

The store is --store, else WHENCE_STORE, else what the nearest whence.toml
names. Every option can be set by the environment variable shown beside it in
brackets, several values a line each. Times are written as people say them:
yesterday, "last tuesday", 2026-01-09; a day means all of it. A position is
written @120.

[bold]Exit codes[/bold]
{exits.listed()}
"""

GARBAGE_AFTER = 20_000
"""Python looks for garbage in cycles each time so many more objects were made than let go; by itself, each 700."""

GROUPS = {
    "Begin": ("init", "demo"),
    "Look": (
        "log",
        "show",
        "types",
        "state",
        "states",
        "at",
        "diff",
        "why",
        "without",
        "trace",
        "bisect",
        "step",
        "score",
        "experiment",
        "grid",
        "experiments",
        "sql",
    ),
    "Record": ("append", "import", "case", "cases", "scorecard"),
    "Domains": ("packs",),
    "Look after": ("check", "test-for", "replay", "verify-state", "snapshot", "copy", "export", "du"),
}

click.IntRange.name = "integer"  # a word that is no number lies in no range either: it is "not a valid integer"
click.rich_click.COMMAND_GROUPS = {
    "whence": [
        {"name": name, "commands": [*commands, *(packs.names() if name == "Domains" else ())]}
        for name, commands in GROUPS.items()
    ]
}
click.rich_click.TEXT_MARKUP = "rich"
click.rich_click.TEXT_PARAGRAPH_LINEBREAKS = "\n\n"
click.rich_click.STYLE_HELPTEXT = ""
click.rich_click.STYLE_HELPTEXT_FIRST_LINE = ""
click.rich_click.PADDING_HELPTEXT_FIRST_LINE = (0, 0, 1, 0)
click.rich_click.ENVVAR_STRING = "[{}]"
click.rich_click.MAX_WIDTH = 100


class Program(click.RichGroup):
    """The group of all commands and packs; output that nobody reads any more (`whence log | head`) is no failure."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *(name for name in packs.names() if name not in self.commands)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        found: click.Command | None = super().get_command(ctx, name)
        return found or (packs.group(name) if name in packs.names() else None)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        is_mistyped = not name.startswith("-") and self.get_command(ctx, name) is None
        if is_mistyped and not ctx.resilient_parsing:  # click knows the names of no pack
            alike = near(name, self.list_commands(ctx), 3, otherwise=" ").strip()
            raise click.UsageError(f"No such command {name!r}. {alike}".strip(), ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # caught here, before click ends the process with 1
            _silence()
            return exits.OK


@click.group(
    cls=Program,
    help="\b\n" + HELP.strip().replace("\n\n", "\n \n"),  # one block, so that no line is wrapped
    context_settings={"auto_envvar_prefix": "WHENCE", "help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(package_name="whence", message="whence %(version)s")
def program() -> None: ...


for _part in (
    upkeep,
    columns,
    scoring,
    experimenting,
    gridding,
    kept,
    reading,
    asking,
    lineage,
    bisecting,
    stepping,
    writing,
    exchange,
    cases,
    scorecards,
    checking,
    snapshots,
    packs,
    demonstration,
):
    for _command in _part.COMMANDS:
        program.add_command(_command)


def main() -> None:
    """Run the command line of this process and exit."""
    gc.freeze()  # what the imports made lives as long as the process
    gc.set_threshold(GARBAGE_AFTER)
    screen.make_ready()
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    except OSError as problem:
        code = _failed(problem)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; whatever goes wrong is one message on standard error."""
    try:
        return _run(arguments)
    except BrokenPipeError:
        _silence()
        return exits.OK
    except OSError as problem:
        if not screen.is_of_output(problem):
            raise
        return _failed(problem)


def _run(arguments: Sequence[str]) -> int:
    try:
        return program.main(list(arguments), prog_name="whence", standalone_mode=False) or exits.OK
    except WhenceError as problem:
        screen.failure(str(type(problem)(problem.fact, **problem.facts)), problem.remedy)
        return exits.code_of(problem)
    except NoArgsIsHelpError as problem:
        print(problem.format_message())
        return exits.OK
    except click.ClickException as problem:
        context = getattr(problem, "ctx", None)
        path = context.command_path if context else "whence"
        said = " ".join(problem.format_message().split())  # click sets choices on lines of their own
        behind = ""
        if isinstance(problem, click.NoSuchOption):
            if context is not None and context.command is program:
                behind = " Options stand behind the command: whence log --store leads.db."
            elif problem.option_name.lstrip("-")[:1].isdigit():
                behind = " A value that begins with - stands behind -- at the end."
        screen.failure(said, f"Try {path} --help.{behind}")
        return exits.USAGE
    except (KeyboardInterrupt, click.Abort):
        screen.note("interrupted")
        return exits.INTERRUPTED


def _failed(problem: OSError) -> int:
    """Tell of an output, or of a working file, that the system refuses, and return the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        _silence()
    said = f", File: {problem.filename}" if problem.filename else ""
    remedy = "Make room on the disk, or send the output elsewhere. What was recorded before is kept."
    screen.failure(f"The output or a working file cannot be written (Problem: {problem.strerror}{said}).", remedy)
    return exits.STORE


def _silence() -> None:
    """The reader of our output has gone: what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
