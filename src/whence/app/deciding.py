"""Recording, and decisions: taken here, by a pack, or outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from whence.answers import Answers, answers_in, compare_answers
from whence.app.opened import Edge, Moment, NamedModel, Opened, Progress, filtered
from whence.case import Answered, Case, answer_case, open_case
from whence.cases import PastCase, cases, decisions
from whence.clock import SystemClock
from whence.decide import ATTEMPTS_MAX, Decide, Decided, execute
from whence.errors import InvalidConfig, InvalidQuery
from whence.events import Event, events_of
from whence.files.rows import Given
from whence.grammar import split_tag
from whence.model import Model
from whence.pack import Asked, Decision, Pack, Table, decide
from whence.query import AppendCondition, Query


class Deciding(Opened):
    def append(self, *events: Event | Iterable[Event], condition: AppendCondition | None = None) -> Sequence[int]:
        """Append all events or none, durably, and return their positions. They are given one by one, or as one list.
        Raises as Store.append does, and InvalidEvent for what is no event."""
        return self.store.append(events_of(events[0] if len(events) == 1 else events), condition)

    def execute(
        self,
        entities: str | Sequence[str],
        decide: Decide,
        *,
        model: NamedModel | Sequence[NamedModel] = None,
        query: Query | None = None,
        settings: str | None = None,
        attempts_max: int = ATTEMPTS_MAX,
    ) -> Decided:
        """Read the entities, fold, decide, append on condition that nothing came between; on conflict do it again.

        `decide` is given the entity's state, or a dict of states where several entities are named, and returns one
        event, several, or None when nothing is to happen. It is called once per attempt, so it must be pure.

        `model` is the entities' model, or a list with one for each kind; by default whence.toml's. `query` selects what
        the decision depends on and the states are made of, by default every event of the entities. `settings` is a text
        stored in the basis of the events, to tell by which version of your rules they were decided. After
        `attempts_max` conflicts it gives up.

        Raises ConditionFailed then, InvalidModel for an entity without a model, InvalidEvent for what is no event, and
        whatever `decide` raises.
        """
        several = [entities] if isinstance(entities, str) else list(entities)
        return execute(
            self.store,
            entities,
            self._models(several, model),
            decide,
            query=query,
            settings=settings,
            attempts_max=attempts_max,
        )

    def decide(
        self,
        decision: Decision | str,
        id: str | int,
        /,
        *positional: Any,
        by: str | None = None,
        time: datetime | int | None = None,
        cause: str | None = None,
        correlation: str | None = None,
        key: str | None = None,
        **options: Any,
    ) -> Decided:
        """Take a decision of a pack, `close` or `"tickets.close"`, about the entity of an id, and append its events on
        condition that nothing came between; on conflict do it again.

        It is taken as whence.toml configures its pack. `by` is who decides. `key`, the id of the first event, makes a
        retry safe: what was appended under it is returned. Raises Refused for what the rules do not allow, InvalidModel
        for what the decision is not told, IdConflict for a key that is in use, and ConditionFailed as execute does.
        """
        chosen, _ = self._part(decision, "decisions")
        request = chosen.asked(id, *positional, **options)
        return decide(self.store, request, actor=by, time=time, cause=cause, correlation=correlation, key=key)

    def table(self, table: Table | str, /, *, at: Moment = None, clock: str = "occurred", **options: Any) -> list[Any]:
        """The rows of a table of a pack, `backlog` or `"tickets.backlog"`, as of a moment. Raises as the table does."""
        chosen, pack = self._part(table, "tables")
        rows: list[Any] = chosen(self.asked(at, clock=clock, pack=pack), **options)
        return rows

    def asked(self, at: Moment = None, *, clock: str = "occurred", pack: Pack | None = None) -> Asked:
        """What the tables of packs are asked of: the history up to a moment, that moment, and the states of a pack as
        whence.toml configures them."""
        moment = self.at(at, clock=clock)
        history = self.history(moment)
        us = moment.occurred_us if moment.recorded_us is None else moment.recorded_us
        if us is None and moment.position is not None:
            us = self.event(moment.position).recorded_us
        states = () if pack is None else pack.states
        settings, models = self.config.settings_query(), tuple(self.config.models)
        return Asked(history, SystemClock().now_us() if us is None else us, self.config.zone, states, settings, models)

    def _part(self, part: Any, kind: str) -> tuple[Any, Pack | None]:
        """A decision or table, named or as it is, as whence.toml configures its pack; and that pack, None for a part
        that is of none which whence.toml names."""
        if isinstance(part, str):
            pack, _, name = part.partition(".")
            return _found(pack, name, getattr(self.pack(pack), kind)), self.pack(pack)
        for name in self.config.packs:
            found = self.pack(name)
            for each in getattr(found, kind):
                if each.function is part.function:
                    return each, found
        return part, None

    def _models(self, entities: Sequence[str], named: NamedModel | Sequence[NamedModel]) -> list[Model]:
        """The models named, or else one for each kind among the entities."""
        if not entities:
            raise InvalidQuery("A decision is about an entity", remedy='Write execute("lead:42", decide).')
        if named is None:
            return [self.model(kind) for kind in dict.fromkeys(split_tag(entity)[0] for entity in entities)]
        several = [named] if isinstance(named, (str, Model, type)) else named
        return [self._named(entities[0], each) for each in several]

    def open_case(self, entity: str, type: str, *, model: NamedModel = None) -> Case:
        """What an outside decision about an entity is made on, for an answer of an event type (case.open_case)."""
        return open_case(self.store, self.model(entity, model), entity, type)

    def answer_case(
        self,
        case: Case,
        output: dict[str, Any],
        *,
        actor: str,
        input: Any = None,
        model: str | None = None,
        prompt: str | None = None,
    ) -> Answered:
        """Append the answer to a case: an event whose data are the output, marked stale when something came between.

        `actor` is who or what decided. `input`, `model` and `prompt` say what a language model was given and which it
        was; they are kept beside the output. Raises IdConflict when the case has another answer already.
        """
        return answer_case(self.store, case, output, actor=actor, input=input, model=model, prompt=prompt)

    def cases(
        self,
        *types: str,
        entity: str | None = None,
        since: Edge = None,
        until: Edge = None,
        state: bool = False,
        model: NamedModel = None,
        progress: Progress | None = None,
    ) -> Iterator[PastCase]:
        """What each past decision, an event of one of the types, was given (whence.cases), by position; with `state`
        what its entity came to then. `since` and `until` are inclusive, by when it happened. Read as they are asked
        for."""
        return cases(
            self.history(),
            types,
            entity=entity,
            wanted=filtered(None, self._bounds(since, until), "occurred"),
            kinds=self._kinds(),
            model_of=(lambda kind: self.model(kind, model)) if state else None,
            progress=progress,
        )

    def compare_answers(
        self,
        source: Given,
        *types: str,
        field: str,
        entity: str | None = None,
        since: Edge = None,
        until: Edge = None,
        tolerance: float = 0,
        progress: Progress | None = None,
    ) -> Answers:
        """The answers of a file, CSV or JSON lines, beside the field that the decisions of these types recorded
        (whence.answers); which decisions as for `cases`. Raises InvalidFile."""
        found, empty = answers_in(source, field)
        wanted = filtered(None, self._bounds(since, until), "occurred")
        asked = decisions(self.history(), types, entity=entity, wanted=wanted, progress=progress)
        return compare_answers(asked, found, field, empty=empty, tolerance=tolerance, kinds=self._kinds())

    def _kinds(self) -> tuple[str, ...]:
        """The kinds of entities that whence.toml speaks of: those with a model, then those with a scorecard."""
        carded = (table.get("kind", name) for name, table in self.config.scorecards.items())
        return tuple(dict.fromkeys([*self.config.models, *map(str, carded)]))


def _found(pack: str, name: str, several: Sequence[Any]) -> Any:
    """The decision or table of a name. Raises InvalidConfig naming what there is."""
    for each in several:
        if each.name == name:
            return each
    names = ", ".join(f"{pack}.{each.name}" for each in several)
    raise InvalidConfig("The pack has nothing of this name", pack=pack, name=name, remedy=f"It has: {names}.")
