"""What each of several interventions did to the outcome of decisions, and how that is said: in sentences, and with as
many figures as are known. Which of them did something is found out by interventions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Generic, Literal, TypeVar

import msgspec

from whence.experiments.trials import Day

What = TypeVar("What")
"""What was done, as whoever asks knows it."""

Compared = Literal["side by side", "by name", "by time"]
"""Decisions that name the intervention beside others of the same days; before and after, as they name it; or before and
after it, whatever they were taken by."""

HOW: dict[Compared, str] = {
    "side by side": "decisions that name it beside others of the same days",
    "by name": "decisions before and after, as they name it",
    "by time": "decisions before and after, by what was in force",
}
"""How decisions are compared, in words."""

Verdict = Literal["lowers it", "raises it", "one of several", "chance", "too few"]
"""What an intervention did; that it or another did something, which decisions do not tell apart; that chance explains
what is seen, or an intervention that is named; or that it could not be weighed."""

CERTAIN = 0.01
"""An intervention is held to have done something where the corrected chance is at most this: of a hundred
histories in which none did anything, one names one."""
DECIMALS_MAX = 12


class Effect(msgspec.Struct, Generic[What], frozen=True, kw_only=True):
    """What an intervention did: how many decisions were without it and with it, and their mean outcome as it was
    measured; and the effect, in the unit of the outcome, when the days of the week, a trend and the interventions named
    before are allowed for, with an interval of 95 % that holds for all at once. `apart_from` are others that it is not
    told apart from; for these `verdict` is "one of several", unless decisions name one of them. What could not be
    measured is None."""

    change: What
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
    apart_from: tuple[What, ...] = ()

    @property
    def did_something(self) -> bool:
        return self.verdict in ("lowers it", "raises it", "one of several")


class Impact(msgspec.Struct, Generic[What], frozen=True, kw_only=True):
    """What interventions did to an outcome, the clearest first; the outcome is a share, or else an average. Of
    `left_out` decisions it is not known. `tried` is how many interventions could be weighed at all; where so many are,
    an effect below `least_seen` mostly goes unseen. It is None where none could be weighed."""

    outcome: str
    is_share: bool
    decisions: int
    left_out: int
    tried: int
    least_seen: float | None
    effects: tuple[Effect[What], ...]
    days: tuple[Day, ...] = ()

    @property
    def blamed(self) -> tuple[Effect[What], ...]:
        """Those that did something."""
        return tuple(each for each in self.effects if each.did_something)


class Figures:
    """How the numbers of an impact are written: shares in points of a hundred to a tenth; averages to as many decimals
    as the effects are known to, two figures of what would mostly go unseen."""

    def __init__(self, found: Impact[Any]) -> None:
        self.scale, self.unit, self.decimals = (100, " points", 1) if found.is_share else (1, "", _decimals(found))

    def number(self, value: float | None, sign: Literal["", "+"] = "", more_decimals: int = 0) -> str:
        """A value; — where there is none."""
        return "—" if value is None else f"{self.scale * value:{sign},.{self.decimals + more_decimals}f}"

    def amount(self, value: float, sign: Literal["", "+"] = "") -> str:
        """A difference as people say it: `4.1 points` of a share."""
        return f"{self.number(value, sign)}{self.unit}"


def _decimals(found: Impact[Any]) -> int:
    """So many that two figures are left of the least effect that is seen, or three of the means where none is known."""
    size = found.least_seen or max((abs(day.mean) for day in found.days), default=0.0) / 10
    return min(max(1 - math.floor(math.log10(size)), 0), DECIMALS_MAX) if size else 0


def sentences(found: Impact[What], named: Callable[[What], str]) -> Iterator[str]:
    """What it says, the most important first; `named` gives what was done a name that no other has."""
    figures = Figures(found)
    counted = _changes(found.tried)
    if not found.tried:
        yield f"None of {_changes(len(found.effects))} could be weighed: too few decisions before or after."
        return
    if not found.blamed:
        yield f"None of {counted} did anything to the {found.outcome} that chance does not explain."
        if found.least_seen is not None:
            least = figures.amount(found.least_seen)
            yield f"An effect below {least} would mostly go unseen; a longer window sees smaller ones."
        return
    told: set[str] = set()  # by a sentence about another
    for each in found.blamed:
        name, others = named(each.change), [named(other) for other in each.apart_from]
        if each.effect is None or name in told:
            continue
        verb = "lowers" if each.effect < 0 else "raises"
        said = f"{verb} the {found.outcome} by {figures.amount(abs(each.effect))}"
        if each.verdict == "one of several":
            told.update(others)
            yield f"{' or '.join([name, *others])} {said}: the decisions do not tell them apart."
            continue
        sign = -1 if each.effect < 0 else 1  # "lowers it by 0.2, -0.1 to 0.5": below 0 it would raise it
        low, high = sorted(sign * (bound or 0.0) + 0.0 for bound in (each.low, each.high))
        yield f"{name} {said}, {figures.number(low)} to {figures.amount(high)}: {HOW[each.compared]}."
        for other in others:
            yield f"{other} came at nearly the same time; decisions name the other."
    if rest := found.tried - len(found.blamed):
        yield f"Of {counted} that were weighed, {rest} did nothing beyond chance."


def _changes(count: int) -> str:
    return f"{count} change{'' if count == 1 else 's'}"


def caption(found: Impact[Any]) -> str:
    """What the numbers rest on."""
    kind = "points are of a hundred; " if found.is_share else ""
    left = f", {found.left_out:,} left out since their outcome is not known" if found.left_out else ""
    return (
        f"{found.decisions:,} decisions{left}; {kind}days of the week and a trend allowed for; intervals of 95 % "
        f"for all {found.tried} at once; p corrected for {found.tried} tried (Holm 1979), named from {CERTAIN:g} down"
    )
