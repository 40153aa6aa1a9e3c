"""Writes docs/reference/*.md from the code: the commands from their help, the Python from its docstrings. Run it after
a change of either; with --check it writes nothing and ends with 1 when a page is not up to date."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

import whence
from whence import errors, pack
from whence.cli import exits, packs
from whence.cli.program import GROUPS, program

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Made by docs/reference.py from the code. Change the code, not this page. -->"

TABLES = {
    "The file": "whence.config",
    "Reading a file: [import.NAME]": "whence.files.mapping",
    "What an entity is: [model.KIND]": "whence.rules",
    "What a score is: [scorecard.NAME]": "whence.scoring.card",
    "A pipeline of leads: [pack.leads]": "whence.packs.leads.pipeline",
    "Events of others, read as a pack's own: [pack.NAME.events]": "whence.meaning",
    "What others' events mean for a lead: [pack.leads.events]": "whence.packs.leads.meaning",
    "The names of a customer: [pack.journeys]": "whence.packs.journeys.naming",
    "A ledger: [pack.ledger]": "whence.packs.book.periods",
    "How a file is posted: [pack.ledger.source.NAME]": "whence.packs.sources.source",
    "By which rule: [[pack.ledger.source.NAME.rule]]": "whence.packs.sources.rules",
    "A file that an account is compared with: [pack.ledger.side.NAME]": "whence.moneyfiles.sides",
    "How the lines of both are read": "whence.moneyfiles.layout",
    "Settings: [pack.settings]": "whence.packs.settings.state",
    "Times": "whence.moments",
}

SHIPPED = {"whence.packs.leads.meaning": "understood.toml"}
"""What stands beside a module and is shown with it."""


def pages() -> dict[str, Callable[[], Iterator[str]]]:
    return {"commands.md": commands, "python.md": python, "configuration.md": configuration, "errors.md": errors_page}


# The commands.


def commands() -> Iterator[str]:
    yield "# Commands"
    yield MADE
    yield (
        "Every option can also be set by the environment variable beside it, several values of one a line each. "
        "`whence COMMAND --help` says the same."
    )
    for group, names in GROUPS.items():
        yield f"## {group}"
        for name in [*names, *(packs.names() if group == "Domains" else ())]:
            command = program.get_command(click.Context(program), name)
            assert command is not None
            if isinstance(command, click.Group):
                yield f"### whence {name}"
                yield paragraphs(command.help)
                for part in command.commands.values():
                    yield from command_text(f"{name} {part.name}", part, "####")
            else:
                yield from command_text(name, command, "###")


def command_text(name: str, command: click.Command, heading: str) -> Iterator[str]:
    context = click.Context(command, info_name=f"whence {name}", auto_envvar_prefix=f"WHENCE_{name.upper()}")
    yield f"{heading} whence {name}"
    if examples := getattr(command, "examples", ()):
        yield "```sh\n" + "\n".join(examples) + "\n```"
    yield paragraphs(command.callback.__doc__ if command.callback else command.help)
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"Usage: `whence {name} {pieces}`"
    rows = [option_row(option, context) for option in command.params if isinstance(option, click.Option)]
    if rows:
        yield "\n".join(["| option | meaning | environment |", "|---|---|---|", *rows])


def option_row(option: click.Option, context: click.Context) -> str:
    written, meaning = option.get_help_record(context) or ("", "")
    meaning = meaning.replace("\\[", "[")  # escaped for the screen, where brackets are markup
    meaning = re.sub(r"\s*\[env var: [^\]]*\]", "", meaning)
    meaning = re.sub(r"\[env var: [^;\]]*; ", "[", meaning)
    variables = [option.envvar] if isinstance(option.envvar, str) else list(option.envvar or ())
    if not variables and option.allow_from_autoenv and option.show_envvar and option.name:
        variables = [f"{context.auto_envvar_prefix}_{option.name.upper()}".replace(" ", "_").replace("-", "_")]
    shown = ", ".join(f"`{variable}`" for variable in variables)
    return f"| `{cell(written)}` | {cell(meaning)} | {shown} |"


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# The Python.


def python() -> Iterator[str]:
    yield "# Python"
    yield MADE
    yield "Everything here is imported from `whence`: `import whence`, or `from whence import Event`."
    for name in sorted(whence.__all__, key=str.lower):
        value = getattr(whence, name)
        if isinstance(value, type) and issubclass(value, errors.WhenceError):
            continue
        if inspect.isclass(value):
            yield from class_text(name, value)
        elif callable(value):
            yield f"## {name}"
            yield f"```text\n{name}{signature(value)}\n```"
            yield paragraphs(inspect.getdoc(value))

    yield "Packs are written with what `whence.pack` has: `from whence.pack import Pack, decision, table`."
    for name in ("Pack", "decision", "table", "Scenario", "Asked"):
        value = getattr(pack, name)
        if inspect.isclass(value):
            yield from class_text(name, value)
        else:
            yield f"## {name}"
            yield f"```text\n{name}{signature(value)}\n```"
            yield paragraphs(inspect.getdoc(value))


def class_text(name: str, cls: type) -> Iterator[str]:
    yield f"## {name}"
    if not getattr(cls, "_is_protocol", False):
        yield f"```text\n{name}{signature(cls)}\n```"
    yield paragraphs(cls.__doc__ if own_doc(cls) else "")
    of_the_app = [each for each in cls.__mro__[::-1] if each.__module__.startswith("whence.app")]
    for member, value in [item for each in of_the_app or [cls] for item in vars(each).items()]:
        if member.startswith("_") or not documented(value):
            continue
        if isinstance(value, property):
            yield f"**.{member}**"
            yield paragraphs(inspect.getdoc(value))
        else:
            function = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
            yield f"**.{member}**`{signature(function, bound=not isinstance(value, staticmethod))}`"
            yield paragraphs(inspect.getdoc(function))


def own_doc(cls: type) -> bool:
    return bool(cls.__doc__) and not cls.__doc__.startswith(f"{cls.__name__}(")


def documented(value: Any) -> bool:
    if isinstance(value, (classmethod, staticmethod)):
        value = value.__func__
    return (inspect.isfunction(value) or isinstance(value, property)) and bool(value.__doc__)


def signature(value: Any, bound: bool = False) -> str:
    """The signature as it is written, without `self` where `bound`."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return "(…)"
    parameters = list(found.parameters.values())[1 if bound else 0 :]
    text = str(found.replace(parameters=parameters))
    text = re.sub(r"<function ([\w.<>]+) at 0x[0-9a-f]+>", r"\1", text)
    return re.sub(r"(?<=[:>\[(, ])'([^']*)'", r"\1", text)


