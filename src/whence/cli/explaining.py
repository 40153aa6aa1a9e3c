"""How an explanation is shown: the events that made a value with what each did, what decisions looked at, and what is
in between and not proven. What made the value is left to why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.cli import screen, wording
from whence.cli.command import events_text
from whence.cli.reading import AFTER, BEFORE, POSITION, TIME, TYPE, WHO, times, words
from whence.cli.screen import Column, Form, Words
from whence.errors import CannotWrite
from whence.wholefile import whole_file

if TYPE_CHECKING:
    from datetime import tzinfo

    from whence.admission import RawId
    from whence.app import Whence
    from whence.events import Recorded
    from whence.explaining.why import Contribution, Explanation, LeftOut, Looked

EFFECT = Column("effect", "yellow", right=True)
COLUMNS = (POSITION, TIME, TYPE, WHO, BEFORE, AFTER, EFFECT, Column("rule", "magenta"), Column("cause", "dim"))
SEEN = (POSITION, TIME, TYPE, WHO, Column("data", least=16))
LEFT_OUT = (Column("left_out"), Column("value"), Column("without"), Column("matters"), Column("problem"))
SHOWN_MAX = 40
"""So many of the events that a decision looked at, or that came in between, are listed."""


def show_explanation(db: Whence, found: Explanation, form: Form, caption: str) -> None:
    """Print an explanation: on the screen with all that belongs to it, as CSV a row for each event that made the
    value, as JSON one object."""
    if form == "json":
        screen.json_lines([as_json(found)])
    elif form == "csv":
        names = (POSITION, TIME, TYPE, WHO, BEFORE, AFTER, Column("added"), *COLUMNS[-2:], Column("role"), Column("id"))
        screen.table(names, (_plain_row(each) for each in found.contributions), form)
    else:
        _show(db, found, caption)


def write_page(path: Path, page: str) -> None:
    """Write an explanation's page, whole or not at all, and say where. Raises CannotWrite."""
    try:
        with whole_file(path) as out:
            out.write(page.encode())
    except OSError as problem:
        raise CannotWrite("The page cannot be written", file=path, problem=problem.strerror) from None
    screen.note(f"Wrote {path}: open it in a browser, it needs no network.")


def as_json(found: Explanation) -> dict[str, Any]:
    """An explanation as JSON values, what its decisions looked at within it."""
    return {
        "entity": found.entity,
        "field": found.field,
        "value": found.value,
        "start": found.start,
        "model": found.model,
        "fingerprint": found.fingerprint,
        "order": found.order,
        "precision": found.precision,
        "contributions": [_contribution_as_json(each) for each in found.contributions],
        "between": [event.to_json() for event in found.between],
        "not_followed": found.not_followed,
        "came_by": None if found.came_by is None else found.came_by.to_json(),
    }


def _contribution_as_json(each: Contribution) -> dict[str, Any]:
    return {
        "event": each.recorded.to_json(),
        "role": each.role,
        "before": each.before,
        "after": each.after,
        "added": each.added,
        "changes": [{"field": part.field, "before": part.before, "after": part.after} for part in each.changes],
        "rules": list(each.rules),
        "looked_at": None if each.looked_at is None else _looked_as_json(each.looked_at),
    }


def _looked_as_json(looked: Looked) -> dict[str, Any]:
    return {
        "basis": looked.basis.to_json(),
        "narrowed": looked.narrowed,
        "events": [event.position for event in looked.events],
        "fields": [as_json(field) for field in looked.fields],
    }


def _plain_row(each: Contribution) -> Sequence[Any]:
    event = each.recorded
    rule = ", ".join(each.rules)
    who = (event.position, event.time, event.type, event.actor)
    return (*who, each.before, each.after, each.added, rule, event.cause, each.role, event.id)


def _show(db: Whence, found: Explanation, caption: str) -> None:
    zone = db.config.zone
    see = partial(wording.told, zone=zone)
    causes = _positions(db, found)
    screen.styled(f"{found.entity}  {found.field} = {screen.shown(see(found.value))}", "bold")
    rows = [_row(each, zone, causes) for each in found.contributions]
    screen.table(COLUMNS, rows, "screen", caption=caption)
    if found.came_by is not None:
        print()
        screen.styled("It was so already. By this it came to be so:", "bold yellow")
        _show_events([found.came_by], zone)
    for each in found.contributions:
        if each.looked_at is not None:
            _show_looked(each, each.looked_at, zone)
    if found.not_followed:
        decided = "one decision" if found.not_followed == 1 else f"{found.not_followed:,} decisions"
        screen.note(f"What {decided} before these looked at is left out: --at @POSITION follows those up to there.")
    if found.between:
        print()
        screen.styled("In between, not proven: what came since the value before", "bold yellow")
        _show_events(found.between, zone)
    if found.precision != "fields":
        screen.note(PRECISION[found.precision])


PRECISION = {
    "handlers": "These may be more than the value needs: all that a handler read counts for all that it wrote.",
    "events": "These are all the events that the model looks at: what it reads and writes could not be told apart.",
}


def _row(each: Contribution, zone: tzinfo, causes: dict[RawId | None, str]) -> Sequence[Any]:
    event = each.recorded
    see = partial(wording.told, zone=zone)
    before, after = each.before, each.after
    if each.role == "fed" and each.changes:
        before, after = (_named(each, side, zone) for side in ("before", "after"))
    cause = causes.get(event.raw_cause, event.cause)
    who = (event.position, times(event, zone), event.type, event.actor)
    return (*who, see(before), see(after), _effect(each), ", ".join(each.rules), cause)


