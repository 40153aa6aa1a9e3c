"""Objects that tell somebody which of their parts are read and written: subclasses of the classes of a state and of
what is in it. What is made of that is left to tracing."""

# ruff: noqa: N807 - these methods stand in for those of the classes that take note
# mypy: disable-error-code="call-arg, index, attr-defined"
# A class that is only known when it is met has methods that mypy cannot see.

from __future__ import annotations

import collections
import copy
import inspect
from abc import ABCMeta
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, MethodType
from typing import Any, Protocol

import msgspec

from whence.parts import COMMON, parts_of, plain_class, slots_of


class Notes(Protocol):
    """Who is told what is read and written; `is_copying` while it makes an object that takes note."""

    is_copying: bool

    def read(self, thing: Any, key: Any) -> None: ...

    def read_shape(self, thing: Any) -> None: ...

    def read_all(self, thing: Any) -> None: ...

    def write(self, thing: Any, key: Any) -> None: ...

    def write_shape(self, thing: Any) -> None: ...

    def write_all(self, thing: Any) -> None: ...

    def hand_out(self, thing: Any) -> None:
        """All of it may be read and changed from now on, unseen until the event is over."""

    def take_in(self, thing: Any, key: Any) -> None:
        """Something that may change was put there (with SHAPE: anywhere); it takes note too from the next event on."""

    def moved(self, thing: Any, has_more: bool) -> None:
        """What was put into a list stands elsewhere now, and perhaps there is more."""


def noting_class(trace: Notes, cls: type) -> type | None:
    """A subclass of a class whose objects tell a trace what is read and written; None where there can be none."""
    if type(cls) not in _METACLASSES:
        return None
    for base, methods_of in ((dict, _dict_methods), (list, _list_methods), (collections.deque, _list_methods),
                             (set, _set_methods)):  # fmt: skip
        if issubclass(cls, base):
            methods = methods_of(trace, cls) if _works_as_ever(cls) else _own_methods(trace, cls)
            break
    else:
        if not _has_attributes(cls):
            return None
        methods = _attribute_methods(trace, cls)
    methods |= {"__reduce_ex__": _reduce(trace, cls), "__class__": property(lambda self: cls, _CLASS.__set__)}
    named = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__whence_noting__": cls}
    slots: dict[str, Any] = {} if issubclass(cls, msgspec.Struct) else {"__slots__": ()}
    hashes = {"__hash__": cls.__hash__} if "__eq__" in methods else {}
    try:
        return type(cls)(cls.__name__, _bases(cls), named | slots | hashes | methods)
    except TypeError:
        return None


def _bases(cls: type) -> tuple[type, ...]:
    return (_Unannounced, cls) if isinstance(cls.__init_subclass__, MethodType) else (cls,)


_METACLASSES = (type, ABCMeta, type(msgspec.Struct))
"""Those that make a subclass and do no more; another may keep a list of them."""


class _Unannounced:
    """Keeps a class from being told of its subclass."""

    __slots__ = ()

    def __init_subclass__(cls) -> None: ...


_CLASS = vars(object)["__class__"]


def _works_as_ever(cls: type) -> bool:
    """Whether the containers of a class do as Python's own do."""
    known = next(part for part in cls.__mro__ if part.__module__ in ("builtins", "collections"))
    return all(getattr(cls, name, None) is getattr(known, name) for name in dir(known) if name not in _NO_CONTENTS)


_NO_CONTENTS = frozenset(dir(object)) - {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"} | {
    "__class_getitem__", "__dict__", "__weakref__", "__module__", "__missing__", "__annotations__", "fromkeys",
}  # fmt: skip


def _own_methods(trace: Notes, cls: type) -> dict[str, Any]:
    """For a container whose class says anew how it works: all of it is looked at, or may be changed, at once."""
    reading = [name for name in (*_READING, "__getitem__") if hasattr(cls, name)]
    names = (name for name in dir(cls) if callable(getattr(cls, name)) and name not in reading)
    others = [name for name in names if not name.startswith("_") or name in _CHANGING]
    return _whole(trace, cls, reading) | _whole(trace, cls, others, changes=True)


