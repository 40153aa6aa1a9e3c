"""Why a field has the value it has: the events that made it, each with its role, before and after, what it added, by
which rule, and for a decision what it looked at. Which events those are is left to slicing, and is proved there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal, Inexact
from typing import Any, Literal

import msgspec

from whence.cell import as_json
from whence.clock import to_iso
from whence.compare import Change, refuse_field, same
from whence.errors import FoldFailed, InvalidModel
from whence.events import Recorded
from whence.explaining.slicing import Precision, Slice, sliced
from whence.explaining.tracing import WHOLE
from whence.fingerprint import fingerprint
from whence.grammar import split_tag
from whence.history import At, History
from whence.markup import table
from whence.model import Model, ModelLike
from whence.parts import is_atom, parts_of
from whence.query import Basis, Query

EXACT = Context(prec=1000, traps=[Inexact])
"""A difference that would lose a digit is none."""

Role = Literal["set", "added", "changed", "fed"]
"""`set`: gave the value without looking at the one before; `added` to the number there was; `changed` what there was;
`fed`: wrote another field that one of these read."""

WHO = ("position", "time", "type", "who")
ROWS_MAX = 50
"""A notebook shows so many events."""

FOLLOWED_EVENTS_MAX = 20_000
"""Decisions are followed, the newest first, until so many events were read for it; each takes a history of its own."""
FOLLOWING_EVENTS = 100
"""Following one decision takes as long as reading so many events, and then its own."""

PARTS_MAX = 100
"""Before and after of a list or table with more parts are told by its size, so that an answer stays short."""


class Looked(msgspec.Struct, frozen=True):
    """What a decision looked at: its basis, and the events that its query saw up to its position.

    Where the basis says which fields the decision read, `fields` explains each as it was then, and `events` are only
    those that made them; `narrowed` says so.
    """

    basis: Basis
    events: tuple[Recorded, ...]
    fields: tuple[Explanation, ...] = ()
    narrowed: bool = False


class Contribution(msgspec.Struct, frozen=True):
    """An event that made a value.

    `before` and `after` are the value in the whole history. `added` is what it adds to a number when the named events
    alone are replayed: all of them add up, exactly, to the value less the one before any event. `changes` are the
    other fields it wrote that were read on the way.
    """

    recorded: Recorded
    role: Role
    before: Any
    after: Any
    added: int | Decimal | None
    changes: tuple[Change, ...]
    rules: tuple[str, ...]
    looked_at: Looked | None = None


class Explanation(msgspec.Struct, frozen=True):
    """The value of an entity's field and the events that made it, in the order of the fold: replaying only them gives
    the same value.

    `start` is the value before any event, and `fingerprint` says which version of the model's rules gave it.
    `precision` says how far reads were told apart: "fields", "handlers" (all that a handler read counts for all that
    it wrote), or "events" (every event that the model handles). `between` are the entity's other events and the
    settings changes since the value before, where an outside system set the value and nothing proves what it looked at.
    `not_followed` counts the decisions, the earlier ones, whose `looked_at` was left out: all would take too long.
    `came_by` is the event by which the value came to be so, where the last one left it as it was and this is none of
    those that made it.
    """

    entity: str
    field: str
    value: Any
    start: Any
    contributions: tuple[Contribution, ...]
    model: str
    fingerprint: str
    order: str
    precision: Precision
    between: tuple[Recorded, ...] = ()
    not_followed: int = 0
    came_by: Recorded | None = None

    @property
    def events(self) -> list[Recorded]:
        """The events that made the value."""
        return [each.recorded for each in self.contributions]

    def _repr_html_(self) -> str:
        """A notebook's table of the last events that made the value; times are UTC."""
        shown = self.contributions[-ROWS_MAX:]
        rows = [
            (*_who(each.recorded), each.before, each.after, each.added if each.role == "added" else each.role)
            for each in shown
        ]
        more = (
            f" (the last {len(shown)} of {len(self.contributions):,})" if len(self.contributions) > len(shown) else ""
        )
        text = f"{self.entity}  {self.field} = {as_json(self.value)}{more}"
        proven = f"<p>In between, not proven: {len(self.between):,} more.</p>" if self.between else ""
        return table((*WHO, "before", "after", "effect"), rows, text) + proven


