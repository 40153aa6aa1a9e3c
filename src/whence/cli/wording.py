"""How answers are worded for the eye: times in the zone that the footer names, moments, counts of event types in a row
each, and why there is no answer. What is asked, and what JSON and CSV give, is left to the commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from whence.cell import told_apart
from whence.cli import screen
from whence.cli.command import events_text, times_in
from whence.clock import to_us
from whence.compare import Change, count_by, diff
from whence.grammar import id_to_raw
from whence.moments import brief_text_of, moment_text, second_of, text_of
from whence.rules import is_tallies, is_tally

if TYPE_CHECKING:
    from datetime import tzinfo

    from whence.adoption import Adoption
    from whence.app import Whence
    from whence.events import Recorded
    from whence.explaining.difference import Difference
    from whence.explaining.lateness import Lateness
    from whence.history import At
    from whence.scoring import Scorecard

NAMED_MAX = 8
"""So many values or names are listed before the rest is only counted."""
LATE_NAMED_MAX = 5
"""And so many events."""


def told(value: Any, zone: tzinfo) -> Any:
    """A value for the eye: times in the zone, counts of event types and named parts in words."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return text_of(to_us(value), zone)
    if is_tally(value):
        return f"{value['count']:,}, last {brief_text_of(to_us(value['last']), zone)}"
    if is_tallies(value):
        return ", ".join(f"{type} {tally['count']:,}" for type, tally in value.items())
    if isinstance(value, Mapping) and value:
        return "  ".join(f"{name}={screen.shown(_part(part, zone))}" for name, part in value.items())
    return value


def _part(value: Any, zone: tzinfo) -> Any:
    """A value beside others in one cell: a text that reads as a number, or as any other JSON, is told from it."""
    return told_apart(value) if isinstance(value, str) else told(value, zone)


def fields(state: Mapping[str, Any], zone: tzinfo) -> Iterator[tuple[str, Any]]:
    """A row for each field, and for each part of a field that has named parts: `why` takes these names too. The counts
    of event types come last."""
    for name, value in sorted(state.items(), key=lambda item: is_tallies(item[1])):
        parts = {f"{name}.{part}": each for part, each in value.items()} if _has_parts(value) else {name: value}
        yield from ((part, told(each, zone)) for part, each in parts.items())


def changes(found: Iterable[Change], zone: tzinfo) -> Iterator[tuple[str, Any, Any]]:
    """A row for each field that differs, and for each part that differs within named parts; counts come last."""
    for change in sorted(found, key=lambda change: is_tallies(change.after)):
        sides = [side for side in (change.before, change.after) if side is not None]
        if not all(map(_has_parts, sides)):
            yield change.field, told(change.before, zone), told(change.after, zone)
            continue
        within = diff(change.before or {}, change.after or {})
        parts = (Change(f"{change.field}.{part.field}", part.before, part.after) for part in within)
        yield from changes(parts, zone)


