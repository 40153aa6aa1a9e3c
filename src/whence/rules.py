"""Models without Python: the built-in one, and the rules of a [model.KIND] table, which add fields to it.

The built-in model has the last value of each data field, and under `events`, for each event type, how often it came
and when first and last. Events count as they happened: an older one that comes in later does not undo a newer. In
whence.toml:

    [model.lead]
    order = "position"                       # as they were recorded; "occurred" (the default) is as things happened
    fields = { stage = "new", opened = 0 }   # what the fields are before any event

    [[model.lead.rule]]
    on = "LeadScored"                        # an event type, a list of them, or "*" for every event
    when = { model = "v2" }                  # only if these data fields have these values
    set = { score = "$score" }               # $score is the event's data field; also $time, $recorded, $actor, $type
    add = { points = 5, spent = "$amount" }  # exact: whole numbers, and decimals also as text
    count = "scorings"                       # one more each time
    first = { since = "$time" }              # only the first time
    last = { seen = "$time" }                # every time, as set does; reads better for a time

A data field that the event does not have leaves the field as it is. `$$` begins a text with a dollar. With
`built_in = false` the state has the fields of the rules alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from difflib import get_close_matches
from typing import Any

from whence.clock import to_datetime
from whence.compare import same
from whence.dependence import ALONE
from whence.errors import InvalidConfig, InvalidEvent, near
from whence.events import Recorded
from whence.grammar import normal_type
from whence.model import ORDERS, Model, Step, failed_in
from whence.query import Query
from whence.store import Store

TABLE_KEYS = ("order", "fields", "rule", "built_in")
ORDER = "occurred"
"""How models without Python fold unless they say otherwise: imported rows come in any order."""
RULE_KEYS = ("on", "when", "set", "add", "count", "first", "last")
ENVELOPE: dict[str, Callable[[Recorded], Any]] = {
    "time": lambda event: to_datetime(event.time_us),
    "recorded": lambda event: to_datetime(event.recorded_us),
    "actor": lambda event: event.actor,
    "type": lambda event: event.type,
}

Value = Callable[[Recorded, Any], Any]
"""From an event and its data to a value, or ABSENT."""

BUILT_IN = "last value of each data field"
"""What the rule of the built-in model is called."""
COUNTS = "events"
"""The field of the built-in model that counts the events of each type; data of that name become `data.events`."""
LOOKED_AT = 1000
"""So many of the latest events are looked at for what a rule waits for: asking stays quick in a long history."""
ABSENT = object()
EXACT = Context(prec=1000, traps=[Inexact, InvalidOperation])
"""A sum that would lose a digit is an error."""


def built_in(kind: str) -> Model:
    """The model of a kind of which nothing is said. Raises InvalidEvent when it is no kind."""
    return Model(
        kind,
        dict,
        lambda _: _keep_last_values,
        order=ORDER,
        name="built-in",
        dependences_of=lambda _: ALONE,
        rules_of=lambda type, field: [BUILT_IN],
        made_of={},
    )


def from_toml(kind: str, table: Mapping[str, Any]) -> Model:
    """The model that a [model.KIND] table says. Raises InvalidConfig naming the key, the rule and the remedy."""
    place = f"model.{kind}"
    _refuse_unknown(place, table, TABLE_KEYS)
    fields = table.get("fields", {})
    rules = table.get("rule", [])
    order = table.get("order", ORDER)
    if not isinstance(fields, dict):
        raise InvalidConfig("Not a table of fields", key=f"{place}.fields", remedy='Write fields = { stage = "new" }.')
    if not isinstance(rules, list):
        raise InvalidConfig("Not a list of rules", key=f"{place}.rule", remedy=f"Write [[{place}.rule]] above each.")
    if order not in ORDERS:
        raise InvalidConfig("No such order", key=f"{place}.order", value=repr(order), remedy='Write "occurred".')
    compiled = [_rule(f"{place}.rule {number}", rule) for number, rule in enumerate(rules, 1)]
    if table.get("built_in", True):
        _refuse_counts(f"{place}.fields", fields)
        for number, rule in enumerate(rules, 1):
            for key in ("first", "set", "last", "add", "count"):
                _refuse_counts(f"{place}.rule {number}.{key}", rule.get(key, ()))
    base = [_keep_last_values] if table.get("built_in", True) else []

    def step_for(type: str) -> Step | None:
        steps = [*base, *(step for types, step in compiled if types is None or type in types)]
        return _in_turn(steps) if steps else None

    def rules_of(type: str, field: str) -> list[str]:
        said = [
            f"[{place}] rule {n}" for n, rule in enumerate(rules, 1) if _writes(f"{place}.rule {n}", rule, type, field)
        ]
        return said or [BUILT_IN]

    return Model(
        kind,
        lambda: copy.deepcopy(fields),
        step_for,
        order=order,
        name=f"[{place}]",
        dependences_of=lambda _: ALONE,
        writes_of=lambda type: set().union(
            *(_written(f"{place}.rule {n}", rule, type) for n, rule in enumerate(rules, 1))
        ),
        rules_of=rules_of,
        made_of=table,
        types=None if base else _all_types(types for types, _ in compiled),
    )


def _writes(place: str, rule: Mapping[str, Any], type: str, field: str) -> bool:
    """Whether a rule writes a field on events of a type."""
    return field in _written(place, rule, type)


def _written(place: str, rule: Mapping[str, Any], type: str) -> set[str]:
    """The fields that a rule may write on events of a type."""
    types = _types(place, rule["on"])
    if types is not None and type not in types:
        return set()
    fields = {name for key in ("first", "set", "last", "add") for name, _ in _fields(place, rule, key)}
    return fields | set(_names(place, rule, "count"))


def _all_types(several: Iterable[frozenset[str] | None]) -> list[str] | None:
    """The types of all rules; None when a rule is for every type."""
    found: set[str] = set()
    for types in several:
        if types is None:
            return None
        found |= types
    return sorted(found)


def idle(kind: str, table: Mapping[str, Any], store: Store) -> Iterator[str]:
    """A sentence for each type and each data field that a rule of [model.KIND] waits for while no event has it: a typo
    does nothing, and otherwise says nothing. The table is one that `from_toml` took.

    It reads an event of each type, and the latest LOOKED_AT only where one is missed; none in an empty store.
    """
    for number, rule in enumerate(table.get("rule", []) if store.head() else [], 1):
        place = f"[model.{kind}] rule {number}"
        types = _types(place, rule["on"])
        here = {type for type in types or () if any(store.read(Query.of(types=[type]), limit=1))}
        for type in sorted((types or here) - here):
            near = _near(type, (event.type for event in _latest(store, None)))
            if near or not here:
                yield f"{place}: no event of type {type} here.{near}"
        if types is None or here:
            yield from _idle_fields(kind, place, rule, store, here)


def _idle_fields(kind: str, place: str, rule: Mapping[str, Any], store: Store, types: set[str]) -> Iterator[str]:
    """A sentence for each data field of a rule that none of the latest events of its types and kind has."""
    query = Query.of(types=types) if types else None
    of_type = f" of type {' or '.join(sorted(types))}" if types else ""
    for path in _paths(place, rule):
        look = _value(place, f"${path}")
        seen = 0
        for seen, event in enumerate(_latest(store, query, kind), 1):  # noqa: B007 - the last number is the count
            if look(event, event.data) is not ABSENT:
                break
        else:
            if seen:
                who = f"none of the latest {LOOKED_AT:,} events" if seen == LOOKED_AT else "no event"
                near = _near(path, (name for event in _latest(store, query, kind) for name in _names_in(event.data)))
                yield f"{place}: {who}{of_type} here has {path}.{near}"


def _paths(place: str, rule: Mapping[str, Any]) -> list[str]:
    """The data fields that a rule reads, each once."""
    said = [value for key in ("first", "set", "last", "add") for _, value in _fields(place, rule, key)]
    read = [value[1:] for value in said if isinstance(value, str) and value.startswith("$")]
    paths = [*read, *(field for field, _ in _fields(place, rule, "when"))]
    return list(dict.fromkeys(path for path in paths if path not in ENVELOPE and not path.startswith("$")))


def _latest(store: Store, query: Query | None, kind: str = "") -> Iterator[Recorded]:
    """The latest events, of a kind when one is given."""
    found = store.read(query, limit=LOOKED_AT, backwards=True)
    return (event for event in found if not kind or any(tag.startswith(f"{kind}:") for tag in event.tags))


def _names_in(data: Any, before: str = "") -> Iterator[str]:
    """The names of the fields in data, those within others with dots."""
    for name, value in data.items() if isinstance(data, dict) else ():
        yield before + name
        yield from _names_in(value, f"{before}{name}.")


def _near(name: str, found: Iterable[str]) -> str:
    like = get_close_matches(name, sorted(set(found)), 1)
    return f" Did you mean {like[0]}?" if like else ""


def is_tally(value: Any) -> bool:
    """Whether a value is what the built-in model keeps of one event type: its count, first and last time."""
    return (
        isinstance(value, dict) and value.keys() == {"count", "first", "last"} and isinstance(value["last"], datetime)
    )


def is_tallies(value: Any) -> bool:
    """Whether a value is the field COUNTS of the built-in model: a tally by event type."""
    return isinstance(value, dict) and bool(value) and all(map(is_tally, value.values()))


def _in_turn(steps: Sequence[Step]) -> Step:
    def step(state: dict[str, Any], event: Recorded) -> dict[str, Any]:
        for each in steps:
            each(state, event)
        return state

    return step


def _keep_last_values(state: dict[str, Any], event: Recorded) -> dict[str, Any]:
    """The step of the built-in model."""
    data = event.data
    if isinstance(data, dict):
        state.update(data if COUNTS not in data else {_beside_counts(name): value for name, value in data.items()})
    elif data is not None:
        state["data"] = data
    time = to_datetime(event.time_us)
    counted = state.setdefault(COUNTS, {})
    known = counted.get(event.type)
    if known is None:
        counted[event.type] = {"count": 1, "first": time, "last": time}
    else:
        known["count"] += 1
        known["first"], known["last"] = min(known["first"], time), max(known["last"], time)
    return state


def _beside_counts(name: str) -> str:
    """The name of a data field in the state: one that is called as the counts are is told apart."""
    return f"data.{name}" if name == COUNTS else name


def _rule(place: str, rule: Any) -> tuple[frozenset[str] | None, Step]:
    """The types of a rule (None for every type) and its step."""
    if not isinstance(rule, dict) or "on" not in rule:
        raise InvalidConfig("A rule says on which event", key=place, remedy='Write on = "LeadScored".')
    _refuse_unknown(place, rule, RULE_KEYS)
    actions = [
        *((_first, field, _value(place, value)) for field, value in _fields(place, rule, "first")),
        *((_set, field, _value(place, value)) for key in ("set", "last") for field, value in _fields(place, rule, key)),
        *((_add, field, _value(place, value)) for field, value in _fields(place, rule, "add")),
        *((_add, field, lambda event, data: 1) for field in _names(place, rule, "count")),
    ]
    if not actions:
        raise InvalidConfig("A rule that changes nothing", key=place, remedy="Write set, add, count, first or last.")
    conditions = [(_value(place, f"$data.{field}"), wanted) for field, wanted in _fields(place, rule, "when")]

    def step(state: dict[str, Any], event: Recorded) -> dict[str, Any]:
        data = event.data
        try:
            if all(same(value(event, data), wanted) for value, wanted in conditions):
                for act, field, value in actions:
                    if (found := value(event, data)) is not ABSENT:
                        act(state, field, found)
        except Exception as problem:
            raise failed_in(problem, rule=place) from problem
        return state

    return _types(place, rule["on"]), step


def _set(state: dict[str, Any], field: str, value: Any) -> None:
    state[field] = value


def _first(state: dict[str, Any], field: str, value: Any) -> None:
    if state.get(field) is None:
        state[field] = value


def _add(state: dict[str, Any], field: str, value: Any) -> None:
    before = state.get(field)
    one, other = _number(field, 0 if before is None else before), _number(field, value)
    both_whole = isinstance(one, int) and isinstance(other, int)
    state[field] = one + other if both_whole else EXACT.add(Decimal(one), Decimal(other))


def _number(field: str, value: Any) -> int | Decimal:
    """A whole number as it is, a decimal exactly as it is written."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return value
    try:
        if isinstance(value, (str, float)):
            number = Decimal(str(value))
            if number.is_finite():
                return number
    except InvalidOperation:
        pass
    raise InvalidEvent("Not a number that can be added", field=field, value=repr(value)[:80])


