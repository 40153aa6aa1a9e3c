"""The option by which all that extends journeys is told which names count, and the command that takes names apart,
which looks first at what joined them."""

from __future__ import annotations

from typing import Any

from whence.app import Whence
from whence.cli import exits
from whence.cli.command import as_form, option
from whence.cli.packs import act_command, recorded_by, show_decided
from whence.cli.screen import Form
from whence.moments import span_of
from whence.pack import Act
from whence.packs.journeys import decisions
from whence.packs.journeys.people import refuse_to_separate

by_kind = option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="Tags that name customers; the main kind first."
)


def separate(db: Whence, form: Form, *, id: str, other: str, time: str | None, cause: str | None, **told: Any) -> int:
    """The decision sees only what the names themselves were told, not which events else joined them."""
    id, other = id.removeprefix("identity:"), other.removeprefix("identity:")
    when = None if time is None else span_of(time, zone=db.config.zone).first_us
    refuse_to_separate(db, id, other, told["key"], when)
    cause = db.event(cause).id if cause is not None and cause.startswith("@") else cause
    show_decided(db.decide(decisions.separate, id, other, time=when, cause=cause, **told), form)
    return exits.OK


COMMANDS = (act_command("journeys", Act(decisions.separate.function), separate, recorded_by, as_form),)
