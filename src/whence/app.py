"""The verbs that users have, on one store and its configuration: `whence.open("leads.db")` and then append, log, state,
why … Each is one call on the part that does the work; plain values come back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Union

import msgspec

from whence.adoption import Adopted, Adoption, adopt, adoptions, in_force, is_adoptable, succession, with_version
from whence.answers import Answers, answers_in, compare_answers
from whence.case import Answered, Case, answer_case, open_case
from whence.cases import PastCase, cases, decisions
from whence.checking.drift import Verified, verify
from whence.checking.regression import Regression, regression
from whence.checking.result import Comparison, Result, replay
from whence.checking.result import check as check_result
from whence.checking.soundness import Promise, check
from whence.clock import EARLIEST_US, LATEST_US, Clock, SystemClock, to_iso, to_us
from whence.compare import Change, diff
from whence.config import Config, name_of
from whence.contents import (
    TypeSummary,
    event_named,
    main_kind,
    near_actors,
    near_kinds,
    near_tags,
    near_types,
    types_in,
)
from whence.copying import copy, part_of_import
from whence.decide import ATTEMPTS_MAX, Decide, Decided, execute
from whence.errors import InvalidConfig, InvalidModel, InvalidQuery, InvalidTime, NotKnown
from whence.events import Event, Recorded, events_of
from whence.explaining.bisect import Bisection, bisect, first_breach
from whence.explaining.difference import Difference, difference
from whence.explaining.lateness import Lateness, lateness
from whence.explaining.lineage import Lineage, lineage
from whence.explaining.narrative import narrative
from whence.explaining.page import page
from whence.explaining.stepper import Stepper
from whence.explaining.why import Explanation, LeftOut, why, without, without_each
from whence.expression import Rule
from whence.files.exporter import export
from whence.files.importer import ImportReport, OnError, Preview, check_readable, import_events, preview
from whence.files.rows import Given
from whence.files.rows import name_of as name_of_file
from whence.grammar import split_tag
from whence.history import At, History, events_by_entity
from whence.model import Model, ModelLike
from whence.moments import at_of, span_of
from whence.pack import Asked, Decision, Pack, Table, decide
from whence.query import AppendCondition, Query
from whence.scoring import (
    CardChange,
    Checked,
    Crossing,
    Scorecard,
    Shares,
    Standing,
    changes,
    check_scores,
    live,
    shares,
)
from whence.scoring import succession as as_it_was
from whence.segments import is_installed, require
from whence.segments.manifest import beside, folders, problems
from whence.store import Store
from whence.stores.opening import open_store
from whence.usage import Usage, usage

if TYPE_CHECKING:
    from whence.checking.purity import Purity
    from whence.experiments import Experiment
    from whence.experiments.grids import Grid
    from whence.experiments.past import Alteration
    from whence.experiments.selection import Which
    from whence.experiments.side import Given as Side
    from whence.replay import Replayed
    from whence.replay.whole import Flag
    from whence.scoring.succession import Succession
    from whence.segments.reading import Segments
    from whence.segments.scoring import Scored

Moment = str | int | datetime | date | At | None
"""See Whence."""

SideNamed = Union[str, os.PathLike[str], "Side"]
"""A side of an experiment: see Whence.experiment."""

Edge = str | datetime | date | None
"""As a Moment, without positions."""

NamedModel = str | ModelLike | None
"""See Whence."""

Progress = Callable[[int, int | None], None]


def open(
    url: str | os.PathLike[str] | None = None,
    *,
    create: bool = False,
    config: Config | None = None,
    clock: Clock | None = None,
) -> Whence:
    """The store at a path or URL (`leads.db`, `leads.jsonl`, `:memory:`), with the nearest whence.toml's models.

    Without a URL, WHENCE_STORE or whence.toml names it. Nothing is created unless `create` is given. Raises
    NoSuchStore, NotAStore, InvalidConfig.
    """
    config = config or Config.nearest()
    return Whence(
        open_store(config.store_url(None if url is None else os.fspath(url)), create=create, clock=clock), config
    )


def preview_file(
    source: Given,
    *,
    mapping: str | None = None,
    rows: int = 10,
    config: Config | None = None,
    progress: Progress | None = None,
) -> Preview:
    """What a file would become: its first rows as events, its first bad rows, and the counts of all. Needs no store and
    writes nothing. Raises as import_file does."""
    return preview((config or Config.nearest()).mapping(mapping), source, rows=rows, progress=progress)


def check_file(source: Given, *, mapping: str | None = None, config: Config | None = None) -> None:
    """Raise what import_file would raise for the file and its mapping, before a store is made for them."""
    check_readable((config or Config.nearest()).mapping(mapping), source)


class Whence:
    """One open store and its configuration; a context manager. `db.store` is the store itself.

    A `Moment` is a time as people say it (`"last tuesday"`, `"@120"`), a position, an aware datetime, a date (its end),
    or None for now. A `NamedModel` is a Model, a class with handlers, `"module:Class"`, `"file.py:Class"`, or
    None for the model that whence.toml names for the kind, else the built-in one.
    """

    def __init__(self, store: Store, config: Config | None = None) -> None:
        self.store = store
        self.config = config or Config.nearest()
        self._packs: dict[str, Pack] = {}

    def __enter__(self) -> Whence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()

    # Recording.

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
        settings = self.config.settings_query()
        return Asked(history, SystemClock().now_us() if us is None else us, self.config.zone, states, settings)

    def pack(self, name: str) -> Pack:
        """A pack that is installed, as whence.toml configures it. Raises InvalidConfig."""
        found = self._packs.get(name)
        if found is None:
            found = self._packs[name] = self.config.pack(name)
        return found

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

    # Looking.

    def at(self, moment: Moment, *, clock: str = "occurred") -> At:
        """The moment that is meant, read in the configuration's zone. A date means the end of that day, as its text
        does. Raises InvalidTime."""
        match moment:
            case At():
                return moment
            case bool():
                raise InvalidTime("A time cannot be true or false", value=moment)
            case int():
                return At(position=moment)
            case datetime():
                return At(recorded_us=to_us(moment)) if clock == "recorded" else At(occurred_us=to_us(moment))
            case None | str() | date():
                return at_of(_as_text(moment), clock=clock, zone=self.config.zone)
        raise InvalidTime("Not a time", value=repr(moment)[:80], remedy='Write "2026-01-07", a datetime or a position.')

    def history(self, at: Moment = None) -> History:
        """The events up to a moment, as a fixed value."""
        whole = History.of(self.store)
        return whole if at is None else whole.at(self.at(at))

    def log(
        self,
        *tags: str,
        types: Iterable[str] = (),
        actor: str | None = None,
        since: Edge = None,
        until: Edge = None,
        clock: str = "occurred",
        after: int = 0,
        upto: int | None = None,
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[Recorded]:
        """The events that carry all the tags and are of one of the types, newest first; with `reverse` oldest first.

        Both ends of `since` and `until` are inclusive: a day means its start in one, its end in the other. With `limit`
        the newest so many. They are read page by page.
        """
        types = tuple(types)
        query = Query.of(types=types, tags=tags) if types or tags else None
        wanted = _filter(actor, self._bounds(since, until), clock)
        found = self.store.read(query, after=after, upto=upto, backwards=not reverse or limit is not None)
        events = (event for event in found if wanted(event)) if wanted else iter(found)
        if limit is not None:
            events = islice(events, limit)
            return iter(list(events)[::-1]) if reverse else events
        return events

    def event(self, named: str | int) -> Recorded:
        """The event at a position (`"@120"`, `120`) or with an id. Raises NotKnown."""
        return event_named(self.store, named)

    def state(self, entity: str, *, at: Moment = None, model: NamedModel = None) -> dict[str, Any] | None:
        """The fields of an entity at a moment; None when it has no events then."""
        chosen = self.model(entity, model)
        state = self.history(at).state(chosen, entity)
        return None if state is None else chosen.fields(state)

    def states(
        self,
        kind: str,
        *,
        at: Moment = None,
        model: NamedModel = None,
        where: Mapping[str, Any] | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> dict[str, dict[str, Any]]:
        """The fields of every entity of a kind at a moment, by entity; with `where` only those with these values."""
        chosen = self.model(kind, model)
        found = self.history(at).states(chosen, progress=progress)
        return {entity: fields for entity, state in found.items() if _has(fields := chosen.fields(state), where)}

    def count_events(self, at: Moment = None) -> int:
        """How many events there are up to a moment."""
        return self.history(at).count()

    def diff(self, entity: str, before: Moment, after: Moment = None, *, model: NamedModel = None) -> list[Change]:
        """The fields of an entity that differ between two moments."""
        first = self.state(entity, at=before, model=model)
        return diff(first or {}, self.state(entity, at=after, model=model) or {})

    def changes(
        self,
        kind: str,
        before: Moment,
        after: Moment = None,
        *,
        model: NamedModel = None,
        progress: Progress | None = None,
    ) -> Difference:
        """The entities of a kind that differ between two moments, each with its fields that differ; in one pass over
        the history. Raises NotKnown for a moment before anything was recorded, by the recorded clock."""
        chosen = self.model(kind, model)
        return difference(self.history(), chosen, self.at(before), self.at(after), progress=progress)

    def lateness(self, about: str | None, at: Moment) -> Lateness:
        """Which events had happened by a time but were recorded later, and which were recorded by then but happened
        later: where what was so then and what was known then differ. `about` is an entity, a kind, or None for all.

        There are none for now and for a position. For an entity its own events are read, else the whole history.
        """
        return lateness(self.history(), about, self.at(at))

    def why(
        self, entity: str, field: str, *, at: Moment = None, model: NamedModel = None, depth: int = 1
    ) -> Explanation:
        """The events that made the value of an entity's field, in order: replaying only them gives the same value.

        `depth` is how far decisions are followed to what they looked at. Raises InvalidModel for a field there is not.
        """
        chosen, settings = self.model(entity, model), self.config.settings_query()
        return why(self.history(at), chosen, entity, field, settings=settings, depth=depth)

    def told(self, found: Explanation, *, at: Moment = None) -> str:
        """An explanation in sentences, a line each, for a reader who knows nothing of events; `at` as it was asked."""
        return narrative(found, zone=self.config.zone, at=None if at is None else self.at(at))

    def page(self, found: Explanation, *, at: Moment = None, clock: str = "occurred") -> str:
        """An explanation as one HTML page that works offline. It needs plotly: raises MissingExtra without it."""
        source = f"{self.store.identity().store_id}, {self.store.head():,} events"
        moment = None if at is None else self.at(at)
        return page(found, zone=self.config.zone, source=source, at=moment, clock=clock)

    def without(
        self, entity: str, field: str, *events: str | int, at: Moment = None, model: NamedModel = None
    ) -> LeftOut:
        """The value of a field had these events, named as in `event`, not happened. Raises NotKnown."""
        ids = [self.event(event).id for event in events]
        return without(self.history(at), self.model(entity, model), entity, field, *ids)

    def without_each(
        self, entity: str, field: str, *, at: Moment = None, model: NamedModel = None
    ) -> Iterator[LeftOut]:
        """For each event that made a value, in order, the value had this one not happened."""
        history, chosen = self.history(at), self.model(entity, model)
        return without_each(history, why(history, chosen, entity, field, depth=0), chosen)

    def trace(self, event: str | int, *, correlated: bool = False, progress: Progress | None = None) -> Lineage:
        """What led to an event (`"@120"`, 120 or an id) and all that followed from it, by the causes that events name;
        with `correlated` also every event of its correlation, which else are only counted. Reads the whole history.

        Raises NotKnown.
        """
        return lineage(self.history(), self.event(event), correlated=correlated, progress=progress)

    def bisect(
        self,
        about: str,
        rule: Rule,
        *,
        good: Moment = None,
        bad: Moment = None,
        first: bool = False,
        model: NamedModel = None,
        progress: Progress | None = None,
    ) -> Bisection:
        """An event by which an entity (`lead:42`), or any entity of a kind (`lead`), broke a rule that had held.

        The rule is an expression on the fields (`"score <= 100"`), or a function of the state. It is to hold at `good`
        (by default before the first event) and to be broken at `bad` (now). With `first` it is the first such event,
        found by a scan; else one of them, found by halving. What is promised and raised stands at
        whence.explaining.bisect.
        """
        search = first_breach if first else bisect
        start = None if good is None else self.at(good)
        return search(self.history(bad), self.model(about, model), about, rule, good=start, progress=progress)

    def stepper(self, entity: str, *, at: Moment = None, model: NamedModel = None) -> Stepper:
        """A walk through an entity's events up to a moment, forwards and backwards, before the first one."""
        return Stepper(self.history(at), self.model(entity, model), entity)

    def types(self, progress: Progress | None = None) -> list[TypeSummary]:
        """Every event type with its count, first and last time and kinds of tags."""
        return types_in(self.store, progress)

    # Scoring.

    def scorecard(self, entity_or_kind: str, named: str | Scorecard | None = None) -> Scorecard:
        """The scorecard of a kind (`lead`) or entity (`lead:42`): the one named, else that of the kind's
        name, else whence.toml's only one for it. `cards.toml:NAME` is one of another file; `NAME@now`, a moment or the
        beginning of a version behind the @, is one that was adopted, and is called by its version.

        Raises InvalidConfig when there is none, NotKnown for none adopted, InvalidModel when it is for another kind.
        """
        kind = entity_or_kind.partition(":")[0]
        if named is None:
            return self.config.scorecard_of(kind)
        if isinstance(named, str) and self._is_adopted(named):
            adopted = self.adopted(*named.split("@", 1)).card
            card = msgspec.structs.replace(adopted, name=f"{adopted.name}@{adopted.short_version}")
        else:
            card = self.config.scorecard(named) if isinstance(named, str) else named
        if card.kind != kind:
            remedy = f"Ask about a {card.kind}, or name another scorecard."
            raise InvalidModel("The scorecard is for another kind", scorecard=card.name, kind=card.kind, remedy=remedy)
        return card

    def adopt(
        self,
        card: str | Scorecard,
        *,
        by: str,
        reason: str,
        time: datetime | str | None = None,
        id: str | None = None,
    ) -> Adopted:
        """Put a scorecard in force from now on, or from an earlier `time`: an event that holds all of it, with its
        author and the reason. The card is named as for `scorecard`, so that `lead@3f2a` takes up an earlier version.

        Where this version is in force then, nothing is appended. With an `id` for the event a retry is safe whatever
        came between. Raises ConditionFailed when somebody adopted another card meanwhile, and as adoption.adopt does.
        """
        if isinstance(card, str) and self._is_adopted(card):
            chosen = self.adopted(*card.split("@", 1)).card
        else:
            chosen = self.config.scorecard(card) if isinstance(card, str) else card
        return adopt(self.store, chosen, by=by, reason=reason, time=self._edge(time, "first_us"), id=id)

    def adopted(self, name: str, which: Moment = None) -> Adoption:
        """The version of a scorecard that was in force at a moment, or whose version begins with this text. Raises
        NotKnown."""
        found = adoptions(self.history(), name)
        if isinstance(which, str) and (named := with_version(found, which)):
            return named
        try:
            moment = self.at(which)
        except InvalidTime:
            versions = ", ".join(dict.fromkeys(each.card.short_version for each in found)) or "none"
            remedy = f"Adopted were: {versions}. Write the beginning of one, or a time."
            raise NotKnown("No such version, and no time", scorecard=name, named=which, remedy=remedy) from None
        known = in_force(adoptions(self.history(moment), name))
        if known is None:
            first = f"{to_iso(found[0].since_us)}, by @{found[0].event.position}" if found else ""
            remedy = f"Its first version is in force since {first}." if found else ""
            remedy = remedy or f"Adopt it: whence scorecard adopt {name} --by WHO --why REASON."
            raise NotKnown("No such scorecard had been adopted", scorecard=name, remedy=remedy)
        return known

    def scorecard_log(self, name: str | None = None) -> list[Adoption]:
        """The versions of a scorecard, or of all, in the order in which they came into force: since when, by whom, why,
        and what each changed."""
        return adoptions(self.history(), name)

    def scorecard_diff(self, name: str, before: Moment = None, after: Moment = None) -> list[CardChange]:
        """What differs between two versions of a scorecard, each named by its beginning or by a moment: by default
        between the one in force now and the one that whence.toml says. Raises NotKnown, InvalidConfig."""
        then = self.adopted(name, before).card
        return changes(then, self.config.scorecard(name) if after is None else self.adopted(name, after).card)

    def adoption_of(self, card: Scorecard) -> Adoption | None:
        """The newest adoption of this version of a card; None for one that was never adopted."""
        name = card.name.partition("@")[0] if self._is_adopted(card.name) else card.name
        return with_version(adoptions(self.history(), name), card.version) if is_adoptable(name) else None

    def in_force(self, name: str) -> Adoption | None:
        """The version of a scorecard that is in force now; None where none was adopted."""
        return in_force(adoptions(self.history(), name)) if is_adoptable(name) else None

    def types_without_events(self, card: Scorecard) -> list[str]:
        """The event types that rules of a card are about and that no event has: not yet, or mistyped."""
        types = dict.fromkeys(type for rule in card.rules for type in rule.on or ())
        return [type for type in types if not any(self.store.read(Query.of(types=[type]), limit=1))]

    def _is_card(self, named: str) -> bool:
        """Whether a name is that of a scorecard, here or in another file, or of an adopted one."""
        return named in self.config.scorecards or self._is_adopted(named) or ".toml" in named

    def _is_adopted(self, named: str) -> bool:
        """Whether a name is that of an adopted version."""
        return "@" in named and named not in self.config.scorecards

    def succession(self, entity_or_kind: str, card: str | None = None, *, at: Moment = None) -> Succession:
        """The versions of a scorecard that had been adopted by a moment, or the first: what as_scored scores by. The
        card is the one named, else whence.toml's for the kind, else the one of the kind's name or the only one that was
        adopted. Raises NotKnown, and InvalidModel for a card of another kind."""
        kind, whole = entity_or_kind.partition(":")[0], self.history()
        name = card or self._adopted_for(kind)
        if self._is_adopted(name):
            remedy = f"Write {name.partition('@')[0]}, or score without as_scored."
            raise InvalidModel("As it was scored, each version counts in its time", scorecard=name, remedy=remedy)
        known = adoptions(whole, name)
        if not known:
            remedy = f"Adopt it: whence scorecard adopt {name} --by WHO --why REASON, with --time if it was so before."
            raise NotKnown("No such scorecard was adopted", scorecard=name, remedy=remedy)
        if known[0].card.kind != kind:
            facts = {"scorecard": name, "kind": known[0].card.kind}
            raise InvalidModel("The scorecard is for another kind", remedy="Name another scorecard.", **facts)
        return succession((known if at is None else adoptions(self.history(at), name)) or known[:1])

    def _adopted_for(self, kind: str) -> str:
        """The name of the card that as_scored means for a kind."""
        if any(table.get("kind", name) == kind for name, table in self.config.scorecards.items()):
            return self.config.scorecard_of(kind).name
        names = list(dict.fromkeys(each.name for each in adoptions(self.history()) if each.card.kind == kind))
        return names[0] if len(names) == 1 else kind

    def score(
        self, entity: str, *, card: str | Scorecard | None = None, at: Moment = None, as_scored: bool = False
    ) -> Standing:
        """What a scorecard comes to for an entity: as of a time, from what had happened by then; by position or by the
        recorded clock from what was recorded by then, and as of the last of it. With `as_scored` each award is made by
        the version that was in force at its event (whence.scoring.succession). Raises InvalidConfig, InvalidEvent,
        and as `succession` does."""
        if as_scored:
            return as_it_was.score(self.succession(entity, _name_of(card), at=at), *self._scored(entity, at))
        return live.score(self.scorecard(entity, card), *self._scored(entity, at))

    def crossings(
        self, entity: str, *, card: str | Scorecard | None = None, at: Moment = None, as_scored: bool = False
    ) -> list[Crossing]:
        """When an entity's scores reached a threshold or fell below it, in order; the rest as for a score."""
        if as_scored:
            return as_it_was.crossings(self.succession(entity, _name_of(card), at=at), *self._scored(entity, at))
        return list(live.crossings(self.scorecard(entity, card), *self._scored(entity, at)))

    def shares(
        self,
        entity: str,
        score: str | None = None,
        *,
        card: str | Scorecard | None = None,
        at: Moment = None,
        as_scored: bool = False,
    ) -> Shares:
        """What a score of an entity is made of, the card's first unless it is named: each rule's exact share with its
        events; the rest as for a score."""
        events, moment = self._scored(entity, at)
        if as_scored:
            return as_it_was.shares(self.succession(entity, _name_of(card), at=at), events, score, moment)
        return shares(self.scorecard(entity, card), events, score, moment)

    def scores_as_scored(
        self,
        kind: str,
        *,
        card: str | Scorecard | None = None,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> dict[str, Standing]:
        """What `score` with as_scored gives, for every entity of a kind, in the order of their first events. Columns
        know one card: this reads the whole history and holds it in memory, entity by entity."""
        versions, moment = self.succession(kind, _name_of(card), at=at), self.at(at)
        by_entity = events_by_entity(self.history(moment).told_events(progress), kind)
        return {entity: as_it_was.score(versions, its, moment.occurred_us) for entity, its in by_entity.items()}

    def scores(
        self,
        kind: str,
        *,
        card: str | Scorecard | None = None,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> Scored:
        """What a scorecard comes to for every entity of a kind, over columns. `at` is a time by the occurred clock, or
        None for each as of its last event. Raises as segments does, InvalidTime for another moment, InvalidEvent."""
        chosen, time_us = self.scorecard(kind, card), self._time_of_all(at)
        with self.segments(chosen.kind, progress=progress) as segments:
            from whence.segments.scoring import score_segments

            return score_segments(segments, chosen, time_us)

    def _time_of_all(self, at: Moment) -> int | None:
        """The time that all entities are scored as of; None for each as of its last event. Raises InvalidTime."""
        moment = self.at(at)
        if moment.position is not None or moment.recorded_us is not None:
            remedy = "Give a time by the clock of what happened, or ask about one entity."
            raise InvalidTime("All entities are scored as of a time at which things happened", remedy=remedy)
        return moment.occurred_us

    def check_scores(
        self,
        entity_or_kind: str,
        type: str,
        field: str,
        *,
        score: str | None = None,
        card: str | Scorecard | None = None,
        tolerance: int | Decimal = 0,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> Checked:
        """How far a scorecard agrees with the score that events of a type record in a field: for how many entities and
        moments, and where they first differ (scoring.check_scores). For a kind it reads the whole history, and holds it
        in memory."""
        chosen, history = self.scorecard(entity_or_kind, card), self.history(at)
        if ":" in entity_or_kind:
            split_tag(entity_or_kind)
            own = list(history.events(Query.of(tags=[entity_or_kind])))
            return check_scores(chosen, [(entity_or_kind, own)], type, field, score=score, tolerance=tolerance)
        by_entity = events_by_entity(history.told_events(progress), chosen.kind)
        return check_scores(chosen, by_entity.items(), type, field, score=score, tolerance=tolerance)

    def experiment(
        self,
        kind: str,
        candidate: SideNamed | None = None,
        baseline: SideNamed | None = None,
        *,
        without: Which | Sequence[Which] = (),
        alter: Alteration | Sequence[Alteration] = (),
        insert: Given | Sequence[Given | Event] = (),
        mapping: str | None = None,
        stop: Which | Sequence[Which] = (),
        outcome: str | Sequence[str] | None = None,
        within: str | None = None,
        age: str | None = None,
        stage: str | None = None,
        threshold: int | float | Decimal | None = None,
        by: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        at: Moment = None,
        progress: Progress | None = None,
    ) -> Experiment:
        """Two sides over the history of a kind, and how they compare. Each is a scorecard, named or as it is; as
        TYPE.FIELD a score that events of a type recorded in a field; as KIND.FIELD a field of the model in whence.toml;
        a file of entity, time and value, by a path or a name that ends in .csv, .jsonl or .parquet;
        or whatever whence.experiments.experiment takes for one. The baseline is by default the card named as the kind
        is, else the only other one. What the rest means, and what is raised, stands there.

        The candidate may be given another past (whence.experiments.changed): `without` events, with data that `alter`
        sets, with events that `insert` names (files of envelopes, or of rows that the mapping describes, or events as
        they are), and in which entities `stop` at an event. Events are named as text (whence.experiments.selection) or
        by a function of one. Then both sides are by default the same rule, by default the card of the kind."""
        from whence.experiments import changed, experiment  # they need arrays, which nothing else here does

        changes = self._changes(kind, without, alter, insert, mapping, stop)
        if any(changes.values()):
            candidate = next((side for side in (candidate, baseline) if side is not None), None)
            candidate = self.scorecard(kind) if candidate is None else candidate
            compared = candidate if baseline is None else baseline
        elif candidate is None:
            remedy = "Name a candidate (--candidate v2), or change the past (--without, --alter, --insert, --stop)."
            raise InvalidQuery("There is nothing to compare", kind=kind, remedy=remedy)
        else:
            compared = self._baseline(kind, candidate) if baseline is None else baseline
        one, other = self._side(kind, compared), self._side(kind, candidate)
        names = _name_of_side(compared, one), _name_of_side(candidate, other)
        given = {"within": within, "age": age, "samples": samples, "seed": seed}
        said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        asked: dict[str, Any] = {"stage": stage, "threshold": threshold, "outcome": outcome, "by": by}
        history = self.history(at)
        past = changed(history, kind, progress=progress, **changes) if any(changes.values()) else None
        asked |= {"kind": kind, "past": past, "names": names, "progress": progress}
        with self._segments_there(kind) as segments:
            return experiment(history, one, other, segments=segments, **asked, **said)

    def _changes(
        self, kind: str, without: Any, alter: Any, insert: Any, mapping: str | None, stop: Any
    ) -> dict[str, list[Any]]:
        """What is to be changed in the past, as whence.experiments.changed takes it. Raises as read_events does."""
        from whence.files.eventfile import is_envelopes, read_events

        def from_file(source: Given) -> tuple[str, list[Event]]:
            layout = None if mapping is None and is_envelopes(source) else self.config.mapping(mapping)
            return name_of_file(source), read_events(source, kind, layout)

        given = _several(insert)
        own = [each for each in given if isinstance(each, Event)]
        files = [from_file(each) for each in given if not isinstance(each, Event)]
        inserted = [*files, *([("events given", own)] if own else [])]
        altered = [alter] if isinstance(alter, tuple) and len(alter) == 2 and isinstance(alter[1], Mapping) else alter
        return {"without": _several(without), "alter": _several(altered), "insert": inserted, "stop": _several(stop)}

    def grid(
        self,
        kind: str,
        card: str | Scorecard | None = None,
        *,
        vary: Mapping[str, Iterable[Any]],
        outcome: str | Sequence[str],
        within: str | None = None,
        stage: str | None = None,
        samples: int | None = None,
        seed: int | None = None,
        at: Moment = None,
        progress: Progress | None = None,
        cancel: Flag | None = None,
    ) -> Grid:
        """Every combination of some values of a scorecard over the history of a kind, and which no other beats:
        `vary={"qualified": range(60, 91, 5), "rules.webinar.points": [10, 20]}`. What the rest means, and what is
        raised, stands at whence.experiments.grids.grid."""
        from whence.experiments.grids import grid  # it needs arrays, which nothing else here does

        given = {"within": within, "samples": samples, "seed": seed}
        said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        said |= {"outcome": outcome, "stage": stage, "progress": progress, "cancel": cancel}
        chosen, history = self.scorecard(kind, card), self.history(at)
        with self._segments_there(chosen.kind) as segments:
            return grid(history, chosen, vary, segments=segments, **said)

    @contextmanager
    def _segments_there(self, kind: str) -> Iterator[Segments | None]:
        """The segments of a kind where there are any beside the store, and what reads them is installed; nothing is
        built. What is in none of them yet is held in memory."""
        if not any(folder.name == kind for folder in folders(self.store)) or not is_installed():
            yield None
            return
        with self.segments(kind, build=False) as segments:
            yield segments

    def _baseline(self, kind: str, candidate: SideNamed) -> str:
        """The card that a candidate is compared with where none is named. Raises InvalidConfig where that is not
        clear."""
        if isinstance(candidate, Scorecard) or (isinstance(candidate, str) and self._is_card(candidate)):
            self.scorecard(kind, candidate)  # of another kind is not compared
        name = str(getattr(candidate, "name", candidate))[:80]
        known = [card for card, table in self.config.scorecards.items() if table.get("kind", card) == kind]
        others = [card for card in known if card != name]
        if kind in others or len(others) == 1:
            return kind if kind in others else others[0]
        remedy = f"Name the baseline: {' or '.join(others or known) or 'TYPE.FIELD'}."
        raise InvalidConfig("Not clear what to compare with", kind=kind, candidate=name, remedy=remedy)

    def _side(self, kind: str, named: SideNamed) -> Side:
        """The scorecard of this name; where there is none, a file, KIND.FIELD of the model in whence.toml, or
        TYPE.FIELD as it was recorded; what is no name, as it is."""
        from whence.experiments import ModelField, RecordedField
        from whence.experiments.sidefile import is_file, read_side

        if isinstance(named, (str, os.PathLike)) and named not in self.config.scorecards:
            if is_file(named):
                return read_side(named, kind, self.config.zone)
            if "." in str(named) and not self._is_card(str(named)):
                type, field = self._split(str(named))
                if type == kind and self._has_model(kind):
                    return ModelField(self.model(kind), field)
                return RecordedField(type, field)
        return self.scorecard(kind, named) if isinstance(named, (str, Scorecard)) else named  # type: ignore[return-value]

    def _has_model(self, kind: str) -> bool:
        """Whether whence.toml says what an entity of a kind is, itself or by a pack."""
        return kind in self.config.models or any(self.pack(name).model(kind) for name in self.config.packs)

    def _split(self, named: str) -> tuple[str, str]:
        """TYPE.FIELD in its two parts. Both may have dots in them: the longest type that an event has is meant."""
        parts = named.split(".")
        for cut in range(len(parts) - 1, 1, -1):
            type = ".".join(parts[:cut])
            if any(self.store.read(Query.of(types=[type]), limit=1)):
                return type, ".".join(parts[cut:])
        return parts[0], ".".join(parts[1:])

    def _scored(self, entity: str, at: Moment) -> tuple[list[Recorded], int | None]:
        """The events of an entity that were there by a moment, and the time that they are to be scored as of."""
        split_tag(entity)
        moment = self.at(at)
        return list(self.history(at).events(Query.of(tags=[entity]))), moment.occurred_us

    # Columns.

    def segments(
        self,
        kind: str | None = None,
        *,
        folder: str | os.PathLike[str] | None = None,
        build: bool = True,
        progress: Progress | None = None,
    ) -> Segments:
        """The history up to now in columns, to be asked in SQL: Parquet files beside the store, or in `folder`, sorted
        by the entities of a kind, and in memory what is in none of them yet. Those that are missing are built, unless
        `build` is False; a store in memory has none.

        The kind is by default the first that whence.toml has a model for and an event has a tag of, else the most
        frequent kind among the first events. Raises MissingExtra without the extra `columns`, InvalidSegments for a
        folder of another store, and CannotWrite.
        """
        require()
        from whence.segments.reading import Segments

        chosen = kind or main_kind(self.store, self.config.models)
        home = beside(self.store)
        place = folder or (None if home is None else home / chosen)
        if build and place is not None:
            return Segments.open(self.store, chosen, place, progress)
        return Segments.open_built(self.store, chosen, place)

    def usage(self, progress: Progress | None = None) -> Usage:
        """What takes the space: by type and by kind of tag, the log beside the segments. Reads the whole store."""
        return usage(self.store, progress)

    def near_types(self, name: str) -> list[str]:
        return near_types(self.store, name)

    def near_tags(self, tag: str) -> list[str]:
        return near_tags(self.store, tag)

    def near_kinds(self, kind: str) -> list[str]:
        return near_kinds(self.store, kind)

    def near_actors(self, actor: str) -> list[str]:
        return near_actors(self.store, actor)

    def model(self, entity_or_kind: str, named: NamedModel = None) -> Model:
        """The model of a kind (`lead`) or entity (`lead:42`): the one named, else whence.toml's, else the built-in.

        Raises InvalidModel when the one named is of another kind, InvalidConfig when it cannot be found.
        """
        kind = entity_or_kind.partition(":")[0]
        model = self._named(kind, named)
        if model.kind != kind:
            remedy = f'Ask about a {model.kind}, or name a model with kind = "{kind}".'
            raise InvalidModel(
                "The model is of another kind", model=model.name, kind=model.kind, asked=kind, remedy=remedy
            )
        return model

    def _named(self, entity_or_kind: str, named: NamedModel) -> Model:
        if named is None or isinstance(named, str):
            return self.config.model(entity_or_kind.partition(":")[0], named)
        return Model.of(named)

    # Files in and out.

    def import_file(
        self,
        source: Given,
        *,
        mapping: str | None = None,
        actor: str | None = None,
        on_error: OnError = "refuse-row",
        progress: Progress | None = None,
        on_refused: Callable[[int, str], None] | None = None,
    ) -> ImportReport:
        """Append what is new in a file, each row as one event, and report.

        `mapping` names an [import.NAME] of whence.toml or a TOML file; by default the only one there. `actor` is who
        imports. With `on_error="refuse-file"` one bad row refuses all of them. `progress` is called with the bytes read
        and the size of the file, None where it is not known; `on_refused` with the line and the reason of every refused
        row. Raises InvalidFile, InvalidConfig and IdConflict as importer.import_events says, and StoreError.
        """
        return import_events(
            self.store,
            self.config.mapping(mapping),
            source,
            actor=actor,
            on_error=on_error,
            progress=progress,
            on_refused=on_refused,
        )

    def export(
        self, out: BinaryIO, *tags: str, types: Iterable[str] = (), format: str = "jsonl", at: Moment = None
    ) -> int:
        """Write the events that carry all the tags, up to a moment, into a stream of bytes; return how many."""
        types = tuple(types)
        query = Query.of(types=types, tags=tags) if types or tags else None
        return export(self.history(at).events(query), format, out)

    # Decisions taken outside.

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
            wanted=_filter(None, self._bounds(since, until), "occurred"),
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
        wanted = _filter(None, self._bounds(since, until), "occurred")
        asked = decisions(self.history(), types, entity=entity, wanted=wanted, progress=progress)
        return compare_answers(asked, found, field, empty=empty, tolerance=tolerance, kinds=self._kinds())

    def _kinds(self) -> tuple[str, ...]:
        """The kinds of entities that whence.toml speaks of: those with a model, then those with a scorecard."""
        carded = (table.get("kind", name) for name, table in self.config.scorecards.items())
        return tuple(dict.fromkeys([*self.config.models, *map(str, carded)]))

    # Looking after.

    def check(self, progress: Progress | None = None) -> list[Promise]:
        """Every promise with the problems found, and whether the segments beside the store are its own and undamaged,
        where there are any. Reads the whole store."""
        found = check(self.store, progress)
        if folders(self.store):
            said = tuple(problems(self.store))
            found.append(Promise("segments are this store's, and undamaged", said, len(said)))
        return found

    def check_model(self, model: NamedModel, *, progress: Progress | None = None) -> Purity:
        """What makes a model's fold impure, on a sample of this store's events, each finding with what to do.

        A text without a colon is a kind: the model that whence.toml names for it. It is a check, not a sandbox. Raises
        FoldFailed when the model fails on an event, InvalidModel when it takes too long, InvalidConfig.
        """
        from whence.checking.purity import check_model  # it looks into modules that nothing else needs

        named, folder = (model, Path.cwd()) if isinstance(model, str) else (None, Path.cwd())
        if named is not None and ":" not in named:
            chosen, named, folder = self.model(named), self.config.python_of(named), self.config.folder
        else:
            chosen = self._named("", model)
        return check_model(self.history(), chosen, named=named, folder=folder, progress=progress)

    def replay(
        self, kind: str, *, at: Moment = None, model: NamedModel = None, progress: Progress | None = None
    ) -> Result:
        """What every entity of a kind comes to, with what each of its events changed: `save` it, to check the code by
        it later. Raises FoldFailed, and NotKnown where there are no events."""
        return replay(self.store, self.model(kind, model), self.at(at), progress=progress)

    def replay_states(
        self,
        kind: str,
        *,
        at: Moment = None,
        model: NamedModel = None,
        executor: Executor | None = None,
        processes: int | None = None,
        progress: Progress | None = None,
        cancel: Flag | None = None,
    ) -> Replayed:
        """What `states` gives, folded from columns: several times as quick over a long history, and split over so many
        `processes` of this machine, or those of an `executor`: a ProcessPoolExecutor or dask's `client.get_executor()`.
        Segments that are missing are built first. Setting `cancel`, a threading.Event, ends it with Cancelled.

        Raises FoldFailed, WorkerLost for a process that was killed, InvalidModel for a model that no other process can
        import, and as segments does.
        """
        chosen, moment = self.model(kind, model), self.at(at)
        history = self.history(moment)
        with self.segments(kind) as segments:
            from whence.replay import Until, replay

            until = Until(None if moment.is_now else history.head, moment.occurred_us)
            with _executor(executor, processes) as chosen_executor:
                return replay(segments, chosen, executor=chosen_executor, until=until, progress=progress, cancel=cancel)

    def replay_scores(
        self,
        kind: str,
        *,
        card: str | Scorecard | None = None,
        at: Moment = None,
        executor: Executor | None = None,
        processes: int | None = None,
        progress: Progress | None = None,
        cancel: Flag | None = None,
    ) -> Scored:
        """What `scores` gives, with every crossing, split as `replay_states` is. Raises as `scores` does, WorkerLost
        and Cancelled."""
        chosen, time_us = self.scorecard(kind, card), self._time_of_all(at)
        with self.segments(chosen.kind) as segments:
            from whence.replay.whole import score

            with _executor(executor, processes) as chosen_executor:
                return score(segments, chosen, time_us, executor=chosen_executor, progress=progress, cancel=cancel)

    def check_replay(
        self, recorded: Result | str | os.PathLike[str], *, model: NamedModel = None, progress: Progress | None = None
    ) -> Comparison:
        """Replay what a recorded result (or its file) is of, with the code as it is now, and compare: the entities that
        come out otherwise, each with the first event and the fields. Raises InvalidFile, FoldFailed."""
        result = recorded if isinstance(recorded, Result) else Result.load(recorded)
        return check_result(self.store, self.model(result.origin.kind, model), result, progress=progress)

    def verify_state(
        self,
        kind: str,
        source: Given,
        *,
        at: Moment = None,
        model: NamedModel = None,
        column: str | None = None,
        delimiter: str = ",",
        progress: Progress | None = None,
    ) -> Verified:
        """Compare rows that some system keeps, CSV or JSON lines, with a fresh replay of a kind at a moment.

        `column` names the entities, by default the one called as the kind is, `entity` or `id`. Raises InvalidFile.
        """
        chosen, history = self.model(kind, model), self.history(at)
        return verify(history, chosen, source, column=column, delimiter=delimiter, progress=progress)

    def test_for(
        self,
        entity: str,
        rule: str,
        *,
        at: Moment = None,
        model: NamedModel = None,
        folder: str | os.PathLike[str] = ".",
    ) -> Regression:
        """A pytest file, as text, in which an entity's events up to a moment break a rule on its fields, such as
        `score <= 100`: it fails now, and passes once the model is right. `folder` is where the file will lie.

        Raises NotKnown when the rule holds, InvalidModel for a rule that cannot be read, or a model that no file can
        import.
        """
        chosen = self.model(entity, model)
        named = model if model is None or isinstance(model, str) else name_of(chosen)
        if model is not None and named is None:
            remedy = "Put it at the top of a module, or name it: file.py:Class."
            raise InvalidModel("A test cannot import this model", model=chosen.name, remedy=remedy)
        return regression(self.history(at), chosen, entity, rule, named=named, config=self.config, folder=folder)

    def copy(
        self, target: str | os.PathLike[str], *, without: str | None = None, progress: Progress | None = None
    ) -> int:
        """Write this history into another store, which is made when it is missing; return how many events were
        written. `without="import:ID"` leaves out a wrong import. Raises StoreError, and NotKnown for no such import."""
        leave_out = None if without is None else part_of_import(self.store, without)
        other = open_store(target, create=True, origin=self.store.identity().store_id)
        try:
            return copy(self.store, other, without=leave_out, progress=progress)
        finally:
            other.close()

    def _bounds(self, since: Edge, until: Edge) -> tuple[int | None, int | None]:
        """The first and the last microsecond that are meant."""
        return self._edge(since, "first_us"), self._edge(until, "last_us")

    def _edge(self, moment: Edge, edge: str) -> int | None:
        said = _as_text(moment)
        if isinstance(said, str):
            us: int = getattr(span_of(said, zone=self.config.zone), edge)
            return us
        return None if said is None else to_us(said)


def _found(pack: str, name: str, several: Sequence[Any]) -> Any:
    """The decision or table of a name. Raises InvalidConfig naming what there is."""
    for each in several:
        if each.name == name:
            return each
    names = ", ".join(f"{pack}.{each.name}" for each in several)
    raise InvalidConfig("The pack has nothing of this name", pack=pack, name=name, remedy=f"It has: {names}.")


@contextmanager
def _executor(executor: Executor | None, count: int | None) -> Iterator[Executor | None]:
    """The executor, or one of so many processes; None for this thread. Raises InvalidQuery for both."""
    if count is None:
        yield executor
        return
    if executor is not None:
        raise InvalidQuery("An executor has its own processes", processes=count, remedy="Give one of the two.")
    from whence.replay import processes

    with processes(count) as pool:
        yield pool


def _name_of(card: str | Scorecard | None) -> str | None:
    """What a card is called."""
    return card.name if isinstance(card, Scorecard) else card


def _as_text(moment: Any) -> Any:
    """A date as the text that means that day; anything else as it is."""
    return moment.isoformat() if isinstance(moment, date) and not isinstance(moment, datetime) else moment


def _filter(actor: str | None, bounds: tuple[int | None, int | None], clock: str) -> Callable[[Recorded], bool] | None:
    """What lets an event through by actor and time, or None when everything passes."""
    since_us, until_us = bounds
    if actor is None and since_us is None and until_us is None:
        return None
    first_us, last_us = EARLIEST_US if since_us is None else since_us, LATEST_US if until_us is None else until_us

    def wanted(event: Recorded) -> bool:
        us = event.recorded_us if clock == "recorded" else event.time_us
        return first_us <= us <= last_us and actor in (None, event.actor)

    return wanted


def _has(fields: Mapping[str, Any], where: Mapping[str, Any] | None) -> bool:
    """Whether the fields have these values."""
    return where is None or all(fields.get(field) == value for field, value in where.items())


def _several(given: Any) -> list[Any]:
    """Several as a list; one alone is a list of one."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _name_of_side(named: Any, side: Any) -> str | None:
    """What a side is called that has no name of its own: a file, or KIND.FIELD of a model."""
    from whence.experiments import ModelField
    from whence.experiments.sidefile import is_file

    if isinstance(named, str) and isinstance(side, ModelField):
        return named
    return name_of_file(named) if is_file(named) else None
