"""What a history is asked: the log, states, differences, why, and where it went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from whence.app.opened import Edge, Moment, NamedModel, Opened, Progress, filtered
from whence.compare import Change, diff
from whence.contents import (
    TypeSummary,
    near_actors,
    near_kinds,
    near_tags,
    near_types,
    types_in,
)
from whence.events import Recorded
from whence.explaining.bisect import Bisection, bisect, first_breach
from whence.explaining.difference import Difference, difference
from whence.explaining.lateness import Lateness, lateness
from whence.explaining.lineage import Lineage, lineage
from whence.explaining.narrative import narrative
from whence.explaining.page import page
from whence.explaining.stepper import Stepper
from whence.explaining.why import Explanation, LeftOut, why, without, without_each
from whence.expression import Rule
from whence.history import state_now
from whence.query import Query
from whence.usage import Usage, usage


class Asking(Opened):
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
        wanted = filtered(actor, self._bounds(since, until), clock)
        found = self.store.read(query, after=after, upto=upto, backwards=not reverse or limit is not None)
        events = (event for event in found if wanted(event)) if wanted else iter(found)
        if limit is not None:
            events = islice(events, limit)
            return iter(list(events)[::-1]) if reverse else events
        return events

    def state(self, entity: str, *, at: Moment = None, model: NamedModel = None) -> dict[str, Any] | None:
        """The fields of an entity at a moment; None when it has no events then."""
        chosen = self.model(entity, model)
        state = state_now(self.store, chosen, entity) if at is None else self.history(at).state(chosen, entity)
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
        chosen = self._model_of_kind(kind, model)
        found = self.history(at).states(chosen, progress=progress)
        return {entity: fields for entity, state in found.items() if _has(fields := chosen.fields(state), where)}

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
        chosen = self._model_of_kind(kind, model)
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

    def near_types(self, name: str) -> list[str]:
        return near_types(self.store, name)

    def near_tags(self, tag: str) -> list[str]:
        return near_tags(self.store, tag)

    def near_kinds(self, kind: str) -> list[str]:
        return near_kinds(self.store, kind)

    def near_actors(self, actor: str) -> list[str]:
        return near_actors(self.store, actor)

    def usage(self, progress: Progress | None = None) -> Usage:
        """What takes the space: by type and by kind of tag, the log beside the segments. Reads the whole store."""
        return usage(self.store, progress)


def _has(fields: Mapping[str, Any], where: Mapping[str, Any] | None) -> bool:
    """Whether the fields have these values."""
    return where is None or all(fields.get(field) == value for field, value in where.items())
