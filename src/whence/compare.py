"""Comparing states: which fields differ between two, and how many of many have which values."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring
from typing import Any

import msgspec

from whence.errors import InvalidModel, near
from whence.parts import parts_of

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

Fields = Mapping[str, Any]
"""A state as its fields by name."""


class Change(msgspec.Struct, frozen=True):
    """A field that differs: None where a side does not have it."""

    field: str
    before: Any
    after: Any


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The fields that differ between two states, in the order they appear. 1, 1.0 and True differ."""
    names = dict.fromkeys((*before, *after))
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return [Change(name, old, new) for name, old, new in pairs if not same(old, new)]


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types all the way down; objects that do not say when they are equal
    are if all their attributes are, and a number that is none is the same as another."""
    return _same(one, other, set())


def _same(one: Any, other: Any, above: set[tuple[int, int]]) -> bool:
    """`above` are the pairs that these are parts of, so that what is part of itself ends."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, (str, int)):
        return bool(one == other)
    if isinstance(one, float):
        return one == other or (one != one and other != other)
    if isinstance(one, Decimal) and (one.is_nan() or other.is_nan()):  # to compare a signalling one is an error
        return one.is_nan() and bool(other.is_nan())
    pair = (id(one), id(other))
    if pair in above:
        return True
    above.add(pair)
    try:
        return _same_parts(one, other, above)
    finally:
        above.discard(pair)


def _same_parts(one: Any, other: Any, above: set[tuple[int, int]]) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key], above) for key, value in one.items())
    if isinstance(one, (list, tuple, deque)):
        return len(one) == len(other) and all(_same(*parts, above) for parts in zip(one, other, strict=True))
    if type(one).__eq__ is object.__eq__:  # type: ignore[comparison-overlap]
        if isinstance(one, BaseException):
            return _same((one.args, vars(one)), (other.args, vars(other)), above)
        parts, others = parts_of(one), parts_of(other)
        return _same(parts, others, above) if parts or others else type(one) is object
    equal = one == other
    return bool(equal.all() if hasattr(equal, "all") else equal)  # an array says so of each of its elements


def canonical(value: Any) -> str:
    """A text that says a value wholly, and the same in every process: sets and keys in order, 1, 1.0 and true told
    apart, and so 1.5 and 1.50 of decimals. Plain values look as in JSON, objects as their class and what they hold."""
    kind = type(value)  # the order is that of how often they come
    if kind is str:
        return encode_basestring(value)
    if kind is int or kind is float:
        return repr(value)
    if kind is datetime:
        return f"datetime({value.isoformat()})"
    if kind is dict:
        return "{" + ", ".join(sorted([f"{canonical(key)}: {canonical(each)}" for key, each in value.items()])) + "}"
    if value is None or kind is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if kind is list:
        return "[" + ", ".join(map(canonical, value)) + "]"
    return f"{kind.__name__}({_within(value)})"


def _within(value: Any) -> str:
    """What stands in a value that JSON has no word for."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return ", ".join(sorted(f"{canonical(key)}: {canonical(each)}" for key, each in value.items()))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(canonical, value))
    if isinstance(value, (set, frozenset)):
        return ", ".join(sorted(map(canonical, value)))
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, int, float, str)):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{name}={canonical(getattr(value, name))}" for name in value.__struct_fields__)
    if hasattr(value, "__dict__") and not callable(value):
        return ", ".join(f"{name}={canonical(each)}" for name, each in sorted(vars(value).items()))
    return _ADDRESS.sub("", repr(value))


def having(states: Mapping[str, Fields], where: Mapping[str, Any]) -> dict[str, Fields]:
    """Those of the states that have these values; None stands for no value.

    Raises InvalidModel for a field that no state has.
    """
    refuse_unknown(states, where)
    wanted = where.items()
    return {name: state for name, state in states.items() if all(state.get(field) == value for field, value in wanted)}


def count_by(states: Mapping[str, Fields], fields: Sequence[str]) -> list[tuple[tuple[Any, ...], int]]:
    """How many states have each combination of values of these fields, the most frequent first.

    Raises InvalidModel for a field that no state has.
    """
    refuse_unknown(states, fields)
    counted: Counter[tuple[Any, ...]] = Counter()
    values: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for state in states.values():
        found = tuple(state.get(field) for field in fields)
        key = tuple((type(value).__name__, repr(value)) for value in found)
        counted[key] += 1
        values.setdefault(key, found)
    return [(values[key], count) for key, count in counted.most_common()]


def refuse_unknown(states: Mapping[str, Fields], fields: Iterable[str]) -> None:
    """Raise InvalidModel for a field that none of the states has."""
    known = dict.fromkeys(name for state in states.values() for name in state)
    for field in fields:
        if states and field not in known:
            refuse_field(field, known)


def refuse_field(field: str, known: Mapping[str, Any]) -> None:
    """Raise InvalidModel for a field that there is not, naming those there are."""
    raise InvalidModel("There is no such field", field=field, remedy=near(field, known))
