"""`whence settings show`, `import` and `watch`."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
import rich_click as click

from whence.app import Moment, Whence
from whence.cli import exits, screen
from whence.cli.command import at_moment, by_actor, command, grouped, on_store, option
from whence.cli.packs import pack_command
from whence.cli.screen import Column, Form
from whence.errors import NotKnown
from whence.pack import Written
from whence.packs.documents.changefile import import_changes
from whence.packs.documents.git import import_git
from whence.packs.documents.watching import Seen, scan
from whence.packs.documents.watching import watch as follow
from whence.packs.settings.events import VersionRefused
from whence.packs.settings.naming import MAIN
from whence.packs.settings.state import Document

by_whom = grouped(
    by_actor(help="Who changes it."),
    option("--why", metavar="TEXT", help="Why it is changed."),
)


@command(
    "import",
    "whence settings import changes.jsonl --document flags",
    brief="The history of a file that git or another tool has kept.",
)
@click.argument("file", type=click.Path(path_type=Path))
@option("--git", is_flag=True, help="FILE lies in a git repository: every commit that changed it.")
@option("--document", metavar="NAME", help="Which document it becomes; else the file's name.")
@option("--branch", default="HEAD", metavar="NAME", help="With --git: which branch, along its first parents.")
@on_store(create=True)
def import_(db: Whence, form: Form, file: Path, git: bool, document: str | None, branch: str) -> int:
    """Records every version of a file with its author, reason and time. With --git they are the commits of the branch
    that touched it; else FILE is a list of changes, a JSON object a line with time, author, message and changes, which
    are add, replace or remove at a JSON pointer. A version that cannot be used is recorded as such. Doing it
    again adds what is new."""
    if git:
        done = import_git(db, file, document=document, branch=branch)
    else:
        done = import_changes(db, file, document=document)
    counts = msgspec.structs.asdict(done)
    if form != "screen":
        screen.table([Column(name) for name in counts], [tuple(counts.values())], form)
        return exits.OK
    said = [f"{done.recorded:,} versions recorded"]
    said += [f"{done.empty:,} of them change nothing"] if done.empty else []
    said += [f"{done.refused:,} cannot be used"] if done.refused else []
    said += [f"{done.known:,} were there already"] if done.known else []
    print(", ".join(said))
    return exits.OK


@command(
    "watch",
    "whence settings watch config --by deploy",
    "whence settings watch config prompts/email.txt --once",
    brief="Follow files and folders, and record every change.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@by_whom
@option("--once", is_flag=True, help="Look once and end, for a timer or a deployment.")
@on_store(create=True)
def watch(db: Whence, form: Form, paths: tuple[str, ...], by: str | None, why: str | None, once: bool) -> int:
    """Records how the files stand now, then each change as it is written, until it is interrupted. In folders these are
    JSON, YAML, TOML and texts (.txt, .md, .prompt …); each file is a document of its name. A version that cannot be
    used, or that the schema does not take, is recorded as such, and the last good one stays in force. Ends with 1
    where, with --once, a version cannot be used."""
    if not once:
        with suppress(KeyboardInterrupt):
            follow(db, paths, by=by, why=why, on_change=lambda seen: _tell(seen, form))
        return exits.OK
    found = scan(db, paths, by=by, why=why)
    for each in found:
        _tell(each, form)
    if not found and form == "screen":
        screen.note("Nothing is new.")
    return exits.NO if any(isinstance(each.said, VersionRefused) for each in found) else exits.OK


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


def _tell(seen: Seen, form: Form) -> None:
    said = seen.said
    edits, problem = (None, said.problem) if isinstance(said, VersionRefused) else (len(said.edits), None)
    if form != "screen":
        columns = [Column("document"), Column("edits"), Column("problem")]
        screen.table(columns, [(seen.document, edits, problem)], form)
    elif problem is not None:
        screen.styled(f"{seen.document}  cannot be used: {problem}", "red")
    else:
        screen.styled(f"{seen.document}  {edits} {'edit' if edits == 1 else 'edits'}", "yellow")
    sys.stdout.flush()


COMMANDS = (show, import_, watch)
