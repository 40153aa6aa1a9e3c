"""The commands beside those of the decisions and tables: of the time line, and of taking names apart, which looks first
at what joined them."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, option, times_in
from whence.cli.packs import act_command, cells_of, columns_of, recorded_by, show_decided
from whence.cli.screen import Form
from whence.history import At
from whence.moments import moment_text, span_of
from whence.pack import Act
from whence.packs.journeys import decisions
from whence.packs.journeys.people import refuse_to_separate
from whence.packs.journeys.timeline import Touch, timeline

by_kind = option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="Tags that name customers; the main kind first."
)


def show_timeline(db: Whence, form: Form, **told: Any) -> int:
    found = timeline(db, **told)
    zone, at = db.config.zone, db.at(told["at"], clock=told["clock"])
    said = f"{', '.join(found.names)}; as of @{found.head}{until_text(at, zone)}, {times_in(zone)}"
    lines = map(cells_of(Touch, form, zone), found.touches)
    screen.table(columns_of(Touch, form), lines, form, cut=True, below=True, caption=said)
    return exits.OK


def until_text(at: At, zone: tzinfo) -> str:
    if at.occurred_us is not None:
        return f" until {moment_text(at.occurred_us, zone)}"
    return "" if at.recorded_us is None else f", known at {moment_text(at.recorded_us, zone)}"


def separate(db: Whence, form: Form, *, id: str, other: str, time: str | None, cause: str | None, **told: Any) -> int:
    """The decision sees only what the names themselves were told, not which events else joined them."""
    id, other = id.removeprefix("identity:"), other.removeprefix("identity:")
    when = None if time is None else span_of(time, zone=db.config.zone).first_us
    refuse_to_separate(db, id, other, told["key"], when)
    cause = db.event(cause).id if cause is not None and cause.startswith("@") else cause
    show_decided(db.decide(decisions.separate, id, other, time=when, cause=cause, **told), form)
    return exits.OK


COMMANDS = (
    act_command("journeys", Act(timeline, but=("kinds", "joined_by")), show_timeline, by_kind, at_moment, as_form),
    act_command("journeys", Act(decisions.separate.function), separate, recorded_by, as_form),
)
