"""What changed in all entities of a kind between two moments, in one pass over the history: an entity is folded once
until the two begin to differ, and only then is its state copied. Comparing two states is left to compare."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from whence.compare import Change, diff
from whence.events import Facts
from whence.history import ABSENT, At, History, Progress
from whence.model import Model, ModelLike, Step

How = Literal["changed", "new", "gone"]


class Changed(msgspec.Struct, frozen=True):
    """An entity that differs: it has `changed`, is `new` (not there before) or `gone` (not there after); and its fields
    that differ, None where a side does not have them."""

    entity: str
    how: How
    changes: list[Change]


class Difference(msgspec.Struct, frozen=True):
    """The entities of a kind that differ between two moments, in the order of their first events; `known` is how many
    there are at either moment."""

    kind: str
    known: int
    changed: list[Changed]

    def count(self, how: How) -> int:
        """How many of the entities that differ have changed, are new or are gone."""
        return sum(entity.how == how for entity in self.changed)


def difference(
    history: History, model: ModelLike, before: At, after: At, *, progress: Progress | None = None
) -> Difference:
    """The entities of the model's kind whose states differ between two moments of a history.

    One pass. An entity whose events come late in occurred order, or whose state cannot be copied, is folded again from
    its own events if any lies between the moments. Raises NotKnown as History.at does, and FoldFailed.
    """
    model = Model.of(model)
    first, second = history.at(before), history.at(after)
    fold = _Fold(model, first, second)
    fold.go_over(history.upto(max(first.bounds[0], second.bounds[0])).pages(model, progress))
    pairs = ((entity, *fold.sides(entity)) for entity in fold.known if entity in fold.differing)
    found = [_changed(entity, _fields(model, one), _fields(model, two)) for entity, one, two in pairs]
    return Difference(model.kind, len(fold.known), [changed for changed in found if changed is not None])


def _fields(model: Model, state: Any) -> dict[str, Any] | None:
    return None if state is ABSENT else model.fields(state)


def _changed(entity: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Changed | None:
    """How an entity differs, or None when it does not."""
    how: How = "new" if before is None else "gone" if after is None else "changed"
    changes = diff(before or {}, after or {})
    return Changed(entity, how, changes) if changes or how != "changed" else None


class _Fold:
    """Every entity's state in two histories: one fold for both until an event is in one of them alone, then two."""

    def __init__(self, model: Model, first: History, second: History) -> None:
        self.known: dict[str, Any] = {}  # every entity, with its state as long as that is the same in both
        self.differing: set[str] = set()  # those with an event that is in one history alone
        self._model = model
        self._histories = (first, second)
        self._apart: dict[str, list[Any]] = {}
        self._latest_us: dict[str, int] = {}
        self._again: set[str] = set()  # those to be folded from their own events, and here no further

    def sides(self, entity: str) -> tuple[Any, Any]:
        """The states of an entity that differs, ABSENT where a history has no event of it."""
        if entity in self._again:
            one, two = (history.state(self._model, entity) for history in self._histories)
            return ABSENT if one is None else one, ABSENT if two is None else two
        one, two = self._apart[entity]
        return one, two

    def go_over(self, pages: Iterable[Facts]) -> None:
        """Fold these events, which need not be in either history. Raises FoldFailed."""
        model = self._model
        every = re.compile(rf"^{model.kind}:.*$", re.MULTILINE).findall
        (position_1, us_1), (position_2, us_2) = (history.bounds for history in self._histories)
        by_time = model.order == "occurred"
        steps: dict[int, Step] = {}
        for page in pages:
            for position, number, text, data, time_us in page.rows:
                within = (position <= position_1 and time_us <= us_1, position <= position_2 and time_us <= us_2)
                if not any(within):
                    continue
                if number not in steps:
                    steps[number] = model.step_over(page.kinds[number]) or _unchanged
                for entity in every(text):
                    if by_time and self._latest_us.setdefault(entity, time_us) > time_us:
                        self._again.add(entity)
                    self._latest_us[entity] = time_us
                    try:
                        self._take(entity, steps[number], data, within)
                    except Exception as problem:
                        if not by_time:
                            raise model.failed(page.kinds[number].type, position, problem) from problem
                        self._again.add(entity)  # perhaps an earlier event has not arrived yet: fold it in order
                        self.differing.add(entity)

    def _take(self, entity: str, step: Step, data: Any, within: tuple[bool, bool]) -> None:
        """Fold one event of an entity into the histories that it is within."""
        state = self.known.setdefault(entity, ABSENT)
        if not all(within):
            self.differing.add(entity)
        if entity in self._again:
            return
        if entity not in self.differing:
            self.known[entity] = step(self._model.initial() if state is ABSENT else state, data)
            return
        sides = self._apart.get(entity)
        if sides is None:
            try:
                sides = self._apart[entity] = [ABSENT if state is ABSENT else copy.deepcopy(state), state]
            except Exception:  # whatever a state raises that cannot be copied
                self._again.add(entity)
                return
        for side in range(2):
            if within[side]:
                sides[side] = step(self._model.initial() if sides[side] is ABSENT else sides[side], data)


def _unchanged(state: Any, data: Any) -> Any:
    """The step for a type that the model does not look at."""
    return state
