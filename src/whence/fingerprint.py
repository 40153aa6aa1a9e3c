"""A fold's fingerprint: a digest that says which code a model is, so that a result can name the code that gave it.
Whether two folds give the same states is left to result, which replays them.

What counts is what the fold runs: the model's class with all its methods, class attributes and base classes, or its
function; constants, defaults and closures; the typed events with their fields and versions, and the upcasts; whatever
functions, classes and plain values of the model's own modules these name (see `is_own`); of rules in TOML the table.
Comments, blank lines and where a file lies do not count.

Of other modules, and of Whence itself, only the names count; what is looked up by a text (`getattr`, a registry, an
object's own attributes) is not followed. Python's bytecode counts, so that another version of Python gives another
fingerprint.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from whence.codec import Codec
from whence.model import Model, ModelLike

DIGITS = 32
PLAIN = (
    type(None), bool, int, float, complex, str, bytes, Decimal, Fraction, UUID, range, type(...),
    date, time, timedelta, timezone, ZoneInfo,
)  # fmt: skip
"""Values that say all of themselves when they are written out."""
INSTALLED = ("site-packages", "dist-packages")
OF_CLASSES = {"__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__", "__static_attributes__"}
OF_CLASSES |= {"__annotations__", "__slots__", "__match_args__", "__abstractmethods__", "_abc_impl"}
"""What every class has, or what follows from the rest."""


def fingerprint(model: ModelLike) -> str:
    """The digest of the code that a model is: 32 hexadecimal digits, the same in every process of a Python version."""
    model = Model.of(model)
    made_of = model.made_of
    said = _Description(module_of(made_of)).of(made_of)
    whole = repr((sys.version_info[:2], model.kind, model.order, said))
    return hashlib.sha256(whole.encode()).hexdigest()[:DIGITS]


def module_of(made_of: Any) -> str:
    """The name of the module that a model's code stands in; "" where there is none."""
    parts = made_of if isinstance(made_of, tuple) else (made_of,)
    return next((part.__module__ for part in reversed(parts) if isinstance(part, (type, FunctionType))), "")


def is_own(name: str | None, model: str) -> bool:
    """Whether a module belongs to a model's: the same one, of the same package, or a file in its folder or below."""
    if not name or not model:
        return False
    if name.partition(".")[0] == model.partition(".")[0]:
        return True
    place, base = _file(name), _file(model)
    return place is not None and base is not None and place.is_relative_to(base.parent) and not _installed(place, base)


def _file(name: str) -> Path | None:
    found = getattr(sys.modules.get(name), "__file__", None)
    return Path(found).absolute() if found else None


def _installed(place: Path, base: Path) -> bool:
    return any(part in INSTALLED for path in (place, base) for part in path.parts)


class _Description:
    """What things are, in tuples of texts that do not depend on the process. Each is told once."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []  # so that no id is used again while we look

    def of(self, thing: Any) -> Any:
        if isinstance(thing, Enum):
            return "enum", type(thing).__qualname__, thing.name, repr(thing.value)
        if isinstance(thing, PLAIN):
            return type(thing).__name__, repr(thing)
        if id(thing) in self._seen:
            return "again", self._seen[id(thing)]
        self._seen[id(thing)] = len(self._seen)
        self._kept.append(thing)
        return self._first(thing)

    def _first(self, thing: Any) -> Any:
        match thing:
            case CodeType():
                return self._code(thing)
            case FunctionType():
                return self._function(thing)
            case staticmethod() | classmethod():
                return type(thing).__name__, self.of(thing.__func__)
            case functools.cached_property():
                return "cached", self.of(thing.func)
            case property():
                return "property", *(self.of(each) for each in (thing.fget, thing.fset, thing.fdel))
            case functools.partial():
                return "partial", self.of(thing.func), self.of(thing.args), self.of(thing.keywords)
            case type():
                return self._class(thing)
            case Codec():
                return "codec", self.of(thing.classes), self.of(thing.upcasts)
            case re.Pattern():
                return "pattern", thing.pattern, thing.flags
            case ModuleType():
                return "module", thing.__name__
            case Mapping():
                return "mapping", [(self.of(key), self.of(value)) for key, value in thing.items()]
            case list() | tuple():
                return type(thing).__name__, [self.of(each) for each in thing]
            case set() | frozenset():
                return type(thing).__name__, sorted(repr(self._alone(each)) for each in thing)
        return self._object(thing)

    def _alone(self, thing: Any) -> Any:
        """What a part of a set is: it must not depend on which part came before."""
        return _Description(self._model).of(thing)

    def _code(self, code: CodeType) -> Any:
        numbers = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        return "code", code.co_name, numbers, code.co_code.hex(), names, [self.of(each) for each in code.co_consts]

    def _function(self, function: FunctionType) -> Any:
        if not is_own(function.__module__, self._model):
            return "elsewhere", function.__module__, function.__qualname__
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        given = (function.__defaults__, function.__kwdefaults__, getattr(function, "__whence_on__", None))
        named = [(name, self.of(value)) for name, value in named_in(function)]
        return "function", self.of(function.__code__), [self.of(each) for each in (*given, *cells)], named

    def _class(self, cls: type) -> Any:
        if not is_own(cls.__module__, self._model):
            return "elsewhere", cls.__module__, cls.__qualname__
        members = [(name, self.of(value)) for name, value in vars(cls).items() if _tells(cls, name, value)]
        return "class", cls.__qualname__, [self.of(base) for base in cls.__bases__], sorted(members), self._fields(cls)

    def _fields(self, cls: type) -> Any:
        """The declared fields of a struct or any class with annotations, with their defaults."""
        declared = [(name, _annotation(value)) for name, value in inspect.get_annotations(cls).items()]
        if not issubclass(cls, msgspec.Struct):
            return declared
        known = msgspec.structs.fields(cls)
        return declared, [
            (field.encode_name, self.of(field.default), self.of(field.default_factory)) for field in known
        ]

    def _object(self, thing: Any) -> Any:
        cls = type(thing)
        if (wrapped := getattr(thing, "__wrapped__", None)) is not None:
            return "wrapped", cls.__qualname__, self.of(wrapped)
        if isinstance(thing, msgspec.Struct):
            return "object", self.of(cls), [self.of(getattr(thing, name)) for name in thing.__struct_fields__]
        if isinstance(thing, BuiltinFunctionType) or not is_own(cls.__module__, self._model):
            return "elsewhere", cls.__module__, cls.__qualname__, getattr(thing, "__qualname__", "")
        return "object", self.of(cls), self.of(getattr(thing, "__dict__", {}))


def named_in(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The globals that a function names, the functions within it included, in the order of their names; of a module
    also what it names there, as `points.bonus`."""
    names = sorted(set(_names(function.__code__)))
    for name in names:
        if name in function.__globals__:
            found = function.__globals__[name]
            yield name, found
            if isinstance(found, ModuleType):
                yield from ((f"{name}.{part}", vars(found)[part]) for part in names if part in vars(found))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)


def _tells(cls: type, name: str, value: Any) -> bool:
    """Whether a member of a class says something of its own, rather than what every class or struct has."""
    if name in OF_CLASSES or name.startswith("__struct_") or (name.startswith("__") and not callable(value)):
        return False
    return not (issubclass(cls, msgspec.Struct) and type(value).__name__ in ("member_descriptor", "wrapper_descriptor"))


def _annotation(value: Any) -> str:
    return value if isinstance(value, str) else re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - whether this raises is the question
    except ValueError:
        return False
    return True
