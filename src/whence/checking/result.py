"""The result of a replay, kept in a file: what every entity of a kind came to, and which fields each of its events
changed on the way. Replayed with the code as it is now, it names the first event and field that come out otherwise.

The file is JSON lines. The first says what it is of: the kind, the model and its fingerprint, the store, the position
and id of the last event. Then a line for each entity, with its fields and, for each event that changed something, the
position and the changed fields, each as a text (`compare.canonical`). Of a text longer than TEXT_MAX a … and a digest
are kept, of a field that is gone null. It holds the states in plain text: keep it as you keep the store.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, cast

import msgspec

from whence.compare import Change, canonical
from whence.errors import CannotWrite, FoldFailed, InvalidFile, NotKnown
from whence.events import Recorded
from whence.fingerprint import fingerprint
from whence.history import PROGRESS_EVENTS, At, History, Progress
from whence.model import Model, ModelLike
from whence.query import Query
from whence.store import Store
from whence.wholefile import whole_file

FORMAT = 1
TEXT_MAX = 40
DIGEST_DIGITS = 16

Kept = dict[str, str | None]
"""Changed fields, each as a text; None where it is gone."""


class Origin(msgspec.Struct, frozen=True):
    """What a result is the result of: which model, with which code, over which events."""

    kind: str
    model: str
    fingerprint: str
    store_id: str
    head: int
    head_id: str
    entities: int
    occurred_us: int | None = None
    format: int = FORMAT


class Came(msgspec.Struct, frozen=True):
    """What an entity came to, and its steps: `[position, changed fields]` for each event that changed something."""

    fields: msgspec.Raw
    steps: msgspec.Raw


class _Line(msgspec.Struct, frozen=True):
    entity: str
    fields: msgspec.Raw
    steps: msgspec.Raw


class Result(msgspec.Struct, frozen=True):
    """The result of a replay: what it is of, and what each entity came to, in the order of their first events."""

    origin: Origin
    entities: Mapping[str, Came]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it into a file, whole or not at all, packed when its name ends with .gz. Raises CannotWrite."""
        try:
            with whole_file(path) as out, _packed(out, path) as lines:
                lines.write(msgspec.json.encode(self.origin) + b"\n")
                for entity, each in self.entities.items():
                    lines.write(msgspec.json.encode(_Line(entity, each.fields, each.steps)) + b"\n")
        except OSError as problem:
            raise CannotWrite("The result cannot be written", file=path, problem=problem.strerror) from None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Result:
        """The result that a file holds. Raises InvalidFile."""
        try:
            with _opened(path) as lines:
                origin = msgspec.json.decode(lines.readline(), type=Origin)
                decode = msgspec.json.Decoder(_Line).decode
                entities = {each.entity: Came(each.fields.copy(), each.steps.copy()) for each in map(decode, lines)}
        except (msgspec.MsgspecError, UnicodeDecodeError, EOFError, zlib.error) as problem:
            raise InvalidFile("Not a recorded result", file=path, problem=problem, remedy=SAVE) from None
        except OSError as problem:
            raise InvalidFile("The file cannot be read", file=path, problem=problem.strerror or problem) from None
        if origin.format != FORMAT:
            remedy = "Use the Whence that wrote it, or a newer one."
            raise InvalidFile("A result in a format not known here", file=path, format=origin.format, remedy=remedy)
        if len(entities) != origin.entities:
            facts = {"entities": len(entities), "written": origin.entities}
            raise InvalidFile("The result is cut off", file=path, **facts, remedy=SAVE)
        return cls(origin, entities)


class Deviation(msgspec.Struct, frozen=True):
    """An entity that came out otherwise, and the first of its events after which it did, with the fields that differ.

    `before` of each change is the text that was recorded, `after` the one there is now (`compare.canonical`; … and a
    digest for a long one that was recorded). An entity that is new or gone has neither.
    """

    entity: str
    what: Literal["changed", "new", "gone"]
    event: Recorded | None = None
    changes: tuple[Change, ...] = ()


