"""An event as it is given to a store (`Event`) and as it comes back (`Recorded`), both immutable. How events are kept
is left to the stores; typed events are left to codec."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from whence import jsonvalue
from whence.clock import EPOCH, MICROSECOND, to_datetime, to_iso, to_us
from whence.errors import InvalidEvent
from whence.grammar import (
    EVENT_BYTES_MAX,
    id_to_raw,
    normal_tags,
    normal_type,
    raw_to_id,
)
from whence.query import Basis

IMPORT_STARTED, IMPORTED = "whence.ImportStarted", "whence.Imported"
"""The types of the two events that an import is; the first one's id is the import's."""
CERTAINLY_SMALL = EVENT_BYTES_MAX // 4
"""So many characters are no more than the limit, whichever they are: a character has up to four bytes."""

_set = msgspec.structs.force_setattr


class Body(msgspec.Struct, frozen=True):
    """Data that is not JSON: bytes and their content type, such as `image/png`."""

    content: bytes
    content_type: str

    def __post_init__(self) -> None:
        if not isinstance(self.content, bytes) or not isinstance(self.content_type, str):
            given = f"{type(self.content).__name__} and {type(self.content_type).__name__}"
            raise InvalidEvent("A body is bytes and a text", given=given, remedy='Write Body(b"…", "image/png").')
        if not self.content_type or self.content_type == "application/json":
            raise InvalidEvent("A body has a content type of its own", remedy="Give JSON as plain data.")


class Event(msgspec.Struct, frozen=True, gc=False):
    """A fact that happened, to be appended.

    `data` is any JSON value, or a `Body`. `tags` name what it concerns (`lead:42`). Without `id` the store makes a
    UUIDv7; give one (text, a `uuid.UUID`, or its 16 bytes) to make retrying safe. `time` is when it happened in the
    world (an aware datetime, ISO 8601 text with a zone, or microseconds since 1970); without it, the time of recording.
    `actor` is who did it, `cause` the id of the event that led to it, `correlation` what groups it with others, `meta`
    a JSON object that no fold reads.

    Raises InvalidEvent and InvalidTime, naming the field and the remedy.
    """

    type: str
    data: Any = None
    tags: tuple[str, ...] = ()
    id: str | UUID | bytes | None = None
    version: int = 1
    time: datetime | None = None
    actor: str | None = None
    cause: str | None = None
    correlation: str | None = None
    meta: dict[str, Any] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        raise TypeError("Event is not subclassed: declare typed events as msgspec structs and give them to a Codec.")

    def __post_init__(self) -> None:
        normal_type(self.type)
        tags = self.tags
        if (normal := normal_tags(tags)) is not tags:
            _set(self, "tags", normal)
        time = self.time
        if time is not None and (type(time) is not datetime or time.tzinfo is not UTC):
            _set(self, "time", _in_utc(time))
        if type(self.version) is not int or not 1 <= self.version < 2**31:
            raise InvalidEvent("A version is a whole number from 1", version=repr(self.version))
        if self.id is not None:
            _check_id("id", self.id)
        if self.cause is not None:
            _check_id("cause", self.cause)
        if self.actor is not None:
            normal_text("actor", self.actor)
        if self.correlation is not None:
            normal_text("correlation", self.correlation)
        if self.meta is not None and not isinstance(self.meta, dict):
            raise InvalidEvent("meta is a JSON object", meta=repr(self.meta)[:80], remedy="Write meta={...}.")


class Row(msgspec.Struct, array_like=True, gc=False):
    """An event encoded for keeping, before it has a position: the text forms that every store writes."""

    raw_id: bytes | str | None
    type: str
    version: int
    content_type: str | None
    tags_text: str
    raw_data: str | bytes
    given_time_us: int | None
    actor: str | None
    raw_cause: bytes | str | None
    correlation: str | None
    meta_text: str | None
    tags: tuple[str, ...]


def encode(event: Event) -> Row:
    """The event as text, checked against the JSON rules and the size limit. Raises InvalidEvent."""
    id, data, time, meta = event.id, event.data, event.time, event.meta
    content_type: str | None = None
    raw_data: str | bytes
    if type(data) is Body:
        raw_data, content_type = data.content, data.content_type
    else:
        raw_data = str(jsonvalue.encode(data), "utf-8")
    meta_text = None if meta is None else jsonvalue.encode(meta).decode()
    if len(raw_data) + (0 if meta_text is None else len(meta_text)) > CERTAINLY_SMALL:
        check_size(raw_data, meta_text)
    return Row(
        None if id is None else id_to_raw(id),
        event.type,
        event.version,
        content_type,
        "\n".join(event.tags),
        raw_data,
        None if time is None else (time - EPOCH) // MICROSECOND,
        event.actor,
        None if event.cause is None else id_to_raw(event.cause),
        event.correlation,
        meta_text,
        event.tags,
    )


class Recorded(msgspec.Struct, frozen=True, gc=False, eq=False):
    """An event as a store returns it. Its fields are decoded when they are asked for.

    The first fields are the stored forms; what people use are the properties: `id`, `tags`, `data`, `time`,
    `recorded`, `cause`, `basis`, `meta`. Two are equal when every field of the envelope is.
    """

    position: int
    raw_id: bytes | str
    type: str
    version: int
    content_type: str | None
    tags_text: str
    raw_data: str | bytes
    given_time_us: int | None
    recorded_us: int
    actor: str | None = None
    raw_cause: bytes | str | None = None
    correlation: str | None = None
    basis_text: str | None = None
    meta_text: str | None = None

    @property
    def id(self) -> str:
        return raw_to_id(self.raw_id)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(self.tags_text.split("\n")) if self.tags_text else ()

    @property
    def data(self) -> Any:
        """The JSON value, freshly decoded each time, or a `Body`."""
        return _data_of(self.content_type, self.raw_data)

    @property
    def time_us(self) -> int:
        """When it happened, in microseconds UTC: the time given, else the time of recording."""
        given = self.given_time_us
        return self.recorded_us if given is None else given

    @property
    def time(self) -> datetime:
        return to_datetime(self.time_us)

    @property
    def recorded(self) -> datetime:
        return to_datetime(self.recorded_us)

    @property
    def cause(self) -> str | None:
        return None if self.raw_cause is None else raw_to_id(self.raw_cause)

    @property
    def basis(self) -> Basis | None:
        return None if self.basis_text is None else Basis.from_json(jsonvalue.decode(self.basis_text))

    @property
    def meta(self) -> dict[str, Any]:
        return {} if self.meta_text is None else jsonvalue.decode(self.meta_text)

    def entity(self, kind: str) -> str | None:
        """The first tag of this kind, whole (`lead:42`), or None."""
        for tag in self.tags_text.split("\n"):
            if tag.startswith(kind) and tag[len(kind) : len(kind) + 1] == ":":
                return tag
        return None

    def entities(self, kind: str) -> list[str]:
        """All tags of this kind, whole, sorted."""
        prefix = kind + ":"
        return [tag for tag in self.tags_text.split("\n") if tag.startswith(prefix)]

    def to_event(self) -> Event:
        """The event to append so that another store has the same content, id and time."""
        return Event(
            self.type,
            self.data,
            self.tags,
            self.id,
            self.version,
            None if self.given_time_us is None else to_datetime(self.given_time_us),
            self.actor,
            self.cause,
            self.correlation,
            self.meta or None,
        )

    def to_row(self) -> Row:
        """The row to restore in another store."""
        return Row(
            self.raw_id,
            self.type,
            self.version,
            self.content_type,
            self.tags_text,
            self.raw_data,
            self.given_time_us,
            self.actor,
            self.raw_cause,
            self.correlation,
            self.meta_text,
            self.tags,
        )

    def to_json(self) -> dict[str, Any]:
        """The whole envelope as a JSON object; fields that are absent are left out. `from_json` is its inverse."""
        envelope: dict[str, Any] = {"position": self.position, "id": self.id, "type": self.type}
        if self.version != 1:
            envelope["version"] = self.version
        envelope["tags"] = list(self.tags)
        if isinstance(self.raw_data, bytes):
            envelope["content_type"] = self.content_type
            envelope["data_base64"] = base64.b64encode(self.raw_data).decode()
        else:
            envelope["data"] = jsonvalue.decode(self.raw_data)
        if self.given_time_us is not None:
            envelope["time"] = to_iso(self.given_time_us)
        envelope["recorded"] = to_iso(self.recorded_us)
        for name in ("actor", "cause", "correlation"):
            if (value := getattr(self, name)) is not None:
                envelope[name] = value
        if self.basis_text is not None:
            envelope["basis"] = jsonvalue.decode(self.basis_text)
        if self.meta_text is not None:
            envelope["meta"] = jsonvalue.decode(self.meta_text)
        return envelope

    @classmethod
    def from_json(cls, envelope: Mapping[str, Any]) -> Recorded:
        """The event whose envelope `to_json` wrote. Raises InvalidEvent naming the field that is missing or wrong."""
        try:
            event = event_from_json(envelope)
            position, recorded_us = envelope["position"], to_us(envelope["recorded"])
        except KeyError as missing:
            raise InvalidEvent("An envelope lacks a field", field=missing.args[0]) from None
        if type(position) is not int or position < 1 or event.id is None:
            raise InvalidEvent("A recorded event has an id and a position from 1", position=repr(position))
        basis = envelope.get("basis")
        basis_text = None if basis is None else jsonvalue.canonical(Basis.from_json(basis).to_json()).decode()
        return recorded_from(encode(event), position, recorded_us, basis_text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recorded) and msgspec.structs.astuple(self) == msgspec.structs.astuple(other)

    def __ne__(self, other: object) -> bool:  # a struct has one of its own, which does not ask __eq__
        return not self == other

    def __hash__(self) -> int:
        return hash((self.position, self.raw_id))


class Kind(msgspec.Struct, frozen=True):
    """What the data of events is: their type, its version, and the content type where it is not JSON."""

    type: str
    version: int
    content_type: str | None


FactRow = tuple[int, int, str, Any, int]
"""Of one event the position, the number of its kind, the tags (one a line), the stored data and the time in µs UTC."""


class Facts(msgspec.Struct, gc=False):
    """What a fold looks at of a page of events, in plain rows: a replay of a whole history makes no object of an event.

    A number means the same kind on every page of a reading.
    """

    kinds: Mapping[int, Kind]
    rows: Sequence[FactRow]

    def fact(self, row: FactRow) -> Fact:
        """One row with names."""
        position, number, tags_text, raw_data, time_us = row
        kind = self.kinds[number]
        return Fact(position, kind.type, kind.version, kind.content_type, tags_text, raw_data, time_us)


class Fact(msgspec.Struct, frozen=True, gc=False, eq=False):
    """The part of a recorded event that a fold over typed events looks at, by the same names as on a `Recorded`."""

    position: int
    type: str
    version: int
    content_type: str | None
    tags_text: str
    raw_data: str | bytes
    time_us: int

    @property
    def data(self) -> Any:
        return _data_of(self.content_type, self.raw_data)


def facts_of(events: Iterable[Recorded], page_events: int = 1000, *, whole: bool = False) -> Iterator[Facts]:
    """The same in pages of facts; with `whole` each row has the event itself in place of its data."""
    numbers: dict[tuple[str, int, str | None], int] = {}
    kinds: dict[int, Kind] = {}
    source = iter(events)
    while page := list(islice(source, page_events)):
        rows = []
        for event in page:
            kind = (event.type, event.version, event.content_type)
            if kind not in numbers:
                numbers[kind] = len(numbers)
                kinds[numbers[kind]] = Kind(*kind)
            data = event if whole else event.raw_data
            rows.append((event.position, numbers[kind], event.tags_text, data, event.time_us))
        yield Facts(kinds, rows)


def recorded_from(row: Row, position: int, recorded_us: int, basis_text: str | None) -> Recorded:
    """The recorded event that a row becomes at a position. The row must have an id."""
    assert row.raw_id is not None, "a row gets its id before it is recorded"
    return Recorded(
        position,
        row.raw_id,
        row.type,
        row.version,
        row.content_type,
        row.tags_text,
        row.raw_data,
        row.given_time_us,
        recorded_us,
        row.actor,
        row.raw_cause,
        row.correlation,
        basis_text,
        row.meta_text,
    )


ENVELOPE = {"position", "id", "type", "version", "tags", "data", "data_base64", "content_type", "time", "recorded"}
ENVELOPE |= {"actor", "cause", "correlation", "basis", "meta"}


def event_from_json(envelope: Mapping[str, Any]) -> Event:
    """The Event of an envelope as `Recorded.to_json` writes it; position, recorded and basis are not looked at.

    Raises InvalidEvent, also for a field that no envelope has.
    """
    if unknown := envelope.keys() - ENVELOPE:
        raise InvalidEvent(
            "An envelope has no such field", field=", ".join(sorted(unknown)), remedy="Put it in data or meta."
        )
    if "type" not in envelope:
        raise InvalidEvent("An envelope lacks a field", field="type")
    if ("content_type" in envelope) > ("data_base64" in envelope) or {"data", "data_base64"} <= envelope.keys():
        remedy = "Give data, or data_base64 with its content_type."
        raise InvalidEvent("Two kinds of data in one envelope", remedy=remedy)
    if "data_base64" in envelope:
        try:
            content = base64.b64decode(envelope["data_base64"], validate=True)
        except (ValueError, TypeError):
            raise InvalidEvent("Not base64", field="data_base64") from None
        data: Any = Body(content, envelope.get("content_type", "application/octet-stream"))
    else:
        data = envelope.get("data")
    given = ("id", "time", "actor", "cause", "correlation", "meta")
    return Event(
        envelope["type"],
        data,
        _list(envelope.get("tags", ())),
        version=envelope.get("version", 1),
        **{name: envelope[name] for name in given if envelope.get(name) is not None},
    )


def same_content(stored: Recorded, row: Row) -> bool:
    """Whether a row says the same as a stored event: type, version, tags, data, actor, cause and correlation, and
    time if the caller gave it. Not basis, recorded or meta; the order of keys in data does not matter."""
    return (
        stored.type == row.type
        and stored.version == row.version
        and stored.tags_text == row.tags_text
        and stored.actor == row.actor
        and stored.raw_cause == row.raw_cause
        and stored.correlation == row.correlation
        and stored.content_type == row.content_type
        and row.given_time_us in (None, stored.time_us)
        and _same_data(stored.raw_data, row.raw_data)
    )


def _same_data(stored: str | bytes, given: str | bytes) -> bool:
    if stored == given or isinstance(stored, bytes) or isinstance(given, bytes):
        return stored == given
    return jsonvalue.canonical(jsonvalue.decode(stored)) == jsonvalue.canonical(jsonvalue.decode(given))


def events_of(given: Any) -> tuple[Event, ...]:
    """What was given, one event, several of them or None for none, as a tuple of events.

    Raises InvalidEvent for anything else, saying what to write.
    """
    if given is None:
        return ()
    if isinstance(given, (str, bytes, Mapping, msgspec.Struct)) or not isinstance(given, Iterable):
        given = (given,)
    events = tuple(given)
    for event in events:
        if type(event) is not Event:
            raise InvalidEvent("Not an event", value=repr(event)[:80], remedy=_event_instead_of(event))
    return events


def _event_instead_of(value: Any) -> str:
    """What to write where something is no event."""
    if isinstance(value, Recorded):
        return "Write recorded.to_event()."
    if isinstance(value, msgspec.Struct):
        return "Write codec.event(value), where codec is a Codec that was given its class."
    return 'Write Event("LeadScored", {"score": 60}, ["lead:42"]).'


def _list(value: Any) -> tuple[str, ...]:
    if not isinstance(value, Iterable) or isinstance(value, (str, Mapping)):
        raise InvalidEvent("Tags are a list", tags=repr(value)[:80], remedy='Write "tags": ["lead:42"].')
    return tuple(value)


def _data_of(content_type: str | None, raw_data: str | bytes) -> Any:
    if content_type is not None:
        return Body(raw_data, content_type)  # type: ignore[arg-type]
    return jsonvalue.decode(raw_data)


def _in_utc(time: datetime | str | int) -> datetime:
    """The moment as an aware datetime in UTC. Raises InvalidTime."""
    if type(time) is datetime and time.tzinfo is not None and 1 < time.year < 9999:
        return time.astimezone(UTC)
    return to_datetime(to_us(time))


def _check_id(field: str, value: str | UUID | bytes) -> None:
    if field == "id" and (type(value) is UUID or (type(value) is bytes and len(value) == 16)):
        return
    if not isinstance(value, str):
        raise InvalidEvent("An id is text", field=field, value=repr(value)[:80], remedy="Write str(id).")
    if len(value) != 36:
        id_to_raw(value)


def normal_text(field: str, value: str) -> str:
    """The text of a field such as the actor, checked: 1 to 1,000 characters. Raises InvalidEvent naming the field."""
    if type(value) is str and 0 < len(value) <= 1000 and value.isascii():
        return value
    if not isinstance(value, str) or not 0 < len(value) <= 1000:
        raise InvalidEvent("Not 1 to 1,000 characters of text", field=field, value=repr(value)[:80])
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidEvent("A lone surrogate is not text", field=field) from None
    return value


def check_size(raw_data: str | bytes, meta_text: str | None) -> None:
    """Raise InvalidEvent for more than an event may have."""
    size = sum(len(part.encode() if isinstance(part, str) else part) for part in (raw_data, meta_text or ""))
    if size > EVENT_BYTES_MAX:
        raise InvalidEvent(
            "An event is at most 1 MiB", bytes=size, remedy="Keep the large part elsewhere and its name here."
        )
