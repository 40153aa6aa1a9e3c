"""`whence replay`, `verify-state` and `test-for`: whether code and stored values agree with the history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import (
    as_form,
    at_moment,
    at_store,
    command,
    entities_text,
    events_text,
    form_of,
    in_zone,
    moment_of,
    opened,
    option,
    with_model,
)
from whence.cli.reading import FIELD
from whence.cli.replaying import write_states
from whence.cli.screen import Column
from whence.errors import CannotWrite, NotKnown
from whence.moments import second_of
from whence.query import Query

if TYPE_CHECKING:
    from datetime import tzinfo

    from whence.app import Whence
    from whence.checking.drift import SnapshotVerified, Verified
    from whence.checking.result import Comparison, Deviation, Origin
    from whence.cli.screen import Form

RECORDED, NOW = Column("recorded", "red"), Column("now", "green")
SHOWN_MAX = 10
DRIFTS_MAX = 50


@command(
    "replay",
    "whence replay lead --save result.jsonl",
    "whence replay --check result.jsonl",
    "whence replay lead --states now.jsonl --processes 2",
    "whence replay lead --states scores.jsonl --card lead",
    brief="Fold all of a kind: what it comes to, or check the code by it.",
)
@click.argument("kind", required=False)
@option("--save", metavar="FILE", help="Write the result into this file; .gz packs it.")
@option("--check", metavar="FILE", help="Replay what this file is the result of, and compare.")
@option("--states", metavar="FILE", help="Write what each entity comes to into this file, folded from columns.")
@option("--card", metavar="NAME", help="By this scorecard, with every crossing, instead of the model; with --states.")
@option(
    "--processes", type=click.IntRange(min=1), default=1, metavar="N", help="Over so many processes; with --states."
)
@at_moment
@with_model
@at_store
@in_zone
@as_form
def replay(
    kind: str | None,
    save: str | None,
    check: str | None,
    states: str | None,
    card: str | None,
    processes: int,
    at: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """With --save, folds every entity of a kind and writes what it comes to, and what each event changed, into a file.
    With --check, folds the same history again with the code as it is now, though the store may have gone on since, and
    names the first event and field that come out otherwise. Made for CI: record once, check at every change of the
    model. Ends with 1 when something is different.

    With --states, writes what every entity comes to as JSON lines, folded from columns by several processes where
    --processes says so; the bytes are the same. It needs the extra `columns`, and builds segments that are missing."""
    form = form_of(as_json, as_csv)
    if sum(each is not None for each in (save, check, states)) != 1 or (check is None and kind is None):
        raise click.UsageError(
            "Say what: whence replay lead --save FILE or --states FILE, or whence replay --check FILE."
        )
    if states is None and (card is not None or processes != 1):
        raise click.UsageError("--card and --processes go with --states FILE.")
    if card is not None and model is not None:
        raise click.UsageError("--card and --model exclude each other.")
    if check is not None and (kind is not None or at is not None):
        raise click.UsageError("The file of --check says the kind and the moment itself.")
    with opened(store, zone=zone) as db:
        if check is not None:
            with screen.progress("Folding") as told:
                found = db.check_replay(check, model=model, progress=told)
            return _show_comparison(db, check, found, form)
        moment = moment_of(db, at, clock)
        db.history(moment)  # a time before anything was recorded is said as everywhere
        if states is not None:
            how: Any = {"model": model, "card": card, "moment": moment, "processes": processes}
            return write_states(db, str(kind), states, **how)
        try:
            with screen.progress("Folding") as told:
                result = db.replay(str(kind), at=moment, model=model, progress=told)
                result.save(str(save))
        except NotKnown:
            screen.note(wording.unknown_kind(db, str(kind)))
            return exits.NO
        _show_saved(str(save), result.origin, form)
        return exits.OK


def _show_saved(file: str, origin: Origin, form: Form) -> None:
    """Say of what the file is the result."""
    if form != "screen":
        names = origin.__struct_fields__
        screen.table([Column(name) for name in names], [[getattr(origin, name) for name in names]], form)
        return
    screen.styled(
        f"Wrote {file}: {entities_text(origin.entities)} of kind {origin.kind} up to @{origin.head}, "
        f"by {origin.model} ({origin.fingerprint[:12]}).",
        "green",
    )


def _show_comparison(db: Whence, file: str, found: Comparison, form: Form) -> int:
    of, zone = found.recorded, db.config.zone
    if form != "screen":
        names = ("entity", "what", "position", "type", "time", "who", "field", "recorded", "now")
        screen.table([Column(name) for name in names], _deviation_rows(found, zone), form)
    elif found.same:
        screen.styled(
            f"The same: {entities_text(of.entities)} of kind {of.kind}, as in {file}, up to @{of.head}.", "green"
        )
    else:
        _show_deviations(found, zone)
    if not found.same_code:
        screen.note(f"The code of {of.model} is not the one that was recorded.")
    return exits.OK if found.same else exits.NO


def _deviation_rows(found: Comparison, zone: tzinfo) -> Iterator[tuple[Any, ...]]:
    """A row for each field that differs, the earliest event first."""
    for each in found.deviations:
        event = each.event
        if event is None:
            yield each.entity, each.what, *[None] * 7
            continue
        place = (each.entity, each.what, event.position, event.type, second_of(event.time_us, zone), event.actor)
        yield from ((*place, change.field, change.before, change.after) for change in each.changes)


def _show_deviations(found: Comparison, zone: tzinfo) -> None:
    """The first event and field at length, the other entities in a line each."""
    first, rest = found.deviations[0], found.deviations[1:]
    count = f"{len(found.deviations):,} of {found.recorded.entities:,} entities of kind {found.recorded.kind}"
    screen.styled(f"Not the same: {count} come out otherwise. The first:", "bold red")
    screen.styled(f"{first.entity}  {_event_text(first, zone)}", "bold")
    screen.table([FIELD, RECORDED, NOW], ((each.field, each.before, each.after) for each in first.changes), "screen")
    if rest:
        print()
        columns = [Column("entity", "cyan"), Column("from", "dim"), Column("fields")]
        rows = (
            (each.entity, _event_text(each, zone), ", ".join(change.field for change in each.changes))
            for each in rest[:SHOWN_MAX]
        )
        screen.table(columns, rows, "screen", cut=True)
    if len(rest) > SHOWN_MAX:
        screen.dim(f"and {len(rest) - SHOWN_MAX:,} more (--json has all)")


def _event_text(deviation: Deviation, zone: tzinfo) -> str:
    """`@2 Scored by anna, 2026-01-05 10:00:00`, or that the entity is new or gone."""
    event = deviation.event
    if event is None:
        return "is new" if deviation.what == "new" else "is gone"
    by = f" by {event.actor}" if event.actor else ""
    return f"@{event.position} {event.type}{by}, {second_of(event.time_us, zone)}"


@command(
    "verify-state",
    "whence verify-state lead crm-leads.csv",
    "whence verify-state lead states.jsonl --at 2026-01-09",
    "whence verify-state lead",
    brief="Whether stored rows or snapshots agree with the history.",
)
@click.argument("kind")
@click.argument("file", metavar="[FILE|-]", required=False)
@option(
    "--entity", "column", metavar="COLUMN", help="The column with lead:42 or 42; else the kind's name, entity or id."
)
@option("--delimiter", default=",", metavar="SIGN", help="What stands between the columns of a CSV.")
@at_moment
@with_model
@at_store
@in_zone
@as_form
def verify_state(
    kind: str,
    file: str | None,
    column: str | None,
    delimiter: str,
    at: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Compares the rows of a file, CSV or JSON lines, with a fresh replay of the kind: an export of the system that
    shows these values, or what whence states wrote earlier. Names each entity and field that differ, and entities that
    only one side has. A field that the file does not have is not compared.

    Without a file it compares the snapshots of the kind with a fresh replay up to each. Ends with 1 when something
    differs, or none could be compared."""
    form = form_of(as_json, as_csv)
    if file is None and (at is not None or column is not None):
        raise click.UsageError("--at and --entity go with a file: whence verify-state lead crm.csv.")
    with opened(store, zone=zone) as db:
        if file is None:
            with screen.progress("Folding") as told:
                snapshots = db.verify_snapshots(kind, model=model, progress=told)
            if not snapshots:
                screen.note(wording.no_snapshots(db, kind))
                return exits.NO
            return _show_snapshots(kind, snapshots, form)
        moment = moment_of(db, at, clock)
        with screen.progress("Folding") as told:
            found = db.verify_state(
                kind, file, at=moment, model=model, column=column, delimiter=delimiter, progress=told
            )
        if form != "screen":
            rows = ((d.entity, d.what, d.field, d.stored, d.replayed, d.line) for d in found.drifts)
            screen.table([Column(n) for n in ("entity", "what", "field", "stored", "replayed", "line")], rows, form)
        elif found.agrees:
            fields = ", ".join(found.fields)
            screen.styled(f"Agrees: {entities_text(found.entities)} of kind {kind}, in {fields}.", "green")
        else:
            _show_drifts(found, kind, wording.as_of(moment, db.config.zone, clock))
        if not found.entities and not any(each.what == "only replayed" for each in found.drifts):
            screen.note(wording.unknown_kind(db, kind))
    if found.not_compared:
        screen.note(f"Not compared, as no {kind} has such a field: {', '.join(found.not_compared)}.")
    return exits.OK if found.agrees else exits.NO


