"""Rows put in order: by entity, and within each by time and position, or by position. They come in parts, each in the
order of entities and nearly in that of time: a row goes at once to its entity's place, and moves little from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from whence.scoring.compiled import COMPILED, Compiled
from whence.scoring.sequence import Int32, Int64
from whence.segments.rows import TYPES, Rows

MOVES_EACH = 32
"""With more moves than that for each row of an entity, numpy sorts instead."""
RULE_BITS = 20
"""Above the number of a rule in so many bits, 2^43 positions fit into 64 bits."""


def in_order(rows: Rows, begins: Int64, ends: Int64, *, by_time: bool) -> list[NDArray[Any]]:
    """The columns of some rows, of each part those from a place to an end, by entity; then by time if so asked; then by
    position and rule, and by part. All rows of an entity must be among them. So they stand in `rows` from now on."""
    if COMPILED:
        found = [np.empty(int(np.sum(ends - begins)), type) for type, _ in zip(TYPES, rows.columns, strict=False)]
        given, out = _Columns.of(rows.columns), _Columns.of(found)
        if rows.ordered:
            _gather(begins, ends, given, out)
            return found
        there = begins < ends
        lowest = int(np.min(given.entity[begins[there]], initial=2**31 - 1))
        highest = int(np.max(given.entity[ends[there] - 1], initial=lowest - 1))
        keys, starts = np.empty(2 * len(found[0]), np.int64), np.zeros(highest - lowest + 2, np.int64)
        if _in_order(begins, ends, lowest, given, out, keys, starts, int(by_time)):
            return found
    places = [np.arange(*each) for each in zip(begins.tolist(), ends.tolist(), strict=True)]
    at = np.concatenate([np.zeros(0, np.int64), *places])
    found = [column[at].astype(type) for column, type in zip(rows.columns, TYPES, strict=False)]
    if not rows.ordered:
        entity, time_us, position, rule = found[:4]
        order = np.lexsort((rule, position, time_us, entity) if by_time else (rule, position, entity))
        found = [column[order] for column in found]
        for column, values in zip(rows.columns, found, strict=True):
            column[at] = values
    return found


class _Columns(NamedTuple):
    """Those of rows; there may be no points."""

    entity: Int32
    time_us: Int64
    position: Int64
    rule: Int32
    points: Int64

    @classmethod
    def of(cls, columns: Sequence[NDArray[Any]]) -> _Columns:
        return cls(*columns, *[np.empty(0, np.int64)][len(columns) - 4 :])


@Compiled
def _in_order(
    begins: Int64, ends: Int64, lowest: int, given: _Columns, out: _Columns, keys: Int64, starts: Int64, by_time: int
) -> int:
    """Whether it was done, else `given` is as it was. `starts` has a zero for each entity and one more, and `keys` room
    for two numbers of each row, which lie together: its time, and its position and rule."""
    entity, time_us, position, rule, points = given
    entities, times, positions, rules, all_points = out
    for part in range(len(begins)):
        for i in range(begins[part], ends[part]):
            starts[entity[i] - lowest + 1] += 1
    for e in range(1, len(starts)):
        starts[e] += starts[e - 1]
    for part in range(len(begins)):
        for i in range(begins[part], ends[part]):
            e = entity[i] - lowest
            k = starts[e]
            starts[e] = k + 1
            keys[2 * k] = time_us[i]
            keys[2 * k + 1] = (position[i] << RULE_BITS) + rule[i] + 1
            if len(points):
                all_points[k] = points[i]
    first = 0
    for e in range(len(starts) - 1):  # where the rows of an entity began, they end now
        if not _inserted(keys, all_points, first, starts[e], by_time):
            return 0
        first = starts[e]
    e = k = 0
    for part in range(len(begins)):
        for i in range(begins[part], ends[part]):
            while k == starts[e]:
                e += 1
            key = keys[2 * k + 1]
            entity[i] = entities[k] = e + lowest
            time_us[i] = times[k] = keys[2 * k]
            position[i] = positions[k] = key >> RULE_BITS
            rule[i] = rules[k] = (key & (2**RULE_BITS - 1)) - 1
            if len(points):
                points[i] = all_points[k]
            k += 1
    return 1


@Compiled
def _gather(begins: Int64, ends: Int64, given: _Columns, out: _Columns) -> int:
    """Put the rows behind each other; return how many they are."""
    entity, time_us, position, rule, points = given
    entities, times, positions, rules, all_points = out
    k = 0
    for part in range(len(begins)):
        for i in range(begins[part], ends[part]):
            entities[k], times[k], positions[k], rules[k] = entity[i], time_us[i], position[i], rule[i]
            if len(points):
                all_points[k] = points[i]
            k += 1
    return k


def _inserted(keys: Int64, points: Int64, first: int, last: int, by_time: int) -> bool:
    """Sort some rows by insertion; False where that would take long."""
    moves = MOVES_EACH * (last - first)
    for i in range(first + 1, last):
        time, key = keys[2 * i], keys[2 * i + 1]
        its_points = points[i] if len(points) else 0
        k = i
        while k > first:
            if by_time and keys[2 * k - 2] != time:
                if keys[2 * k - 2] < time:
                    break
            elif keys[2 * k - 1] <= key:
                break
            keys[2 * k] = keys[2 * k - 2]
            keys[2 * k + 1] = keys[2 * k - 1]
            if len(points):
                points[k] = points[k - 1]
            k -= 1
        keys[2 * k] = time
        keys[2 * k + 1] = key
        if len(points):
            points[k] = its_points
        moves -= i - k
        if moves < 0:
            return False
    return True
