"""A history is a value: the events of a store up to a fixed position, immutable, repeatable and cheap to hold. It can
be cut by position or by either clock, branched without touching the store, and folded; stores keep it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from whence.clock import LATEST_US, to_iso
from whence.codec import Codec
from whence.errors import InvalidQuery, NotKnown
from whence.events import IMPORT_STARTED, Event, FactRow, Facts, Kind, Recorded, encode, facts_of, recorded_from
from whence.grammar import id_to_raw, split_tag
from whence.model import DataHandler, Model, ModelLike
from whence.query import Query
from whence.store import Store

PROGRESS_EVENTS = 10_000
ABSENT = object()

Progress = Callable[[int, int | None], None]


class At(msgspec.Struct, frozen=True):
    """A moment: a position, a recorded or an occurred time in microseconds UTC (inclusive), or now when all are absent.

    Raises InvalidQuery when more than one is given.
    """

    position: int | None = None
    recorded_us: int | None = None
    occurred_us: int | None = None

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.position, self.recorded_us, self.occurred_us)) > 1:
            raise InvalidQuery("A moment is one thing", remedy="Give a position, a recorded or an occurred time.")
        if self.position is not None and self.position < 0:
            raise InvalidQuery("A position is a whole number from 0", position=self.position)

    @classmethod
    def now(cls) -> At:
        return cls()

    @property
    def is_now(self) -> bool:
        return self == At()


class Inserted(Recorded, frozen=True, gc=False, eq=False):
    """An event of a branch that no store has. It has no position of its own: `position` is the one it comes after."""


class Branch(msgspec.Struct, frozen=True):
    """How a history differs from what its store holds."""

    dropped_ids: frozenset[bytes | str] = frozenset()
    dropped: tuple[Query, ...] = ()
    altered: dict[bytes | str, dict[str, Any]] = {}
    inserted: tuple[Inserted, ...] = ()


class Reached(msgspec.Struct):
    """The states of a kind that the events up to a position come to, by tag, and in `times`, for a model of order
    "occurred", the latest time of each entity's events: what a fold goes on from, and changes in doing so."""

    position: int
    states: dict[str, Any]
    times: dict[str, int]

    @classmethod
    def nothing(cls) -> Reached:
        return cls(0, {}, {})


class Snapshots(Protocol):
    """Where states that a fold may begin with are kept. Whether there are any changes no answer."""

    def before(self, model: Model, last: int, last_us: int, entities: Collection[str] | None = None) -> Reached | None:
        """The newest states that no event beyond a position or a time is in, of all entities or of these; or None."""
        ...


