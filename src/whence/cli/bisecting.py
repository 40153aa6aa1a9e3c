"""`whence bisect`: the event that broke a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import (
    as_form,
    at_store,
    by_clock,
    command,
    form_of,
    grouped,
    in_zone,
    moment_of,
    opened,
    option,
    times_in,
    with_model,
)
from whence.cli.reading import AFTER, BEFORE, ENTITY, FIELD, POSITION, TIME, TYPE, WHO, times
from whence.cli.screen import Column, Form
from whence.cli.snapshots import note_unused
from whence.query import Query

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.explaining.bisect import Bisection, Breach
    from whence.history import At

NAMED_MAX = 5
"""So many of the entities that are broken are named."""


@command(
    "bisect",
    'whence bisect lead:42 "(score or 0) < 80"',
    "whence bisect lead \"stage != 'won' or (score or 0) >= 80\" --first",
    brief="The event that broke a rule.",
)
@click.argument("about", metavar="ENTITY|KIND")
@click.argument("rule")
@option("--good", metavar="TIME", help="The rule holds then (a day: its end; or @120); else before any event.")
@option("--bad", metavar="TIME", help="The rule is broken then; else now.")
@option("--first", envvar="WHENCE_BISECT_FIRST", is_flag=True, help="The very first such event, by a scan of all.")
@by_clock
@grouped(with_model, at_store, in_zone, as_form)
def bisect(
    about: str,
    rule: str,
    good: str | None,
    bad: str | None,
    first: bool,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Finds an event by which a rule that had held was broken: for one entity, or for a kind, whose rule holds while it
    holds for every entity. A rule is a Python expression on the fields; a field without a value is None.

    It halves, as git does: a rule that flips several times has several such events, and this finds one. --first reads
    on from the beginning and finds the first. Where there are snapshots (whence snapshot KIND), it is quicker for a
    kind and finds the same. Ends with 1 when the rule is broken already
    where the search begins, or holds where it ends."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        end = moment_of(db, bad, clock)
        start = None if good is None else moment_of(db, good, clock)
        if start is not None and _is_after(start, end):
            raise click.UsageError("--good is after --bad: the rule is to hold first, and to be broken later.")
        with screen.progress("Folding") as told:
            found = db.bisect(about, rule, good=start, bad=end, first=first, model=model, progress=told)
        if ":" not in about:
            note_unused(db, about, model)
        if found.breach is None:
            screen.note(_why_not(db, found, end))
            return exits.NO
        _show(db, found, found.breach, end, form)
        return exits.OK


def _is_after(start: At, end: At) -> bool:
    """Whether the search would begin after its end, as far as both are moments of one sort."""
    pairs = zip(msgspec.structs.astuple(start), msgspec.structs.astuple(end), strict=True)
    return any(first is not None and last is not None and first > last for first, last in pairs)


def _why_not(db: Whence, found: Bisection, end: At) -> str:
    """Why there is no event that broke the rule."""
    if found.broken_before:
        who = _named(found.broken_before)
        return f"The rule is broken already where the search begins: {who}. Name an earlier --good, or none."
    if ":" in found.about and next(db.history(end).events(Query.of(tags=[found.about])), None) is None:
        return wording.unknown_entity(db, found.about, end)
    if ":" not in found.about and found.about not in {kind for type in db.types() for kind in type.kinds}:
        return wording.unknown_kind(db, found.about)
    if found.first:
        return f"The rule was never broken: {found.rule} for {found.about}."
    return f"The rule holds at the end: {found.rule} for {found.about}. --first says whether it was ever broken."


def _named(entities: Sequence[str]) -> str:
    more = f" and {len(entities) - NAMED_MAX:,} more" if len(entities) > NAMED_MAX else ""
    return ", ".join(entities[:NAMED_MAX]) + more


def _show(db: Whence, found: Bisection, breach: Breach, end: At, form: Form) -> None:
    event, zone = breach.recorded, db.config.zone
    if form == "json":
        screen.json_lines([_as_json(found, breach)])
        return
    if form == "csv":
        columns = (ENTITY, POSITION, TIME, TYPE, WHO, Column("cause"), FIELD, BEFORE, AFTER)
        said = (breach.entity, event.position, event.time, event.type, event.actor, event.cause)
        screen.table(columns, ((*said, each.field, each.before, each.after) for each in breach.changes), form)
        return
    screen.styled(f"{breach.entity}  {found.rule}  broken by @{event.position}", "bold")
    row = (event.position, times(event, zone), event.type, event.actor, event.cause)
    screen.table((POSITION, TIME, TYPE, WHO, Column("cause", "dim")), [row], form)
    print()
    screen.table((FIELD, BEFORE, AFTER), _state(db, breach), form, caption=_caption(db, found))
    if breach.before is None:
        screen.dim(f"This is its first event: the rule never held of {breach.entity} once it was there.")
    elif not found.first:
        screen.dim("A rule that flips several times has several such events: --first finds the very first.")
    if others := [entity for entity in found.broken if entity != breach.entity]:
        screen.dim(f"Broken at the end as well: {_named(others)}. Ask for each: whence bisect {others[0]} RULE")
    if breach.entity in found.broken and end.is_now:
        screen.dim(f"As a failing test: whence test-for {breach.entity} RULE -o test_it.py")


def _state(db: Whence, breach: Breach) -> Iterator[tuple[str, Any, Any]]:
    """A row for each field: those that the event changed go first."""
    zone = db.config.zone
    yield from wording.changes(breach.changes, zone)
    changed = {change.field for change in breach.changes}
    rest = {name: value for name, value in breach.after.items() if name not in changed}
    yield from ((name, value, value) for name, value in wording.fields(rest, zone))


def _caption(db: Whence, found: Bisection) -> str:
    replays = "1 partial replay" if found.replays == 1 else f"{found.replays} partial replays"
    return f"{'the first such event' if found.first else 'one such event'}, {replays}, {times_in(db.config.zone)}"


def _as_json(found: Bisection, breach: Breach) -> dict[str, Any]:
    return {
        "about": found.about,
        "rule": found.rule,
        "entity": breach.entity,
        "position": breach.recorded.position,
        "event": breach.recorded.to_json(),
        "before": breach.before,
        "after": breach.after,
        "changes": [{"field": each.field, "before": each.before, "after": each.after} for each in breach.changes],
        "first": found.first,
        "broken": list(found.broken),
        "replays": found.replays,
        "model": found.model,
        "order": found.order,
    }


COMMANDS = (bisect,)
