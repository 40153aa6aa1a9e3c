"""Which of many changes did something: each is weighed by its decisions, the clearest first, and what it explains is
allowed for in all others. Chance is not blamed: the more changes are tried, the clearer one has to be.

The correction is Holm's: the smallest of m chances is taken m times, the next m - 1 times, and so on (S. Holm, A simple
sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979). Intervals are Bonferroni's,
so that all of them hold at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np

from whence.packs.settings.changes import Change
from whence.packs.settings.impact.candidates import Candidate, Compared
from whence.packs.settings.impact.regression import DAY_US, Estimate, estimate
from whence.packs.settings.impact.trials import Trials

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

Verdict = Literal["lowers it", "raises it", "one of several", "chance", "too few"]


class Effect(msgspec.Struct, frozen=True):
    """A change and what it did: the outcome without and with it as it was measured, and the effect when the days of the
    week, a trend and the changes named before are allowed for. `apart_from` are changes, by position, that it is not
    told apart from; for these `verdict` is "one of several", unless decisions name one of them."""

    change: Change
    compared: Compared
    without: int
    with_it: int
    mean_without: float | None
    mean_with: float | None
    effect: float | None
    low: float | None
    high: float | None
    p: float | None
    p_corrected: float | None
    verdict: Verdict
    apart_from: tuple[int, ...] = ()

    @property
    def did_something(self) -> bool:
        return self.verdict in ("lowers it", "raises it", "one of several")


class Day(msgspec.Struct, frozen=True):
    """How many decisions there were on a day (UTC), which begins at `time_us`, and their mean outcome."""

    time_us: int
    decisions: int
    mean: float


class Impact(msgspec.Struct, frozen=True):
    """What changes did to an outcome, the clearest first. `tried` is how many could be weighed at all."""

    outcome: str
    is_share: bool
    decisions: int
    left_out: int
    tried: int
    effects: tuple[Effect, ...]
    days: tuple[Day, ...] = ()

    @property
    def blamed(self) -> tuple[Effect, ...]:
        """The changes that did something."""
        return tuple(each for each in self.effects if each.did_something)


def weigh(trials: Trials, several: Sequence[Candidate]) -> Impact:
    """The changes by how clearly they did something to the outcome."""
    found = {number: estimate(trials, each.rows, each.under) for number, each in enumerate(several)}
    open_ = {number: made for number, made in found.items() if made is not None}
    tried = len(open_)
    named: list[tuple[int, Estimate, float, tuple[int, ...]]] = []
    worst, likeliest = 0.0, None
    while open_:
        clearest = min(open_, key=lambda each: (open_[each].p, -abs(open_[each].ratio), each))
        number, together = _told_apart(trials, several, clearest, open_, [each for each, *_ in named])
        made = open_[number]
        corrected = min(1.0, max(worst, min(made.p, open_[clearest].p if together else made.p) * len(open_)))
        if corrected > CERTAIN:
            likeliest = number
            break
        worst = corrected
        named.append((number, made, corrected, together))
        others = [several[each].under for each, *_ in named]
        again = {
            each: estimate(trials, several[each].rows, several[each].under, others) for each in open_ if each != number
        }
        open_ = {each: made for each, made in again.items() if made is not None}
    return _told(trials, several, found, named, open_, likeliest, tried)


def _told_apart(
    trials: Trials, several: Sequence[Candidate], number: int, open_: dict[int, Estimate], known: Sequence[int]
) -> tuple[int, tuple[int, ...]]:
    """The change that explains most, and the others that explain as much as far as the decisions can tell. Two are
    weighed by how much worse the outcome is explained without each: half the difference of their squared ratios is the
    logarithm of how many times likelier one is. Of those that are not told apart it is the one that decisions name."""
    others = [each for each in open_ if each != number and abs(open_[each].ratio) >= CLEAR]
    ties: list[int] = []
    for each in sorted(others, key=lambda each: open_[each].p):
        if not (several[number].rows & several[each].rows).any() and not _alike(several[number], several[each]):
            continue
        mine, its = _beside(trials, several, number, each, known)
        more_likely = (its * its - mine * mine) / 2
        if more_likely >= TOLD_APART:
            number, ties = each, []
        elif more_likely > -TOLD_APART and _alike(several[number], several[each]):
            ties.append(each)
    named = next((each for each in ties if several[each].is_named), None)
    if not several[number].is_named and named is not None:
        ties = [number, *(each for each in ties if each != named)]
        number = named
    return number, tuple(sorted(ties))


def _beside(
    trials: Trials, several: Sequence[Candidate], one: int, other: int, known: Sequence[int]
) -> tuple[float, float]:
    """How many errors the effects of two changes are from none, each with the other allowed for."""
    rows = several[one].rows | several[other].rows
    before = [several[each].under for each in known]
    made = (
        estimate(trials, rows, several[each].under, [*before, several[beside].under])
        for each, beside in ((one, other), (other, one))
    )
    first, second = (0.0 if each is None else abs(each.ratio) for each in made)
    return first, second


def _alike(one: Candidate, other: Candidate) -> bool:
    """Whether nearly the same decisions were taken under both, or under just one of them, where either is judged."""
    for rows in (one.rows, other.rows):
        first, second = one.under[rows].astype(np.float64), other.under[rows].astype(np.float64)
        if first.std() and second.std() and abs(np.corrcoef(first, second)[0, 1]) > ALIKE:
            return True
    return False


def _told(
    trials: Trials,
    several: Sequence[Candidate],
    first: dict[int, Estimate | None],
    named: Sequence[tuple[int, Estimate, float, tuple[int, ...]]],
    open_: dict[int, Estimate],
    likeliest: int | None,
    tried: int,
) -> Impact:
    """What came of it: the changes that are named, each with those that it is not told apart from; then the others by
    how clear they are; and those of which too little is known."""
    effects: dict[int, Effect] = {}

    def tell(
        number: int, made: Estimate | None, corrected: float | None, verdict: Verdict, apart: Sequence[int] = ()
    ) -> None:
        positions = tuple(sorted(several[each].change.position for each in apart))
        effects[number] = _effect(trials, several[number], made, corrected, verdict, tried, positions)

    firm = {number for number, *_ in named}
    beside: dict[int, list[int]] = {}
    for number, made, corrected, together in named:
        ties = [each for each in together if each not in firm and each not in effects]
        beside |= {each: [number] for each in ties}
        alone = not together or (several[number].is_named and not any(several[each].is_named for each in together))
        told: Verdict = ("lowers it" if made.effect < 0 else "raises it") if alone else "one of several"
        tell(number, made, corrected, told, together)
        for each in () if alone else ties:
            tell(each, first[each], corrected, told, [number, *(other for other in together if other != each)])
    worst = named[-1][2] if named else 0.0
    rest = sorted(open_.keys() - effects.keys(), key=lambda each: (each != likeliest, open_[each].p, each))
    for place, number in enumerate(rest):
        worst = min(1.0, max(worst, open_[number].p * (len(rest) - place)))
        tell(number, open_[number], worst, "chance", beside.get(number, ()))
    for number, estimated in first.items():
        if number not in effects:
            tell(number, None, None, "too few" if estimated is None else "chance", beside.get(number, ()))
    found, days = tuple(effects.values()), tuple(_days(trials))
    return Impact(trials.outcome, trials.is_share, len(trials.values), trials.left_out, tried, found, days)


def _effect(
    trials: Trials,
    each: Candidate,
    made: Estimate | None,
    corrected: float | None,
    verdict: Verdict,
    tried: int,
    apart_from: tuple[int, ...],
) -> Effect:
    under, without = (trials.values[each.rows & side] for side in (each.under, ~each.under))
    low, high = (None, None) if made is None else made.interval(OUTSIDE / max(tried, 1))
    return Effect(
        change=each.change,
        compared=each.compared,
        without=len(without),
        with_it=len(under),
        mean_without=float(without.mean()) if len(without) else None,
        mean_with=float(under.mean()) if len(under) else None,
        effect=None if made is None else made.effect,
        low=low,
        high=high,
        p=None if made is None else made.p,
        p_corrected=corrected,
        verdict=verdict,
        apart_from=apart_from,
    )


def _days(trials: Trials) -> Iterator[Day]:
    if not len(trials.values):
        return
    day = trials.times_us // DAY_US
    counts, sums = np.bincount(day - day[0]), np.bincount(day - day[0], trials.values)
    for number in np.flatnonzero(counts).tolist():
        yield Day(int(day[0] + number) * DAY_US, int(counts[number]), float(sums[number] / counts[number]))
