"""Walking through what happened to one entity, event by event, forwards and backwards: the state before and after each
and the fields that it changed. How an event changes a state is left to the model, how a walk is shown to the edges."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

import msgspec

from whence.compare import Change, diff, refuse_field, same
from whence.errors import FoldFailed, InvalidQuery
from whence.events import Recorded
from whence.expression import Rule, StateRule
from whence.grammar import split_tag
from whence.history import History
from whence.markup import bold, table
from whence.model import Model, ModelLike
from whence.query import Query

KEPT_EVERY = 100
"""After so many events a copy of the state is kept, from which a step back is folded again."""


class Step(msgspec.Struct, frozen=True):
    """One event of a walk: the entity's fields `before` it (at the first those of the model's first state) and `after`.

    `number` counts the entity's events from 1, of `total`.
    """

    entity: str
    number: int
    total: int
    recorded: Recorded
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def changes(self) -> list[Change]:
        """The fields that the event changed."""
        return diff(self.before, self.after)

    def _repr_html_(self) -> str:
        """The step as a table, for a notebook."""
        event = self.recorded
        who = f" by {event.actor}" if event.actor else ""
        title = f"{self.entity} {self.number} of {self.total}: {event.type} @{event.position}"
        changed = {change.field for change in self.changes}
        names = dict.fromkeys((*self.before, *self.after))
        rows = ((name, self.before.get(name), self.after.get(name)) for name in names)
        shown = (map(bold, row) if row[0] in changed else row for row in rows)
        columns = ("field", "before", "after")
        return table(columns, map(tuple, shown), f"{title}, {event.time:%Y-%m-%d %H:%M:%S} UTC{who}")


class Stepper:
    """A walk through an entity's events, in the model's order. It begins before the first; `here` is where it is.

        walk = db.stepper("lead:42")
        while step := walk.forward():
            print(step.recorded.type, step.changes)

    A step back costs at most 100 events, since copies of the state are kept on the way. Raises FoldFailed where the
    model does.
    """

    def __init__(self, history: History, model: ModelLike, entity: str) -> None:
        split_tag(entity)
        self.history = history
        self.model = Model.of(model)
        self.entity = entity
        self.events = tuple(history.events(Query.of(tags=[entity]), order=self.model.order))
        self._here: Step | None = None
        self._kept: dict[int, Any] = {0: self.model.copied(self.model.initial())}
        self._folded, self._state = 0, self.model.initial()

    def __len__(self) -> int:
        """How many events there are."""
        return len(self.events)

    def __iter__(self) -> Iterator[Step]:
        """Each step from here on."""
        while (step := self.forward()) is not None:
            yield step

    @property
    def here(self) -> Step | None:
        """The step where the walk is; None before the first event."""
        return self._here

    @property
    def number(self) -> int:
        """How many events lie behind: 0 before the first, `len(walk)` at the end."""
        return self._here.number if self._here else 0

    def forward(self) -> Step | None:
        """The next step, or None at the end, where the walk then stays."""
        return self.to_number(self.number + 1) if self.number < len(self.events) else None

    def back(self) -> Step | None:
        """The step before, or None before the first event."""
        return self.to_number(max(0, self.number - 1))

    def to(self, position: int) -> Step | None:
        """The last step, in the order of the walk, whose event has at most this position; None before the first."""
        found = (number for number in range(len(self.events), 0, -1) if self.events[number - 1].position <= position)
        return self.to_number(next(found, 0))

    def run(self, *, type: str | None = None, field: str | None = None, until: Rule | None = None) -> Step | None:
        """The next step that is of a type, or changes a field, or after which a rule holds, whichever comes first. When
        there is none: None, and the walk stays where it is. `until` is an expression on the fields, or a function of
        the state.

        Raises InvalidQuery when nothing is named to stop at, and InvalidModel for a field that no step has or a rule
        that cannot be evaluated.
        """
        if type is None and field is None and until is None:
            remedy = 'Write run(type="Scored"), run(field="score") or run(until="score > 80").'
            raise InvalidQuery("Nothing to stop at", remedy=remedy)
        rule = None if until is None else StateRule.of(until, self.model.fields)
        if rule is not None:
            rule.refuse_unknown([self._last()], lambda: chain(self._states(), self.history.states(self.model).values()))
        if field is not None and field not in self.model.fields(self._last()):
            known = dict.fromkeys(name for state in self._states() for name in self.model.fields(state))
            if field not in known:
                refuse_field(field, known)
        before = None if field is None else self._value_at(self.number, field)
        for number in range(self.number + 1, len(self.events) + 1):
            event, changed = self.events[number - 1], False
            if field is not None:
                after = self._value_at(number, field)
                changed, before = not same(before, after), after
            if event.type == type or changed or (rule is not None and self._holds_at(number, rule)):
                return self.to_number(number)
        return None

    def _states(self) -> Iterator[Any]:
        """The state before the first event and after each that can be folded: a walk may end at one that cannot."""
        state = self.model.initial()
        yield state
        with suppress(FoldFailed):
            for event in self.events:
                state = self.model.apply(state, event)
                yield state

    def _last(self) -> Any:
        (last,) = deque(self._states(), maxlen=1)
        return last

    def _value_at(self, number: int, field: str) -> Any:
        return self.model.copied(self.model.fields(self._state_at(number)).get(field))

    def _holds_at(self, number: int, rule: StateRule) -> bool:
        position = self.events[number - 1].position
        return rule.holds(self._state_at(number), entity=self.entity, position=position)

    def to_number(self, number: int) -> Step | None:
        """The step of a number from 1 to `len(walk)`; None for 0, which is before the first event. Raises InvalidQuery
        for any other."""
        if not 0 <= number <= len(self.events):
            raise InvalidQuery("There is no such step", number=number, remedy=f"Give one from 0 to {len(self.events)}.")
        if number == 0:
            self._here = None
            return None
        before, after = self._fields_at(number - 1), self._fields_at(number)
        self._here = Step(self.entity, number, len(self.events), self.events[number - 1], before, after)
        return self._here

    def _fields_at(self, number: int) -> dict[str, Any]:
        """The fields after so many events."""
        return self.model.copied(self.model.fields(self._state_at(number)))

    def _state_at(self, number: int) -> Any:
        """The state after so many events, which the next move changes."""
        nearest = max(kept for kept in self._kept if kept <= number)
        if not nearest <= self._folded <= number:
            self._return_to(nearest)
        try:
            while self._folded < number:
                self._state = self.model.apply(self._state, self.events[self._folded])
                self._folded += 1
                if self._folded % KEPT_EVERY == 0 and self._folded not in self._kept:
                    self._kept[self._folded] = self.model.copied(self._state)
        except FoldFailed:
            self._return_to(nearest)  # the handler may have changed half of the state
            raise
        return self._state

    def _return_to(self, kept: int) -> None:
        self._folded, self._state = kept, self.model.copied(self._kept[kept])
