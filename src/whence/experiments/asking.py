"""What a side comes to for each entity: asked one by one, which is the definition, or of all at once, where the side is
a scorecard over columns. Both give the same to the last digit; a scorecard in the order of positions is asked one by
one, since what happened before a moment is no beginning of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec
import numpy as np

from whence.experiments.population import NEVER, Columns, Events, Population
from whence.experiments.side import CardSide, Side, before
from whence.experiments.statistics import Ints, Mask
from whence.scoring import Scorecard, Threshold
from whence.scoring.compiled import COMPILED
from whence.scoring.kernel import Awards, Crossings, score_all
from whence.scoring.points import MICRO

AT_ONCE_EVENTS = 20_000
"""From so many events on, to make columns of them is quicker than to ask one by one."""


class Asked(Protocol):
    """A side with the events that it was handed. Times are microseconds UTC."""

    def value(self, entity: str) -> float | None:
        """The number of an entity, as of its last event, or of the time at which the history is cut."""
        ...

    def reached_us(self, entity: str) -> int | None:
        """When it first reaches the threshold; None where it never does."""
        ...

    def named_us(self, entity: str, outcome_us: int) -> int | None:
        """The same by what happened strictly before an outcome."""
        ...

    def rank(self, entity: str, moment_us: int) -> float | None:
        """The number just before a moment, by what happened strictly before it. A file without times has none."""
        ...


def asked(
    side: Side, entities: Population, bar: Threshold | None, cut_us: int | None, moments: Mapping[str, int]
) -> Asked:
    """The side, to be asked about these entities. `moments` are those that `rank` may be asked for."""
    is_worth_it = COMPILED and entities.events >= AT_ONCE_EVENTS
    if is_worth_it and isinstance(side, CardSide) and side.card.order == "occurred":
        return AtOnce(side, entities.columns(), bar, cut_us, moments)
    return OneByOne(side, entities.all(), bar, cut_us)


class OneByOne:
    """A side that is handed the events of one entity after the other: only those before the moment in question."""

    def __init__(self, side: Side, events: Events, bar: Threshold | None, cut_us: int | None) -> None:
        self._side, self._events, self._bar, self._cut_us = side, events, bar, cut_us

    def value(self, entity: str) -> float | None:
        return self._side.value(entity, self._events.get(entity, ()), self._cut_us)

    def reached_us(self, entity: str) -> int | None:
        if self._bar is None:
            return None
        return self._side.reached_us(entity, self._events.get(entity, ()), self._bar, self._cut_us)

    def named_us(self, entity: str, outcome_us: int) -> int | None:
        if self._bar is None:
            return None
        earlier = before(self._events.get(entity, ()), outcome_us)
        return self._side.reached_us(entity, earlier, self._bar, outcome_us - 1)

    def rank(self, entity: str, moment_us: int) -> float | None:
        if not self._side.timed:
            return None
        return self._side.value(entity, before(self._events.get(entity, ()), moment_us), moment_us - 1)


class AtOnce:
    """A scorecard over columns, which are read once. In the order in which things happened, what a score was before a
    moment does not depend on what came later, so the first time that it reaches a threshold is found once for all."""

    def __init__(
        self,
        side: CardSide,
        columns: Columns,
        bar: Threshold | None,
        cut_us: int | None,
        moments: Mapping[str, int],
    ) -> None:
        card = msgspec.structs.replace(side.card, thresholds=() if bar is None else (bar,))
        number = [score.name for score in card.scores].index(side.score)
        awards = columns.awards(card)
        found = score_all(card, awards, cut_us)
        self._places = {columns.coded[code]: place for place, code in enumerate(found.entity.tolist())}
        self._values = (found.scores_micro[:, number] / MICRO).tolist()
        (reached,) = first_reached(found.crossings, 1, len(columns.coded))
        self._reached = reached[found.entity].tolist()
        self._ranks: list[float | None] = []
        if moments:
            before_us = np.array([moments.get(columns.coded[code], NEVER) for code in found.entity.tolist()], np.int64)
            ranks, begun = _before(card, awards, before_us)
            scores = (ranks[:, number] / MICRO).tolist()
            self._ranks = [score if has else None for score, has in zip(scores, begun.tolist(), strict=True)]

    def value(self, entity: str) -> float | None:
        place = self._places.get(entity)
        return None if place is None else self._values[place]

    def reached_us(self, entity: str) -> int | None:
        place = self._places.get(entity)
        found = NEVER if place is None else self._reached[place]
        return None if found == NEVER else found

    def named_us(self, entity: str, outcome_us: int) -> int | None:
        found = self.reached_us(entity)
        return found if found is not None and found < outcome_us else None

    def rank(self, entity: str, moment_us: int) -> float | None:
        place = self._places.get(entity)
        return None if place is None else self._ranks[place]


def first_reached(crossings: Crossings, thresholds: int, entities: int) -> Ints:
    """When each entity first reached each threshold, NEVER where it did not; an array of shape (thresholds, entities),
    by the codes of the entities."""
    found = np.full((thresholds, entities), NEVER, np.int64)
    for number in range(thresholds):
        rows = np.flatnonzero(crossings.entered & (crossings.threshold == number))
        codes, firsts = np.unique(crossings.entity[rows], return_index=True)
        found[number, codes] = crossings.at_us[rows[firsts]]
    return found


def _before(card: Scorecard, awards: Awards, moments_us: Ints) -> tuple[Ints, Mask]:
    """The scores of each entity (in the order of its code) just before a moment of its own, and which of them had an
    event by then. Points are left by the hours since they were given, so all moments can be put at the same place."""
    _, place = np.unique(awards.entity, return_inverse=True)
    there = moments_us[place] != NEVER
    shifted = np.where(there, awards.time_us - moments_us[place], awards.time_us)
    bare = msgspec.structs.replace(card, thresholds=())
    found = score_all(bare, msgspec.structs.replace(awards, time_us=shifted), -1)
    begun = np.zeros(len(moments_us), np.bool_)
    np.logical_or.at(begun, place, there & (shifted < 0))
    return found.scores_micro, begun