def _value(place: str, said: Any) -> Value:
    """What a value in a rule means: a constant, or with $ something of the event."""
    if isinstance(said, (dict, list)):
        return lambda event, data: copy.deepcopy(said)
    if not isinstance(said, str) or not said.startswith("$"):
        return lambda event, data: said
    if said.startswith("$$"):
        return lambda event, data: said[1:]
    name = said[1:]
    if name in ENVELOPE:
        read = ENVELOPE[name]
        return lambda event, data: read(event)
    path = name.removeprefix("data.").split(".")
    if not all(path):
        raise InvalidConfig("A $ without a name", key=place, value=said, remedy="Write $amount, or $$ for a dollar.")

    def look(event: Recorded, data: Any) -> Any:
        for part in path:
            if not isinstance(data, dict) or part not in data:
                return ABSENT
            data = data[part]
        return data

    return look


def _refuse_counts(place: str, names: Any) -> None:
    """Raise InvalidConfig when one of these names is that of the counts of the built-in model."""
    if names == COUNTS or (not isinstance(names, str) and COUNTS in names):
        remedy = f"Name it otherwise, or write built_in = false: {COUNTS} counts the events of each type."
        raise InvalidConfig("A field that the built-in model has", key=f"{place}.{COUNTS}", remedy=remedy)


def _types(place: str, on: Any) -> frozenset[str] | None:
    if on == "*":
        return None
    names = [on] if isinstance(on, str) else on
    if not isinstance(names, list) or not names:
        raise InvalidConfig("Not event types", key=f"{place}.on", value=repr(on), remedy='Write on = ["A", "B"].')
    try:
        return frozenset(map(normal_type, names))
    except InvalidEvent as problem:
        raise InvalidConfig(problem.fact, key=f"{place}.on", remedy=problem.remedy, **problem.facts) from None


def _fields(place: str, rule: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    table = rule.get(key, {})
    if not isinstance(table, dict):
        raise InvalidConfig("Not a table", key=f"{place}.{key}", remedy=f'Write {key} = {{ field = "value" }}.')
    return list(table.items())


def _names(place: str, rule: Mapping[str, Any], key: str) -> list[str]:
    names = rule.get(key, [])
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidConfig("Not the name of a field", key=f"{place}.{key}", remedy=f'Write {key} = "opened".')
    return names


def _refuse_unknown(place: str, table: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in table:
        if key not in known:
            raise InvalidConfig("No such key", key=f"{place}.{key}", remedy=near(key, known))
