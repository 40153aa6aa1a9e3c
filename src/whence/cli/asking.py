"""`whence state`, `states`, `at`, `diff` and `why`: what is true, what was true then, and where a value came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import tzinfo
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import (
    as_form,
    at_moment,
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
from whence.cli.explaining import show_each_left_out, show_explanation, show_left_out, write_page
from whence.cli.pager import paged
from whence.cli.reading import AFTER, BEFORE, FIELD
from whence.cli.screen import Column, Form
from whence.cli.snapshots import note_unused
from whence.compare import count_by, having, refuse_unknown
from whence.errors import InvalidEvent, InvalidInput
from whence.grammar import is_kind
from whence.moments import moment_text, text_of
from whence.query import Query
from whence.rules import idle
from whence.words import value_of

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.compare import Change
    from whence.history import At


MANY = 1_000
"""To leave out each of more events than this takes long enough to say so."""

States = Mapping[str, Mapping[str, Any]]

shared = grouped(with_model, at_store, in_zone, as_form)


@command("state", "whence state lead:42", "whence state lead:42 --at yesterday", brief="The state of one entity.")
@click.argument("entity")
@at_moment
@shared
def state(
    entity: str,
    at: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Shows the fields of an entity, now or as it was. The fields are those of its kind's model in whence.toml, else
    the last value of each data field and each event type's count, first and last time."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        return _show_state(db, entity, moment_of(db, at, clock), clock, model, form)


@command(
    "at", "whence at yesterday", "whence at 2026-01-09 lead:42", brief="What a time means, or an entity's state then."
)
@click.argument("time")
@click.argument("entity", required=False)
@by_clock
@shared
def at(
    time: str,
    entity: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Shows an entity as it was then. Without an entity: the moment that the words name and how many events there are
    up to it. A day, month or year alone means its end; @120 is a position."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        moment = moment_of(db, time, clock)
        if entity is not None:
            return _show_state(db, entity, moment, clock, model, form)
        return _show_moment(db, moment, clock, form)


def _entity(text: str) -> str:
    """The entity, which is kind:value. Raises InvalidEvent for a word without a kind."""
    if ":" not in text:
        remedy = f"Write kind:value, for example lead:{text}."
        if is_kind(text):
            remedy = f"Write kind:value, for example {text}:42. All of a kind are shown by whence states {text}."
        raise InvalidEvent("Not an entity", entity=repr(text), remedy=remedy)
    return text


def _show_moment(db: Whence, at: At, clock: str, form: Form) -> int:
    zone = db.config.zone
    us = at.occurred_us if at.occurred_us is not None else at.recorded_us
    text = moment_text if form == "screen" else text_of
    cells = {
        Column("events", "yellow", right=True): db.count_events(at),
        Column("moment", "blue"): None if us is None else text(us, zone),
        Column("position", right=True): at.position,
    }
    if form == "screen":
        cells = {column: cell for column, cell in cells.items() if cell is not None}
    screen.table(list(cells), [list(cells.values())], form, caption="" if us is None else times_in(zone, clock))
    _note_lateness(db, None, (at,), clock)
    return exits.OK


def _show_state(db: Whence, entity: str, at: At, clock: str, model: str | None, form: Form) -> int:
    found = db.state(_entity(entity), at=at, model=model)
    if found is None:
        screen.note(wording.unknown_entity(db, entity, at))
        return exits.NO
    zone = db.config.zone
    if form == "json":
        screen.json_lines([found])
    else:
        rows = found.items() if form == "csv" else wording.fields(found, zone)
        screen.table([FIELD, Column("value")], rows, form, caption=wording.as_of(at, zone, clock))
    if not found:
        screen.note("The model leaves no fields: give it some, in a rule's set or a handler's self.")
    _note_lateness(db, entity, (at,), clock)
    _note_model(db, entity.partition(":")[0], model)
    return exits.OK


def _note_model(db: Whence, kind: str, model: str | None) -> None:
    """Say where [model.KIND] takes a pack's place, and which of its rules wait for what no event has: a typo in them
    would go unseen."""
    _note_passed_over(db, kind, model)
    table = db.config.models.get(kind, {})
    if model is None and "python" not in table:
        for sentence in idle(kind, table, db.store):
            screen.note(sentence)


def _note_passed_over(db: Whence, kind: str, model: str | None) -> None:
    if model is None and (said := wording.passed_over(db, kind)):
        screen.note(said)


def _note_lateness(db: Whence, about: str | None, moments: Iterable[At], clock: str) -> None:
    """Say where the other clock would answer from other events: of an entity, a kind or all, at each of the moments."""
    for at in dict.fromkeys(moments):
        if found := db.lateness(about, at):
            screen.note(wording.lateness(db, found, at, clock))


def _shown_in(form: Form, zone: tzinfo) -> Callable[[Any], Any]:
    """What a form makes of a value: on the screen it is for the eye, else it stays as it is."""
    return partial(wording.told, zone=zone) if form == "screen" else lambda value: value


def _is_known(db: Whence, entity: str, *moments: At) -> bool:
    """Whether an entity has an event at any of the moments; says what is near when it has none."""
    query = Query.of(tags=[_entity(entity)])
    if any(next(db.history(moment).events(query), None) for moment in moments):
        return True
    screen.note(wording.unknown_entity(db, entity, moments[-1]))
    return False


@command(
    "states",
    "whence states lead --by stage",
    "whence states lead --where stage=won --at 2026-01-09",
    brief="All entities of a kind, or their numbers by field.",
)
@click.argument("kind")
@option(
    "--by",
    "fields",
    envvar="WHENCE_STATES_BY",
    multiple=True,
    metavar="FIELD",
    help="Count by this field; again for a cross table.",
)
@option(
    "--where",
    "where",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Only those: stage=won, score=80; FIELD= means without a value.",
)
@option(
    "--show",
    "chosen",
    envvar="WHENCE_STATES_SHOW",
    multiple=True,
    metavar="FIELD",
    help="Only these fields as columns.",
)
@option("-n", "--limit", type=click.IntRange(1), metavar="N", help="At most so many rows.")
@at_moment
@shared
def states(
    kind: str,
    fields: tuple[str, ...],
    where: tuple[str, ...],
    chosen: tuple[str, ...],
    limit: int | None,
    at: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Shows every entity of a kind with its fields, or with --by how many there are for each value, the total last.
    It reads all of the kind's events. Ends with 1 when there are none."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        moment = moment_of(db, at, clock)
        with screen.progress("Folding") as told:
            known = db.states(kind, at=moment, model=model, progress=told)
        wanted = _wanted(where)
        found = having(known, wanted)
        if not found:
            screen.note(wording.none_has(kind, known, wanted) if known else wording.unknown_kind(db, kind))
            return exits.NO
        with paged():
            if fields:
                _show_counts(kind, found, fields, form, limit, db.config.zone)
            else:
                _show_states(kind, found, chosen, form, limit, db.config.zone)
            if form == "screen":
                screen.dim(f"{len(found):,} of kind {kind}, {wording.as_of(moment, db.config.zone, clock)}")
        _note_lateness(db, kind, (moment,), clock)
        _note_model(db, kind, model)
        note_unused(db, kind, model)
        return exits.OK


def _wanted(where: tuple[str, ...]) -> dict[str, Any]:
    """The values asked for by field, written as for append; None for no value. Raises InvalidInput."""
    wanted: dict[str, Any] = {}
    for condition in where:
        field, sign, value = condition.partition("=")
        if not sign:
            raise InvalidInput("Not a condition", where=condition, remedy="Write --where stage=won.")
        wanted[field] = value_of(value) if value else None
    return wanted


def _show_counts(
    kind: str, found: States, fields: tuple[str, ...], form: Form, limit: int | None, zone: tzinfo
) -> None:
    see = _shown_in(form, zone)
    rows = count_by(found, fields)[:limit]
    columns = [*(Column(field, "cyan") for field in fields), Column(kind, "yellow", right=True)]
    screen.table(columns, ((*map(see, values), number) for values, number in rows), form)


def _show_states(
    kind: str, found: States, chosen: tuple[str, ...], form: Form, limit: int | None, zone: tzinfo
) -> None:
    """A row for each entity. Fields that hold lists or objects are no columns on the screen, unless they are chosen."""
    refuse_unknown(found, chosen)
    names = chosen or tuple(dict.fromkeys(name for fields in found.values() for name in fields))
    nested = [name for name in names if form == "screen" and not chosen and _is_nested(found, name)]
    names = tuple(name for name in names if name not in nested)
    see = _shown_in(form, zone)
    columns = [Column(kind, "cyan", least=24), *(Column(name, least=12) for name in names)]
    rows = ((entity, *(see(fields.get(name)) for name in names)) for entity, fields in islice(found.items(), limit))
    screen.table(columns, rows, form, cut=True)
    if nested:
        screen.dim(f"not shown: {', '.join(nested)} (--show {nested[0]}, or --json)")


def _is_nested(states: States, name: str) -> bool:
    return any(isinstance(fields.get(name), (Mapping, list, tuple)) for fields in states.values())


@command(
    "diff",
    "whence diff lead:42 yesterday",
    "whence diff lead yesterday",
    "whence diff lead:42 @1 @3",
    brief="What changed between two times, in an entity or in all of a kind.",
)
@click.argument("entity", metavar="ENTITY|KIND")
@click.argument("since")
@click.argument("until", required=False)
@option("-n", "--limit", type=click.IntRange(1), metavar="N", help="At most so many rows.")
@by_clock
@shared
def diff(
    entity: str,
    since: str,
    until: str | None,
    limit: int | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Shows the fields that differ between two moments, the second being now unless it is given: of one entity, or of
    every entity of a kind, which reads all of the kind's events. Both ends are inclusive: a day means its end. Ends
    with 1 when nothing was known at either, and by the recorded clock when one is before the store's first event."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        moments = moment_of(db, since, clock), moment_of(db, until, clock)
        show = _show_changes if is_kind(entity) else _show_diff
        code = show(db, entity, moments, clock, model, form, limit)
        if code == exits.OK:
            _note_lateness(db, entity, moments, clock)
        return code


def _show_diff(
    db: Whence, entity: str, moments: tuple[At, At], clock: str, model: str | None, form: Form, limit: int | None
) -> int:
    if not _is_known(db, entity, *moments):
        return exits.NO
    changes = db.diff(entity, *moments, model=model)
    rows = islice(_rows(changes, form, db.config.zone), limit)
    caption = wording.between(*moments, db.config.zone, clock)
    if screen.table([FIELD, BEFORE, AFTER], rows, form, caption=caption) == 0:
        screen.note("No difference.")
    return exits.OK


def _show_changes(
    db: Whence, kind: str, moments: tuple[At, At], clock: str, model: str | None, form: Form, limit: int | None
) -> int:
    """A row for each field that differs of each entity, or one without a field for an entity that has none."""
    with screen.progress("Folding") as told:
        found = db.changes(kind, *moments, model=model, progress=told)
    if not found.known:
        screen.note(wording.unknown_kind(db, kind))
        return exits.NO
    zone = db.config.zone
    rows = (
        (each.entity, each.how, *row)
        for each in found.changed
        for row in (list(_rows(each.changes, form, zone)) or [(None, None, None)])
    )
    columns = [Column("entity", "cyan", least=16), Column("how"), FIELD, BEFORE, AFTER]
    with paged():
        if screen.table(columns, islice(rows, limit), form, cut=True) == 0:
            screen.note("No difference.")
        if form == "screen":
            screen.dim(f"{wording.how_many(found)}, {wording.between(*moments, zone, clock)}")
    return exits.OK


def _rows(changes: Iterable[Change], form: Form, zone: tzinfo) -> Iterator[tuple[str | None, Any, Any]]:
    """A row for each field that differs; on the screen also for each part of it, for the eye."""
    if form == "screen":
        return wording.changes(changes, zone)
    return ((change.field, change.before, change.after) for change in changes)


@command(
    "why",
    "whence why lead:42 score",
    "whence why lead:42 score --at yesterday --plain",
    brief="The events that made a value, in order.",
)
@click.argument("entity")
@click.argument("field")
@option(
    "--depth",
    type=click.IntRange(0),
    default=1,
    envvar="WHENCE_WHY_DEPTH",
    show_default=True,
    metavar="N",
    help="So far are decisions followed to what they looked at.",
)
@option("--plain", envvar="WHENCE_WHY_PLAIN", is_flag=True, help="In sentences, for whoever knows no event sourcing.")
@option("--html", "page", type=click.Path(dir_okay=False), metavar="FILE", help="As a page that works offline.")
@at_moment
@shared
def why(
    entity: str,
    field: str,
    depth: int,
    plain: bool,
    page: str | None,
    at: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Shows the events that made the value of an entity's field, in order, each with what it added or changed, by which
    rule, who and when; below a decided event what the decision looked at. Replaying only these events gives the same
    value. Where an outside system set the value, the entity's events since the value before stand apart: nothing proves
    that they are why. Ends with 1 when the field never had a value."""
    form = form_of(as_json, as_csv)
    if [plain, as_json, as_csv, page is not None].count(True) > 1:
        raise click.UsageError("--plain, --html, --json and --csv exclude each other.")
    with opened(store, zone=zone) as db:
        moment = moment_of(db, at, clock)
        if not _is_known(db, entity, moment):
            return exits.NO
        explanation = db.why(entity, field, at=moment, model=model, depth=depth)
        if plain:
            print(db.told(explanation, at=moment))
        elif page is not None:
            write_page(Path(page), db.page(explanation, at=moment, clock=clock))
        else:
            show_explanation(db, explanation, form, wording.as_of(moment, db.config.zone, clock))
        _note_lateness(db, entity, (moment,), clock)
        _note_passed_over(db, entity.partition(":")[0], model)
        return exits.OK if explanation.contributions else exits.NO


