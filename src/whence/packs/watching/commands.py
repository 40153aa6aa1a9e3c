"""`whence settings watch`."""

from __future__ import annotations

import sys
from contextlib import suppress

import rich_click as click

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import by_actor, command, grouped, on_store, option
from whence.cli.screen import Column, Form
from whence.packs.settings.events import VersionRefused
from whence.packs.watching.following import Seen, scan
from whence.packs.watching.following import watch as follow

by_whom = grouped(
    by_actor(help="Who changes it."),
    option("--why", metavar="TEXT", help="Why it is changed."),
)


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


COMMANDS = (watch,)
