"""`whence step`: what happened to an entity, event by event; at a terminal forwards and backwards as one likes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen, wording
from whence.cli.command import (
    as_form,
    at_moment,
    at_store,
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
from whence.cli.reading import AFTER, BEFORE, FIELD, POSITION, TIME, TYPE, WHO, times
from whence.cli.screen import Column
from whence.errors import InvalidQuery, WhenceError

if TYPE_CHECKING:
    from whence.app import Whence
    from whence.explaining.stepper import Step, Stepper

COLUMNS = (POSITION, TIME, TYPE, WHO, FIELD, BEFORE, AFTER)
HELP = """\
n, Enter      the next event          b             the one before
g POSITION    go to a position        s             the whole state here
t TYPE        on to a type            f FIELD       on to where a field changes
e RULE        on to where a rule holds, for example: e score > 80
q             quit                    ?             this help"""


@command(
    "step",
    "whence step lead:42",
    'whence step lead:42 --until "score == 80"',
    brief="Walk through an entity's events, one by one.",
)
@click.argument("entity")
@option("--to", "position", metavar="POSITION", help="As far as this position: @120.")
@option("--type", "type", metavar="TYPE", help="As far as the first event of this type.")
@option("--field", metavar="FIELD", help="As far as the first event that changes this field.")
@option("--until", metavar="RULE", help='As far as the first event after which this holds: "score == 80".')
@at_moment
@grouped(with_model, at_store, in_zone, as_form)
def step(
    entity: str,
    position: str | None,
    type: str | None,
    field: str | None,
    until: str | None,
    at: str | None,
    clock: str,
    model: str | None,
    store: str | None,
    zone: str | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Walks through the events of an entity, showing what each changed: the fields before and after it.

    At a terminal it waits after each event: n is the next, b the one before, ? says what else. In a pipe, or with
    --json or --csv, it prints every step. --to, --type, --field and --until say where to go first, or to end. Ends with
    1 when the entity has no event, or none to stop at."""
    form = form_of(as_json, as_csv)
    with opened(store, zone=zone) as db:
        moment = moment_of(db, at, clock)
        walk = db.stepper(entity, at=moment, model=model)
        if not len(walk):
            screen.note(wording.unknown_entity(db, entity, moment))
            return exits.NO
        stop = _stop(walk, position, type, field, until)
        last = None if stop is None else stop(walk)
        if stop is not None and last is None:
            screen.note(f"There is nothing to stop at in the {len(walk):,} events of {entity}.")
            return exits.NO
        if form == "screen" and sys.stdin.isatty() and sys.stdout.isatty():
            return _interactive(db, walk)
        walk.to(0)
        steps = _as_far_as(walk, last.number if last else len(walk))
        if form == "json":
            screen.json_lines(map(_as_json, steps))
        elif form == "csv":
            screen.table(COLUMNS, _plain_rows(steps), form)
        else:
            _show_all(db, steps)
        return exits.OK


def _stop(
    walk: Stepper, position: str | None, type: str | None, field: str | None, until: str | None
) -> Callable[[Stepper], Step | None] | None:
    """Where the options say to go; None when they say nothing. Raises UsageError when --to goes with another."""
    runs = any(option is not None for option in (type, field, until))
    if position is not None and runs:
        raise click.UsageError("--to goes without --type, --field and --until.")
    if position is not None:
        number = _position(position)
        return lambda walk: walk.to(number)
    return (lambda walk: walk.run(type=type, field=field, until=until)) if runs else None


def _position(text: str) -> int:
    """`120` or `@120`. Raises InvalidQuery."""
    number = text.strip().removeprefix("@")
    if not (number.isascii() and number.isdecimal()):
        raise InvalidQuery("Not a position", given=text, remedy="Write @120.")
    return int(number)


def _show_all(db: Whence, steps: Iterator[Step]) -> None:
    """A table of the steps. Where the model fails on an event, those before it are shown all the same: they are what
    its handler failed on."""
    rows: list[tuple[Any, ...]] = []
    try:
        rows.extend(_rows(db, steps))
    finally:
        if rows:
            screen.table(COLUMNS, rows, "screen", caption=times_in(db.config.zone))


def _as_far_as(walk: Stepper, number: int) -> Iterator[Step]:
    for step in walk:
        yield step
        if step.number >= number:
            return


def _rows(db: Whence, steps: Iterator[Step]) -> Iterator[tuple[Any, ...]]:
    """A row for each field that a step changed; the event stands in the first of them."""
    zone = db.config.zone
    for step in steps:
        event = step.recorded
        who: tuple[Any, ...] = (event.position, times(event, zone), event.type, event.actor)
        for change in [*wording.changes(step.changes, zone)] or [("no change", "", "")]:
            yield (*who, *change)
            who = ("", "", "", "")


def _plain_rows(steps: Iterator[Step]) -> Iterator[tuple[Any, ...]]:
    """The same for other programs: the event in each row, and a step without a change has no field."""
    for step in steps:
        event = step.recorded
        who = (event.position, event.time, event.type, event.actor)
        yield from ((*who, each.field, each.before, each.after) for each in step.changes)
        if not step.changes:
            yield (*who, None, None, None)


def _as_json(step: Step) -> dict[str, Any]:
    return {
        "entity": step.entity,
        "number": step.number,
        "total": step.total,
        "event": step.recorded.to_json(),
        "before": step.before,
        "after": step.after,
        "changes": [{"field": each.field, "before": each.before, "after": each.after} for each in step.changes],
    }


# At a terminal.


def _interactive(db: Whence, walk: Stepper) -> int:
    """Show a step, ask what next, until it is enough."""
    screen.dim(f"{walk.entity}: {len(walk):,} events, {times_in(db.config.zone)}. n next, b back, q quit, ? help")
    if walk.here is None:
        walk.forward()
    _show(db, walk.here)
    while True:
        try:
            said = click.prompt("step", default="n", show_default=False, prompt_suffix="> ").strip()
        except click.Abort:  # the end of the input, or Ctrl-C
            print()
            return exits.OK
        letter, _, rest = said.partition(" ")
        if letter in ("q", "quit"):
            return exits.OK
        try:
            _follow(db, walk, letter, rest.strip())
        except WhenceError as problem:
            screen.failure(str(problem))


def _follow(db: Whence, walk: Stepper, letter: str, rest: str) -> None:
    """Do what was said."""
    if letter in ("n", "b") and not rest:
        found = walk.forward() if letter == "n" else walk.back()
        _show(db, found, "This was the last event." if letter == "n" else BEGIN)
    elif letter == "g" and rest:
        _show(db, walk.to(_position(rest)), BEGIN)
    elif letter in RUNS and rest:
        _show(db, walk.run(**{RUNS[letter]: rest}), "There is no such event further on.")
    elif letter == "s" and not rest:
        fields = walk.here.after if walk.here else {}
        screen.table((FIELD, Column("value")), wording.fields(fields, db.config.zone), "screen")
    else:
        print(HELP)


BEGIN = "This is the beginning, before the first event."
RUNS = {"t": "type", "f": "field", "e": "until"}


def _show(db: Whence, step: Step | None, otherwise: str = "") -> None:
    if step is None:
        screen.dim(otherwise)
        return
    event = step.recorded
    who = f"  by {event.actor}" if event.actor else ""
    title = f"{step.number}/{step.total}  @{event.position}  {times(event, db.config.zone)}  {event.type}{who}"
    screen.styled(title, "bold")
    rows = list(wording.changes(step.changes, db.config.zone))
    if screen.table((FIELD, BEFORE, AFTER), rows, "screen") == 0:
        screen.dim("no change")


COMMANDS = (step,)