def _show_snapshots(kind: str, found: Sequence[SnapshotVerified], form: Form) -> int:
    """What differs in each snapshot, and which were not compared."""
    drifts = [(each.position, drift) for each in found for drift in each.drifts]
    if form != "screen" or drifts:
        columns = [Column(n) for n in ("snapshot", "entity", "what", "field", "stored", "replayed")]
        rows = ((at, d.entity, d.what, d.field, d.stored, d.replayed) for at, d in drifts)
        screen.table(columns, rows, form)
    for each in found:
        if each.problem:
            which = f"the snapshot at @{each.position}" if each.position else "a snapshot"
            screen.note(f"Not compared, nor used: {which}: {each.problem}.")
        elif form == "screen" and not each.drifts:
            screen.styled(f"Agrees: {entities_text(each.entities)} of kind {kind} at @{each.position}.", "green")
    if drifts:
        screen.note("See whether the model is pure: whence check --model. To make others: --drop them first.")
    return exits.NO if drifts or all(each.problem for each in found) else exits.OK


def _show_drifts(found: Verified, kind: str, caption: str) -> None:
    """The values that differ, then the entities that only one side has."""
    differ = [each for each in found.drifts if each.field is not None]
    one_sided = [each for each in found.drifts if each.field is None]
    entities = len({each.entity for each in differ})
    screen.styled(f"Drift: {entities:,} of {found.entities:,} entities of kind {kind} differ.", "bold red")
    columns = [Column("entity", "cyan"), FIELD, Column("stored", "red"), Column("replayed", "green")]
    rows = ((each.entity, each.field, each.stored, each.replayed) for each in differ[:DRIFTS_MAX])
    screen.table(columns, rows, "screen")
    if len(differ) > DRIFTS_MAX:
        screen.dim(f"and {len(differ) - DRIFTS_MAX:,} more values (--json has all)")
    for what, said in (("only stored", "only in the file"), ("only replayed", "only in the history")):
        names = [each.entity for each in one_sided if each.what == what]
        if names:
            rest = f" and {len(names) - wording.NAMED_MAX:,} more" if len(names) > wording.NAMED_MAX else ""
            screen.styled(f"{said}: {', '.join(names[: wording.NAMED_MAX])}{rest}", "red")
    screen.dim(caption)