# The configuration and the errors.


def configuration() -> Iterator[str]:
    yield "# whence.toml"
    yield MADE
    for title, name in TABLES.items():
        module = __import__(name, fromlist=["_"])
        yield f"## {title}"
        yield paragraphs(module.__doc__)
        if name in SHIPPED:
            yield f"```toml\n{(Path(module.__file__).parent / SHIPPED[name]).read_text().strip()}\n```"


def errors_page() -> Iterator[str]:
    yield "# Errors and exit codes"
    yield MADE
    yield "Every message says a fact, its values in brackets, and then what to do."
    yield paragraphs(errors.__doc__)
    yield "## Exit codes"
    yield "\n".join(["| code | meaning |", "|---|---|", *(f"| {c} | {cell(m)} |" for c, m in exits.MEANINGS.items())])


def paragraphs(text: str | None) -> str:
    """A docstring as Markdown: indented parts become blocks."""
    lines = inspect.cleandoc(text or "").split("\n")
    found: list[str] = []
    inside = False
    for number, line in enumerate(lines):
        indented = line.startswith("    ")
        ends = not line and not any(rest.startswith("    ") for rest in lines[number + 1 : number + 2])
        if indented and not inside:
            found.append("```text")
        elif inside and not indented and (line or ends):
            found.append("```")
        inside = indented or (inside and not line and not ends)
        found.append(line[4:] if indented else line)
    return "\n".join([*found, "```"] if inside else found).replace("\n```\n```text\n", "\n")


def main(arguments: list[str]) -> int:
    outdated = []
    for name, make in pages().items():
        text = "\n\n".join(part for part in make() if part) + "\n"
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            outdated.append(name)
            if "--check" not in arguments:
                FOLDER.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if outdated:
        print(f"{'Not up to date' if '--check' in arguments else 'Wrote'}: {', '.join(outdated)}")
    if outdated and "--check" in arguments:
        print("Run: .venv/bin/python docs/reference.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