class History:
    """The events of a store up to a fixed head. Every method that changes something returns another history."""

    def __init__(
        self,
        store: Store,
        head: int,
        occurred_us: int | None = None,
        branch: Branch | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.head = head
        self._store = store
        self._occurred_us = occurred_us
        self._branch = branch
        self._snapshots = snapshots

    @classmethod
    def of(cls, store: Store, snapshots: Snapshots | None = None) -> History:
        """Everything that the store holds now. Where there are snapshots, the states of all entities begin with one."""
        return cls(store, store.head(), snapshots=snapshots)

    def events(self, query: Query | None = None, *, order: str = "position", after: int = 0) -> Iterator[Recorded]:
        """The events that match, by position, or with `order="occurred"` by time and then position (held in memory);
        those beyond the position `after`."""
        found = self._by_position(query, after)
        return iter(sorted(found, key=by_time)) if order == "occurred" else found

    def count(self) -> int:
        """How many events there are."""
        if self._occurred_us is None and self._branch is None:
            return self.head
        return sum(1 for _ in self.events())

    def event(self, id: str) -> Recorded:
        """The event with this id, as the store has it. Raises NotKnown when it is not there up to this history's last
        position and time."""
        raw_id = id_to_raw(id)
        position = self._store.positions_of([raw_id]).get(raw_id)
        last, last_us = self.bounds
        event = None if position is None or position > last else self._event_at(position)
        if event is None or event.time_us > last_us:
            raise NotKnown("There is no such event here", id=id, remedy="Name the id of an event of this history.")
        return event

    @property
    def bounds(self) -> tuple[int, int]:
        """The last position and the last microsecond, both inclusive, of what is in it."""
        return self.head, LATEST_US if self._occurred_us is None else self._occurred_us

    @property
    def is_branch(self) -> bool:
        """Whether it has other events than its store."""
        return self._branch is not None

    # Cutting.

    def upto(self, position: int) -> History:
        """The events up to and with a position."""
        return self._cut(max(0, min(self.head, position)), self._occurred_us)

    def uncut(self) -> History:
        """The same without a cut by the time at which things happened: what was recorded, up to the head."""
        return self if self._occurred_us is None else self._cut(self.head, None)

    def at(self, at: At) -> History:
        """The events up to and with a moment: recorded times cut a prefix, occurred times keep what happened by then.

        Raises NotKnown for a recorded time before anything was recorded: nothing was known then, which is not zero.
        """
        if at.position is not None:
            return self.upto(at.position)
        if at.recorded_us is not None:
            return self.upto(self._known_upto(at.recorded_us))
        if at.occurred_us is None:
            return self
        cut = at.occurred_us if self._occurred_us is None else min(at.occurred_us, self._occurred_us)
        return self._cut(self.head, cut)

    def _cut(self, head: int, occurred_us: int | None) -> History:
        return History(self._store, head, occurred_us, self._branch, self._snapshots)

    def recorded_upto(self, recorded_us: int) -> int:
        """The last position recorded by a time, 0 where there is none; by halving, since recorded times never fall."""
        low, high = 0, self.head
        while low < high:
            middle = (low + high + 1) // 2
            if self._event_at(middle).recorded_us <= recorded_us:
                low = middle
            else:
                high = middle - 1
        return low

    def _known_upto(self, recorded_us: int) -> int:
        """The same, but raises NotKnown where nothing was recorded yet."""
        position = self.recorded_upto(recorded_us)
        if position == 0 and self.head:
            first = self._event_at(1)
            day = to_iso(first.recorded_us)[:10]
            imported = first.type == IMPORT_STARTED  # where a file's recorded times were kept, it is not the first
            raise NotKnown(
                f"Not known: imported on {day}" if imported else "Not known: nothing was recorded yet at that time",
                asked=to_iso(recorded_us),
                first_recorded=to_iso(first.recorded_us),
                remedy="Ask by when it happened (clock occurred), or for a later time.",
            )
        return position

    def _event_at(self, position: int) -> Recorded:
        return next(iter(self._store.read(after=position - 1, upto=position)))

    def told_events(self, progress: Progress | None) -> Iterator[Recorded]:
        """All events by position, while `progress` is told how far the reading is."""
        for event in self.events():
            if progress and event.position % PROGRESS_EVENTS == 0:
                progress(event.position, self.head)
            yield event

    # Branching.

    def drop(self, *events: str | Query) -> History:
        """A branch without some events, named by id or by a query. Raises NotKnown for an id that is not here."""
        for event in events:
            if isinstance(event, str):
                self.event(event)
        branch = self._branch or Branch()
        ids = branch.dropped_ids | {id_to_raw(event) for event in events if isinstance(event, str)}
        queries = branch.dropped + tuple(event for event in events if isinstance(event, Query))
        return self._branched(dropped_ids=ids, dropped=queries)

    def insert(self, event: Event, *, after: int) -> History:
        """A branch with one more event, which comes after a position. Raises InvalidQuery for one beyond the head."""
        inserted = (self._branch or Branch()).inserted
        return self._branched(inserted=(*inserted, self._insertion(event, after, len(inserted))))

    def _insertion(self, event: Event, after: int, number: int) -> Inserted:
        if not 0 <= after <= self.head:
            raise InvalidQuery("Not a position of this history", after=after, head=self.head)
        row = encode(event)
        if row.raw_id is None:
            row.raw_id = f"inserted:{after}:{number}"
        recorded_us = self._event_at(after or 1).recorded_us if self.head else (row.given_time_us or 0)
        return Inserted(*msgspec.structs.astuple(recorded_from(row, after, recorded_us, None)))

    def alter(self, id: str, **changes: Any) -> History:
        """A branch in which some fields of an event (type, data, tags, time, actor …) are others.

        Raises NotKnown for an id that is not here, InvalidQuery for an unknown field, InvalidEvent for a bad value.
        """
        if unknown := changes.keys() - set(Event.__struct_fields__) | changes.keys() & {"id"}:
            raise InvalidQuery("An event has no such field to alter", field=", ".join(sorted(unknown)))
        altered = dict((self._branch or Branch()).altered)
        raw_id = id_to_raw(id)
        altered[raw_id] = altered.get(raw_id, {}) | copy.deepcopy(changes)
        _altered(self.event(id), altered[raw_id])
        return self._branched(altered=altered)

    def revised(
        self,
        *,
        dropped: Iterable[Recorded] = (),
        altered: Iterable[tuple[Recorded, Mapping[str, Any]]] = (),
        inserted: Iterable[tuple[Event, int]] = (),
    ) -> History:
        """A branch with many changes at once: without events, with other fields in some, and with more events, each
        after a position. The events are those that this history gave, also such as were inserted into it.

        Raises as `alter` and `insert` do.
        """
        branch = self._branch or Branch()
        fields = dict(branch.altered)
        for event, changes in altered:
            fields[event.raw_id] = fields.get(event.raw_id, {}) | copy.deepcopy(dict(changes))
            _altered(event, fields[event.raw_id])
        more = list(branch.inserted)
        for extra, after in inserted:
            more.append(self._insertion(extra, after, len(more)))
        ids = branch.dropped_ids | {event.raw_id for event in dropped}
        return self._branched(dropped_ids=ids, altered=fields, inserted=tuple(more))

    def _branched(self, **changes: Any) -> History:
        branch = msgspec.structs.replace(self._branch or Branch(), **changes)
        return History(self._store, self.head, self._occurred_us, branch)

    # Folding.

    def state(self, model: ModelLike, entity: str) -> Any:
        """The state of an entity, or None when it has no events here. Raises FoldFailed."""
        split_tag(entity)
        model, query = Model.of(model), Query.of(tags=[entity])
        if model.reads_data and self._branch is None:
            return _fold_one(model, self.facts(query))
        events = list(self.events(query, order=model.order))
        return model.fold(events) if events else None

    def states(
        self, model: ModelLike, *, query: Query | None = None, progress: Progress | None = None
    ) -> dict[str, Any]:
        """The state of every entity of the model's kind, by tag, in the order of their first events. With a query for
        all events that the model looks at, entities that have none of them are not there.

        One pass. In occurred order an entity whose events come late is folded again from its own events, so that no
        more than the states is held; without a query begun from a snapshot, where one is kept. Raises FoldFailed.
        """
        model = Model.of(model)
        begun = (self.begun(model) if query is None else None) or Reached.nothing()
        return self.reach(model, begun, self.pages(model, progress, query, after=begun.position)).states

    def begun(self, model: Model, entities: Collection[str] | None = None) -> Reached | None:
        """The newest kept states that this history goes on from, of all entities or of these; None where there are
        none. A branch goes on from none, since its events are others."""
        if self._snapshots is None or self._branch is not None:
            return None
        return self._snapshots.before(model, *self.bounds, entities)

    def reach(self, model: Model, begun: Reached, pages: Iterable[Facts]) -> Reached:
        """The states that these pages, all events after where it begun, lead on to. Raises FoldFailed."""
        states, times = begun.states, begun.times
        if model.reads_data and model.order == "position":
            states = _fold_data_by_entity(model, pages, states)
        else:
            late = _fold_by_entity(model, pages, states, times)
            for entity in [each for each in states if each in late] if late else ():  # so the same one fails first
                states[entity] = self.state(model, entity)
        return Reached(self.head, states, times)

    # Reading.

    def typed(self, codec: Codec) -> Iterator[Any]:
        """Every event as its typed value, in order of position; one of an unknown type as a `Fact` or `Recorded`."""
        return codec.typed_each(self.facts())

    def pages(
        self, model: Model, progress: Progress | None = None, query: Query | None = None, *, after: int = 0
    ) -> Iterator[Facts]:
        """The events by position as a fold with this model looks at them: with the stored data, or the whole event."""
        pages = (
            self.facts(query, after=after)
            if model.reads_data
            else facts_of(self.events(query, after=after), whole=True)
        )
        return pages if progress is None else _reported(pages, after, self.head, progress)

    def facts(self, query: Query | None = None, *, after: int = 0) -> Iterator[Facts]:
        """The events by position, with only what a fold over typed events looks at."""
        if self._branch is not None:
            return facts_of(self.events(query, after=after))
        pages = self._store.read(query, after=after, upto=self.head).facts()
        cut = self._occurred_us
        return (
            pages if cut is None else (Facts(page.kinds, [row for row in page.rows if row[4] <= cut]) for page in pages)
        )

    def _by_position(self, query: Query | None, after: int) -> Iterator[Recorded]:
        branch = self._branch
        if branch is None:
            events: Iterator[Recorded] = iter(self._store.read(query, after=after, upto=self.head))
        else:
            events = _branch_events(iter(self._store.read(upto=self.head)), branch, self.head)
            events = (event for event in events if event.position > after) if after else events
            if query is not None and not query.is_all:
                events = (event for event in events if query.matches(event.type, event.tags))
        if (cut := self._occurred_us) is not None:
            events = (event for event in events if event.time_us <= cut)
        return events


def state_now(store: Store, model: ModelLike, entity: str) -> Any:
    """The state of an entity as a store holds it now, or None when it has no events: what `History.of(store).state`
    says, in one reading. Raises FoldFailed."""
    split_tag(entity)
    model = Model.of(model)
    if model.reads_data:
        return _fold_one(model, store.read(Query.of(tags=[entity])).facts())
    return History.of(store).state(model, entity)


def by_time(event: Recorded) -> tuple[int, int, bool]:
    """What to sort events by as they happened: time, then position; one inserted after another comes behind it."""
    return event.time_us, event.position, isinstance(event, Inserted)


def by_position(event: Recorded) -> tuple[int, bool]:
    """The same as they were recorded."""
    return event.position, isinstance(event, Inserted)


def events_by_entity(events: Iterable[Recorded], kind: str) -> dict[str, list[Recorded]]:
    """The events of each entity of a kind, in the order given; an event of several is in each of their lists."""
    found: dict[str, list[Recorded]] = {}
    for event in events:
        for entity in event.entities(kind):
            found.setdefault(entity, []).append(event)
    return found


def _fold_one(model: Model, pages: Iterable[Facts]) -> Any:
    """The state that the events of one entity fold into, or None when there are none. The model reads data alone."""
    handlers: dict[int, DataHandler | None] = {}
    rows: list[FactRow] = []
    kinds: Mapping[int, Kind] = {}
    for page in pages:
        rows += page.rows
        kinds = page.kinds
    if not rows:
        return None
    if model.order == "occurred":
        rows.sort(key=lambda row: (row[4], row[0]))
    state = model.initial()
    for position, number, _, data, _ in rows:
        try:
            found = handlers[number]
        except KeyError:
            found = handlers[number] = model.data_handler(kinds[number])
        if found is not None:
            handler, decode = found
            try:
                handler(state, decode(data))
            except Exception as problem:
                raise model.failed_by(handler, kinds[number].type, position, problem) from problem
    return state


def _fold_data_by_entity(model: Model, pages: Iterable[Facts], begun: Mapping[str, Any]) -> dict[str, Any]:
    """The states of all entities of the model's kind, for a model that reads data alone, in order of position.

    This loop is what replaying a whole history costs: the one tag that nearly every event has is cut out in place, and
    states are kept under the tags without their kind.
    """
    prefix, following = f"{model.kind}:", f"\n{model.kind}:"
    handlers: dict[int, DataHandler | None] = {}
    states = {tag[len(prefix) :]: state for tag, state in begun.items()}
    for page in pages:
        for position, number, text, data, _ in page.rows:
            before, cut, name = text.rpartition(following)
            if not cut or "\n" in name or prefix in before:
                names: Sequence[str] = [tag[len(prefix) :] for tag in text.split("\n") if tag.startswith(prefix)]
            else:
                names = (name,)
            try:
                found = handlers[number]
            except KeyError:
                found = handlers[number] = model.data_handler(page.kinds[number])
            for name in names:
                try:
                    state = states[name]
                except KeyError:
                    state = states[name] = model.initial()
                if found is not None:
                    handler, decode = found
                    try:
                        handler(state, decode(data))
                    except Exception as problem:
                        raise model.failed_by(handler, page.kinds[number].type, position, problem) from problem
    return {prefix + name: state for name, state in states.items()}


def _fold_by_entity(
    model: Model, pages: Iterable[Facts], states: dict[str, Any], latest_us: dict[str, int]
) -> dict[str, None]:
    """Lead the states of all entities of the model's kind on, and in occurred order the latest time of each; the
    entities that must be folded again in that order."""
    prefix = f"{model.kind}:"
    by_time = model.order == "occurred"
    steps: dict[int, Any] = {}
    late: dict[str, None] = {}
    for page in pages:
        for position, number, text, data, time_us in page.rows:
            step = steps[number] if number in steps else steps.setdefault(number, model.step_over(page.kinds[number]))
            for entity in text.split("\n"):
                if not entity.startswith(prefix):
                    continue
                if (state := states.get(entity, ABSENT)) is ABSENT:
                    state = states[entity] = model.initial()
                if by_time:
                    if latest_us.get(entity, time_us) > time_us:
                        late[entity] = None
                    else:
                        latest_us[entity] = time_us
                if step is not None and entity not in late:
                    try:
                        states[entity] = step(state, data)
                    except Exception as problem:
                        if not by_time:
                            raise model.failed(page.kinds[number].type, position, problem) from problem
                        late[entity] = None  # perhaps an earlier event has not arrived yet: fold it in order
    return late


def _branch_events(events: Iterator[Recorded], branch: Branch, head: int) -> Iterator[Recorded]:
    """The events of a branch in order."""
    inserted: dict[int, list[Recorded]] = {}
    for extra in branch.inserted:
        if extra.position <= head and extra.raw_id not in branch.dropped_ids:
            changes = branch.altered.get(extra.raw_id)
            made = extra if changes is None else Inserted(*msgspec.structs.astuple(_altered(extra, changes)))
            inserted.setdefault(extra.position, []).append(made)
    yield from inserted.get(0, ())
    for event in events:
        if event.raw_id in branch.altered:
            event = _altered(event, branch.altered[event.raw_id])
        dropped = event.raw_id in branch.dropped_ids
        if not dropped and not any(query.matches(event.type, event.tags) for query in branch.dropped):
            yield event
        yield from inserted.get(event.position, ())


def _altered(event: Recorded, changes: dict[str, Any]) -> Recorded:
    given = event.to_event()
    before = {name: getattr(given, name) for name in Event.__struct_fields__}
    return recorded_from(encode(Event(**(before | changes))), event.position, event.recorded_us, event.basis_text)


def _reported(pages: Iterable[Facts], done: int, total: int, progress: Progress) -> Iterator[Facts]:
    """The same pages, while `progress` is told how many of so many events are read, `done` of them before."""
    said = done
    for page in pages:
        yield page
        done += len(page.rows)
        if done - said >= PROGRESS_EVENTS:
            progress(done, total)
            said = done
    progress(total, total)
