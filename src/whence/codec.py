"""Typed events: msgspec structs declared once, whose fields can be marked as tags, and the functions that bring older
versions up to date on reading. Events without any class work just as well; what a fold does with them is left to model.

    class EmailOpened(msgspec.Struct, frozen=True):
        lead: Annotated[str, Tag]
        campaign: str
        event_version: ClassVar[int] = 2

    codec = Codec(EmailOpened, upcasts=[Upcast("EmailOpened", from_version=1, function=add_campaign)])
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec

from whence.errors import InvalidEvent, InvalidModel
from whence.events import Event, Fact, Facts, Kind, Recorded
from whence.grammar import normal_kind, normal_type

Decoder = Callable[[Recorded | Fact], Any]


class Tag(msgspec.Struct, frozen=True):
    """Marks a field of a typed event as a tag: `lead: Annotated[str, Tag]` gives `lead:42`, `Tag("customer")` another
    kind. The field holds text, a whole number, None (no tag) or a list of these (a tag each)."""

    kind: str = ""


class Upcast(msgspec.Struct, frozen=True):
    """Turns the data of one version of a type into that of the next: a pure function from JSON value to JSON value."""

    type: str
    from_version: int
    function: Callable[[Any], Any]


class Unfit(msgspec.Struct, frozen=True):
    """An event whose data does not fit its class, kept as it is, with the problem in words."""

    recorded: Recorded | Fact
    problem: str


class Codec:
    """Typed events by their stored names. The stored name is the class's `event_type`, or else its own name, and the
    version its `event_version`, or else 1.

    Raises InvalidModel when a name is given twice, or when an upcast is missing, given twice or leads nowhere.
    """

    def __init__(self, *classes: type[msgspec.Struct], upcasts: Iterable[Upcast] = ()) -> None:
        self._classes: dict[str, type[msgspec.Struct]] = {}
        self._tag_fields: dict[type, list[tuple[str, str]]] = {}
        for cls in classes:
            name = stored_type(cls)
            if self._classes.get(name, cls) is not cls:
                raise InvalidModel("Two classes have the same event type", type=name, remedy="Set event_type on one.")
            self._classes[name] = cls
            self._tag_fields[cls] = _tag_fields(cls)
        self.upcasts = tuple(upcasts)
        chains = _chains(self._classes, self.upcasts)
        self._quick: dict[Kind, Callable[[str | bytes], Any]] = {
            Kind(name, stored_version(cls), None): msgspec.json.Decoder(cls).decode
            for name, cls in self._classes.items()
        }
        self._decoders: dict[str, Decoder] = {
            name: partial(_decode, stored_version(cls), msgspec.json.Decoder(cls).decode, cls, chains[name])
            for name, cls in self._classes.items()
        }

    @property
    def classes(self) -> tuple[type[msgspec.Struct], ...]:
        """The classes this codec was given."""
        return tuple(self._classes.values())

    def event(
        self,
        value: msgspec.Struct,
        *,
        id: str | None = None,
        time: datetime | None = None,
        actor: str | None = None,
        cause: str | None = None,
        correlation: str | None = None,
        meta: dict[str, Any] | None = None,
        tags: Iterable[str] = (),
    ) -> Event:
        """The Event of a typed value: all its fields as data, the marked ones as tags, beside the `tags` given.

        Raises InvalidEvent naming the field for a value that its class would not read back, and InvalidModel for a
        class this codec was not given.
        """
        cls = type(value)
        if cls not in self._tag_fields:
            raise InvalidModel(
                "Not a typed event of this codec", type=cls.__name__, remedy="Give the class to Codec()."
            )
        data = _checked(value)
        found = [*tags]
        for field, kind in self._tag_fields[cls]:
            found += _tags_of(kind, getattr(value, field))
        name, version = stored_type(cls), stored_version(cls)
        return Event(name, data, tuple(found), id, version, time, actor, cause, correlation, meta)

    def typed_each(self, pages: Iterable[Facts]) -> Iterator[Any]:
        """As `typed`, for the events of a reading."""
        decoders: dict[int, Callable[[str | bytes], Any] | None] = {}
        for page in pages:
            for row in page.rows:
                number = row[1]
                try:
                    decode = decoders[number]
                except KeyError:
                    decode = decoders[number] = self.quick_decoder(page.kinds[number])
                if decode is not None:
                    try:
                        yield decode(row[3])
                        continue
                    except msgspec.ValidationError:
                        pass  # typed() names the problem
                yield self.typed(page.fact(row))

    def quick_decoder(self, kind: Kind) -> Callable[[str | bytes], Any] | None:
        """What turns stored data into a typed value at once; None when it needs an upcast or its type is unknown."""
        return self._quick.get(kind)

    def typed(self, recorded: Recorded | Fact) -> Any:
        """The typed value, brought up to date; an `Unfit` when the data does not fit; an unknown type as it is."""
        decode = self._decoders.get(recorded.type)
        return recorded if decode is None else decode(recorded)

    def decoder(self, type: str) -> Decoder | None:
        """What turns a recorded event of this type into its typed value (or an `Unfit`); None for an unknown type."""
        return self._decoders.get(type)

    def type_of(self, cls: type[msgspec.Struct]) -> str:
        """The stored name of a class. Raises InvalidModel for one this codec was not given."""
        name = stored_type(cls)
        if self._classes.get(name) is not cls:
            raise InvalidModel(
                "Not a typed event of this codec", type=cls.__name__, remedy="Give the class to Codec()."
            )
        return name


def _checked(value: msgspec.Struct) -> Any:
    """The data of a typed value. Python does not hold a struct to its annotations, but every later reading does: what
    could never be read again is refused before it is written for ever."""
    cls = type(value)
    try:
        data = msgspec.to_builtins(value)
        msgspec.convert(data, cls)
    except msgspec.ValidationError as problem:
        said, _, place = str(problem).partition(" - at `$.")
        raise _misfit(cls, place.rstrip("`"), said) from None
    except TypeError as problem:  # an object that JSON has no form for
        raise _misfit(cls, _unwritable(value), str(problem)) from None
    return data


def _misfit(cls: type, field: str, problem: str) -> InvalidEvent:
    remedy = "Give the field what its class declares, or declare it otherwise."
    return InvalidEvent(
        "A typed event does not fit its class", type=cls.__name__, field=field, problem=problem, remedy=remedy
    )


def _unwritable(value: msgspec.Struct) -> str:
    """The first field of a typed value that cannot be written as JSON."""
    for field in value.__struct_fields__:
        try:
            msgspec.to_builtins(getattr(value, field))
        except TypeError:
            return field
    return ""


def stored_type(cls: type[msgspec.Struct]) -> str:
    """The name a class's events are stored under. Raises InvalidEvent when it breaks the grammar."""
    return normal_type(getattr(cls, "event_type", cls.__name__))


