"""Where a rule that held was broken: the event, found by halving as git does it, or by a scan for the very first one.
What a rule is and how it is asked of a state is left to expression, the states to history.

Events are searched in the model's order: by position, or for a model of order "occurred" by time and then position. An
entity holds while it has no event; a kind holds while each of its entities does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from whence.clock import EARLIEST_US, LATEST_US
from whence.compare import Change, diff
from whence.errors import FoldFailed, InvalidModel, NotKnown
from whence.events import Facts, Recorded
from whence.expression import Rule, StateRule
from whence.grammar import normal_kind, split_tag
from whence.history import At, History, Progress, Reached
from whence.model import Model, ModelLike, Step
from whence.query import Query, QueryItem
from whence.snapshots.folder import places

WATCHED_MAX = 200
"""So many of the entities that are broken at the end are searched at once."""


class Breach(msgspec.Struct, frozen=True):
    """An event by which an entity broke a rule: it held of the state `before` and does not of the state `after`.

    `before` is None when it is the entity's first event. Who did it and what caused it is on `recorded`.
    """

    entity: str
    recorded: Recorded
    before: dict[str, Any] | None
    after: dict[str, Any]

    @property
    def changes(self) -> list[Change]:
        """The fields that the event changed."""
        return diff(self.before or {}, self.after)


class Bisection(msgspec.Struct, frozen=True):
    """What a search for the event that broke a rule came to.

    `breach` is None when there is no such change: `broken_before` names the entities that were broken already where
    the search began, and when that is empty too, the rule holds. `broken` are the entities that are broken at the end;
    a scan (`first`) does not go that far. Both are in the order of their names. `replays` counts the partial replays.
    """

    about: str
    rule: str
    breach: Breach | None
    broken_before: tuple[str, ...]
    broken: tuple[str, ...]
    first: bool
    replays: int
    model: str
    order: str


def bisect(
    history: History,
    model: ModelLike,
    about: str,
    rule: Rule,
    *,
    good: At | None = None,
    progress: Progress | None = None,
) -> Bisection:
    """A change from holding to broken, for an entity (`lead:42`) or any entity of a kind (`lead`), by halving.

    The history's end is where the rule is broken. Where it holds is the beginning, or at `good`: the longest run of
    events, in the model's order, that were all there by that moment. Both ends are made sure of, for every entity.
    Between them, what is replayed is the events of those entities alone that are broken at the end (of the first 200
    of them), each time half of what is left, from the last states in which they held: log2 of their number of partial
    replays, and at most nine more.

    Promised of the `breach`: the rule held of its entity before the event and does not after it, both evaluated; and
    none of the entities searched was broken just before it. A rule that flips several times has several such changes,
    and this is one of them: entities that broke and were right again by the end are not looked at. `first_breach` is
    exact.

    The one pass to the end is most of the time. It folds only the event types that the rule's fields depend on, where
    the model says which these are (`Model.only`): a class by the source of its handlers, rules in TOML by what they
    write, but not the built-in model, nor a function.

    Raises InvalidModel for a rule that cannot be read, names a field that there is not, or fails on a state (with the
    entity and position), and FoldFailed.
    """
    search = _Search(history, Model.of(model), about, rule, progress)
    cut = search.cut(good)
    already = search.broken_at(cut)
    broken = () if already else search.broken_at_end()
    breach = search.halve(broken, cut) if broken else None
    return search.answer(breach, already, broken)


def first_breach(
    history: History,
    model: ModelLike,
    about: str,
    rule: Rule,
    *,
    good: At | None = None,
    progress: Progress | None = None,
) -> Bisection:
    """The first change from holding to broken, exactly, in one scan: at each event it looks again only at the entities
    that the event touches. `about`, `rule`, `good`, what is promised of the breach and what is raised are as in
    `bisect`; that the rule is broken at the end is not needed. Before the breach no entity was broken since `good`."""
    search = _Search(history, Model.of(model), about, rule, progress)
    cut = search.cut(good)
    already = search.broken_at(cut)
    breach = None if already else search.scan(cut)
    return search.answer(breach, already, (), first=True)


class _Search:
    """One search: the history, the rule as it is asked of the model's states, and how many replays it took so far."""

    def __init__(self, history: History, model: Model, about: str, rule: Rule, progress: Progress | None) -> None:
        self.history = history
        self.model = model
        self.about = about
        self.entity = about if ":" in about else None
        self.rule = StateRule.of(rule, model.fields)
        self.by_time = model.order == "occurred"
        self.nothing = EARLIEST_US - 1 if self.by_time else 0
        self.replays = 0
        self.is_known = False
        self.progress = progress
        split_tag(about) if self.entity else normal_kind(about)

    def answer(
        self, breach: Breach | None, already: tuple[str, ...], broken: tuple[str, ...], first: bool = False
    ) -> Bisection:
        model, rule = self.model, self.rule.text
        return Bisection(self.about, rule, breach, already, broken, first, self.replays, model.name, model.order)

    # Where the search begins. A cut is the last position of a run in the model's order, or the last time of one.

    def cut(self, good: At | None) -> int:
        """The end of the longest run of events, in the model's order, that were all there by a moment."""
        if good is None:
            return self.nothing
        if self.by_time and good.occurred_us is not None:
            return good.occurred_us
        if not self.by_time and good.occurred_us is not None:
            late = (position for position, time_us in self._places() if time_us > good.occurred_us)
            return next(late, self.history.head + 1) - 1
        try:
            head = self.history.at(good).head
        except NotKnown:  # nothing was recorded by then, so nothing was broken
            return self.nothing
        if not self.by_time:
            return head
        return min((time_us for position, time_us in self._places() if position > head), default=LATEST_US + 1) - 1

    def _places(self) -> Iterator[tuple[int, int]]:
        """The position and time of each event of the entity or kind."""
        if self.entity is not None:
            yield from ((event.position, event.time_us) for event in self._events([self.entity]))
            return
        prefix = f"{self.about}:"
        for page in self.history.pages(self.model):
            yield from ((row[0], row[4]) for row in page.rows if _of_kind(row[2], prefix))

    def _key(self, event: Recorded) -> int:
        return event.time_us if self.by_time else event.position

    def _events(self, entities: Iterable[str], after: int = 0, upto: int | None = None) -> Sequence[Recorded]:
        """The events of these entities in the model's order, those after a position and up to another."""
        query = Query(tuple(QueryItem(tags=(entity,)) for entity in entities))
        history = self.history if upto is None else self.history.upto(upto)
        return list(history.events(query, order=self.model.order, after=after))

    # Evaluating.

    def broken_at(self, cut: int) -> tuple[str, ...]:
        """The entities that are broken at a cut."""
        if cut == self.nothing:
            return ()
        before = self.history.at(At(occurred_us=cut)) if self.by_time else self.history.upto(cut)
        return self._broken(before, self._states(before))

    def broken_at_end(self) -> tuple[str, ...]:
        """The entities that are broken at the end.

        Where the model says which event types the rule depends on, these are folded alone, and what is found is made
        sure of with all types; if nothing is found, all of it is folded.
        """
        fields = None if self.entity else self.rule.fields
        narrow = self.model if fields is None else self.model.only(fields)
        if narrow is not self.model:
            with suppress(FoldFailed, InvalidModel):
                found = self._broken(self.history, self._narrow_states(narrow))
                if found and self._is_sure(found):
                    return found
        return self._broken(self.history, self._states(self.history))

    def _narrow_states(self, narrow: Model) -> Mapping[str, Any]:
        """The states by a model that looks at few types; when the first state holds, of those who have such events."""
        query = Query.of(types=narrow.types) if narrow.types and self.rule.holds(narrow.initial()) else None
        begun = self.history.begun(narrow) or Reached.nothing()
        pages = self.history.pages(narrow, self.progress, query, after=begun.position)
        return self.history.reach(narrow, begun, pages).states

    def _is_sure(self, found: Sequence[str]) -> bool:
        states = ((entity, self.history.state(self.model, entity)) for entity in found[:WATCHED_MAX])
        return not any(self.rule.holds(state, entity=entity) for entity, state in states)

    def _broken(self, history: History, states: Mapping[str, Any]) -> tuple[str, ...]:
        self.replays += 1
        self._refuse_unknown(states)
        return tuple(sorted(each for each, state in states.items() if not self._holds_at_end(history, each, state)))

    def _states(self, history: History) -> Mapping[str, Any]:
        if self.entity is None:
            return history.states(self.model, progress=self.progress)
        state = history.state(self.model, self.entity)
        return {} if state is None else {self.entity: state}

    def _holds_at_end(self, history: History, entity: str, state: Any) -> bool:
        try:
            return self.rule.holds(state, entity=entity)
        except InvalidModel:
            *_, last = history.events(Query.of(tags=[entity]), order=self.model.order)
            return self.rule.holds(state, entity=entity, position=last.position)

    def _refuse_unknown(self, states: Mapping[str, Any]) -> None:
        """Raise InvalidModel for a name in the rule that is a field of no entity of the kind."""
        if not self.is_known:
            self.rule.refuse_unknown(states.values(), lambda: self.history.states(self.model).values())
            self.is_known = True

    # Halving.

    def halve(self, broken: Sequence[str], cut: int) -> Breach:
        """A breach by one of the entities that hold at the cut and are broken at the end."""
        watched = dict.fromkeys(broken[:WATCHED_MAX])
        states, events = self._in_time(watched, cut) if self.by_time else self._between_places(watched, cut)
        low, high = 0, len(events)
        while high - low > 1:
            middle = (low + high) // 2
            reached = self._replayed(states, events[low:middle], watched)
            if self._first_broken(reached, events[:middle]) is None:
                states |= reached
                low = middle
            else:
                high = middle
        reached = self._replayed(states, events[low:high], watched)
        entity = self._first_broken(reached, events[:high])
        if entity is None:
            remedy = "See that its handlers look at nothing but the state and the event."
            raise FoldFailed("Two replays of the same events differ", model=self.model.name, remedy=remedy)
        before = None if entity not in states else self._fields(states[entity])
        return Breach(entity, events[low], before, self._fields(reached[entity]))

    def _in_time(self, watched: Mapping[str, Any], cut: int) -> tuple[dict[str, Any], Sequence[Recorded]]:
        """The states at the cut, and the events beyond it."""
        events = self._events(watched)
        low = bisect_right(events, cut, key=self._key)
        return self._replayed({}, events[:low], watched) if low else {}, events[low:]

    def _between_places(self, watched: Mapping[str, Any], cut: int) -> tuple[dict[str, Any], Sequence[Recorded]]:
        """The states at a place where all hold, or at the cut, and the events from there to the next place, at which
        one is broken, or to the end. The places are those where snapshots are kept, whether there are any or not, so
        that they change no answer."""
        states = self._on({}, 0, cut, watched) if cut else {}
        stops = [cut, *(place for place in places(self.history.head) if place > cut), self.history.head]
        low, high = 0, len(stops) - 1
        while high - low > 1:
            middle = (low + high) // 2
            reached = self._on(states, stops[low], stops[middle], watched)
            before = self.history.upto(stops[middle])
            if all(self._holds_at_end(before, each, reached[each]) for each in watched if each in reached):
                states, low = reached, middle
            else:
                high = middle
        return states, self._events(watched, stops[low], stops[high])

    def _on(self, states: Mapping[str, Any], low: int, high: int, watched: Mapping[str, Any]) -> dict[str, Any]:
        """The states of the watched at a position, led on from those at an earlier one or from a snapshot."""
        begun = self.history.upto(high).begun(self.model, watched)
        if begun is not None and begun.position > low:
            low, states = begun.position, begun.states
        return {**states, **self._replayed(states, self._events(watched, low, high), watched)}

    def _replayed(
        self, states: Mapping[str, Any], events: Iterable[Recorded], watched: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The states, after these events, of those watched entities that they touch. The states before are kept."""
        self.replays += 1
        reached: dict[str, Any] = {}
        for event in events:
            for entity in event.entities(self.model.kind):
                if entity not in watched:
                    continue
                if entity not in reached:
                    reached[entity] = self.model.copied(states[entity]) if entity in states else self.model.initial()
                reached[entity] = self.model.apply(reached[entity], event)
        return reached

    def _first_broken(self, states: Mapping[str, Any], events: Sequence[Recorded]) -> str | None:
        """The first of these states that is broken. `events` are those that they are made of, for what is said of a
        rule that fails."""
        for entity, state in states.items():
            try:
                if not self.rule.holds(state, entity=entity):
                    return entity
            except InvalidModel:
                last = next(event for event in reversed(events) if entity in event.tags)
                self.rule.holds(state, entity=entity, position=last.position)
        return None

    def _fields(self, state: Any) -> dict[str, Any]:
        return self.model.copied(self.model.fields(state))

    # Scanning.

    def scan(self, cut: int) -> Breach | None:
        """The first breach after the cut, at which every entity holds."""
        self.replays += 1
        entity = self.entity or self._first_of_kind(cut)
        return None if entity is None else self._first_of(entity, cut)

    def _first_of(self, entity: str, cut: int) -> Breach | None:
        """The first breach of one entity."""
        events = self._events([entity])
        state = self.model.initial()
        for index, event in enumerate(events):
            state = self.model.apply(state, event)
            if self._key(event) > cut and not self._holds({entity: state}, entity, event.position):
                self._refuse_unknown({entity: state})
                before = self._fields(self.model.fold(events[:index])) if index else None
                return Breach(entity, event, before, self._fields(state))
        if events:
            self._refuse_unknown({entity: state})
        return None

    def _first_of_kind(self, cut: int) -> str | None:
        """The entity of the kind that broke first after the cut."""
        states: dict[str, Any] = {}
        found = self._first_by_time(states, cut) if self.by_time else self._first_by_position(states, cut)
        if states:
            self._refuse_unknown(states)
        return found

    def _first_by_position(self, states: dict[str, Any], cut: int) -> str | None:
        prefix, steps = f"{self.about}:", _Steps(self.model)
        for page in self.history.pages(self.model, self.progress):
            for position, number, text, data, _ in page.rows:
                for entity in text.split("\n"):
                    if (
                        entity.startswith(prefix)
                        and steps.changes(states, entity, page, number, position, data)
                        and position > cut
                        and not self._holds(states, entity, position)
                    ):
                        return entity
        return None

    def _first_by_time(self, states: dict[str, Any], cut_us: int) -> str | None:
        """All events are read, since one of an earlier time may still come; an entity whose events come late is scanned
        by itself."""
        prefix, steps = f"{self.about}:", _Steps(self.model)
        broken: dict[str, tuple[int, int]] = {}
        latest_us: dict[str, int] = {}
        late: dict[str, None] = {}
        for page in self.history.pages(self.model, self.progress):
            for position, number, text, data, time_us in page.rows:
                for entity in text.split("\n"):
                    if not entity.startswith(prefix) or entity in late:
                        continue
                    if latest_us.get(entity, time_us) > time_us:
                        late[entity] = None
                        continue
                    latest_us[entity] = time_us
                    try:
                        changed = steps.changes(states, entity, page, number, position, data)
                        asked = changed and time_us > cut_us and entity not in broken
                        if asked and not self._holds(states, entity, position):
                            broken[entity] = (time_us, position)
                    except (FoldFailed, InvalidModel):
                        late[entity] = None  # perhaps an earlier event has not arrived yet: fold it in order
        for entity in late:
            broken.pop(entity, None)
            if (breach := self._first_of(entity, cut_us)) is not None:
                broken[entity] = (breach.recorded.time_us, breach.recorded.position)
        return min(broken, key=broken.__getitem__, default=None)

    def _holds(self, states: Mapping[str, Any], entity: str, position: int) -> bool:
        """Whether the rule holds for one of the states; a field that there is not is said before what it leads to."""
        try:
            return self.rule.holds(states[entity], entity=entity, position=position)
        except InvalidModel:
            self._refuse_unknown(states)
            raise


class _Steps:
    """The steps of a model over the rows of pages, each looked up once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._by_number: dict[int, Step | None] = {}

    def changes(self, states: dict[str, Any], entity: str, page: Facts, number: int, position: int, data: Any) -> bool:
        """Fold a row into the state of an entity; whether that may be another now. Raises FoldFailed."""
        try:
            step = self._by_number[number]
        except KeyError:
            step = self._by_number[number] = self._model.step_over(page.kinds[number])
        if entity not in states:
            states[entity] = self._model.initial()
        elif step is None:
            return False
        if step is not None:
            try:
                states[entity] = step(states[entity], data)
            except Exception as problem:
                raise self._model.failed(page.kinds[number].type, position, problem) from problem
        return True


def _of_kind(tags_text: str, prefix: str) -> bool:
    return tags_text.startswith(prefix) or f"\n{prefix}" in tags_text
