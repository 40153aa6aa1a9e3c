"""`whence settings rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.cli import exits, screen
from whence.cli.command import as_form, by_actor, by_clock
from whence.cli.packs import act_command
from whence.cli.screen import Form
from whence.cli.valuediffs import show_diff
from whence.pack import Act
from whence.packs.rollback.way import rollback as go_back

if TYPE_CHECKING:
    from whence.app import Whence


def rollback(db: Whence, form: Form, *, preview: bool, **told: Any) -> int:
    found = go_back(db, preview=preview, **told)
    show_diff(found.differences, form, what="setting", position=found.position, version=found.version)
    if form == "screen":
        for each in found.kept:
            screen.note(f"{each} was changed again since, and stays.")
        undone = f"{len(found.undone):,} change" + ("" if len(found.undone) == 1 else "s")
        if found.labels:
            before, after = (each or "none" for each in found.labels)
            screen.note(f"The values are so already; the label goes back from {before} to {after}.")
        if not found.differences and not found.labels:
            screen.note("It is so already: nothing is to change.")
        elif preview:
            screen.note(f"A preview: nothing was appended. It would undo {undone}.")
        else:
            screen.note(f"It undoes {undone}.")
    return exits.OK


COMMANDS = (act_command("settings", Act(go_back), rollback, by_actor(help="Who changes it."), by_clock, as_form),)
