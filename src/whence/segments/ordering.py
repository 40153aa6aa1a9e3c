"""Rows put in order: by entity, and within each by time and position, or by position. Rows come in runs that are sorted
by entity and nearly in order within one, so each goes at once to its entity's place and moves little from there.

With numba it is compiled; without it, numpy sorts the same way, some ten times as slowly."""

from __future__ import annotations

from typing import Any

import numpy as np

from whence.scoring.kernel import COMPILED, Int32, Int64, compiled

MOVES_EACH = 32
"""With more moves than that for each row of an entity, its rows are merged instead of inserted."""

Columns = tuple[Int32, Int64, Int64, Int32, Int64]
"""Entity, time, position, rule and points."""


def in_order(columns: Columns, *, by_time: bool) -> Columns:
    """The rows by entity; then by time if so asked; then by position and rule."""
    entity, time_us, position, rule, _ = columns
    if not len(entity):
        return columns
    if not COMPILED:
        keys = (rule, position, time_us, entity) if by_time else (rule, position, entity)
        order = np.lexsort(keys)
        return tuple(column[order] for column in columns)  # type: ignore[return-value]
    return _in_order(*columns, int(entity.max()) + 1, by_time)  # type: ignore[no-any-return]


@compiled
def _in_order(
    entity: Int32, time_us: Int64, position: Int64, rule: Int32, points: Int64, entities: int, by_time: bool
) -> Any:
    starts = np.zeros(entities + 1, np.int64)
    for i in range(len(entity)):
        starts[entity[i] + 1] += 1
    for e in range(entities):
        starts[e + 1] += starts[e]
    following = starts[:-1].copy()
    found = (
        np.empty_like(entity),
        np.empty_like(time_us),
        np.empty_like(position),
        np.empty_like(rule),
        np.empty_like(points),
    )
    entities_out, times, positions, rules, given = found
    for i in range(len(entity)):
        e = entity[i]
        k = following[e]
        following[e] = k + 1
        entities_out[k] = e
        times[k] = time_us[i]
        positions[k] = position[i]
        rules[k] = rule[i]
        given[k] = points[i]
    for e in range(entities):
        first, last = starts[e], starts[e + 1]
        if not _inserted(times, positions, rules, given, first, last, by_time):
            _merged(times, positions, rules, given, first, last, by_time)
    return found


@compiled
def _inserted(times: Int64, positions: Int64, rules: Int32, given: Int64, first: int, last: int, by_time: bool) -> bool:
    """Sort some rows by insertion; False where that would take long, some being in order then and none lost."""
    moves = MOVES_EACH * (last - first)
    for i in range(first + 1, last):
        time, position, rule, points = times[i], positions[i], rules[i], given[i]
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
            given[k] = given[k - 1]
            k -= 1
        times[k] = time
        positions[k] = position
        rules[k] = rule
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
    given[first:last] = given[first:last][order]
