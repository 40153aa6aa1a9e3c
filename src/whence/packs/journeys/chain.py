"""How far each customer gets in a funnel, over arrays. Which events count as steps is left to funnel.

Every occurrence of the first step is a *start*. From it, each further step is its next occurrence. A customer counts
once, by the start that gets furthest; of several, by the earliest. What happens in the same microsecond is taken in the
order of the funnel, so that the answer does not depend on the order in which events were imported.

`ordered`: other events may lie between the steps. `strict`: each step is the customer's very next event. `any`: a start
is any of the steps, and those after it count in whichever order they come; a customer reaches step k with all of the
first k. Amplitude calls these "this order", "exact order" and "any order".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    """The customers who did the first step, and when they did each, in microseconds: a row for each customer."""

    who: Array
    times: Array

    @property
    def levels(self) -> Array:
        """How many steps each customer got to."""
        found: Array = (self.times != NEVER).sum(axis=1)
        return found

    @property
    def starts_us(self) -> Array:
        """When each customer began: with the first of the steps, of which any may be it."""
        found: Array = self.times.min(axis=1, where=self.times != NEVER, initial=LAST)
        return found

    def only(self, chosen: Array) -> Chains:
        return Chains(self.who[chosen], self.times[chosen])


class Rows(msgspec.Struct, frozen=True):
    """Events in the order of customer, time, step and position; `mask` has a bit for each step that one counts as."""

    who: Array
    time_us: Array
    mask: Array


def first_chains(steps: Iterable[tuple[Array, Array]], size: int) -> tuple[Chains, list[int]]:
    """The chain that begins with each customer's first start, without a window, and how many customers did each step at
    all. `steps` are the customers and times of each step, in any order; an event counts as one step alone.

    One look at each event: the numbers of customers are places in an array.
    """
    times, reached = [], []
    after = np.full(size, NEVER, np.int64)
    for who, time_us in steps:
        reached.append(_count(who, size))
        late = time_us >= after[who]
        after = np.full(size, LAST, np.int64)
        np.minimum.at(after, who[late], time_us[late])
        times.append(after)
    began = np.flatnonzero(times[0] != LAST)
    table = np.stack([each[began] for each in times], axis=1)
    table[table == LAST] = NEVER
    return Chains(began, table), reached


def chains_within(steps: Iterable[tuple[Array, Array]], size: int, window_us: int) -> tuple[Chains, list[int]]:
    """The same within a window, where a later start may get further: all starts go on from step to step at once, and
    those that are too late are left behind, so that the last steps have few to look for."""
    best: list[Array] = []
    reached: list[int] = []
    who, times = np.zeros(0, np.int64), np.zeros((0, 0), np.int64)
    for by_whom, time_us in steps:
        reached.append(_count(by_whom, size))
        if not best:
            who, times = by_whom, time_us[:, None]
        else:
            following = _following(who, times, by_whom, time_us, size, window_us)
            in_time = following != LAST
            who, times = who[in_time], np.column_stack([times[in_time], following[in_time]])
        first_us = np.full(size, LAST, np.int64)
        np.minimum.at(first_us, who, times[:, 0])
        earliest = np.flatnonzero(times[:, 0] == first_us[who])
        best.append(np.full(size, NEVER, np.int64))
        for step, found in enumerate(best):
            found[who[earliest]] = times[earliest, step]
    began = np.flatnonzero(best[0] != NEVER)
    return Chains(began, np.stack([each[began] for each in best], axis=1)), reached


def _count(who: Array, size: int) -> int:
    seen = np.zeros(size, bool)
    seen[who] = True
    return int(np.count_nonzero(seen))


def _following(who: Array, times: Array, by_whom: Array, time_us: Array, size: int, window_us: int) -> Array:
    """When each chain goes on: the customer's first event that is not before its last one, and not beyond the window;
    LAST where there is none."""
    low, high = np.full(size, LAST, np.int64), np.full(size, NEVER, np.int64)
    np.minimum.at(low, who, times[:, -1])
    np.maximum.at(high, who, times[:, 0])
    near = (time_us >= low[by_whom]) & (time_us - window_us <= high[by_whom])
    by_whom, time_us = by_whom[near], time_us[near]
    order = np.argsort(np.r_[times[:, -1] * 2, time_us * 2 + 1])  # of the same moment, an event comes after the chain
    both = np.r_[who, by_whom]
    order = order[np.argsort(both[order], kind="stable")]
    is_event = order >= len(who)
    places = np.where(is_event, np.arange(len(order)), len(order))
    place = np.minimum.accumulate(places[::-1])[::-1][~is_event]
    chain = order[~is_event]
    there = place < len(order)
    chain, event = chain[there], order[place[there]] - len(who)
    there = (by_whom[event] == who[chain]) & (time_us[event] - window_us <= times[chain, 0])
    found = np.full(len(who), LAST, np.int64)
    found[chain[there]] = time_us[event[there]]
    return found


def chains(rows: Rows, steps: int, order: Order, window_us: int | None, period: tuple[int, int] | None) -> Chains:
    """The chains of all customers; starts lie within a period, its ends included, where one is given."""
    counted = rows.mask & ~OUT
    is_start = counted != 0 if order == "any" else (counted & 1) != 0
    if period is not None:
        is_start &= (rows.time_us >= period[0]) & (rows.time_us <= period[1])
    starts = np.flatnonzero(is_start)
    limit = _limits(rows, starts, window_us)
    found = np.stack(list(_followed(rows, counted, starts, limit, steps, order)), axis=1) if len(starts) else None
    if found is None:
        return Chains(np.zeros(0, np.int64), np.zeros((0, steps), np.int64))
    reached = np.logical_and.accumulate(found >= 0, axis=1)
    levels = reached.sum(axis=1)
    best = _best(rows.who[starts], levels)
    best = best[levels[best] > 0]
    times = np.where(reached[best], rows.time_us[np.maximum(found[best], 0)], NEVER)
    return Chains(rows.who[starts[best]], times)


def _limits(rows: Rows, starts: Array, window_us: int | None) -> Array:
    """For each start the first event that does not count any more: of another customer, beyond the window, or one that
    ends the attempt."""
    ends = np.flatnonzero(np.r_[rows.who[1:] != rows.who[:-1], True]) + 1 if len(rows.who) else np.zeros(0, np.int64)
    limit: Array = ends[np.searchsorted(ends, starts, side="right")]
    out = np.flatnonzero(rows.mask & OUT)
    if len(out):
        next_out = np.r_[out, len(rows.who)][np.searchsorted(out, starts, side="right")]
        limit = np.minimum(limit, next_out)
    if window_us is not None:
        limit = first_beyond(rows.time_us, starts, limit, rows.time_us[starts] + window_us)
    return limit


def first_beyond(times: Array, low: Array, high: Array, bound: Array) -> Array:
    """The first place from `low` up to `high` whose time is beyond the bound, by halving all at once."""
    low, high = low.copy(), high.copy()
    while True:
        open_ = low < high
        if not open_.any():
            return low
        middle = (low + high) // 2
        beyond = open_ & (times[np.minimum(middle, len(times) - 1)] > bound)
        high = np.where(beyond, middle, high)
        low = np.where(open_ & ~beyond, middle + 1, low)


def _followed(rows: Rows, counted: Array, starts: Array, limit: Array, steps: int, order: Order) -> Iterator[Array]:
    """The place of each step from each start; -1 where there is none."""
    at = starts
    for step in range(steps):
        if step and order == "strict":
            at = np.where(at >= 0, at + 1, -1)
            there = (at >= 0) & (at < limit)
            there &= (counted[np.minimum(np.maximum(at, 0), len(counted) - 1)] >> step & 1) != 0
            at = np.where(there, at, -1)
        elif step or order == "any":
            places = np.flatnonzero(counted >> step & 1)
            side: Literal["left", "right"] = "left" if order == "any" else "right"
            following = np.r_[places, len(counted)][
                np.searchsorted(places, starts if order == "any" else at, side=side)
            ]
            before = at >= 0 if order != "any" else True
            at = np.where(before & (following < limit), following, -1)
        yield at


def _best(who: Array, levels: Array) -> Array:
    """Of each customer the start that got furthest, and of several the earliest; `who` is sorted."""
    first = np.r_[0, np.flatnonzero(who[1:] != who[:-1]) + 1]
    count = len(who)
    rank = levels.astype(np.int64) * count + (count - 1 - np.arange(count))
    found: Array = count - 1 - np.maximum.reduceat(rank, first) % count
    return found