_READING = (
    "__iter__", "__len__", "__contains__", "__reversed__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__",
    "__add__", "__mul__", "__rmul__", "__and__", "__or__", "__sub__", "__xor__", "__rand__", "__ror__", "__rsub__",
    "__rxor__", "__repr__", "get", "keys", "values", "items", "copy", "count", "index", "union", "difference",
    "intersection", "symmetric_difference", "isdisjoint", "issubset", "issuperset", "most_common", "total", "elements",
)  # fmt: skip
_CHANGING = ("__setitem__", "__delitem__", "__iadd__", "__imul__", "__ior__", "__iand__", "__isub__", "__ixor__")


def _reduce(trace: Notes, cls: type) -> Callable[[Any, Any], Any]:
    """Copied or pickled, an object is one of its own class again."""

    def plain(part: Any) -> Any:
        return cls if isinstance(part, type) and plain_class(part) is cls else part

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        trace.read_all(self)
        found = cls.__reduce_ex__(self, protocol)
        if not isinstance(found, tuple):
            return found
        return (plain(found[0]), tuple(map(plain, found[1])), *found[2:])

    return __reduce_ex__


def _has_attributes(cls: type) -> bool:
    """Whether the objects of a class are what their attributes are."""
    if cls.__module__ == "builtins":
        return False
    if issubclass(cls, tuple):
        return hasattr(cls, "_fields")
    return issubclass(cls, msgspec.Struct) or cls.__dictoffset__ != 0 or any(map(slots_of, cls.__mro__))


def _attribute_methods(trace: Notes, cls: type) -> dict[str, Any]:
    get, put, delete = cls.__getattribute__, cls.__setattr__, cls.__delattr__
    others = {name for name in dir(cls) if _is_no_field(inspect.getattr_static(cls, name))}
    read, write, take_in = trace.read, trace.write, trace.take_in
    plain: tuple[Any, ...] = (object.__setattr__, msgspec.Struct.__setattr__)
    is_plain = put in plain  # what is put there is what was given

    def __getattribute__(self: Any, name: str) -> Any:
        if name not in others:
            read(self, name)
        elif name == "__dict__":
            trace.hand_out(self)
        return get(self, name)

    def __setattr__(self: Any, name: str, value: Any) -> None:
        put(self, name, value)
        if name not in others:
            write(self, name)
            if type(value) not in COMMON or not is_plain:
                take_in(self, name)

    def __delattr__(self: Any, name: str) -> None:
        delete(self, name)
        write(self, name)

    methods: dict[str, Any] = {"__getattribute__": __getattribute__}
    methods |= {"__setattr__": __setattr__, "__delattr__": __delattr__}
    if hasattr(cls, "__post_init__") and issubclass(cls, msgspec.Struct):
        methods["__post_init__"] = lambda self: None if trace.is_copying else cls.__post_init__(self)
    if issubclass(cls, tuple):
        methods |= _whole(trace, cls, ("__iter__", "__getitem__", "__len__", "__contains__", "__repr__"))
    if cls.__eq__ is not object.__eq__:  # type: ignore[comparison-overlap]
        methods["__eq__"] = _equality(trace, cls)
    return methods


def _equality(trace: Notes, cls: type) -> Callable[[Any, Any], Any]:
    """Equality by which an object that takes note counts as one of its own class."""
    by_fields = cls.__eq__ is msgspec.Struct.__eq__  # type: ignore[comparison-overlap]

    def __eq__(self: Any, other: Any) -> Any:
        trace.read_all(self)
        trace.read_all(other)
        if by_fields and type(other) in (cls, type(self)):
            return parts_of(self) == parts_of(other)
        return cls.__eq__(self, other)

    return __eq__


def _is_no_field(found: Any) -> bool:
    """Whether what a class has under a name is a method, a property or the like."""
    if isinstance(found, property | classmethod | staticmethod | FunctionType | type):
        return True
    return callable(found) or type(found).__name__ in ("getset_descriptor", "wrapper_descriptor", "method_descriptor")