class Comparison(msgspec.Struct, frozen=True):
    """A recorded result and the same replay now: the entities that came out otherwise, the earliest event first."""

    recorded: Origin
    fingerprint: str
    deviations: tuple[Deviation, ...]

    @property
    def same(self) -> bool:
        """Whether everything came out the same."""
        return not self.deviations

    @property
    def same_code(self) -> bool:
        """Whether the model's code is what it was."""
        return self.recorded.fingerprint == self.fingerprint


SAVE = "Record one: whence replay lead --save result.jsonl."


def replay(store: Store, model: ModelLike, at: At | None = None, *, progress: Progress | None = None) -> Result:
    """The result of folding every entity of the model's kind up to a moment, by default now. One pass over the store;
    the result is held in memory. Raises FoldFailed, and NotKnown where there is no event."""
    model, history = Model.of(model), History.of(store)
    history = history if at is None else history.at(at)
    head_id = _id_at(store, history.head)
    if head_id is None:
        raise NotKnown("There is nothing to replay", head=history.head, remedy="Record events first, or ask later.")
    entities = {entity: each.result() for entity, each in _steps(history, model, progress).items()}
    if not entities:  # a result of nothing would agree with any code
        remedy = "Check how the kind is written, or ask for a later time."
        raise NotKnown("There is nothing to replay", kind=model.kind, head=history.head, remedy=remedy)
    origin = Origin(
        kind=model.kind,
        model=model.name,
        fingerprint=fingerprint(model),
        store_id=store.identity().store_id,
        head=history.head,
        head_id=head_id,
        entities=len(entities),
        occurred_us=None if at is None else at.occurred_us,
    )
    return Result(origin, entities)


def check(store: Store, model: ModelLike, recorded: Result, *, progress: Progress | None = None) -> Comparison:
    """Replay what a result is the result of, with the code as it is now, and compare. The store may have gone on since.

    Raises InvalidFile when the result is of another history or kind, FoldFailed.
    """
    model, origin = Model.of(model), recorded.origin
    if model.kind != origin.kind:
        remedy = f"Name a model of kind {origin.kind}."
        raise InvalidFile("The result is of another kind", kind=origin.kind, model=model.name, remedy=remedy)
    if (found := _id_at(store, origin.head)) != origin.head_id:
        facts: dict[str, Any] = {"position": origin.head, "recorded": origin.head_id, "here": found or "none"}
        remedy = "Check it against the store it was recorded from, or a copy of that."
        raise InvalidFile("The result is of another history", **facts, remedy=remedy)
    then = History.of(store).upto(origin.head)
    if origin.occurred_us is not None:
        then = then.at(At(occurred_us=origin.occurred_us))
    steps = _steps(then, model, progress)
    now = {entity: each.result() for entity, each in steps.items()}
    deviations = sorted(_deviations(then, model, recorded.entities, now), key=_place)
    return Comparison(origin, fingerprint(model), tuple(deviations))


def _id_at(store: Store, position: int) -> str | None:
    """The id of the event at a position; None where there is none."""
    event = next(iter(store.read(after=position - 1, upto=position)), None) if position else None
    return None if event is None else event.id


# Replaying.


class _Steps:
    """One entity on its way: its state, what its fields are, and what each event changed."""

    __slots__ = ("latest_us", "model", "state", "steps", "texts")

    def __init__(self, model: Model) -> None:
        self.model = model
        self.state = model.initial()
        self.texts: dict[str, str] = {}
        self.steps: list[bytes] = []
        self.latest_us: int | None = None

    def take(self, recorded: Recorded) -> None:
        """Fold one event, and keep which fields it changed; of the first event all of them."""
        self.state = self.model.apply(self.state, recorded)
        before = self.texts
        self.texts = after = {name: canonical(value) for name, value in self.model.fields(self.state).items()}
        changed: Kept = {name: _kept(text) for name, text in after.items() if before.get(name) != text}
        changed |= {name: None for name in before if name not in after}
        if changed:
            self.steps.append(msgspec.json.encode((recorded.position, changed)))

    def result(self) -> Came:
        fields = self.model.fields(self.state)
        try:
            written = msgspec.json.encode(fields, enc_hook=repr)
        except TypeError:  # keys that JSON has no form for
            written = msgspec.json.encode(self.texts)
        return Came(msgspec.Raw(written), msgspec.Raw(b"[" + b",".join(self.steps) + b"]"))


