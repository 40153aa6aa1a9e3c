"""The parts of any object: a container's by key, an object's by attribute, got and put without its own methods being
called, so that a trace which watches it takes no note. Which objects take note is left to explaining.noting."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import FunctionType, MethodType, ModuleType
from typing import Any
from uuid import UUID

import msgspec

ATOMS: tuple[type, ...] = (
    type(None), bool, int, float, complex, str, bytes, Decimal, Fraction, datetime, date, time, timedelta, UUID, Enum,
    frozenset, range, type, FunctionType, MethodType, ModuleType,
)  # fmt: skip
"""Values that cannot change, and what is no value of a state."""

COMMON = frozenset({type(None), bool, int, float, str, bytes, Decimal, datetime})
"""The most of them, found at once."""

SHAPE = object()
"""The key under which a container's own changes are kept: that a key came or went, that a list is another."""

_ATOMIC: dict[type, bool] = {}


def is_atom(value: Any) -> bool:
    """Whether a value is one of ATOMS."""
    try:
        return _ATOMIC[type(value)]
    except KeyError:
        if is_noting(type(value)):
            return False  # not kept, for with it all of its trace would be
        return _ATOMIC.setdefault(type(value), issubclass(type(value), ATOMS))


def parts_of(thing: Any) -> Mapping[Any, Any]:
    """The parts of a container or object by key, looked at without taking note."""
    if isinstance(thing, dict):
        return dict(dict.items(thing))
    if isinstance(thing, list):
        return dict(enumerate(list.__iter__(thing)))
    if isinstance(thing, collections.deque):
        return dict(enumerate(collections.deque.__iter__(thing)))
    if isinstance(thing, set):
        return {each: each for each in set.__iter__(thing)}
    if type(thing) is tuple:
        return dict(enumerate(thing))
    found = {}
    for name in names_of(thing):
        try:
            found[name] = plain_get(thing, name)
        except AttributeError:
            continue
    return found


def names_of(thing: Any) -> Iterable[str]:
    """The names of the attributes that an object has of its own."""
    if isinstance(thing, msgspec.Struct):
        return type(thing).__struct_fields__
    if isinstance(thing, tuple):
        return getattr(type(thing), "_fields", ())
    slots = [name for cls in type(thing).__mro__ for name in slots_of(cls)]
    return [*slots, *plain_get(thing, "__dict__", {})]


def slots_of(cls: type) -> Iterable[str]:
    slots = vars(cls).get("__slots__", ())
    return [slots] if isinstance(slots, str) else [name for name in slots if name not in ("__dict__", "__weakref__")]


def plain_get(thing: Any, name: str, *default: Any) -> Any:
    """An attribute, without taking note."""
    try:
        return plain_class(type(thing)).__getattribute__(thing, name)  # type: ignore[call-arg]
    except AttributeError:
        if default:
            return default[0]
        raise


def plain_class(cls: type) -> type:
    return vars(cls).get("__whence_noting__", cls)  # type: ignore[no-any-return]


def is_noting(cls: type) -> bool:
    return "__whence_noting__" in vars(cls)


def values_at(thing: Any, key: Any) -> Iterator[tuple[Any, Any]]:
    """The value at a key, or with SHAPE all that there are."""
    if key is SHAPE:
        yield from parts_of(thing).items()
    elif isinstance(thing, dict):
        if dict.__contains__(thing, key):
            yield key, dict.__getitem__(thing, key)
    elif isinstance(thing, list | collections.deque):
        plain: Any = plain_class(type(thing))
        if key < plain.__len__(thing):
            yield key, plain.__getitem__(thing, key)
    elif not isinstance(thing, set):
        try:
            yield key, plain_get(thing, key)
        except AttributeError:
            return


def put(thing: Any, key: Any, value: Any) -> None:
    """Put a value in its place without taking note."""
    if isinstance(thing, dict):
        dict.__setitem__(thing, key, value)
    elif isinstance(thing, list):
        list.__setitem__(thing, key, value)
    elif isinstance(thing, collections.deque):
        collections.deque.__setitem__(thing, key, value)
    elif isinstance(thing, msgspec.Struct):
        msgspec.structs.force_setattr(thing, key, value)
    elif not isinstance(thing, tuple | set):
        object.__setattr__(thing, key, value)


def read_all(value: Any, seen: set[int] | None = None) -> None:
    """Look at all there is in a value, so that a trace takes note of it."""
    seen = set() if seen is None else seen
    if is_atom(value) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Mapping):
        parts: Iterable[Any] = value.values()
    elif isinstance(value, list | tuple | set | collections.deque):
        parts = list(value)
    else:
        parts = [getattr(value, name) for name in names_of(value)]
    for part in parts:
        read_all(part, seen)
