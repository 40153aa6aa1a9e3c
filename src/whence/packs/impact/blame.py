"""Which of many changes did something: each is weighed by its decisions, the clearest first, and what it explains is
allowed for in all others. Chance is not blamed: the more changes are tried, the clearer one has to be.

The correction is Holm's: the smallest of m chances is taken m times, the next m - 1 times, and so on (S. Holm, A simple
sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979). Intervals are Bonferroni's,
so that all of them hold at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from whence.duration import DAY_US
from whence.experiments.leastsquares import Coefficient, coefficient
from whence.experiments.statistics import Mask
from whence.experiments.trials import Trials
from whence.packs.impact.candidates import Candidate
from whence.packs.impact.effects import Day, Effect, Impact, Verdict

CERTAIN = 0.01
"""A change is held to have done something where the corrected chance is at most this: of a hundred histories in which
no change did anything, one names one."""
OUTSIDE = 0.05
"""How rarely one of the intervals does not hold its effect."""
CLEAR = 2.0
"""Only changes whose effect is so many errors from none are weighed against a clearer one."""
ALIKE = 0.8
"""Two changes may be hard to tell apart where the decisions under them are so far the same ones: their correlation."""
TOLD_APART = 3.0
"""Two changes are told apart where one is likelier by this power of e: twenty times."""


def weigh(trials: Trials, several: Sequence[Candidate]) -> Impact:
    """The changes by how clearly they did something to the outcome."""
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
    effects = tuple(weighing.effect(each, tried) for each in _in_order(weighing.alone, named, left, likeliest))
    return Impact(
        outcome=trials.outcome,
        is_share=trials.is_share,
        decisions=len(trials.values),
        left_out=trials.left_out,
        tried=tried,
        least_seen=least_seen([made for made in weighing.alone.values() if made is not None]),
        effects=effects,
        days=tuple(_days(trials)),
    )


def least_seen(weighed: Sequence[Coefficient]) -> float | None:
    """The effect that is seen as often as not, in the middle of the changes that could be weighed: what is measured of
    it is as often above as below what the first change to be named comes to at least. None where none could be."""
    return float(np.median([each.reach(CERTAIN / len(weighed)) for each in weighed])) if weighed else None


class _Told(msgspec.Struct, frozen=True):
    """What is said of a change, by its number, and of which others it is not told apart."""

    number: int
    made: Coefficient | None
    corrected: float | None
    verdict: Verdict
    together: tuple[int, ...] = ()


class _Weighing:
    """Changes beside each other, by their numbers: what each comes to, `alone` or with others allowed for."""

    def __init__(self, trials: Trials, several: Sequence[Candidate]) -> None:
        self.trials, self.candidates = trials, several
        self.alone = {number: self.estimated(number) for number in range(len(several))}

    def estimated(self, number: int, others: Sequence[int] = (), rows: Mask | None = None) -> Coefficient | None:
        """The effect of a change with others allowed for, over its own rows by default."""
        each, trials = self.candidates[number], self.trials
        chosen = np.flatnonzero(each.rows if rows is None else rows)
        return coefficient(
            trials.values[chosen],
            each.under[chosen],
            times_us=trials.times_us[chosen],
            entities=trials.entities[chosen],
            others=[self.candidates[other].under[chosen] for other in others],
        )

    def clearest(self, left: dict[int, Coefficient], known: Sequence[int]) -> tuple[int, tuple[int, ...]]:
        """The change that explains most, and the others that explain as much as far as the decisions can tell. Two are
        weighed by how much worse the outcome is explained without each: half the difference of their squared ratios is
        the logarithm of how many times likelier one is. Of those that are not told apart it is the one that decisions
        name."""
        judged = self.candidates
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
        """How many errors the effect of a change is from none, with another allowed for, where either is judged."""
        rows = self.candidates[number].rows | self.candidates[beside].rows
        made = self.estimated(number, [*known, beside], rows)
        return 0.0 if made is None else abs(made.ratio)

    def verdict(self, number: int, made: Coefficient, together: Sequence[int]) -> Verdict:
        """What is said of a change that is named: where decisions name it alone, it is told apart from the others."""
        is_named = self.candidates[number].is_named
        if together and (not is_named or any(self.candidates[each].is_named for each in together)):
            return "one of several"
        return "lowers it" if made.value < 0 else "raises it"

    def effect(self, told: _Told, tried: int) -> Effect:
        """The same as it is told, with the outcomes as they were measured."""
        each, values, made = self.candidates[told.number], self.trials.values, told.made
        under, without = values[each.rows & each.under], values[each.rows & ~each.under]
        low, high = (None, None) if made is None else made.interval(OUTSIDE / max(tried, 1))
        return Effect(
            change=each.change,
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
            apart_from=tuple(sorted(self.candidates[other].change.position for other in told.together)),
        )


def _alike(one: Candidate, other: Candidate) -> bool:
    """Whether nearly the same decisions were taken under both, or under just one of them, where either is judged."""
    for rows in (one.rows, other.rows):
        first, second = one.under[rows].astype(np.float64), other.under[rows].astype(np.float64)
        if first.std() and second.std() and abs(np.corrcoef(first, second)[0, 1]) > ALIKE:
            return True
    return False


def _in_order(
    alone: dict[int, Coefficient | None], named: Sequence[_Told], left: dict[int, Coefficient], likeliest: int | None
) -> Iterator[_Told]:
    """The changes that are named, each with those that it is not told apart from; then the others by how clear they
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


def _days(trials: Trials) -> Iterator[Day]:
    if not len(trials.values):
        return
    day = trials.times_us // DAY_US
    counts, sums = np.bincount(day - day[0]), np.bincount(day - day[0], trials.values)
    for number in np.flatnonzero(counts).tolist():
        yield Day(int(day[0] + number) * DAY_US, int(counts[number]), float(sums[number] / counts[number]))