def _has_parts(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and not is_tally(value)


def as_of(at: At, zone: tzinfo, clock: str) -> str:
    """The footer of an answer: `as of end of 2026-01-09, times in Europe/Berlin, occurred clock`."""
    return f"{'now' if at.is_now else f'as of {_moment(at, zone)}'}, {_times((at,), zone, clock)}"


def between(before: At, after: At, zone: tzinfo, clock: str) -> str:
    """The footer of a difference."""
    return f"from {_moment(before, zone)} to {_moment(after, zone)}, {_times((before, after), zone, clock)}"


def _moment(at: At, zone: tzinfo) -> str:
    """`now`, `@120`, `2026-01-09 14:30:00`, or `end of 2026-01-09`."""
    if at.position is not None:
        return f"@{at.position}"
    us = at.occurred_us if at.occurred_us is not None else at.recorded_us
    return "now" if us is None else moment_text(us, zone)


def _times(moments: Iterable[At], zone: tzinfo, clock: str) -> str:
    """The zone, and the clock where a time was asked for."""
    return times_in(zone, clock if any(at.position is None and not at.is_now for at in moments) else None)


def how_many(found: Difference) -> str:
    """`15 of 305 of kind lead changed, 3 of them new`."""
    parts = [f"{len(found.changed):,} of {found.known:,} of kind {found.kind} changed"]
    parts += [f"{count:,} of them {how}" for how in ("new", "gone") if (count := found.count(how))]
    return ", ".join(parts)


def lateness(db: Whence, found: Lateness, at: At, clock: str) -> str:
    """Where the two clocks differ at a time, and what this answer makes of it."""
    late, early = ("counted here", "left out") if clock == "occurred" else ("left out", "counted here")
    moment, us = _moment(at, db.config.zone), at.recorded_us if at.occurred_us is None else at.occurred_us
    if us is not None and db.history().recorded_upto(us) == 0:
        return f"Nothing was known yet at {moment}: {_events(found.late)} recorded later, {late}."
    parts = [f"{_events(found.late)} recorded later, {late}"] if found.late else []
    parts += [f"{_events(found.early)} recorded before it happened, {early}"] if found.early else []
    other = "recorded" if clock == "occurred" else "occurred"
    return f"The clocks differ at {moment}: {'; '.join(parts)}. See --clock {other}."


def _events(positions: list[int]) -> str:
    """`3 events (@7, @9, @12)`."""
    named = ", ".join(f"@{position}" for position in positions[:LATE_NAMED_MAX])
    rest = len(positions) - LATE_NAMED_MAX
    return f"{events_text(len(positions))} ({named}{f' and {rest:,} more' if rest > 0 else ''})"


def unknown_entity(db: Whence, entity: str, at: At | None = None) -> str:
    """Why nothing is known of an entity, at a moment or ever."""
    events = list(db.log(entity, reverse=True))
    if not events or at is None:
        near = db.near_tags(entity)
        return f"Nothing is known of {entity}" + (_did_you_mean(near) or ": no event has this tag.")
    us = (event.recorded_us if at.recorded_us is not None else event.time_us for event in events)
    if at.recorded_us is not None and _is_imported(db, events[0]):
        return f"Not known: {entity} was imported on {brief_text_of(events[0].recorded_us, db.config.zone)}."
    first = f"@{events[0].position}" if at.position is not None else f"of {brief_text_of(min(us), db.config.zone)}"
    return f"Nothing was known of {entity} then: its first event is {first}."


def _is_imported(db: Whence, event: Recorded) -> bool:
    """Whether an event was recorded by an import: it began before it, unless recorded times of elsewhere were kept."""
    kind, _, id = (event.correlation or "").partition(":")
    if kind != "import" or not id:
        return False
    raw_id = id_to_raw(id)
    return db.store.positions_of([raw_id]).get(raw_id, event.position) < event.position


def unknown_kind(db: Whence, kind: str) -> str:
    """Why there is no entity of a kind: it is mistyped, or not there yet."""
    kinds = sorted({known for summary in db.types() for known in summary.kinds})
    if kind in kinds:
        return f"No {kind} was known then."
    if not kinds:
        return f"There is no {kind} here: no event has a tag."
    near = get_close_matches(kind, kinds, 1)
    return f"There is no {kind} here" + (_did_you_mean(near) or f". {_there_are(kinds)}")


def no_snapshots(db: Whence, kind: str) -> str:
    """That a kind has no snapshots, or is not there at all."""
    if any(kind in summary.kinds for summary in db.types()):
        return f"There are no snapshots of {kind}: whence snapshot {kind} makes them."
    return unknown_kind(db, kind)


def none_has(kind: str, states: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Any]) -> str:
    """Which of the values that were asked for no state has, and those there are."""
    for field, value in wanted.items():
        values = [found for (found,), _ in count_by(states, [field])]
        if value in values:
            continue
        known = {screen.shown(found).casefold(): found for found in values if found is not None}
        near = get_close_matches(screen.shown(value).casefold(), list(known), 1) if value is not None else []
        meant = [screen.pair(field, known[name]) for name in near]
        return f"No {kind} has {screen.pair(field, value)}" + (
            _did_you_mean(meant) or f". {_there_are([screen.shown(found) for found in known.values()])}"
        )
    return f"No {kind} has all of that at once."


def version_text(db: Whence, card: Scorecard) -> str:
    """`scorecard lead, version 3f2a91bc04de`, and since when and by whom it was adopted if it was."""
    found = db.adoption_of(card)
    name = card.name.partition("@")[0] if found else card.name
    return f"scorecard {name}, version {card.short_version}" + (f", {adopted_text(db, found)}" if found else "")


def adopted_text(db: Whence, found: Adoption) -> str:
    """`adopted 2026-03-01 10:00:00 by anna`."""
    return f"adopted {second_of(found.since_us, db.config.zone)} by {found.by or 'nobody named'}"


def types_without_events(db: Whence, name: str) -> str:
    """That rules of a card of whence.toml are about types that no event has; nothing where each has one."""
    types = db.types_without_events(db.config.scorecard(name)) if name in db.config.scorecards else []
    named = ", ".join(types[:NAMED_MAX]) + (f" and {len(types) - NAMED_MAX} more" if len(types) > NAMED_MAX else "")
    said = f"No event yet of a type that the scorecard {name} asks for: {named}. See whence types."
    return said if types else ""


def not_in_force(db: Whence, card: Scorecard) -> str:
    """That whence.toml's card is not the one that was adopted, and what to do; nothing where it is, or none was."""
    found = db.in_force(card.name) if card.name in db.config.scorecards else None
    if found is None or found.version == card.version:
        return ""
    said = f"Not the card in force, which is version {found.card.short_version}, {adopted_text(db, found)}."
    return f"{said} See whence scorecard diff {card.name}; adopt this one, or score with --card {card.name}@now."


def passed_over(db: Whence, kind: str) -> str:
    """That [model.KIND] takes the place of a pack's model, and what to do; nothing where it does not."""
    if (pack := db.config.pack_passed_over(kind)) is None:
        return ""
    said = f"[model.{kind}] in whence.toml is the model here, and that of [pack.{pack}] is not"
    return f"{said}: take [model.{kind}] out to have the pack's."


def _did_you_mean(near: list[str]) -> str:
    return f". Did you mean {' or '.join(near)}?" if near else ""


def _there_are(names: list[str]) -> str:
    rest = f" and {len(names) - NAMED_MAX:,} more" if len(names) > NAMED_MAX else ""
    return f"There are: {', '.join(names[:NAMED_MAX]) or 'none'}{rest}."
