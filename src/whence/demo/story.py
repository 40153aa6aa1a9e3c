"""The walk through the simulated year: a folder to play in, then the product's own commands, each echoed as in a shell
and run for real. What the year holds is left to simulator."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from whence.config import Config
from whence.demo.simulator import EVENTS, year
from whence.errors import CannotWrite, WhenceError
from whence.stores.opening import open_store

STORE_NAME = "leads.db"
CONFIG_NAME = "whence.toml"


class Step(msgspec.Struct, frozen=True):
    """What a reader wants to know, and the command line (after `whence`) that answers it."""

    question: str
    command: str


STEPS = (
    Step(
        "One lead of the 2,000: Nora Winkler at Linden Soft. What happened until 12 January? (A * marks what was "
        "recorded later than it happened: the webinar's list came in the next morning.)",
        "log lead:1042 --until 2025-01-12 --reverse",
    ),
    Step("She is at 80. Why?", "why lead:1042 score"),
    Step("What did we know of her on the 9th?", "at 2025-01-09 lead:1042"),
    Step("What changed between the 9th and the 12th?", "diff lead:1042 2025-01-09 2025-01-12"),
    Step("Where does the whole pipeline stand at the end of the year?", "states lead --by stage"),
    Step("And where did it stand on 30 June?", "states lead --by stage --at 2025-06-30"),
    Step(
        "Two settings were changed in the middle of the year. Which, when, and by whom?",
        "log --type ScoringChanged --type PromptChanged --since 2025-02-01",
    ),
    Step("What does the new prompt say, and why was it changed?", "diff setting:mail_writer 2025-07-13 2025-07-14"),
    Step(
        "Did it matter? Every e-mail by the prompt that wrote it. Replies fell by half: p4 is opened, not answered.",
        "states email --by prompt --by replied",
    ),
)

NEXT = (
    ("Did the new scoring send the owners to better leads?", "states lead --by asked_by --by outcome"),
    ("What does the scorer count since June?", "diff setting:scoring 2025-06-16 2025-06-17"),
    ("Which source wins?", "states lead --by source --by stage"),
    (
        "Was it the new prompt that cost replies, or chance? Every change of settings, weighed.",
        "settings impact EmailSent --outcome Replied --within '14 days' --window 90",
    ),
    (
        "Would the new scoring have named the won deals before, all year? (Then open experiments/v2/report.html.)",
        "experiment lead --candidate lead_v2 --outcome LeadWon --within '90 days' --by source --save experiments/v2",
    ),
    (
        "Which settings would have been better? (The best of many looks better than it is: it says by how much.)",
        "grid lead --vary call=60:85:5 --vary engagement.ceiling=20,40,60 --outcome LeadWon --within '90 days'",
    ),
    ("The webinar, with both its times", "log lead:1042 --type WebinarAttended --json"),
    ("Add a fact of your own", 'append lead:1042 NoteAdded note="Call back in May" --by me'),
    ("Does every promise hold?", "check"),
)


def run(folder: Path, *, out: Console | None = None) -> None:
    """Make the folder with its store and whence.toml where they are missing, then tell the story in the terminal.

    What is there already is left as it is. Raises CannotWrite for a folder that cannot be made or holds something else,
    and WhenceError when one of the commands fails, which has then said why.
    """
    out = out or Console(highlight=False)
    made = make(folder)
    shown = os.path.relpath(folder)
    if made:
        out.print(f"Made {shown}/{STORE_NAME}: {made:,} events, the year 2025 of a lead pipeline.", style="green")
        out.print(f"Made {shown}/{CONFIG_NAME}: the store's name and what a lead is.", style="green")
    else:
        out.print(f"{shown}/{STORE_NAME} is there already and left as it is.", style="green")
    for step in STEPS:
        out.print()
        out.print(step.question, style="italic")
        _echo(out, step.command)
        _whence(step.command, folder)
    out.print()
    out.print("What to try next", style="bold")
    for line in (*_activation(), f"cd {shown}"):
        _echo(out, line, program="")
    for question, command in NEXT:
        out.print(Padding(f"# {question}", (0, 0, 0, 2)), style="dim")
        _echo(out, command)
    out.print(f"Then open {shown}/{CONFIG_NAME}, change a rule under model.lead, and ask again.", markup=False)


def make(folder: Path) -> int:
    """Make the folder's store and whence.toml, each where it is missing, and go on where a store was left unfinished.
    Returns how many events were written. Raises CannotWrite, also for a folder whose whence.toml is of something else,
    and CorruptStore for a store of something else."""
    config = folder / CONFIG_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not config.exists():
            config.write_text((files("whence.demo") / CONFIG_NAME).read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as problem:
        remedy = "Name another folder: whence demo FOLDER."
        raise CannotWrite("The folder cannot be made", folder=folder, problem=problem.strerror, remedy=remedy) from None
    named = Config.load(config).own_store
    if named != str(config.parent / STORE_NAME):
        fact, remedy = "The folder's whence.toml names another store", "Name another folder: whence demo FOLDER."
        raise CannotWrite(fact, file=config, store=named, remedy=remedy)
    store = open_store(str(folder / STORE_NAME), create=True)
    try:
        head = store.head()
        return 0 if head >= EVENTS else store.restore(year()) - head
    finally:
        store.close()


def _activation() -> list[str]:
    """What to type first so that `whence` is found: nothing where it is, or where there is nothing to activate."""
    script = Path(sys.prefix) / "bin" / "activate"
    return [] if shutil.which("whence") or not script.is_file() else [f"source {shlex.quote(os.path.relpath(script))}"]


def _echo(out: Console, command: str, program: str = "whence ") -> None:
    out.print(f"[green]$[/green] [bold]{escape(program + command)}[/bold]", soft_wrap=True)


def _whence(command: str, folder: Path) -> None:
    """Run one command in the folder, in a process of its own, in this terminal."""
    sys.stdout.flush()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WHENCE_")}
    environment["WHENCE_PAGER"] = "cat"  # a story is told without stopping
    started = [sys.executable, "-c", "from whence.cli import main; main()", *shlex.split(command)]
    code = subprocess.run(started, cwd=folder, env=environment).returncode
    if code != 0:
        remedy = f"Mend {folder / CONFIG_NAME}, or name another folder: whence demo FOLDER."
        raise WhenceError("A command of the story failed", command=f"whence {command}", exit_code=code, remedy=remedy)
