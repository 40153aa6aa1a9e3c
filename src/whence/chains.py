"""How far each entity gets from step to step, over arrays. Which events count as steps is left to whoever asks.

Every occurrence of the first step is a *start*. From it, each further step is its next occurrence. An entity counts
once, by the start that gets furthest; of several, by the earliest. What happens in the same microsecond is taken in the
order of the steps, so that the answer does not depend on the order in which events were imported.

`ordered`: other events may lie between the steps. `strict`: each step is the entity's very next event. `any`: a start
is any of the steps, and those after it count in whichever order they come; an entity reaches step k with all of the
first k. Amplitude calls these "this order", "exact order" and "any order".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
import numpy as np

Order = Literal["ordered", "strict", "any"]
Array = np.ndarray[Any, Any]

NEVER = np.iinfo(np.int64).min
"""Stands for the time of a step that was not reached."""
LAST = np.iinfo(np.int64).max
OUT = 1 << 62
"""The bit of an event that ends an attempt."""


class Chains(msgspec.Struct, frozen=True):
    """The entities that did the first step, and when they did each, in microseconds: a row for each entity, a column
    for each step. Of three steps, of which entity 7 did two and entity 9 all:

        who   = [7, 9]
        times = [[100, 250, NEVER],
                 [120, 130, 400]]          levels = [2, 3], starts_us = [100, 120]
    """

    who: Array
    times: Array

    @property
    def levels(self) -> Array:
        """How many steps each entity got to."""
        found: Array = (self.times != NEVER).sum(axis=1)
        return found

    @property
    def starts_us(self) -> Array:
        """When each entity began: with the first of the steps, of which any may be it."""
        found: Array = self.times.min(axis=1, where=self.times != NEVER, initial=LAST)
        return found

    def took_us(self, one: int, other: int) -> Array:
        """How long it took from one step to another, by their numbers from 0, for each entity that did both, whichever
        of them came first."""
        did_both = (self.times[:, one] != NEVER) & (self.times[:, other] != NEVER)
        found: Array = np.abs(self.times[did_both, other] - self.times[did_both, one])
        return found

    def only(self, chosen: Array) -> Chains:
        return Chains(self.who[chosen], self.times[chosen])


# In order, of steps that are apart: one look at each event, as the numbers of entities are places in an array.


def first_chains(steps: Iterable[tuple[Array, Array]], size: int) -> tuple[Chains, list[int]]:
    """The chain that begins with each entity's first start, without a window, and how many entities did each step at
    all. `steps` are the entities and times of each step, in any order; an event counts as one step alone."""
    times, reached = [], []
    after = np.full(size, NEVER, np.int64)
    for who, time_us in steps:
        reached.append(_count(who, size))
        late = time_us >= after[who]
        after = _earliest(who[late], time_us[late], size)
        times.append(after)
    began = np.flatnonzero(times[0] != LAST)
    table = np.stack([each[began] for each in times], axis=1)
    table[table == LAST] = NEVER
    return Chains(began, table), reached


def chains_within(steps: Iterable[tuple[Array, Array]], size: int, window_us: int) -> tuple[Chains, list[int]]:
    """The same within a window, where a later start may get further: all starts go on from step to step at once, and
    those that are too late are left behind, so that the last steps have few to look for."""
    best: list[Array] = []  # for each step, when each entity's best start got to it
    reached: list[int] = []
    who, times = np.zeros(0, np.int64), np.zeros((0, 0), np.int64)  # the starts in time: whose, and when at each step
    for by_whom, time_us in steps:
        reached.append(_count(by_whom, size))
        if not best:
            who, times = by_whom, time_us[:, None]
        else:
            following = _following(who, times, by_whom, time_us, size, window_us)
            in_time = following != LAST
            who, times = who[in_time], np.column_stack([times[in_time], following[in_time]])
        # What got here got further than before: the earliest of the starts in time is the entity's best one now.
        earliest = np.flatnonzero(times[:, 0] == _earliest(who, times[:, 0], size)[who])
        best.append(np.full(size, NEVER, np.int64))
        for step, found in enumerate(best):
            found[who[earliest]] = times[earliest, step]
    began = np.flatnonzero(best[0] != NEVER)
    return Chains(began, np.stack([each[began] for each in best], axis=1)), reached


def _count(who: Array, size: int) -> int:
    """How many entities there are among them."""
    seen = np.zeros(size, bool)
    seen[who] = True
    return int(np.count_nonzero(seen))


def _earliest(who: Array, time_us: Array, size: int) -> Array:
    """Of each entity the earliest of some times, LAST where there is none."""
    found = np.full(size, LAST, np.int64)
    np.minimum.at(found, who, time_us)
    return found


def _following(who: Array, times: Array, by_whom: Array, time_us: Array, size: int, window_us: int) -> Array:
    """When each chain goes on: the entity's first event that is not before its last one, and not beyond the window;
    LAST where there is none."""
    # Only events with which a chain of the entity may go on: not before all of them, not beyond all their windows.
    latest_start = np.full(size, NEVER, np.int64)
    np.maximum.at(latest_start, who, times[:, 0])
    not_before = _earliest(who, times[:, -1], size)
    near = (time_us >= not_before[by_whom]) & (time_us - window_us <= latest_start[by_whom])
    by_whom, time_us = by_whom[near], time_us[near]
    # All chains and events in one row, those of an entity together and in the order of time: a chain goes on with the
    # next event behind it, if that is of the same entity and in the window.
    order = np.argsort(np.r_[times[:, -1] * 2, time_us * 2 + 1])  # of the same moment, an event comes after the chain
    order = order[np.argsort(np.r_[who, by_whom][order], kind="stable")]
    is_event = order >= len(who)
    places = np.where(is_event, np.arange(len(order)), len(order))
    next_event = np.minimum.accumulate(places[::-1])[::-1]
    chain, place = order[~is_event], next_event[~is_event]
    is_there = place < len(order)
    chain, event = chain[is_there], order[place[is_there]] - len(who)
    goes_on = (by_whom[event] == who[chain]) & (time_us[event] - window_us <= times[chain, 0])
    found = np.full(len(who), LAST, np.int64)
    found[chain[goes_on]] = time_us[event[goes_on]]
    return found


# In any order or strictly, or where something ends an attempt: over all events of an entity.


class Events(msgspec.Struct, frozen=True):
    """Events in the order of entity, time, step and position; `mask` has a bit for each step that one counts as."""

    who: Array
    time_us: Array
    mask: Array


def chains(events: Events, steps: int, order: Order, window_us: int | None, period: tuple[int, int] | None) -> Chains:
    """The chains of all entities; starts lie within a period, its ends included, where one is given."""
    counted = events.mask & ~OUT
    is_start = counted != 0 if order == "any" else (counted & 1) != 0
    if period is not None:
        is_start &= (events.time_us >= period[0]) & (events.time_us <= period[1])
    starts = np.flatnonzero(is_start)
    begun_us, ends = events.time_us[starts], _ends(events, starts)
    reached = np.ones(len(starts), bool)
    times, before = [], starts - 1  # the place behind which each start looks for its next step
    for step in range(steps):
        if order == "strict":
            places = starts + step
            reached &= (counted.take(places, mode="clip") >> step & 1) != 0
        else:
            places = _next(np.flatnonzero(counted >> step & 1), before, len(counted))
        time_us = events.time_us.take(places, mode="clip")
        reached &= places < ends
        if window_us is not None:
            reached &= time_us - window_us <= begun_us
        times.append(np.where(reached, time_us, NEVER))
        if order == "ordered":
            before = places
    found = Chains(events.who[starts], np.stack(times, axis=1))
    return found.only(_best(found))


def _ends(events: Events, starts: Array) -> Array:
    """For each start the first event that counts no more: of another entity, or one that ends the attempt."""
    is_last = np.r_[events.who[1:] != events.who[:-1], True][: len(events.who)]
    others = _next(np.flatnonzero(is_last), starts - 1, len(events.who)) + 1
    found: Array = np.minimum(others, _next(np.flatnonzero(events.mask & OUT), starts, len(events.who)))
    return found


def _next(places: Array, after: Array, beyond: int) -> Array:
    """The first of some sorted places that is greater than each; `beyond` where there is none."""
    found: Array = np.r_[places, beyond][np.searchsorted(places, after, side="right")]
    return found


def _best(found: Chains) -> Array:
    """Of each entity the start that got furthest, and of several the earliest; entities stand together."""
    levels = found.levels
    order = np.lexsort((-levels, found.who))
    best: Array = order[np.r_[True, found.who[1:] != found.who[:-1]][: len(order)]]
    return best[levels[best] > 0]