def _named(each: Contribution, side: str, zone: tzinfo) -> str:
    """The other fields that an event wrote and the value was made from, with their values."""
    see = partial(wording.told, zone=zone)
    return "  ".join(f"{change.field}={screen.shown(see(getattr(change, side)))}" for change in each.changes)


def _effect(each: Contribution) -> str:
    """What an event did: `+5`, or in a word."""
    return f"{each.added:+}" if each.role == "added" else each.role


def _show_looked(each: Contribution, looked: Looked, zone: tzinfo) -> None:
    """What a decision looked at, as a tree: each field that it read with the events that made it, and so on where those
    were decided too; where the fields are not known, the events."""
    print()
    screen.tree(((_looked_text(each, looked), "bold"),), _branches(looked, zone, 1))


def _looked_text(each: Contribution, looked: Looked) -> str:
    settings = f", settings {looked.basis.settings}" if looked.basis.settings else ""
    of = f"of {looked.basis.query} up to @{looked.basis.position}{settings}"
    return f"@{each.recorded.position} was decided on {events_text(len(looked.events))} {of}"


def _branches(looked: Looked, zone: tzinfo, depth: int) -> Iterator[tuple[int, Words]]:
    if not looked.fields:
        if len(looked.events) > SHOWN_MAX:
            yield depth, ((f"… {len(looked.events) - SHOWN_MAX:,} earlier", "dim"),)
        for event in looked.events[-SHOWN_MAX:]:
            yield depth, (*_who_did(event, zone), (words(event.data), ""))
    for field in looked.fields:
        value = screen.shown(wording.told(field.value, zone))
        yield depth, ((f"{field.field} = {value}", "cyan"),)
        made = field.contributions
        if len(made) > SHOWN_MAX:
            yield depth + 1, ((f"… {len(made) - SHOWN_MAX:,} earlier", "dim"),)
        for each in made[-SHOWN_MAX:]:
            yield depth + 1, (*_who_did(each.recorded, zone), (_effect(each), EFFECT.style))
            if each.looked_at is not None:
                yield depth + 2, ((_looked_text(each, each.looked_at), "bold"),)
                yield from _branches(each.looked_at, zone, depth + 3)


def _who_did(event: Recorded, zone: tzinfo) -> Words:
    return (
        (f"@{event.position}", POSITION.style),
        (times(event, zone), TIME.style),
        (event.type, TYPE.style),
        (event.actor or "—", WHO.style),
    )


def _show_events(events: Sequence[Recorded], zone: tzinfo) -> None:
    if len(events) > SHOWN_MAX:
        screen.dim(f"… {len(events) - SHOWN_MAX:,} earlier")
    rows = ((e.position, times(e, zone), e.type, e.actor, e.data) for e in events[-SHOWN_MAX:])
    screen.table(SEEN, rows, "screen", cut=True)


def _positions(db: Whence, found: Explanation) -> dict[RawId | None, str]:
    """The causes of the events as `@120`, which is short and can be typed, as far as they are in this store."""
    causes = [event.raw_cause for event in found.events]
    known = db.store.positions_of([cause for cause in causes if cause is not None])
    return {raw_id: f"@{position}" for raw_id, position in known.items()}


def show_left_out(db: Whence, found: LeftOut, form: Form, caption: str) -> None:
    """Print the value without some events: which they are, and the two values."""
    if form == "json":
        screen.json_lines([_left_out_as_json(found)])
        return
    if form == "csv":
        screen.table(LEFT_OUT, [_left_out_row(found)], form)
        return
    see = partial(wording.told, zone=db.config.zone)
    screen.styled(f"{found.entity}  {found.field} = {screen.shown(see(found.value))}", "bold")
    screen.styled(f"without these: {found.problem or screen.shown(see(found.without))}", "bold yellow")
    if not found.left_out:
        screen.dim("None of them concerns it.")
    _show_events(found.left_out, db.config.zone)
    screen.dim(caption)


def show_each_left_out(db: Whence, found: Sequence[LeftOut], form: Form, caption: str) -> None:
    """Print a row for each event that was left out by itself."""
    if form == "json":
        screen.json_lines(map(_left_out_as_json, found))
    elif form == "csv":
        screen.table(LEFT_OUT, map(_left_out_row, found), form)
    elif found:
        zone = db.config.zone
        see = partial(wording.told, zone=zone)
        screen.styled(f"{found[0].entity}  {found[0].field} = {screen.shown(see(found[0].value))}", "bold")
        rows = (
            (
                e.position,
                times(e, zone),
                e.type,
                e.actor,
                each.problem or (see(each.without) if each.matters else "same"),
            )
            for each in found
            for e in each.left_out
        )
        screen.table((POSITION, TIME, TYPE, WHO, Column("without it", "yellow", least=16)), rows, form, caption=caption)


def _left_out_as_json(found: LeftOut) -> dict[str, Any]:
    return {
        "entity": found.entity,
        "field": found.field,
        "left_out": [event.to_json() for event in found.left_out],
        "value": found.value,
        "without": found.without,
        "matters": found.matters,
        "problem": found.problem,
    }


def _left_out_row(found: LeftOut) -> Sequence[Any]:
    positions = " ".join(str(event.position) for event in found.left_out)
    return positions, found.value, found.without, found.matters, found.problem