@command(
    "without",
    "whence without lead:42 score @2 @4",
    "whence without lead:42 score",
    brief="A value had some events not happened.",
)
@click.argument("entity")
@click.argument("field")
@click.argument("events", nargs=-1, metavar="[EVENT]...")
@at_moment
@shared
def without(
    entity: str,
    field: str,
    events: tuple[str, ...],
    at: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Shows the value that an entity's field has and the one it would have had these events (@120, or an id) not
    happened. With no event named: each event that made the value, left out by itself, which folds the entity once for
    each. What was decided or recorded afterwards stays as it is. Ends with 1 when the field never had a value."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        moment = moment_of(db, at, clock)
        if not _is_known(db, entity, moment):
            return exits.NO
        caption = wording.as_of(moment, db.config.zone, clock)
        if events:
            show_left_out(db, db.without(entity, field, *events, at=moment, model=model), form, caption)
            return exits.OK
        count = len(db.why(entity, field, at=moment, model=model, depth=0).contributions)
        if count > MANY:
            screen.note(f"{count:,} events made this value: the entity is folded once for each. Name some to be quick.")
        with screen.progress("Leaving out") as told:
            found = []
            for each in db.without_each(entity, field, at=moment, model=model):
                found.append(each)
                if told is not None:
                    told(len(found), count)
        show_each_left_out(db, found, form, caption)
        return exits.OK if found else exits.NO


COMMANDS = (state, at, states, diff, why, without)