class LeftOut(msgspec.Struct, frozen=True):
    """The value of a field as it is, and as it would be had some events not happened.

    `problem` says why there is no such value: the fold fails without them.
    """

    entity: str
    field: str
    left_out: tuple[Recorded, ...]
    value: Any
    without: Any
    problem: str | None = None

    @property
    def matters(self) -> bool:
        """Whether the value would be another."""
        return self.problem is not None or not same(self.value, self.without)

    def _repr_html_(self) -> str:
        """A notebook's table of the events left out, the two values above it; times are UTC."""
        other = self.problem or f"{as_json(self.value)}, without these {as_json(self.without)}"
        rows = map(_who, self.left_out[-ROWS_MAX:])
        return table(WHO, rows, f"{self.entity}  {self.field} = {other}")


def why(
    history: History,
    model: ModelLike,
    entity: str,
    field: str,
    *,
    settings: Query | None = None,
    depth: int = 1,
) -> Explanation:
    """The events that made a field's value, in order. A part of a field is asked for with dots: `address.city`.

    `settings` selects the events that change how things are decided; those between two values that an outside system
    set are shown with them. `depth` is how far decisions are followed to what they looked at, and so on from there: the
    newest first, and no more of them than can be read in about a second, which `not_followed` says.

    Raises InvalidModel for a field that the entity never had, naming those it has, and FoldFailed.
    """
    return _why(history, Model.of(model), entity, field, settings, depth, None)


class _Room:
    """How many events may still be read to follow decisions."""

    __slots__ = ("events",)

    def __init__(self) -> None:
        self.events = FOLLOWED_EVENTS_MAX


def _why(
    history: History, model: Model, entity: str, field: str, settings: Query | None, depth: int, room: _Room | None
) -> Explanation:
    query = Query.of(tags=[entity])
    events = list(history.events(query, order=model.order))
    if room is None:
        room = _Room()
    else:
        room.events -= len(events) + FOLLOWING_EVENTS
    found = sliced(
        model, events, lambda state: value_of(model, state, field), lambda state: _brief(model, state, field)
    )
    start = value_of(model, model.initial(), field)
    _refuse_unknown(model, events, field, found, start)
    contributions, not_followed = list(_contributions(model, events, field, found)), 0
    for index in reversed(range(len(contributions) if depth else 0)):
        each = contributions[index]
        if each.recorded.basis_text is None:
            continue
        if room.events > 0:
            looked = _looked_at(history, model, each.recorded, depth - 1, room)
            contributions[index] = msgspec.structs.replace(each, looked_at=looked)
        else:
            not_followed += 1
    return Explanation(
        entity=entity,
        field=field,
        value=_shown(found.value),
        start=_shown(start),
        contributions=tuple(contributions),
        model=model.name,
        fingerprint=fingerprint(model),
        order=model.order,
        precision=found.precision,
        between=_between(history, events, field, found, settings),
        not_followed=not_followed,
        came_by=_came_by(model, events, field, found, contributions),
    )


def looked_at(history: History, model: ModelLike, recorded: Recorded, *, depth: int = 0) -> Looked | None:
    """What the decision that an event is looked at, or None for an event that was not decided on a basis.

    Narrowed to the events that made the fields it read, where the basis names those fields and the model as it is now
    still has them.
    """
    return _looked_at(history, Model.of(model), recorded, depth, _Room())


def _looked_at(history: History, model: Model, recorded: Recorded, depth: int, room: _Room) -> Looked | None:
    basis = recorded.basis
    if basis is None:
        return None
    then = history.at(At(position=basis.position))
    entities = [tag for item in basis.query.items for tag in item.tags if split_tag(tag)[0] == model.kind]
    if basis.reads is None or len(entities) != 1:
        return _all_seen(then, basis, room)
    try:
        fields = tuple(_explained(then, model, entities[0], basis.reads, depth, room))
    except (InvalidModel, FoldFailed):
        return _all_seen(then, basis, room)
    made = {each.position: each for found in fields for each in found.events}
    return Looked(basis, tuple(made[position] for position in sorted(made)), fields, narrowed=True)


def _all_seen(then: History, basis: Basis, room: _Room) -> Looked:
    events = tuple(then.events(basis.query))
    room.events -= len(events)
    return Looked(basis, events)


def _explained(
    history: History, model: Model, entity: str, fields: Iterable[str], depth: int, room: _Room
) -> Iterator[Explanation]:
    """Each field; in a dict one may be looked for that was not there."""
    for field in fields:
        try:
            yield _why(history, model, entity, field, None, depth, room)
        except InvalidModel:
            if not isinstance(model.initial(), Mapping):
                raise


