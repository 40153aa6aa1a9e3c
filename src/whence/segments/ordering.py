"""Rows put in order: by entity, and within each by time and position, or by position. They come in parts, each in the
order of entities and nearly in that of time, so a row goes at once to its entity's place and moves little from there.

With numba it is compiled; without it, numpy sorts the same way, some ten times as slowly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from whence.scoring.kernel import COMPILED, Int32, Int64
from whence.scoring.sequence import compiled
from whence.segments.rows import TYPES, Rows

MOVES_EACH = 32
"""With more moves than that for each row of an entity, its rows are merged instead of inserted."""


def in_order(rows: Rows, begins: Int64, ends: Int64, *, by_time: bool) -> list[NDArray[Any]]:
    """The columns of some rows, of each part those from a place to an end, by entity; then by time if so asked; then by
    position and rule, and by part. All rows of an entity must be among them."""
    if COMPILED:
        entity, time_us, position, rule, *points = rows.columns
        given = points[0] if points else np.zeros(0, np.int64)
        found = _in_order(begins, ends, entity, time_us, position, rule, given, by_time)
        return list(found[: len(rows.columns)])
    at = np.concatenate([np.arange(*each) for each in zip(begins.tolist(), ends.tolist(), strict=True)])
    columns = [column[at].astype(type) for column, type in zip(rows.columns, TYPES, strict=False)]
    entity, time_us, position, rule = columns[:4]
    order = np.lexsort((rule, position, time_us, entity) if by_time else (rule, position, entity))
    return [column[order] for column in columns]


@compiled
def _in_order(
    begins: Int64,
    ends: Int64,
    entity: Int32,
    time_us: Int64,
    position: Int64,
    rule: Int32,
    points: Int64,
    by_time: bool,
) -> tuple[Int32, Int64, Int64, Int32, Int64]:
    rows, lowest, highest = 0, 2**31 - 1, -1
    for part in range(len(begins)):
        if begins[part] < ends[part]:
            rows += ends[part] - begins[part]
            lowest, highest = min(lowest, entity[begins[part]]), max(highest, entity[ends[part] - 1])
    starts = np.zeros(max(highest - lowest, -1) + 2, np.int64)  # where the rows of each entity begin
    for part in range(len(begins)):
        for i in range(begins[part], ends[part]):
            starts[entity[i] - lowest + 1] += 1
    starts = np.cumsum(starts)
    following = starts.copy()
    entities, rules = np.empty(rows, np.int32), np.empty(rows, np.int32)
    times, positions = np.empty(rows, np.int64), np.empty(rows, np.int64)
    given = np.empty(rows if len(points) else 0, np.int64)
    for part in range(len(begins)):
        for i in range(begins[part], ends[part]):
            e = entity[i] - lowest
            k = following[e]
            following[e] = k + 1
            entities[k] = entity[i]
            times[k] = time_us[i]
            positions[k] = position[i]
            rules[k] = rule[i]
            if len(given):
                given[k] = points[i]
    for e in range(len(starts) - 1):
        first, last = starts[e], starts[e + 1]
        if not _inserted(times, positions, rules, given, first, last, by_time):
            _merged(times, positions, rules, given, first, last, by_time)
    k = 0
    for part in range(len(begins)):  # so that they are in order when they are asked again
        for i in range(begins[part], ends[part]):
            entity[i], time_us[i], position[i], rule[i] = entities[k], times[k], positions[k], rules[k]
            if len(given):
                points[i] = given[k]
            k += 1
    return entities, times, positions, rules, given


@compiled
def _inserted(times: Int64, positions: Int64, rules: Int32, given: Int64, first: int, last: int, by_time: bool) -> bool:
    """Sort some rows by insertion; False where that would take long, some being in order then and none lost."""
    moves = MOVES_EACH * (last - first)
    for i in range(first + 1, last):
        time, position, rule = times[i], positions[i], rules[i]
        points = given[i] if len(given) else 0
        k = i
        while k > first:
            if by_time and times[k - 1] != time:
                if times[k - 1] < time:
                    break
            elif positions[k - 1] != position:
                if positions[k - 1] < position:
                    break
            elif rules[k - 1] <= rule:
                break
            times[k] = times[k - 1]
            positions[k] = positions[k - 1]
            rules[k] = rules[k - 1]
            if len(given):
                given[k] = given[k - 1]
            k -= 1
        times[k] = time
        positions[k] = position
        rules[k] = rule
        if len(given):
            given[k] = points
        moves -= i - k
        if moves < 0:
            return False
    return True


@compiled
def _merged(times: Int64, positions: Int64, rules: Int32, given: Int64, first: int, last: int, by_time: bool) -> None:
    """Sort some rows by each key in turn, the last key first."""
    order = np.argsort(rules[first:last], kind="mergesort")
    order = order[np.argsort(positions[first:last][order], kind="mergesort")]
    if by_time:
        order = order[np.argsort(times[first:last][order], kind="mergesort")]
    times[first:last] = times[first:last][order]
    positions[first:last] = positions[first:last][order]
    rules[first:last] = rules[first:last][order]
    if len(given):
        given[first:last] = given[first:last][order]
