"""How well each side told beforehand which entities would have an outcome, such as a won deal within 30 days. Nothing
that happened at the outcome or after it can count for a side; what the sides come to is left to `side`.

**Naming.** A side names an entity when it first reaches the threshold, by events strictly before the outcome. That is a
hit when the outcome comes within n days of it. An entity that had the outcome unnamed is missed, and so is one that was
named more than n days too early. Precision is the share of the named that are hits; recall that of those with an
outcome that are hits; lift is precision over the precision of naming everybody at its first event.

**Ranking.** A side ranks entities by their numbers at a fixed age, counted from their first events, by events strictly
before that moment; the outcome is looked for in the n days from it. Entities that had the outcome earlier are left out.
What the order is worth, by tenths and as a gain curve, is left to `ranking`.

**Censoring.** An entity that was observed for less than n days, from whichever of its moments comes last, is left out
and counted, whatever came of it: else those that decide fast would count and the slow ones not. Both sides are measured
on the same entities. History is observed until its last event.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from whence.experiments.ranking import Ranking, ranking
from whence.experiments.statistics import (
    Curve,
    Estimate,
    Floats,
    Ints,
    Mask,
    estimates,
    minus,
    ratio,
    weighted_median,
)
from whence.scoring.decay import DAY_US


class Followed(msgspec.Struct, frozen=True):
    """An entity followed to its outcome; times in microseconds UTC. `named_us` is when baseline and candidate name it,
    before its outcome; `reached_after` whether they reach the threshold no sooner than at the outcome; `ranks` their
    numbers at the fixed age, None where a side gives none or the entity is not to be ranked."""

    entity: str
    first_us: int
    outcome_us: int | None
    named_us: tuple[int | None, int | None]
    reached_after: tuple[bool, bool]
    ranks: tuple[float | None, float | None]


class Measures(msgspec.Struct, frozen=True):
    """How well a side tells: of the entities it `named`, so many `hits`; shares from 0 to 1; `lead_days` is the median
    of the days from naming to outcome, of its hits. Of a difference it is candidate less baseline, and the counts are
    too. `too_early` entities were named and had the outcome, but later than n days after. `reached_after` entities
    reached the threshold only with their outcome or after it, which does not count as naming them."""

    named: int
    hits: int
    too_early: int
    reached_after: int
    precision: Estimate
    recall: Estimate
    lift: Estimate
    auc: Estimate
    lead_days: Estimate


class Prediction(msgspec.Struct, frozen=True):
    """How both sides tell an outcome within so many days. `measured` entities were named or missed, `with_outcome` of
    them had the outcome at any time; `censored` were observed too briefly; `began_with_outcome` had nothing before it.

    `ranked` entities were ranked at `age_days`, `ranked_with_outcome` of them had the outcome within the days after;
    `ranking_censored` were observed too briefly, `decided` had the outcome before that age, and `unranked` have no
    number under one of the sides. `gained` of the measured are named by the candidate and never reach the threshold
    under the baseline, `gained_hits` of them are hits. `base_rate` is the precision of naming everybody at its first
    event. `rankings` are what the orders of baseline and candidate are worth.
    """

    outcome: tuple[str, ...]
    within_days: float
    age_days: float
    measured: int
    with_outcome: int
    censored: int
    began_with_outcome: int
    base_rate: float | None
    ranked: int
    ranked_with_outcome: int
    ranking_censored: int
    decided: int
    unranked: int
    gained: int
    gained_hits: int
    baseline: Measures
    candidate: Measures
    difference: Measures
    rankings: tuple[Ranking, Ranking]


def prediction(
    followed: Sequence[Followed],
    outcome: tuple[str, ...],
    *,
    within_us: int,
    age_us: int,
    observed_us: int,
    samples: int,
    seed: int,
) -> Prediction:
    """How well both sides tell the outcome of the entities. `observed_us` is the last moment of the history."""
    begun = [each for each in followed if each.outcome_us is None or each.outcome_us > each.first_us]
    named = [each for each in begun if _last_moment(each) + within_us <= observed_us]
    aged = [each for each in begun if each.outcome_us is None or each.outcome_us >= each.first_us + age_us]
    seen = [each for each in aged if each.first_us + age_us + within_us <= observed_us]
    ranked = [each for each in seen if None not in each.ranks]
    naming, orders = _Naming(named, within_us), _Orders(ranked, age_us, within_us)
    found = estimates(naming.measures, len(named), samples=samples, seed=seed)
    found |= estimates(orders.measures, len(ranked), samples=samples, seed=seed)
    after = [sum(each.reached_after[side] for each in begun) for side in (0, 1)]
    with_outcome = int(naming.positive.sum())
    few = min(int(orders.positive.sum()), int((~orders.positive).sum()))
    counts = [
        (*(int(each[side].sum()) for each in (naming.named, naming.hit, naming.too_early)), after[side])
        for side in (0, 1)
    ]
    fewer = [min(one, other) for one, other in zip(*counts, strict=True)]
    more = (other - one for one, other in zip(*counts, strict=True))
    sides = [_measures(each, found, name, each, with_outcome, few) for each, name in zip(counts, SIDES, strict=True)]
    alone = np.array([each.named_us[0] is None and not each.reached_after[0] for each in named], np.bool_)
    gained = naming.named[1] & alone
    return Prediction(
        outcome,
        within_us / DAY_US,
        age_us / DAY_US,
        measured=len(named),
        with_outcome=with_outcome,
        censored=len(begun) - len(named),
        began_with_outcome=len(followed) - len(begun),
        base_rate=found["base_rate"].value,
        ranked=len(ranked),
        ranked_with_outcome=int(orders.positive.sum()),
        ranking_censored=len(aged) - len(seen),
        decided=len(begun) - len(aged),
        unranked=len(seen) - len(ranked),
        gained=int(gained.sum()),
        gained_hits=int((gained & naming.hit[1]).sum()),
        baseline=sides[0],
        candidate=sides[1],
        difference=_measures(tuple(more), found, "more", fewer, with_outcome, few),
        rankings=(orders.of(0), orders.of(1)),
    )


SIDES = ("baseline", "candidate")


def _measures(
    counts: Sequence[int], found: dict[str, Estimate], of: str, behind: Sequence[int], with_outcome: int, few: int
) -> Measures:
    """The measures of one side, or of the difference. Behind them are so many named and hits, so many with the outcome,
    and of those ranked so few with it, or without it."""
    (named, hits, too_early, after), (named_behind, hits_behind, *_) = counts, behind
    return Measures(
        named,
        hits,
        too_early,
        after,
        precision=found[f"precision_{of}"].of(named_behind),
        recall=found[f"recall_{of}"].of(with_outcome),
        lift=found[f"lift_{of}"].of(named_behind),
        auc=found[f"auc_{of}"].of(few),
        lead_days=found[f"lead_days_{of}"].of(hits_behind),
    )


def _last_moment(each: Followed) -> int:
    return max([each.first_us, *(us for us in each.named_us if us is not None)])


class _Naming:
    """Who was named and hit, as arrays of shape (entities,), one for each side."""

    def __init__(self, followed: Sequence[Followed], within_us: int) -> None:
        outcome, first = _times([each.outcome_us for each in followed]), _times([each.first_us for each in followed])
        moments = [_times([each.named_us[side] for each in followed]) for side in (0, 1)]
        self.positive: Mask = outcome != _NEVER
        self.named: list[Mask] = [moment != _NEVER for moment in moments]
        self.hit: list[Mask] = [
            named & self.positive & (outcome - moment <= within_us)
            for named, moment in zip(self.named, moments, strict=True)
        ]
        self.too_early: list[Mask] = [
            named & self.positive & ~hit for named, hit in zip(self.named, self.hit, strict=True)
        ]
        self._soon: Mask = self.positive & (outcome - first <= within_us)
        self._leads: list[tuple[Ints, Floats]] = []
        for hit, moment in zip(self.hit, moments, strict=True):
            rows = np.flatnonzero(hit)
            days = (outcome[rows] - moment[rows]) / DAY_US
            order = np.argsort(days, kind="stable")
            self._leads.append((rows[order].astype(np.int64), days[order]))

    def measures(self, weights: Ints) -> dict[str, float | None]:
        """All measures of both sides where each entity counts so often, and how much more the candidate has."""
        base = ratio(_count(weights, self._soon), int(weights.sum()))
        found: dict[str, float | None] = {"base_rate": base}
        for side, name in enumerate(SIDES):
            hits = _count(weights, self.hit[side])
            precision = ratio(hits, _count(weights, self.named[side]))
            rows, days = self._leads[side]
            found |= {
                f"precision_{name}": precision,
                f"recall_{name}": ratio(hits, _count(weights, self.positive)),
                f"lift_{name}": precision / base if precision is not None and base else None,
                f"lead_days_{name}": weighted_median(days, weights[rows]),
            }
        return _with_differences(found, ("precision", "recall", "lift", "lead_days"))


class _Orders:
    """The numbers of ranked entities under each side, and who had the outcome in the days after."""

    def __init__(self, followed: Sequence[Followed], age_us: int, within_us: int) -> None:
        outcome, first = _times([each.outcome_us for each in followed]), _times([each.first_us for each in followed])
        self.positive: Mask = (outcome != _NEVER) & (outcome - first - age_us <= within_us)
        self._ranks = np.array([each.ranks for each in followed], np.float64).reshape(-1, 2)
        self._curves = [Curve(self._ranks[:, side], self.positive) for side in (0, 1)]

    def of(self, side: int) -> Ranking:
        """What the order by one side's numbers is worth."""
        return ranking(self._ranks[:, side], self.positive)

    def measures(self, weights: Ints) -> dict[str, float | None]:
        found = {f"auc_{name}": curve.area(weights) for name, curve in zip(SIDES, self._curves, strict=True)}
        return _with_differences(found, ("auc",))


def _with_differences(found: dict[str, float | None], names: Sequence[str]) -> dict[str, float | None]:
    more = {f"{name}_more": minus(found[f"{name}_candidate"], found[f"{name}_baseline"]) for name in names}
    return found | more


_NEVER = -(2**62)


def _times(times: Sequence[int | None]) -> Ints:
    return np.array([_NEVER if us is None else us for us in times], np.int64)


def _count(weights: Ints, of: Mask) -> int:
    return int(weights[of].sum())