@command(
    "test-for",
    'whence test-for lead:42 "score <= 70" -o test_lead_42.py',
    brief="A failing history as a pytest file.",
)
@click.argument("entity")
@click.argument("rule")
@option("-o", "--output", metavar="FILE", help="Write it into this new file; else it is printed.")
@at_moment
@with_model
@at_store
@in_zone
def test_for(
    entity: str,
    rule: str,
    output: str | None,
    at: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
) -> int:
    """Writes a test that fails now and passes once the code is right: the entity's events, its model's import, and a
    rule on its fields, which is a Python expression. It needs Whence and the model, no store. Ends with 1 when the rule
    holds, for then nothing fails."""
    with opened(store, zone=zone) as db:
        folder = "." if output is None else Path(output).parent
        moment = moment_of(db, at, clock)
        if next(db.history(moment).events(Query.of(tags=[entity])), None) is None:
            screen.note(wording.unknown_entity(db, entity, moment))
            return exits.NO
        made = db.test_for(entity, rule, at=moment, model=model, folder=folder)
    if output is None:
        print(made.text, end="")
        return exits.OK
    _write_new(Path(output), made.text)
    screen.styled(f"Wrote {output}, with {events_text(made.events)}.", "green")
    screen.dim(f"It fails now: {made.problem}")
    screen.dim(f"Next: pytest {output}")
    return exits.OK


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet. Raises CannotWrite."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CannotWrite("The file is there already", file=path, remedy="Name another one.") from None
    except OSError as problem:
        raise CannotWrite("The file cannot be written", file=path, problem=problem.strerror) from None


COMMANDS = (test_for, replay, verify_state)
