"""Who reaches a threshold under each side, and when: who is gained and lost, and how much earlier the others come. What
became of them is left to prediction."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from whence.clock import to_iso
from whence.experiments.statistics import Estimate, Ints, estimates, ratio, weighted_median
from whence.scoring.decay import DAY_US


class Reached(msgspec.Struct, frozen=True):
    """When an entity first reaches the threshold under each side, and when it first had the outcome, in microseconds
    UTC; None where it never does, and where no outcome was given."""

    entity: str
    baseline_us: int | None
    candidate_us: int | None
    outcome_us: int | None = None

    @property
    def baseline(self) -> str | None:
        """The time as ISO 8601."""
        return None if self.baseline_us is None else to_iso(self.baseline_us)

    @property
    def candidate(self) -> str | None:
        """The time as ISO 8601."""
        return None if self.candidate_us is None else to_iso(self.candidate_us)


class Crossings(msgspec.Struct, frozen=True):
    """How many entities reach a stage under each side, at any time. `gained` and `lost` name those that one side alone
    has. Of those that `both` have, so many come `earlier`, `later` or at the same moment under the candidate, and
    `days_gained` is the median of the days that they come earlier (negative: later), and `more_earlier` the share that
    comes earlier less the share that comes later."""

    stage: str
    baseline_at: float
    candidate_at: float
    baseline: int
    candidate: int
    both: int
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    earlier: int
    later: int
    same: int
    days_gained: Estimate
    more_earlier: Estimate


def crossings(
    rows: Sequence[Reached], stage: str, baseline_at: float, candidate_at: float, *, samples: int, seed: int
) -> Crossings:
    """What the moments at which entities reach a stage come to."""
    gained = tuple(row.entity for row in rows if row.baseline_us is None and row.candidate_us is not None)
    lost = tuple(row.entity for row in rows if row.baseline_us is not None and row.candidate_us is None)
    pairs = [
        row.baseline_us - row.candidate_us
        for row in rows
        if row.baseline_us is not None and row.candidate_us is not None
    ]
    days = np.sort(np.array(pairs, np.int64)) / DAY_US

    sign = np.sign(days).astype(np.int64)

    def measures(weights: Ints) -> dict[str, float | None]:
        return {"days": weighted_median(days, weights), "more": ratio(int(weights @ sign), int(weights.sum()))}

    found = estimates(measures, len(days), samples=samples, seed=seed)
    return Crossings(
        stage,
        baseline_at,
        candidate_at,
        baseline=len(pairs) + len(lost),
        candidate=len(pairs) + len(gained),
        both=len(pairs),
        gained=gained,
        lost=lost,
        earlier=sum(pair > 0 for pair in pairs),
        later=sum(pair < 0 for pair in pairs),
        same=sum(pair == 0 for pair in pairs),
        days_gained=found["days"].of(len(days)),
        more_earlier=found["more"].of(len(days)),
    )