def _steps(history: History, model: Model, progress: Progress | None) -> dict[str, _Steps]:
    """Every entity of the kind with its steps. In occurred order one whose events come late is folded again from its
    own events, as `History.states` does."""
    by_time, kind = model.order == "occurred", model.kind
    found: dict[str, _Steps] = {}
    late: dict[str, None] = {}
    for number, event in enumerate(history.events(), 1):
        for entity in event.entities(kind):
            each = found.get(entity) or found.setdefault(entity, _Steps(model))
            if entity in late or (by_time and each.latest_us is not None and each.latest_us > event.time_us):
                late[entity] = None
                continue
            each.latest_us = event.time_us
            try:
                each.take(event)
            except FoldFailed:
                if not by_time:
                    raise
                late[entity] = None  # perhaps an earlier event has not arrived yet: fold it in order
        if progress and number % PROGRESS_EVENTS == 0:
            progress(number, history.head)
    for entity in late:
        each = found[entity] = _Steps(model)
        for event in history.events(Query.of(tags=[entity]), order=model.order):
            each.take(event)
    return found


def _kept(text: str) -> str:
    if len(text) <= TEXT_MAX:
        return text
    return "…" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]


# Comparing.


def _deviations(
    history: History, model: Model, recorded: Mapping[str, Came], now: Mapping[str, Came]
) -> Iterator[Deviation]:
    for entity, before in recorded.items():
        if (after := now.get(entity)) is None:
            yield Deviation(entity, "gone")
        elif bytes(before.steps) != bytes(after.steps) and (found := _first(history, model, entity, before, after)):
            yield found
    yield from (Deviation(entity, "new") for entity in now if entity not in recorded)


def _first(history: History, model: Model, entity: str, before: Came, after: Came) -> Deviation | None:
    """The first event after which an entity differs, and its fields that do; None where only their order does."""
    try:
        one, other = (msgspec.json.decode(bytes(each.steps), type=list[tuple[int, Kept]]) for each in (before, after))
    except msgspec.ValidationError as problem:
        raise InvalidFile("Not a recorded result", entity=entity, problem=problem, remedy=SAVE) from None
    index = next(
        (n for n, (old, new) in enumerate(zip(one, other, strict=False)) if old != new), min(len(one), len(other))
    )
    sides = [each[index][0] for each in (one, other) if index < len(each)]
    if not sides:
        return None
    state = model.initial()
    for event in history.events(Query.of(tags=[entity]), order=model.order):
        state = model.apply(state, event)
        if event.position in sides:
            break
    old, new = (_texts(steps, index, event.position) for steps in (one, other))
    fields = model.fields(state)
    whole = {name: canonical(value) for name, value in fields.items()}
    names = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    return Deviation(entity, "changed", event, tuple(Change(name, old.get(name), whole.get(name)) for name in names))


def _texts(steps: list[tuple[int, Kept]], index: int, position: int) -> Kept:
    """The fields after the first steps, and the next one if it is that of the event at a position."""
    texts: Kept = {}
    for _, changed in steps[:index]:
        texts |= changed
    return texts | (steps[index][1] if index < len(steps) and steps[index][0] == position else {})


def _place(deviation: Deviation) -> tuple[bool, int]:
    event = deviation.event
    return event is None, 0 if event is None else event.position


def _opened(path: str | os.PathLike[str]) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path) if str(path).endswith(".gz") else Path(path).open("rb"))


def _packed(out: BinaryIO, path: str | os.PathLike[str]) -> AbstractContextManager[IO[bytes]]:
    """What packs into a file where its name ends with .gz, the same bytes each time; else the file itself."""
    if not str(path).endswith(".gz"):
        return nullcontext(out)
    return cast(AbstractContextManager[IO[bytes]], gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0))
