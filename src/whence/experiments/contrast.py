"""What differs between two sides: how many entities come to another number, the totals and distributions of both, how
far their ranks agree, who moves most and by which rules, and the same by segment. Whether it is better is left to
prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from whence import jsonvalue
from whence.experiments.statistics import Distribution, spearman
from whence.scoring import Shares
from whence.scoring.points import MICRO


class Value(msgspec.Struct, frozen=True):
    """What an entity comes to under each side; None where a side gives no answer. It is not `covered` where a side is a
    file that has no number for it, and then counts for neither."""

    entity: str
    baseline: float | None
    candidate: float | None
    covered: bool = True

    @property
    def change(self) -> float | None:
        """How much more it is under the candidate; None where a side gives no answer."""
        return None if self.baseline is None or self.candidate is None else self.candidate - self.baseline


class Part(msgspec.Struct, frozen=True):
    """The points that a rule, a floor, a ceiling or rounding gives under each side; 0 where it is not there."""

    name: str
    group: str | None
    baseline: float
    candidate: float


class Mover(msgspec.Struct, frozen=True):
    """An entity whose number changes, and the parts of the two scores that differ; none where a side is no scorecard.
    They add up to the change."""

    entity: str
    baseline: float
    candidate: float
    parts: tuple[Part, ...]


class Segment(msgspec.Struct, frozen=True):
    """The entities that have one value of a field, `null` where they have none: how many, how many change, the mean
    under each side (of those that both answer for), and how many reach the threshold under each."""

    value: Any
    entities: int
    changed: int
    baseline_mean: float | None
    candidate_mean: float | None
    baseline_reached: int
    candidate_reached: int


class Contrast(msgspec.Struct, frozen=True):
    """How two sides differ. `compared` entities have a number under both; distributions are of those with a number
    under that side. `rank_agreement` is Spearman's correlation over the compared ones, None where it is not defined."""

    entities: int
    compared: int
    only_baseline: int
    only_candidate: int
    changed: int
    raised: int
    lowered: int
    baseline: Distribution
    candidate: Distribution
    rank_agreement: float | None


def contrast(values: Sequence[Value]) -> Contrast:
    """How the numbers of the two sides differ."""
    both = [(each.baseline, each.candidate) for each in values if each.change is not None]
    pairs = np.array(both, np.float64).reshape(-1, 2)
    before, after = pairs[:, 0], pairs[:, 1]
    baseline = np.array([each.baseline for each in values if each.baseline is not None], np.float64)
    candidate = np.array([each.candidate for each in values if each.candidate is not None], np.float64)
    return Contrast(
        entities=len(values),
        compared=len(pairs),
        only_baseline=len(baseline) - len(pairs),
        only_candidate=len(candidate) - len(pairs),
        changed=int(np.sum(before != after)),
        raised=int(np.sum(after > before)),
        lowered=int(np.sum(after < before)),
        baseline=Distribution.of(baseline),
        candidate=Distribution.of(candidate),
        rank_agreement=spearman(before, after),
    )


def biggest(values: Sequence[Value], count: int) -> list[Value]:
    """The entities that change most, the largest change first, then by name."""
    changed = [each for each in values if each.change]
    return sorted(changed, key=lambda each: (-abs(each.change or 0), each.entity))[:count]


def parts(baseline: Shares, candidate: Shares) -> tuple[Part, ...]:
    """The rules and bounds that give other points under the other card, in the order of the cards; rules are the same
    when their name and group are."""
    one, other = _points(baseline), _points(candidate)
    keys = dict.fromkeys([*one, *other])
    found = (Part(*key, one.get(key, 0) / MICRO, other.get(key, 0) / MICRO) for key in keys)
    return tuple(part for part in found if part.baseline != part.candidate)


def _points(found: Shares) -> dict[tuple[str, str | None], int]:
    points: dict[tuple[str, str | None], int] = {}
    for share in found.shares:
        points[share.rule, share.group] = points.get((share.rule, share.group), 0) + share.micro
    for step in found.adjustments:
        points[step.name, step.group] = points.get((step.name, step.group), 0) + step.micro
    return points


def segments(
    values: Sequence[Value], field: Mapping[str, Any], reached: Mapping[str, tuple[bool, bool]]
) -> tuple[Segment, ...]:
    """A row for each value of a field, the most frequent first. `field` has the value of each entity, `reached` whether
    it reaches the threshold under baseline and candidate; an entity may be missing in either."""
    rows: dict[bytes, list[Value]] = {}
    for each in values:
        rows.setdefault(jsonvalue.canonical(field.get(each.entity)), []).append(each)
    found = (_segment(jsonvalue.decode(key), members, reached) for key, members in sorted(rows.items()))
    return tuple(sorted(found, key=lambda row: -row.entities))


def _segment(value: Any, members: Sequence[Value], reached: Mapping[str, tuple[bool, bool]]) -> Segment:
    found = contrast([each for each in members if each.change is not None])
    crossed = [reached.get(each.entity, (False, False)) for each in members]
    return Segment(
        value,
        len(members),
        found.changed,
        found.baseline.mean,
        found.candidate.mean,
        sum(one for one, _ in crossed),
        sum(other for _, other in crossed),
    )