def _whole(trace: Notes, cls: type, names: Iterable[str], *, changes: bool = False) -> dict[str, Any]:
    """Methods that look at all of a container, or may change all of it."""

    def method(name: str) -> Callable[..., Any]:
        plain = getattr(cls, name)

        def noting(self: Any, *args: Any, **named: Any) -> Any:
            trace.read_all(self)
            for each in args:
                trace.read_all(each)
            result = plain(self, *args, **named)
            if changes:
                trace.write_all(self)
            return result

        return noting

    return {name: method(name) for name in names if hasattr(cls, name)}


def _shape(trace: Notes, cls: type, names: Iterable[str]) -> dict[str, Any]:
    """Methods that look at the keys or the number of things in a container."""

    def method(name: str) -> Callable[..., Any]:
        plain = getattr(cls, name)

        def noting(self: Any, *args: Any) -> Any:
            trace.read_shape(self)
            for each in args:
                trace.read_shape(each)
            return plain(self, *args)

        return noting

    return {name: method(name) for name in names if hasattr(cls, name)}


def _other_methods(cls: type, base: type, known: Mapping[str, Any]) -> list[str]:
    """The public methods that a subclass of a container adds or says anew."""
    added = (name for name in dir(cls) if not name.startswith("_") and callable(getattr(cls, name)))
    return [name for name in added if name not in known and getattr(cls, name) is not getattr(base, name, None)]


def _dict_methods(trace: Notes, cls: type) -> dict[str, Any]:
    get, contains, getitem = dict.get, dict.__contains__, cls.__getitem__
    setitem, delitem, plain_pop = cls.__setitem__, cls.__delitem__, cls.pop
    read, write, write_shape, take_in = trace.read, trace.write, trace.write_shape, trace.take_in

    def __getitem__(self: Any, key: Any) -> Any:
        read(self, key)
        return getitem(self, key)

    def get_(self: Any, key: Any, default: Any = None) -> Any:
        read(self, key)
        return get(self, key, default)

    def __contains__(self: Any, key: Any) -> bool:
        read(self, key)
        return contains(self, key)

    def __setitem__(self: Any, key: Any, value: Any) -> None:
        if not contains(self, key):
            write_shape(self)
        setitem(self, key, value)
        write(self, key)
        if type(value) not in COMMON:
            take_in(self, key)

    def __delitem__(self: Any, key: Any) -> None:
        read(self, key)
        delitem(self, key)
        write(self, key)
        write_shape(self)

    def setdefault(self: Any, key: Any, default: Any = None) -> Any:
        read(self, key)
        if not contains(self, key):
            self[key] = default
        return dict.__getitem__(self, key)

    def pop(self: Any, key: Any, *default: Any) -> Any:
        read(self, key)
        if contains(self, key):
            write(self, key)
            write_shape(self)
        return plain_pop(self, key, *default)

    def update(self: Any, *args: Any, **named: Any) -> None:
        for key, value in dict(*args, **named).items():
            self[key] = value

    def clear(self: Any) -> None:
        for key in list(dict.keys(self)):
            del self[key]

    def __ior__(self: Any, other: Any) -> Any:
        self.update(other)
        return self

    methods: dict[str, Any] = {
        "__getitem__": __getitem__,
        "get": get_,
        "__contains__": __contains__,
        "__setitem__": __setitem__,
        "__delitem__": __delitem__,
        "setdefault": setdefault,
        "pop": pop,
        "clear": clear,
        "__ior__": __ior__,
    }
    if cls.update is dict.update:
        methods["update"] = update
    methods |= _shape(trace, cls, ("__iter__", "keys", "__len__", "__reversed__"))
    reading = ("values", "items", "__eq__", "__ne__", "__or__", "__ror__", "copy", "__repr__")
    methods |= _whole(trace, cls, (*reading, "most_common", "total", "elements"))
    methods |= _whole(trace, cls, ("popitem",), changes=True)
    return methods | _whole(trace, cls, _other_methods(cls, dict, methods), changes=True)


