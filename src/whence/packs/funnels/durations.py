"""How long customers take from step to step."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np

from whence.chains import NEVER, Chains
from whence.duration import SECOND_US
from whence.packs.funnels.question import Exclude, How, Period, Question, Within, period_of
from whence.packs.touchpoints.step import Steps
from whence.packs.touchpoints.touchpoints import Touchpoints


class Duration(msgspec.Struct, frozen=True):
    """How long customers took from one step to another, in seconds; the last row is from the first step to the last."""

    from_step: str = msgspec.field(name="from")
    to_step: str = msgspec.field(name="to")
    customers: int
    min_s: float | None
    p25_s: float | None
    median_s: float | None
    mean_s: float | None
    p75_s: float | None
    p90_s: float | None
    max_s: float | None


def times(
    asked: Touchpoints,
    steps: Steps,
    *,
    order: How = "ordered",
    within: Within = None,
    exclude: Exclude = (),
    period: Period = None,
) -> list[Duration]:
    """$ whence journeys times Visited SignedUp Bought

    How long customers take from step to step.

    A row for each step and the next, and one from the first to the last: of those who got there, the shortest and the
    longest time, the mean, the median, and what a quarter, three quarters and nine tenths stay below. Steps are written
    as in whence journeys funnel. In JSON and CSV times are seconds.
    """
    meant = Question.of(asked, steps, order, within, exclude)
    found, _ = meant.chains(period_of(asked, period))
    last = len(meant.steps) - 1
    pairs = [*pairwise(range(last + 1)), *([(0, last)] if last > 1 else [])]
    return [duration(meant, found, *pair) for pair in pairs]


def duration(meant: Question, found: Chains, one: int, other: int) -> Duration:
    """From one step to another, by their numbers, of those who did both; in any order, whichever came first."""
    both = (found.times[:, one] != NEVER) & (found.times[:, other] != NEVER)
    took = (found.times[both, other] - found.times[both, one]) / SECOND_US
    took = np.sort(np.abs(took) if meant.order == "any" else took)
    said: list[float | None] = [None] * 7
    if len(took):
        low, quarter, median, three, nine, high = np.quantile(took, [0, 0.25, 0.5, 0.75, 0.9, 1]).tolist()
        said = [round(each, 6) for each in (low, quarter, median, float(took.mean()), three, nine, high)]
    return Duration(meant.names[one], meant.names[other], len(took), *said)
