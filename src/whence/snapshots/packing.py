"""States as bytes and back, every value of the very type that it was, or a refusal that names what cannot be kept.
Which states, and where the bytes lie, is left to folder.

The bytes are msgpack. They name a class by what it is called in the model's own modules, so that reading them imports
nothing and runs no code but the constructor of a struct or named tuple of the model's own.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import MemberDescriptorType
from typing import Any
from uuid import UUID

import msgspec

from whence.errors import InvalidSnapshot
from whence.fingerprint import is_own, module_of
from whence.model import Model

encode = msgspec.msgpack.Encoder().encode
PLAIN = (type(None), bool, float, str, bytes)
TEXTS: dict[int, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    1: (int, str, int),  # one that msgpack has no room for
    2: (Decimal, str, Decimal),
    3: (datetime, datetime.isoformat, datetime.fromisoformat),
    4: (date, date.isoformat, date.fromisoformat),
    5: (time, time.isoformat, time.fromisoformat),
    6: (timedelta, lambda span: f"{span.days} {span.seconds} {span.microseconds}", lambda text: _span(text)),
    7: (UUID, str, UUID),
}
"""What is kept as text, by the number that tells it apart."""
BUNCHES: dict[int, Callable[[Any], Any]] = {
    10: tuple,
    11: set,
    12: frozenset,
    13: dict,
    14: lambda pairs: Counter(dict(pairs)),
}
"""What is made again of its parts; of a mapping these are pairs."""
DEFAULTING, OBJECT, ENUM = 15, 20, 21
FACTORIES: dict[str, Callable[[], Any]] = {each.__name__: each for each in (int, float, str, list, dict, set)}
CODES: dict[type, int] = {kind: code for code, (kind, *_) in TEXTS.items()}
FIXED = frozenset(CODES)
CODES |= {tuple: 10, set: 11, frozenset: 12, dict: 13, Counter: 14}


class _CannotKeep(Exception):
    """Says why, and is told as InvalidSnapshot."""


class Packing:
    """How the states of one model become bytes and come back."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._classes = _classes(model)
        self._own = frozenset(self._classes.values())
        self._constants = {id(value) for value in _constants(model, self._own)}
        self._decode = msgspec.msgpack.Decoder(ext_hook=self._restored).decode
        self._may_share = isinstance(model.made_of, Mapping)  # rules change no value within a state

    def pack(self, state: Any, entity: str) -> bytes:
        """A state as bytes that were seen to come back as the very same. Raises InvalidSnapshot."""
        packed = self._packed_of(state, entity)
        try:
            is_same = self._packed_of(self.unpack(packed), entity) == packed
        except Exception:  # of a constructor
            is_same = False
        if not is_same:
            raise self._refused(entity, "it does not come back as it was")
        return packed

    def unpack(self, packed: Any) -> Any:
        """The state that was packed."""
        return self._decode(packed)

    def _packed_of(self, state: Any, entity: str) -> bytes:
        try:
            return encode(self._packed(state, set()))
        except _CannotKeep as problem:
            raise self._refused(entity, str(problem)) from None
        except (UnicodeEncodeError, RecursionError) as problem:
            raise self._refused(entity, f"{type(problem).__name__}: {problem}") from None

    def _refused(self, entity: str, problem: str) -> InvalidSnapshot:
        remedy = "Let the state be made of plain values, or go without snapshots: they change no answer."
        return InvalidSnapshot(model=self._model.name, entity=entity, problem=problem, remedy=remedy)

    def _packed(self, value: Any, seen: set[int]) -> Any:
        """What msgpack has a word for as it is, anything else under the number of its type."""
        kind = type(value)
        if kind in PLAIN or (kind is int and -(2**63) <= value < 2**64):
            return value
        if kind in FIXED:
            return _text(kind, value)
        if kind in self._own:
            return self._object(kind, value, seen)
        if kind in (list, set, dict, Counter, defaultdict):
            self._only_once(value, seen)
        match value:
            case list():
                if kind is list:
                    return [self._packed(each, seen) for each in value]
            case dict():
                if kind is dict and all(type(key) is str for key in value):
                    return {key: self._packed(each, seen) for key, each in value.items()}
                pairs = [[self._packed(key, seen), self._packed(each, seen)] for key, each in value.items()]
                if kind in CODES:
                    return _ext(CODES[kind], pairs)
                if kind is defaultdict and (name := _factory(value)):
                    return _ext(DEFAULTING, [name, pairs])
            case tuple() if kind is tuple:
                return _ext(CODES[kind], [self._packed(each, seen) for each in value])
            case set() | frozenset() if kind in CODES:
                return _ext(CODES[kind], sorted((self._packed(each, seen) for each in value), key=encode))
        where = "" if kind.__module__ == "builtins" else ", which does not stand at the top of the model's own module"
        raise _CannotKeep(f"it holds a value of type {kind.__qualname__}{where}")

    def _only_once(self, value: Any, seen: set[int]) -> None:
        """Two fields that hold one object would hold two when they come back."""
        if id(value) in seen and not self._may_share:
            raise _CannotKeep(f"it holds the same {type(value).__qualname__} twice")
        seen.add(id(value))

    def _object(self, kind: type, value: Any, seen: set[int]) -> Any:
        if isinstance(value, Enum):
            if kind.__members__.get(value.name) is not value:  # type: ignore[attr-defined]
                raise _CannotKeep(f"it holds a {kind.__qualname__} without a name")
            return _ext(ENUM, [kind.__qualname__, value.name])
        if id(value) in self._constants:
            raise _CannotKeep(f"it holds a constant, a {kind.__qualname__} that may be told by being that very one")
        if not (issubclass(kind, tuple) or _is_frozen(kind)):
            self._only_once(value, seen)
        fields = {name: self._packed(each, seen) for name, each in _taken(kind, value)}
        return _ext(OBJECT, [kind.__qualname__, fields])

    def _restored(self, code: int, data: memoryview) -> Any:
        parts = self._decode(data)
        if code == OBJECT:
            return _made(self._classes[parts[0]], parts[1])
        if code in TEXTS:
            return TEXTS[code][2](parts)
        if code == ENUM:
            return self._classes[parts[0]].__members__[parts[1]]  # type: ignore[attr-defined]
        if code == DEFAULTING:
            return defaultdict(FACTORIES[parts[0]], parts[1])
        return BUNCHES[code](parts)


