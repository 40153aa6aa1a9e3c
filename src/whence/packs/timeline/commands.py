"""The command of the time line."""

from __future__ import annotations

from typing import Any

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, times_in
from whence.cli.packs import act_command, cells_of, columns_of
from whence.cli.screen import Form
from whence.moments import until_text
from whence.pack import Act
from whence.packs.journeys.commands import by_kind
from whence.packs.timeline.timeline import Touch, timeline


def show_timeline(db: Whence, form: Form, **told: Any) -> int:
    found = timeline(db, **told)
    zone, at = db.config.zone, db.at(told["at"], clock=told["clock"])
    said = f"{', '.join(found.names)}; as of @{found.head}{until_text(at, zone)}, {times_in(zone)}"
    lines = map(cells_of(Touch, form, zone), found.touches)
    screen.table(columns_of(Touch, form), lines, form, cut=True, below=True, caption=said)
    return exits.OK


COMMANDS = (
    act_command("journeys", Act(timeline, but=("kinds", "joined_by")), show_timeline, by_kind, at_moment, as_form),
)
