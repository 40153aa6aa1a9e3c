"""How long customers take from step to step."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import msgspec
import numpy as np

from whence.chains import Array
from whence.duration import SECOND_US
from whence.moments import period_of
from whence.pack import Written
from whence.packs.funnels.question import Exclude, How, Question, Within
from whence.packs.touchpoints.step import Steps
from whence.packs.touchpoints.touchpoints import Touchpoints

Period = Annotated[str | None, Written(value="PERIOD"), "starts in this: 2026-01, or A..B"]


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
    question = Question.of(asked, steps, order, within, exclude)
    chains, _ = question.chains(None if period is None else period_of(period, zone=asked.zone))
    last = len(question.steps) - 1
    pairs = [*pairwise(range(last + 1)), *([(0, last)] if last > 1 else [])]
    names = question.names
    return [_duration(names[one], names[other], chains.took_us(one, other)) for one, other in pairs]


def _duration(one: str, other: str, took_us: Array) -> Duration:
    took_s = np.sort(took_us / SECOND_US)
    if not len(took_s):
        return Duration(one, other, 0, *[None] * 7)
    low, quarter, median, three_quarters, nine_tenths, high = np.quantile(took_s, [0, 0.25, 0.5, 0.75, 0.9, 1])
    figures = (low, quarter, median, took_s.mean(), three_quarters, nine_tenths, high)
    return Duration(one, other, len(took_s), *(round(float(each), 6) for each in figures))
