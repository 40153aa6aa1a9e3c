"""What events gave by a scorecard, as rows that are collected part by part and are in no order yet. Which rows there
are is left to scoring, and how they are put in order to ordering."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from whence.scoring.kernel import Int32, Int64

TYPES = (np.int32, np.int64, np.int64, np.int32, np.int64)
"""Of the columns of a part."""


class Part(NamedTuple):
    """Rows of `whence.scoring.kernel.Awards` in the order of entities; the rule and the points may be those of all."""

    entity: Int32
    time_us: Int64
    position: Int64
    rule: Int32 | int
    points: Int64 | int = 0


GROWTH = 16


class Rows:
    """Parts behind each other, without points where only the card says them.

    Each column is one piece of memory, many times as long as what is in it, of which the system gives what is written:
    of many small pieces it takes longer to be given them than all that is done with them.
    """

    def __init__(self, *, with_points: bool) -> None:
        self.columns: list[NDArray[Any]] = [np.empty(0, type) for type in TYPES[: 5 if with_points else 4]]
        self.starts = [0]
        """Where each part begins, and where the next will."""

    def add(self, part: Part) -> None:
        first, last = self.starts[-1], self.starts[-1] + len(part.entity)
        if last > len(self.columns[0]):
            for number, column in enumerate(self.columns):
                self.columns[number] = np.empty(GROWTH * last, column.dtype)
                self.columns[number][:first] = column[:first]
        for column, values in zip(self.columns, part, strict=False):
            column[first:last] = values
        self.starts.append(last)
