"""The command of the check."""

from __future__ import annotations

from typing import Any

from whence.cli import screen
from whence.cli.command import counted
from whence.cli.packs import show_rows
from whence.cli.screen import Form
from whence.packs.sequence.sequence import Fault, check
from whence.packs.touchpoints.asking import asking, head_text
from whence.packs.touchpoints.touchpoints import Touchpoints


def show_check(asked: Touchpoints, form: Form, **told: Any) -> bool:
    found = check(asked, **told)
    show_rows(Fault, found.faults, form, asked.zone)
    if form == "screen":
        faults = counted(len(found.faults), "fault") if found.faults else "No fault"
        numbered = f"{counted(found.events, 'numbered event')} of {counted(found.sources, 'source')}, and who is who"
        what = numbered if told["sequence"] else "who is who"
        screen.dim(f"{faults} in {what}; {head_text(asked)}")
    return not found.faults


COMMANDS = (asking(check, show_check),)
