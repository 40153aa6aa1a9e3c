"""`whence settings show` and `import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import msgspec
import rich_click as click

from whence.app import Moment, Whence
from whence.cli import exits, screen
from whence.cli.command import at_moment, command, counted, on_store, option
from whence.cli.packs import pack_command
from whence.cli.screen import Column, Form
from whence.errors import InvalidFile, NotKnown
from whence.pack import Written
from whence.packs.documents.importing import import_changes, import_git
from whence.packs.settings.naming import MAIN
from whence.packs.settings.state import Document


@command(
    "import",
    "whence settings import changes.jsonl --document flags",
    brief="The history of a file that git or another tool has kept.",
)
@click.argument("file", type=click.Path(path_type=Path))
@option("--git", is_flag=True, help="FILE lies in a git repository: every commit that changed it.")
@option("--document", metavar="NAME", help="Which document it becomes; else the file's name, with --git its path.")
@option("--branch", metavar="NAME", help="With --git: which branch, along its first parents.")
@on_store(create=True)
def import_(db: Whence, form: Form, file: Path, git: bool, document: str | None, branch: str | None) -> int:
    """Records every version of a file with its author, reason and time. With --git they are the commits of the branch
    that touched it; else FILE is a list of changes, a JSON object a line with time, author, message and changes, which
    are add, replace or remove at a JSON pointer. A version that cannot be used is recorded as such. Doing it
    again adds what is new."""
    if git:
        done = import_git(db, file, document=document, branch=branch or "HEAD")
    elif branch is not None:
        raise click.UsageError("--branch is of a repository; say --git, too.")
    else:
        try:
            done = import_changes(db, file, document=document)
        except InvalidFile as problem:
            if file.suffix in (".jsonl", ".gz"):
                raise
            remedy = "For a file of settings itself say --git, or use whence settings watch FOLDER --once."
            raise InvalidFile(problem.fact, remedy=f"{problem.remedy} {remedy}".strip(), **problem.facts) from None
    counts = msgspec.structs.asdict(done)
    if form != "screen":
        screen.table([Column(name) for name in counts], [tuple(counts.values())], form)
        return exits.OK
    said = [f"{counted(done.recorded, 'version')} recorded"]
    said += [f"{done.empty:,} of them change nothing"] if done.empty else []
    said += [f"{done.refused:,} cannot be used"] if done.refused else []
    said += [f"{done.known:,} were there already"] if done.known else []
    print(", ".join(said))
    return exits.OK


@pack_command("settings", at_moment)
def show(
    db: Whence,
    form: Form,
    *,
    document: Annotated[str, Written(value="NAME"), "which document: a file's name, else main"] = MAIN,
    at: Moment = None,
    clock: str = "occurred",
) -> int:
    """$ whence settings show
    $ whence settings show --document main --at 2026-01-05

    A document as a whole, as JSON.

    Prints all values of a document now or at a moment: JSON, or the text of a document that is a text. What is wrong
    with the newest version, where that cannot be used, is said on standard error.
    """
    state: Document | None = db.history(db.at(at, clock=clock)).state(Document, f"settings:{document}")
    if state is None:
        remedy = "whence settings versions names them."
        raise NotKnown("There is no such document then", document=document, remedy=remedy)
    print(state.values if isinstance(state.values, str) else json.dumps(state.values, ensure_ascii=False, indent=2))
    if state.refused is not None:
        screen.note(f"This is the last good version. A newer one cannot be used: {state.refused}")
    return exits.OK


COMMANDS = (show, import_)