def without(history: History, model: ModelLike, entity: str, field: str, *events: str) -> LeftOut:
    """A field's value had these events, named by id, not happened. Raises NotKnown for an id that is not here,
    and InvalidModel for a field that there is not."""
    model, query = Model.of(model), Query.of(tags=[entity])
    whole = list(history.events(query, order=model.order))
    rest = list(history.drop(*events).events(query, order=model.order))
    kept = {event.raw_id for event in rest}
    value = model.copied(value_of(model, model.fold(whole), field))
    found = _left_out(model, entity, field, whole, value, [event for event in whole if event.raw_id not in kept])
    if value is MISSING and found.without is None and not found.problem and not _was_there(model, whole, field):
        refuse_field(field, model.fields(model.fold(whole)))
    return found


def without_each(history: History, explanation: Explanation, model: ModelLike) -> Iterator[LeftOut]:
    """For each event that made a value, in order, the value had this one not happened. Each folds the entity anew."""
    model, entity, field = Model.of(model), explanation.entity, explanation.field
    whole = list(history.events(Query.of(tags=[entity]), order=model.order))
    value = model.copied(value_of(model, model.fold(whole), field))
    for event in explanation.events:
        yield _left_out(model, entity, field, whole, value, [event])


def _left_out(
    model: Model, entity: str, field: str, whole: Sequence[Recorded], value: Any, left_out: Sequence[Recorded]
) -> LeftOut:
    ids = {event.raw_id for event in left_out}
    try:
        other = value_of(model, model.fold(event for event in whole if event.raw_id not in ids), field)
    except FoldFailed as problem:
        return LeftOut(entity, field, tuple(left_out), _shown(value), None, str(problem))
    return LeftOut(entity, field, tuple(left_out), _shown(value), _shown(other))


def _was_there(model: Model, events: Iterable[Recorded], field: str) -> bool:
    """Whether an entity ever had a field: an item that was taken out of a dict is none of its fields any more."""
    state = model.initial()
    for event in events:
        if value_of(model, state, field) is not MISSING:
            return True
        state = model.apply(state, event)
    return value_of(model, state, field) is not MISSING


def _who(event: Recorded) -> tuple[Any, ...]:
    return event.position, to_iso(event.time_us), event.type, event.actor


def _refuse_unknown(model: Model, events: Sequence[Recorded], field: str, found: Slice, start: Any) -> None:
    """Raise InvalidModel for a field that there never was, naming those there are."""
    if found.value is MISSING and start is MISSING and not found.indexes:
        refuse_field(field, model.fields(model.fold(events)))


def _contributions(model: Model, events: Sequence[Recorded], field: str, found: Slice) -> Iterator[Contribution]:
    """Each event that made the value, with what it changed in the whole history."""
    root, state = _root(found, field), model.initial()
    replayed = dict(zip(found.through, found.replayed[1:], strict=True))
    reached = found.replayed[0]
    for index, event in enumerate(events):
        through = found.through.get(index)
        if through is None:
            state = model.apply(state, event)
            continue
        names = (field, *sorted(through - {root}))
        before = {name: _shown(_brief(model, state, name)) for name in names}
        state = model.apply(state, event)
        after = {name: _shown(_brief(model, state, name)) for name in names}
        changes = [Change(name, before[name], after[name]) for name in names[1:]]
        wrote = root in through
        if root not in found.writes[index]:  # a property is written by nobody, and may be another all the same
            wrote = not (same(before[field], after[field]) and same(reached, replayed[index]))
        added = _difference(reached, replayed[index]) if wrote else None
        if added is not None or (wrote and _amount(reached) is None):
            reached = replayed[index]  # what is no number in between is passed over, so that the sum stays exact
        yield Contribution(
            recorded=event,
            role=_role(wrote, any((index, name) in found.updates for name in through & {root} or through), added),
            before=before[field],
            after=after[field],
            added=added,
            changes=tuple(change for change in changes if not same(change.before, change.after)),
            rules=tuple(dict.fromkeys(rule for name in through for rule in model.rules_of(event.type, name))),
        )


def _came_by(
    model: Model, events: Sequence[Recorded], field: str, found: Slice, contributions: Sequence[Contribution]
) -> Recorded | None:
    """The event by which a value came to be so that the last one only set again; None where it was so at the start."""
    last = contributions[-1] if contributions else None
    if last is None or last.role == "fed" or not same(last.before, last.after):
        return None
    if not is_atom(found.value) and _is_long(found.value):
        return None  # only how many parts it has was compared
    state, came = model.initial(), None
    value = _shown(_brief(model, state, field))
    for event in events[: events.index(last.recorded)]:
        state = model.apply(state, event)
        before, value = value, _shown(_brief(model, state, field))
        came = came if same(before, value) else event
    return came if all(each.recorded is not came for each in contributions) else None


