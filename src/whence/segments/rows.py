"""What events gave by a scorecard, as rows that are collected part by part and are in no order yet. Which rows there
are is left to scoring, and how they are put in order to ordering."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from whence.scoring.sequence import Int32, Int64

TYPES = (np.int32, np.int64, np.int64, np.int32, np.int64)
"""Of the columns of a part."""
NARROW = (np.int32, np.int64, np.int32, np.int16, np.int64)
"""Of the columns that are kept, as long as all values fit."""
SHARE = 2**18
"""So many rows stay in a processor's cache while they are put in order and scored."""
SAMPLED = 256
"""Of so many rows one is looked at to find the shares."""
GROWTH, LONG, GROWTH_OF_LONG = 16, 2**20, 4
"""Columns are made so many times as long as what is to go into them: of memory the system gives what is written. Long
ones are made less, so that no more is asked for than there may be."""


class Part(NamedTuple):
    """Rows of `whence.scoring.kernel.Awards` in the order of entities; the rule and the points may be those of all."""

    entity: Int32
    time_us: Int64
    position: Int64
    rule: Int32 | int
    points: Int64 | int = 0


class Rows:
    """Parts behind each other, without points where only the card says them.

    Each column is one piece of memory and as narrow as can be: to be given memory takes longer than all that is done
    with it, and longest in many small pieces.
    """

    def __init__(self, *, with_points: bool) -> None:
        self.columns: list[NDArray[Any]] = [np.empty(0, type) for type in NARROW[: 5 if with_points else 4]]
        self.starts = [0]
        """Where each part begins, and where the next will."""
        self.ordered = False
        """Whether the rows of each share are in order, one part after the other."""

    def add(self, part: Part) -> None:
        first, last = self.starts[-1], self.starts[-1] + len(part.entity)
        for number, (column, values) in enumerate(zip(self.columns, part, strict=False)):
            fits = column.itemsize == 8 or np.max(values, initial=0) <= np.iinfo(column.dtype).max
            if last > len(column) or not fits:
                size = len(column) if last <= len(column) else last * (GROWTH if last < LONG else GROWTH_OF_LONG)
                self.columns[number] = np.empty(size, column.dtype if fits else np.int64)
                self.columns[number][:first] = column[:first]
            self.columns[number][first:last] = values
        self.starts.append(last)

    def shares(self) -> Int64:
        """Where to cut the parts, so that each share has all rows of some entities, and about as many as another: a row
        of the places in all parts for the beginning of each share, and the end of the last."""
        starts, ends = self.starts[:-1], self.starts[1:]
        parts = [self.columns[0][first:last] for first, last in zip(starts, ends, strict=True)]
        codes = np.sort(np.concatenate([np.zeros(0, np.int32), *(part[::SAMPLED] for part in parts)]))
        borders = np.unique(codes[:: SHARE // SAMPLED])[1:]
        inner = [first + np.searchsorted(part, borders) for first, part in zip(starts, parts, strict=True)]
        return np.array([starts, *np.transpose(inner), ends], np.int64)