def _list_methods(trace: Notes, cls: type) -> dict[str, Any]:
    append, length = cls.append, cls.__len__
    write_shape, take_in = trace.write_shape, trace.take_in

    def append_(self: Any, value: Any) -> None:
        append(self, value)
        write_shape(self)
        if type(value) not in COMMON:
            take_in(self, length(self) - 1)

    def __radd__(self: Any, other: Any) -> Any:  # an ordinary list does not ask what it is added to
        trace.read_shape(self)
        return other + cls(self) if isinstance(other, list | collections.deque) else NotImplemented

    def changing(name: str) -> Callable[..., Any]:
        plain = getattr(cls, name)

        def method(self: Any, *args: Any, **named: Any) -> Any:
            trace.read_shape(self)
            before = length(self)
            result = plain(self, *args, **named)
            write_shape(self)
            if name == "__setitem__" and isinstance(args[0], int):
                take_in(self, args[0] % before)
            elif name in ("extend", "__iadd__") and cls is list:
                for place in range(before, length(self)):
                    take_in(self, place)
            else:
                trace.moved(self, any(type(each) not in COMMON for each in args))
            return result

        return method

    reading = (*_READING, "__getitem__")
    special = ("__setitem__", "__delitem__", "__iadd__", "__imul__")
    methods = _shape(trace, cls, reading) | {"append": append_, "__radd__": __radd__}
    public = [name for name in dir(cls) if not name.startswith("_") and callable(getattr(cls, name))]
    changes = [name for name in (*special, *public) if name not in methods and hasattr(cls, name)]
    return methods | {name: changing(name) for name in changes}


def _set_methods(trace: Notes, cls: type) -> dict[str, Any]:
    contains = set.__contains__

    def __contains__(self: Any, each: Any) -> bool:
        trace.read(self, each)
        return contains(self, each)

    def add(self: Any, each: Any) -> None:
        if not contains(self, each):
            set.add(self, each)
            trace.write(self, each)
            trace.write_shape(self)

    def update(self: Any, *others: Iterable[Any]) -> None:
        for other in others:
            for each in other:
                self.add(each)

    def discard(self: Any, each: Any) -> None:
        trace.read(self, each)
        if contains(self, each):
            set.discard(self, each)
            trace.write(self, each)
            trace.write_shape(self)

    def remove(self: Any, each: Any) -> None:
        if not contains(self, each):
            raise KeyError(each)
        self.discard(each)

    methods: dict[str, Any] = {
        "__contains__": __contains__,
        "add": add,
        "update": update,
        "discard": discard,
        "remove": remove,
    }
    methods |= _whole(trace, cls, ("clear", "pop", "__iand__", "__isub__", "__ixor__", "__ior__"), changes=True)
    changing = ("difference_update", "intersection_update", "symmetric_difference_update")
    methods |= _whole(trace, cls, changing, changes=True)
    methods |= _shape(trace, cls, (name for name in _READING if name not in methods))  # what is in a set is its shape
    return methods | _whole(trace, cls, _other_methods(cls, set, methods), changes=True)


def copied(value: Any, cls: type, noting: type) -> Any:
    """A shallow copy of the class that takes note."""
    if isinstance(value, msgspec.Struct):
        return noting(**{name: getattr(value, name) for name in cls.__struct_fields__})
    if isinstance(value, tuple):
        return tuple.__new__(noting, value)
    if isinstance(value, collections.defaultdict):
        return noting(value.default_factory, value)
    if isinstance(value, collections.deque):
        return noting(value, value.maxlen)
    if cls in (dict, list, set, collections.OrderedDict):
        return noting(value)
    made = copy.copy(value)
    if made is value:  # it would take note for ever, wherever else it stands
        raise TypeError("a value that is its own copy")
    try:
        object.__setattr__(made, "__class__", noting)
    except TypeError:  # it is laid out otherwise
        made = object.__new__(noting)
        for name, part in parts_of(value).items():
            object.__setattr__(made, name, part)
    return made