def _root(found: Slice, field: str) -> str:
    """The field of the state that a field, or a part of one, belongs to; for a property the one it reads is as good."""
    written = frozenset[str]().union(*found.writes)
    parts = field.split(".")
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in names if name in written), field)


def _role(wrote: bool, updated: bool, added: int | Decimal | None) -> Role:
    if not wrote:
        return "fed"
    if not updated:
        return "set"
    return "changed" if added is None else "added"


def _difference(before: Any, after: Any) -> int | Decimal | None:
    """What was added to a number, exactly as the numbers are written; where there is none it is 0.

    None where they are no numbers, or so far apart that no sum of them is exact.
    """
    one, other = _amount(before), _amount(after)
    if one is None or other is None or (_number(before) is None and _number(after) is None):
        return None
    if isinstance(one, int) and isinstance(other, int):
        return other - one
    try:
        return EXACT.subtract(Decimal(other), one)
    except Inexact:
        return None


def _amount(value: Any) -> int | Decimal | None:
    return 0 if value is None or value is MISSING else _number(value)


def _number(value: Any) -> int | Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    return value if isinstance(value, int) else None


def _between(
    history: History, events: Sequence[Recorded], field: str, found: Slice, settings: Query | None
) -> tuple[Recorded, ...]:
    """What came since the value before, where the last event set the value and nothing says what it was set on."""
    if len(found.through) != 1:
        return ()  # it was made from what several events left behind
    root, (last,) = _root(found, field), found.through
    event = events[last]
    if (last, root) in found.updates or event.basis_text is not None or not _holds(event.data, found.value):
        return ()
    previous = next((index for index in range(last - 1, -1, -1) if root in found.writes[index]), -1)
    since = events[previous].position if previous >= 0 else 0
    others = [*events[max(previous, 0) : last]]
    if settings is not None:
        own = {event.position for event in others}
        changes = history.upto(events[last].position - 1).events(settings)
        others += [event for event in changes if event.position > since and event.position not in own]
    return tuple(sorted(others, key=lambda event: (event.time_us, event.position)))


def _holds(data: Any, value: Any) -> bool:
    """Whether a value stands in an event's data, so that whoever recorded the event gave it."""
    if isinstance(data, dict):
        return any(_holds(part, value) for part in data.values())
    return same(data, value)


class _Missing:
    """What there is where there is no value; None is a value."""

    def __copy__(self) -> _Missing:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> _Missing:
        return self

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


def value_of(model: Model, state: Any, path: str) -> Any:
    """The value of a field of a state, or of a part of one named with dots; MISSING where there is none.

    Only this field is looked at. Raises FoldFailed for a property that raises.
    """
    found = _part(model, state, path)
    first, dot, rest = path.partition(".")
    while found is MISSING and dot:
        inner = _part(model, state, first)
        if inner is not MISSING and not isinstance(inner, (str, bytes, int, float)):
            found = value_of(model, inner, rest)
        more, dot, rest = rest.partition(".")
        first = f"{first}.{more}"
    return found


def _part(model: Model, state: Any, name: str) -> Any:
    if isinstance(state, Mapping):
        return state[name] if name in state else MISSING  # noqa: SIM401 - get() would copy a default into a trace
    if name == WHOLE and not hasattr(state, "__dict__") and not isinstance(state, msgspec.Struct):
        return state
    if name.startswith("__") or not _has(state, name):
        return MISSING
    return model.value(state, name)


def _has(state: Any, name: str) -> bool:
    """Whether a state has an attribute that is no method; a property is not called for that."""
    found = getattr(type(state), name, MISSING)
    if found is MISSING:
        return hasattr(state, name)
    return not callable(found)


def _brief(model: Model, state: Any, path: str) -> Any:
    """A copy of a field's value that stays short."""
    value = value_of(model, state, path)
    if is_atom(value) or not _is_long(value):
        return model.copied(value)
    return f"… {len(value):,} parts" if hasattr(value, "__len__") else f"… more than {PARTS_MAX} parts"


def _is_long(value: Any) -> bool:
    """Whether there are more parts in a value than are shown, those within its parts included."""
    count, inner = 0, [value]
    while inner and count <= PARTS_MAX:
        part = inner.pop()
        if hasattr(part, "__len__") and len(part) > PARTS_MAX:
            return True
        parts = parts_of(part)
        count += len(parts)
        inner += [part for part in parts.values() if not is_atom(part)]
    return count > PARTS_MAX


def _shown(value: Any) -> Any:
    return None if value is MISSING else value
