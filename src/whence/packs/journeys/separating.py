"""The command that separates two names: it looks first at all that joins names, of which the decision sees only what
the names themselves were told."""

from __future__ import annotations

from typing import Any

from whence.app import Whence
from whence.cli import exits
from whence.cli.command import as_form
from whence.cli.packs import act_command, recorded_by, show_decided
from whence.cli.screen import Form
from whence.errors import Refused
from whence.grammar import id_to_raw
from whence.moments import span_of
from whence.pack import Act
from whence.packs.journeys import decisions
from whence.packs.journeys.people import pairs_in
from whence.packs.journeys.state import naming_of


def separate(
    db: Whence, form: Form, *, id: str, other: str, time: str | None, cause: str | None, key: str | None, **told: Any
) -> int:
    """Separate two names. Raises Refused where no event joined just these two."""
    joined = [set(pair) for pair in pairs_in(db.history(), naming_of(db).joined_by)]
    id, other = id.removeprefix("identity:"), other.removeprefix("identity:")
    was_done = key is not None and bool(db.store.positions_of([id_to_raw(key)]))
    if {id, other} not in joined and not was_done:
        names = {
            name: sorted(each for pair in joined if name in pair for each in pair - {name}) for name in (id, other)
        }
        told_of = "; ".join(f"{name} is joined with {' and '.join(found) or 'nobody'}" for name, found in names.items())
        remedy = f"Separate two that one event joined: {told_of}."
        raise Refused("These two were not joined", name=id, other=other, remedy=remedy)
    when = None if time is None else span_of(time, zone=db.config.zone).first_us
    cause = db.event(cause).id if cause is not None and cause.startswith("@") else cause
    show_decided(db.decide(decisions.separate, id, other, time=when, cause=cause, key=key, **told), form)
    return exits.OK


COMMAND = act_command("journeys", Act(decisions.separate.function), separate, recorded_by, as_form)
