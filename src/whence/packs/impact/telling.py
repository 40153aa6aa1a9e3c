"""What an impact comes to in sentences and rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import tzinfo
from typing import Any, Literal

from whence.experiments.interventions import CERTAIN
from whence.packs.changes.wording import summary
from whence.packs.impact.effects import Effect, Impact

DECIMALS_MAX = 12
NUMBERS = ("without", "with", "effect", "interval", "p")
HOW = {
    "side by side": "decisions that name it beside others of the same days",
    "by name": "decisions before and after, as they name it",
    "by time": "decisions before and after, by what was in force",
}


class Figures:
    """How the numbers of an impact are written: shares in points of a hundred to a tenth; averages to as many decimals
    as the effects are known to, two figures of what would mostly go unseen."""

    def __init__(self, found: Impact) -> None:
        self.scale, self.unit, self.decimals = (100, " points", 1) if found.is_share else (1, "", _decimals(found))

    def number(self, value: float | None, sign: Literal["", "+"] = "", more: int = 0) -> str:
        """A value, with so many more decimals; — where there is none."""
        return "—" if value is None else f"{self.scale * value:{sign},.{self.decimals + more}f}"

    def amount(self, value: float, sign: Literal["", "+"] = "") -> str:
        """A difference as people say it: `4.1 points` of a share."""
        return f"{self.number(value, sign)}{self.unit}"


def sentences(found: Impact) -> Iterator[str]:
    """What it says, the most important first."""
    figures = Figures(found)
    counted = f"{found.tried} change{'' if found.tried == 1 else 's'}"
    blamed = found.blamed
    if not blamed:
        yield f"None of {counted} did anything to the {found.outcome} that chance does not explain."
        if found.least_seen is not None:
            least = figures.amount(found.least_seen)
            yield f"An effect below {least} would mostly go unseen; a longer --window sees smaller ones."
    told: set[int] = set()
    names_of = {each.change.position: _named(each) for each in found.effects}
    for each in blamed:
        if each.effect is None or each.change.position in told:
            continue
        verb = "lowers" if each.effect < 0 else "raises"
        said = f"{verb} the {found.outcome} by {figures.amount(abs(each.effect))}"
        if each.verdict == "one of several":
            told |= set(each.apart_from)
            several = " or ".join([_named(each), *(names_of[position] for position in each.apart_from)])
            yield f"{several} {said}: the decisions do not tell them apart."
            continue
        sign = -1 if each.effect < 0 else 1  # "lowers it by 0.2, -0.1 to 0.5": below 0 it would raise it
        low, high = sorted(sign * (bound or 0.0) + 0.0 for bound in (each.low, each.high))
        yield f"{_named(each)} {said}, {figures.number(low)} to {figures.amount(high)}: {HOW[each.compared]}."
        for position in each.apart_from:
            yield f"{names_of[position]} came at nearly the same time; decisions name the other."
    if blamed:
        yield f"Of {counted} that {'was' if found.tried == 1 else 'were'} weighed, chance or these explain the rest."


def _decimals(found: Impact) -> int:
    """So many that two figures are left of the least effect that is seen, or three of the means where none is known."""
    size = found.least_seen or max((abs(day.mean) for day in found.days), default=0.0) / 10
    return min(max(1 - math.floor(math.log10(size)), 0), DECIMALS_MAX) if size else 0


def _named(each: Effect) -> str:
    more = " …" if len(each.change.names) > 3 else ""
    return f"{', '.join(each.change.names[:3])}{more} (@{each.change.position})"


def caption(found: Impact) -> str:
    """What the numbers rest on."""
    kind = "points are of a hundred; " if found.is_share else ""
    left = f", {found.left_out:,} left out since their outcome is not known" if found.left_out else ""
    return (
        f"{found.decisions:,} decisions{left}; {kind}days of the week and a trend allowed for; intervals of 95 % "
        f"for all {found.tried} at once; p corrected for {found.tried} tried (Holm 1979), named from {CERTAIN:g} down"
    )


def rows(found: Impact) -> Iterator[dict[str, Any]]:
    """A row for each change, as JSON."""
    for rank, each in enumerate(found.effects, 1):
        yield {
            "rank": rank,
            "position": each.change.position,
            "time": each.change.time.isoformat().replace("+00:00", "Z"),
            "who": each.change.who,
            "settings": list(each.change.names),
            "what": summary(each.change),
            "how": each.change.how,
            "compared": each.compared,
            "without": each.without,
            "with": each.with_it,
            "mean_without": each.mean_without,
            "mean_with": each.mean_with,
            "effect": each.effect,
            "low": each.low,
            "high": each.high,
            "p": each.p,
            "p_corrected": each.p_corrected,
            "verdict": each.verdict,
            "apart_from": list(each.apart_from),
        }


def cells(found: Impact, zone: tzinfo) -> Iterator[dict[str, Any]]:
    """A row for each change that could be weighed, as it is read in a table; shares are of a hundred."""
    figures = Figures(found)
    for rank, each in enumerate(found.effects, 1):
        if each.verdict == "too few":
            continue
        several = each.change.names
        low, high = (figures.number(bound, "+", more=found.is_share) for bound in (each.low, each.high))
        yield {
            "": rank,
            "change": f"@{each.change.position}",
            "when": each.change.time.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            "who": each.change.who or "—",
            "settings": ", ".join(several[:2]) + (" …" if len(several) > 2 else ""),
            "what": summary(each.change),
            "compared": each.compared,
            "without": figures.number(each.mean_without),
            "with": figures.number(each.mean_with),
            "effect": figures.number(each.effect, "+"),
            "interval": "—" if each.low is None else f"{low} to {high}",
            "p": "—" if each.p_corrected is None else f"{each.p_corrected:.2g}",
            "verdict": each.verdict,
        }