def stored_version(cls: type[msgspec.Struct]) -> int:
    """The version a class's events are stored with."""
    return int(getattr(cls, "event_version", 1))


def _decode(
    current: int,
    decode_json: Callable[[str | bytes], Any],
    cls: type[msgspec.Struct],
    chain: dict[int, Callable[[Any], Any]],
    recorded: Recorded | Fact,
) -> Any:
    version = recorded.version
    if version > current:
        return Unfit(recorded, f"version {version} is newer than version {current} of {cls.__name__}")
    try:
        if version == current and recorded.content_type is None:
            return decode_json(recorded.raw_data)
        data = recorded.data
        for step in range(version, current):
            try:
                data = chain[step](data)
            except Exception as problem:
                return Unfit(recorded, f"the upcast from version {step}: {type(problem).__name__}: {problem}")
        return msgspec.convert(data, cls)
    except msgspec.ValidationError as problem:
        return Unfit(recorded, str(problem))


def _chains(
    classes: dict[str, type[msgspec.Struct]], upcasts: Iterable[Upcast]
) -> dict[str, dict[int, Callable[[Any], Any]]]:
    """For each type the functions by the version they start from, without a hole up to the class's version."""
    chains: dict[str, dict[int, Callable[[Any], Any]]] = {name: {} for name in classes}
    for upcast in upcasts:
        facts: dict[str, Any] = {"type": upcast.type, "from_version": upcast.from_version}
        if upcast.type not in chains:
            raise InvalidModel("An upcast for a type that this codec does not know", **facts)
        if upcast.from_version in chains[upcast.type]:
            raise InvalidModel("Two upcasts start from the same version", **facts)
        if not 1 <= upcast.from_version < stored_version(classes[upcast.type]):
            raise InvalidModel("An upcast leads past the class's version", **facts, remedy="Raise event_version.")
        chains[upcast.type][upcast.from_version] = upcast.function
    for name, cls in classes.items():
        for version in range(1, stored_version(cls)):
            if version not in chains[name]:
                remedy = f"Add Upcast({name!r}, from_version={version}, function=…)."
                raise InvalidModel("An upcast is missing", type=name, from_version=version, remedy=remedy)
    return chains


def _tag_fields(cls: type[msgspec.Struct]) -> list[tuple[str, str]]:
    """The (field, kind) pairs of the fields marked as tags."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return [
        (field, normal_kind((mark.kind if isinstance(mark, Tag) else "") or field))
        for field in cls.__struct_fields__
        if typing.get_origin(hints[field]) is Annotated
        for mark in hints[field].__metadata__
        if mark is Tag or isinstance(mark, Tag)
    ]


def _tags_of(kind: str, value: Any) -> list[str]:
    match value:
        case None:
            return []
        case str() | int() if not isinstance(value, bool):
            return [f"{kind}:{value}"]
        case list() | tuple() | set() | frozenset():
            return [tag for item in value for tag in _tags_of(kind, item)]
        case _:
            raise InvalidEvent("A tag field holds text or a whole number", kind=kind, value=repr(value)[:80])
