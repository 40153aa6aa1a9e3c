"""The commands beside those of the decisions and tables: of the time line, of the questions that are asked here, and of
taking names apart, which looks first at what joined them."""

from __future__ import annotations

from typing import Any

import rich_click as click

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, counted, option, times_in
from whence.cli.packs import act_command, cells_of, columns_of, recorded_by, show_decided, show_rows
from whence.cli.screen import Form
from whence.moments import span_of
from whence.pack import Act
from whence.packs.journeys import decisions
from whence.packs.journeys.asking import asking, by_kind, head_text, rows, until_text
from whence.packs.journeys.columns.touchpoints import Touchpoints
from whence.packs.journeys.people import refuse_to_separate
from whence.packs.journeys.sequence import Fault, check
from whence.packs.journeys.sessions import Session, Sessions, sessions, sessions_by
from whence.packs.journeys.timeline import Touch, timeline


def show_timeline(db: Whence, form: Form, **told: Any) -> int:
    found = timeline(db, **told)
    zone, at = db.config.zone, db.at(told["at"], clock=told["clock"])
    said = f"{', '.join(found.names)}; as of @{found.head}{until_text(at, zone)}, {times_in(zone)}"
    lines = map(cells_of(Touch, form, zone), found.touches)
    screen.table(columns_of(Touch, form), lines, form, cut=True, below=True, caption=said)
    return exits.OK


def all_counted(*, name: str | None, limit: int | None, unit: str | None, **_: Any) -> None:
    if unit is not None and (name, limit) != (None, None):
        raise click.UsageError("--by counts the sessions of all; leave out the name and --limit.")


def show_sessions(asked: Touchpoints, form: Form, *, name: str | None, gap: str, limit: int | None, unit: Any) -> int:
    if unit is None:
        return rows(asked, form, Session, sessions(asked, name, gap=gap, limit=limit))
    return rows(asked, form, Sessions, sessions_by(asked, unit, gap=gap))


def show_check(asked: Touchpoints, form: Form, **told: Any) -> bool:
    found = check(asked, **told)
    show_rows(Fault, found.faults, form, asked.zone)
    if form == "screen":
        faults = counted(len(found.faults), "fault") if found.faults else "No fault"
        numbered = f"{counted(found.events, 'numbered event')} of {counted(found.sources, 'source')}, and who is who"
        what = numbered if told["sequence"] else "who is who"
        screen.dim(f"{faults} in {what}; {head_text(asked)}")
    return not found.faults


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
    asking(
        sessions,
        show_sessions,
        option(
            "--by",
            "unit",
            type=click.Choice(["day", "week", "month"]),
            help="A row for each period instead of each session.",
        ),
        refuse=all_counted,
    ),
    asking(check, show_check),
    act_command("journeys", Act(decisions.separate.function), separate, recorded_by, as_form),
)
