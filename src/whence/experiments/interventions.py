"""Which of several interventions on a series of decisions did something to the outcome: each is weighed by what came of
the decisions that it is judged by, the clearest first, and what it explains is allowed for in all others. Chance is not
blamed: the more are tried, the clearer one has to be. What was done is whatever whoever asks says it is, and is handed
back with its effect. How it is said is left to impact.

An effect is the coefficient of whence.experiments.leastsquares. The correction is Holm's: the smallest of m chances is
taken m times, the next m - 1 times, and so on (S. Holm, A simple sequentially rejective multiple test procedure,
Scandinavian Journal of Statistics 6, 1979). Intervals are Bonferroni's, so that all of them hold at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from whence.duration import DAY_US
from whence.experiments.impact import CERTAIN, Compared, Effect, Impact, Verdict, What
from whence.experiments.leastsquares import Coefficient, coefficient
from whence.experiments.statistics import Mask
from whence.experiments.trials import Axis, Trials

BESIDE, MAJORITY = 0.05, 0.5
"""A version is side by side with others where at least the first share of the later decisions still name the one before
it, or fewer than the second name it."""
OUTSIDE = 0.05
"""How rarely one of the intervals does not hold its effect."""
CLEAR = 2.0
"""Only interventions whose effect is so many errors from none are weighed against a clearer one."""
ALIKE = 0.8
"""Two may be hard to tell apart where the decisions under them are so far the same ones: their correlation."""
TOLD_APART = 3.0
"""Two are told apart where one is likelier by this power of e: twenty times."""


class Intervention(msgspec.Struct, frozen=True):
    """Something that was done, as decisions show it: `rows` are those that are compared, and `under` says for every
    decision whether it was taken under it. Both have a bool for each decision of the trials."""

    compared: Compared
    rows: Mask
    under: Mask

    @property
    def is_named(self) -> bool:
        """Whether decisions say themselves that they were taken by it."""
        return self.compared != "by time"


def by_version(trials: Trials, axis: Axis, name: str, *, at_us: int, near: Mask) -> Intervention:
    """A version that decisions name on an axis, out since a time, judged by the decisions `near` it: beside all others
    where it was rolled out to a part only, else beside the version that most were taken by before it."""
    times, under = trials.times_us, axis.codes == axis.number(name)
    named = near & (axis.codes >= 0)
    others = named & ~under
    mine = times[near & under & (times >= at_us)]
    if not len(mine):
        return Intervention("by name", named, under)
    first_us, last_us = int(mine[0]), int(mine[-1])
    if not (others & (times < first_us + DAY_US)).any():
        return Intervention("by name", np.zeros_like(under), under)  # the first of all: nothing to compare it with
    counts = np.bincount(axis.codes[others & (times < at_us)], minlength=len(axis.names))
    before = axis.codes == int(np.argmax(counts))  # the version that most were taken by until then
    later = named & (times >= (first_us + last_us) // 2) & (times <= last_us)
    if before[later].mean() >= BESIDE or under[later].mean() < MAJORITY:
        return Intervention("side by side", named & (times >= first_us) & (times <= last_us), under)
    return Intervention("by name", near & (under | before) & (times <= last_us), under)


def weigh(trials: Trials, several: Sequence[tuple[What, Intervention]]) -> Impact[What]:
    """What was done, each with how decisions show it, by how clearly it did something to the outcome."""
    weighing = _Weighing(trials, several)
    left = {number: made for number, made in weighing.alone.items() if made is not None}
    tried = len(left)
    named: list[_Told] = []
    likeliest = None  # of those that are not named
    worst = 0.0  # no later chance is below an earlier one
    while left:
        known = [each.number for each in named]
        number, together = weighing.clearest(left, known)
        p = min(each.p for each in left.values()) if together else left[number].p
        corrected = min(1.0, max(worst, p * len(left)))
        if corrected > CERTAIN:
            likeliest = number
            break
        worst, made = corrected, left.pop(number)
        named.append(_Told(number, made, corrected, weighing.verdict(number, made, together), together))
        again = {each: weighing.estimated(each, [*known, number]) for each in left}
        left = {each: made for each, made in again.items() if made is not None}
    return Impact(
        outcome=trials.outcome,
        is_share=trials.is_share,
        decisions=len(trials.values),
        left_out=trials.left_out,
        tried=tried,
        least_seen=least_seen([made for made in weighing.alone.values() if made is not None]),
        effects=tuple(weighing.effect(each, tried) for each in _in_order(weighing.alone, named, left, likeliest)),
        days=tuple(trials.by_day()),
    )


def least_seen(weighed: Sequence[Coefficient]) -> float | None:
    """The effect that is seen as often as not, in the middle of those that could be weighed: what is measured of it is
    as often above as below what the first to be named comes to at least. None where none could be."""
    return float(np.median([each.reach(CERTAIN / len(weighed)) for each in weighed])) if weighed else None


class _Told(msgspec.Struct, frozen=True):
    """What is said of an intervention, by its number, and of which others it is not told apart."""

    number: int
    made: Coefficient | None
    corrected: float | None
    verdict: Verdict
    together: tuple[int, ...] = ()


class _Weighing:
    """Interventions beside each other, by their numbers: what each comes to, `alone` or with others allowed for."""

    def __init__(self, trials: Trials, several: Sequence[tuple[Any, Intervention]]) -> None:
        self.trials = trials
        self.changes, self.several = [change for change, _ in several], [judged for _, judged in several]
        self.alone = {number: self.estimated(number) for number in range(len(several))}

    def estimated(self, number: int, others: Sequence[int] = (), rows: Mask | None = None) -> Coefficient | None:
        """The effect of an intervention with others allowed for, over its own rows by default."""
        each, trials = self.several[number], self.trials
        chosen = np.flatnonzero(each.rows if rows is None else rows)
        return coefficient(
            trials.values[chosen],
            each.under[chosen],
            times_us=trials.times_us[chosen],
            entities=trials.entities[chosen],
            others=[self.several[other].under[chosen] for other in others],
        )

    def clearest(self, left: dict[int, Coefficient], known: Sequence[int]) -> tuple[int, tuple[int, ...]]:
        """The one that explains most, and the others that explain as much as far as the decisions can tell. Two are
        weighed by how much worse the outcome is explained without each: half the difference of their squared ratios is
        the logarithm of how many times likelier one is. Of those that are not told apart it is the one that decisions
        name."""
        judged = self.several
        number = min(left, key=lambda each: (left[each].p, -abs(left[each].ratio), each))
        others = [each for each in left if each != number and abs(left[each].ratio) >= CLEAR]
        ties: list[int] = []
        for each in sorted(others, key=lambda each: left[each].p):
            if not (judged[number].rows & judged[each].rows).any() and not _alike(judged[number], judged[each]):
                continue
            more_likely = (self._ratio(each, number, known) ** 2 - self._ratio(number, each, known) ** 2) / 2
            if more_likely >= TOLD_APART:
                number, ties = each, []
            elif more_likely > -TOLD_APART and _alike(judged[number], judged[each]):
                ties.append(each)
        by_name = next((each for each in ties if judged[each].is_named), None)
        if not judged[number].is_named and by_name is not None:
            ties = [number, *(each for each in ties if each != by_name)]
            number = by_name
        return number, tuple(sorted(ties))

    def _ratio(self, number: int, beside: int, known: Sequence[int]) -> float:
        """How many errors the effect of one is from none, with another allowed for, where either is judged."""
        rows = self.several[number].rows | self.several[beside].rows
        made = self.estimated(number, [*known, beside], rows)
        return 0.0 if made is None else abs(made.ratio)

    def verdict(self, number: int, made: Coefficient, together: Sequence[int]) -> Verdict:
        """What is said of one that is named: where decisions name it alone, it is told apart from the others."""
        is_named = self.several[number].is_named
        if together and (not is_named or any(self.several[each].is_named for each in together)):
            return "one of several"
        return "lowers it" if made.value < 0 else "raises it"

    def effect(self, told: _Told, tried: int) -> Effect[Any]:
        """The same with its figures, and the outcomes as they were measured."""
        each, values, made = self.several[told.number], self.trials.values, told.made
        under, without = values[each.rows & each.under], values[each.rows & ~each.under]
        low, high = (None, None) if made is None else made.interval(OUTSIDE / max(tried, 1))
        return Effect(
            change=self.changes[told.number],
            compared=each.compared,
            without=len(without),
            with_it=len(under),
            mean_without=float(without.mean()) if len(without) else None,
            mean_with=float(under.mean()) if len(under) else None,
            effect=None if made is None else made.value,
            low=low,
            high=high,
            p=None if made is None else made.p,
            p_corrected=told.corrected,
            verdict=told.verdict,
            apart_from=tuple(self.changes[number] for number in sorted(told.together)),
        )


def _alike(one: Intervention, other: Intervention) -> bool:
    """Whether nearly the same decisions were taken under both, or under just one of them, where either is judged."""
    for rows in (one.rows, other.rows):
        first, second = one.under[rows].astype(np.float64), other.under[rows].astype(np.float64)
        if first.std() and second.std() and abs(np.corrcoef(first, second)[0, 1]) > ALIKE:
            return True
    return False


def _in_order(
    alone: dict[int, Coefficient | None], named: Sequence[_Told], left: dict[int, Coefficient], likeliest: int | None
) -> Iterator[_Told]:
    """Those that are named, each with those that it is not told apart from; then the others by how clear they
    are; and those of which too little is known."""
    untold = dict(alone)
    for each in named:
        del untold[each.number]
    beside: dict[int, tuple[int, ...]] = {}  # the one that is named, by those that it is not told apart from
    for each in named:
        yield each
        for other in (other for other in each.together if other in untold):
            beside[other] = (each.number,)
            if each.verdict == "one of several":
                apart = (each.number, *(one for one in each.together if one != other))
                yield _Told(other, untold.pop(other), each.corrected, each.verdict, apart)
    worst = (named[-1].corrected or 0.0) if named else 0.0
    rest = sorted(left.keys() & untold.keys(), key=lambda number: (number != likeliest, left[number].p, number))
    for place, number in enumerate(rest):
        worst = min(1.0, max(worst, left[number].p * (len(rest) - place)))
        yield _Told(number, left[number], worst, "chance", beside.get(number, ()))
    for number in (number for number in untold if number not in left):
        yield _Told(number, None, None, "too few" if alone[number] is None else "chance", beside.get(number, ()))
