"""Rows put in order: by entity, and within each by time and position, or by position. Rows come in parts that are
nearly in order, so each goes at once to its entity's place and moves little from there.

With numba it is compiled, and several threads share the work; without it, numpy sorts the same way, some ten times as
slowly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from whence.scoring.kernel import COMPILED, Int32, Int64
from whence.scoring.sequence import compiled
from whence.segments.ahead import ROWS_EACH

MOVES_EACH = 32
"""With more moves than that for each row of an entity, its rows are merged instead of inserted."""

Columns = tuple[Int32, Int64, Int64, Int32, Int64]
"""Entity, time, position, rule and points."""
TYPES = (np.int32, np.int64, np.int64, np.int32, np.int64)


def in_order(parts: Sequence[Columns], *, by_time: bool, threads: int = 1, without_points: bool = False) -> Columns:
    """The rows of all parts by entity; then by time if so asked; then by position and rule, and by part. Where the
    points are nobody's concern they need not be moved, and none come back."""
    parts = [part for part in parts if len(part[0])]
    if not parts:
        return tuple(np.zeros(0, type) for type in TYPES)  # type: ignore[return-value]
    if not COMPILED:
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        entity, time_us, position, rule, _ = columns
        order = np.lexsort((rule, position, time_us, entity) if by_time else (rule, position, entity))
        return tuple(column[order] for column in columns)  # type: ignore[return-value]
    rows = sum(len(part[0]) for part in parts)
    entities = 1 + max(int(part[0].max()) for part in parts)
    threads = max(1, min(threads, rows // ROWS_EACH))
    shares = _shares(parts, threads)
    with ThreadPoolExecutor(threads) as pool:
        # Each thread counts the rows of its share by entity, so that it knows where they go, behind those of the shares
        # before it; then it puts them there; then each orders the rows of some of the entities.
        counts = list(pool.map(lambda share: _counted(share, entities), shares))
        total = np.sum(counts, axis=0)
        starts = np.concatenate(([0], np.cumsum(total)))
        following, place = [], starts[:-1]
        for count in counts:
            following.append(place.copy())
            place = place + count
        lengths = (rows, rows, rows, 0 if without_points else rows)
        found = tuple(np.empty(length, type) for length, type in zip(lengths, TYPES[1:], strict=True))
        _each(pool, _placed, [(share, free, found) for share, free in zip(shares, following, strict=True)])
        borders = np.searchsorted(starts, np.linspace(0, rows, threads + 1).astype(np.int64))
        borders[-1] = entities
        _each(pool, _arrange, [(*found, starts, begin, end, by_time) for begin, end in pairwise(borders.tolist())])
    return np.repeat(np.arange(entities, dtype=np.int32), total), *found  # type: ignore[return-value]


def _shares(parts: Sequence[Columns], count: int) -> list[list[Columns]]:
    """The parts, in their order, as so many shares of about as many rows each."""
    shares: list[list[Columns]] = [[] for _ in range(count)]
    each, seen = sum(len(part[0]) for part in parts) / count, 0
    for part in parts:
        shares[min(int(seen / each), count - 1)].append(part)
        seen += len(part[0])
    return shares


def _counted(share: Iterable[Columns], entities: int) -> Int64:
    count = np.zeros(entities, np.int64)
    for part in share:
        _count(part[0], count)
    return count


def _placed(share: Iterable[Columns], following: Int64, found: tuple[Any, ...]) -> None:
    for part in share:
        _place(*part, following, *found)


def _each(pool: ThreadPoolExecutor, function: Callable[..., object], arguments: Iterable[tuple[Any, ...]]) -> None:
    """Call it with each of the arguments, on the threads of the pool."""
    for done in [pool.submit(function, *each) for each in arguments]:
        done.result()


@compiled
def _count(entity: Int32, count: Int64) -> None:
    for i in range(len(entity)):
        count[entity[i]] += 1


@compiled
def _place(
    entity: Int32,
    time_us: Int64,
    position: Int64,
    rule: Int32,
    points: Int64,
    following: Int64,
    times: Int64,
    positions: Int64,
    rules: Int32,
    given: Int64,
) -> None:
    """Put rows behind each other where those of their entities follow."""
    for i in range(len(entity)):
        e = entity[i]
        k = following[e]
        following[e] = k + 1
        times[k] = time_us[i]
        positions[k] = position[i]
        rules[k] = rule[i]
        if len(given):
            given[k] = points[i]


@compiled
def _arrange(
    times: Int64,
    positions: Int64,
    rules: Int32,
    given: Int64,
    starts: Int64,
    begin: int,
    end: int,
    by_time: bool,
) -> None:
    """Put the rows of each of some entities in order."""
    for e in range(begin, end):
        first, last = starts[e], starts[e + 1]
        if not _inserted(times, positions, rules, given, first, last, by_time):
            _merged(times, positions, rules, given, first, last, by_time)


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
