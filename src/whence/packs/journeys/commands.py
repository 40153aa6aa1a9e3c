"""The option by which all that extends journeys is told which names count, and the command that takes names apart,
which looks first at what joined them."""

from __future__ import annotations

from typing import Any

from whence.app import Whence
from whence.cli import exits
from whence.cli.command import as_form, option
from whence.cli.packs import act_command, recorded_by, show_decided
from whence.cli.screen import Form
from whence.clock import SystemClock, to_datetime
from whence.errors import Refused
from whence.grammar import id_to_raw
from whence.moments import span_of
from whence.pack import Act
from whence.packs.journeys import decisions
from whence.packs.journeys.people import pair_of, pairs_in
from whence.packs.journeys.state import naming_of

by_kind = option(
    "--kind", "kinds", multiple=True, metavar="KIND", help="Tags that name customers; the main kind first."
)


def separate(
    db: Whence, form: Form, *, id: str, other: str, time: str | None, cause: str | None, **recorded: Any
) -> int:
    """The decision, once it is certain that the two are joined."""
    id, other = id.removeprefix("identity:"), other.removeprefix("identity:")
    when = None if time is None else span_of(time, zone=db.config.zone).first_us
    refuse_to_separate(db, id, other, recorded["key"], when)
    cause = db.event(cause).id if cause is not None and cause.startswith("@") else cause
    show_decided(db.decide(decisions.separate, id, other, time=when, cause=cause, **recorded), form)
    return exits.OK


def refuse_to_separate(db: Whence, one: str, other: str, key: str | None, time_us: int | None = None) -> None:
    """Raises Refused for two names that no event joined just with each other, or only after this time, by default now,
    unless it was done under this key. It looks at all events, of which the decision sees those of the names alone, so
    that the command asks it first."""
    if key is not None and db.store.positions_of([id_to_raw(key)]):
        return
    naming = naming_of(db)
    pairs = pairs_in(db.history(), naming.joined_by, naming.kinds)
    pair = pair_of(one, other)
    if pair in pairs:
        when = to_datetime(SystemClock().now_us() if time_us is None else time_us)
        if pair not in pairs_in(db.history(when), naming.joined_by, naming.kinds):
            remedy = "Name a time after they were joined: what happened earlier does not undo it."
            raise Refused("These two were joined only later", name=one, other=other, remedy=remedy)
        return
    joined = "; ".join(decisions.joined_with(name, pairs) for name in (one, other))
    remedy = f"Separate two that one event joined: {joined}."
    raise Refused("These two were not joined", name=one, other=other, remedy=remedy)


COMMANDS = (act_command("journeys", Act(decisions.separate.function), separate, recorded_by, as_form),)
