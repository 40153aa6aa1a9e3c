"""What differs between two states of values, printed: long texts by their lines, all else as before and after."""

from __future__ import annotations

from collections.abc import Sequence

from whence.cli import screen
from whence.cli.screen import Column, Form
from whence.textdiff import is_long, text_diff
from whence.tree import MISSING, SHORT
from whence.valuediff import Difference, cell, or_none


def show_diff(
    found: Sequence[Difference], form: Form, *, what: str, position: int | None = None, version: str | None = None
) -> None:
    """Print what differs, `what` being what each value is called; on the screen below the position of the event that
    made it so, and the version since."""
    if form != "screen":
        columns = [Column(what), Column("before"), Column("after")]
        screen.table(columns, [(each.name, or_none(each.before), or_none(each.after)) for each in found], form)
        return
    if position is not None:
        screen.styled(f"@{position}  version {(version or '')[:SHORT]}", "yellow")
    long = [each for each in found if is_long(each.before) or is_long(each.after)]
    rows = [(each.name, cell(each.before), cell(each.after)) for each in found if each not in long]
    screen.table([Column(what, "cyan"), Column("before", "red"), Column("after", "green")], rows, form)
    for each in long:
        screen.styled(each.name, "cyan")
        one, other = ("" if value is MISSING else value for value in (each.before, each.after))
        if not isinstance(one, str) or not isinstance(other, str):
            one, other = cell(each.before), cell(each.after)
        for line in text_diff(one, other):
            screen.styled(line, {"-": "red", "+": "green"}.get(line[0], "dim"))