def _classes(model: Model) -> dict[str, type]:
    """The model's own classes, by name: that of its first state, and those at the top of its modules."""
    first, home = type(model.initial()), module_of(model.made_of)
    found = [each for each in _globals(model) if isinstance(each, type)]
    return {cls.__qualname__: cls for cls in (*found, first) if is_own(cls.__module__, home) and _can_be_made(cls)}


def _globals(model: Model) -> list[Any]:
    """What stands at the top of the modules of a model and of its states."""
    names = {type(model.initial()).__module__, module_of(model.made_of)}
    return [each for name in names if name in sys.modules for each in vars(sys.modules[name]).values()]


def _constants(model: Model, own: Collection[type]) -> list[Any]:
    """The objects of the model's own classes that stand at the top of its modules, or in its classes."""
    members = [each for cls in own for each in vars(cls).values()]
    return [each for each in (*_globals(model), *members) if type(each) in own and not isinstance(each, Enum)]


def _can_be_made(cls: type) -> bool:
    """Whether its objects are made of their attributes and nothing else."""
    is_by_fields = issubclass(cls, (msgspec.Struct, Enum)) or (issubclass(cls, tuple) and hasattr(cls, "_fields"))
    made_by: Any = cls.__new__
    return is_by_fields or made_by is object.__new__


def _is_frozen(kind: type) -> bool:
    return issubclass(kind, msgspec.Struct) and kind.__struct_config__.frozen


def _taken(kind: type, value: Any) -> Iterable[tuple[str, Any]]:
    """The attributes of an object, with their names."""
    if issubclass(kind, tuple):
        return zip(value._fields, value, strict=True)
    if not issubclass(kind, msgspec.Struct):
        return [*((name, getattr(value, name)) for name in _slots(kind) if hasattr(value, name)), *_own(value)]
    if getattr(value, "__dict__", None):
        raise _CannotKeep(f"it holds a {kind.__qualname__} with attributes that are no fields")
    return ((name, getattr(value, name)) for name in kind.__struct_fields__)


def _own(value: Any) -> Iterable[tuple[str, Any]]:
    return getattr(value, "__dict__", {}).items()


def _slots(kind: type) -> list[str]:
    parts = (vars(part).items() for part in kind.__mro__)
    return [name for part in parts for name, slot in part if isinstance(slot, MemberDescriptorType)]


def _made(kind: type, fields: dict[str, Any]) -> Any:
    if issubclass(kind, (msgspec.Struct, tuple)):
        return kind(**fields)
    made = object.__new__(kind)
    if (own := getattr(made, "__dict__", None)) is not None and not _slots(kind):
        own.update(fields)
    else:
        for name, value in fields.items():
            object.__setattr__(made, name, value)
    return made


def _text(kind: type, value: Any) -> msgspec.msgpack.Ext:
    """A value as text, if that says all of it: not a zone by its name, nor the second of two equal hours."""
    _, written, read = TEXTS[CODES[kind]]
    text = written(value)
    if repr(read(text)) != repr(value):
        raise _CannotKeep(f"it holds {value!r}")
    return _ext(CODES[kind], text)


def _span(text: str) -> timedelta:
    days, seconds, microseconds = map(int, text.split())
    return timedelta(days, seconds, microseconds)


def _factory(value: Any) -> str:
    name = getattr(value.default_factory, "__name__", "")
    return name if FACTORIES.get(name) is value.default_factory else ""


def _ext(code: int, packed: Any) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(code, encode(packed))
