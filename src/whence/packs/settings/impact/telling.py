"""What an impact comes to in sentences and rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from whence.packs.settings.impact.blame import CERTAIN, Effect, Impact
from whence.packs.settings.wording import summary

NUMBERS = ("without", "with", "effect", "interval", "p")
HOW = {
    "side by side": "decisions that name it beside others of the same days",
    "by name": "decisions before and after, as they name it",
    "by time": "decisions before and after, by what was in force",
}


def sentences(found: Impact) -> Iterator[str]:
    """What it says, the most important first."""
    counted = f"{found.tried} change{'' if found.tried == 1 else 's'}"
    blamed = found.blamed
    if not blamed:
        yield f"None of {counted} did anything to the {found.outcome} that chance does not explain."
        if (least := _least(found)) is not None:
            yield f"An effect below {amount(least, found)} would mostly go unseen; a longer --window sees smaller ones."
    told: set[int] = set()
    names_of = {each.change.position: _named(each) for each in found.effects}
    for each in blamed:
        if each.effect is None or each.change.position in told:
            continue
        verb = "lowers" if each.effect < 0 else "raises"
        said = f"{verb} the {found.outcome} by {amount(abs(each.effect), found)}"
        if each.verdict == "one of several":
            told |= set(each.apart_from)
            several = " or ".join([_named(each), *(names_of[position] for position in each.apart_from)])
            yield f"{several} {said}: the decisions do not tell them apart."
            continue
        low, high = sorted(abs(bound) for bound in (each.low or 0.0, each.high or 0.0))
        yield f"{_named(each)} {said}, {amount(low, found, False)} to {amount(high, found)}: {HOW[each.compared]}."
        for position in each.apart_from:
            yield f"{names_of[position]} came at nearly the same time; decisions name the other."
    if blamed:
        yield f"Of {counted} that were weighed, chance or these explain the rest."


def _least(found: Impact) -> float | None:
    """An effect that is seen as often as not, in the middle of all changes: half the width of an interval."""
    halves = sorted((each.high - each.low) / 2 for each in found.effects if each.low is not None is not each.high)
    return halves[len(halves) // 2] if halves else None


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
    scale, digits = (100, 1) if found.is_share else (1, 3)

    def number(value: float | None, form: str = "") -> str:
        return "—" if value is None else f"{scale * value:{form}.{digits}f}"

    for rank, each in enumerate(found.effects, 1):
        if each.verdict == "too few":
            continue
        several = each.change.names
        bounds = None if each.low is None or each.high is None else (scale * each.low, scale * each.high)
        yield {
            "": rank,
            "change": f"@{each.change.position}",
            "when": each.change.time.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            "who": each.change.who or "—",
            "settings": ", ".join(several[:2]) + (" …" if len(several) > 2 else ""),
            "what": summary(each.change),
            "compared": each.compared,
            "without": number(each.mean_without),
            "with": number(each.mean_with),
            "effect": number(each.effect, "+"),
            "interval": "—" if bounds is None else f"{bounds[0]:+.2f} to {bounds[1]:+.2f}",
            "p": "—" if each.p_corrected is None else f"{each.p_corrected:.2g}",
            "verdict": each.verdict,
        }


def amount(value: float, found: Impact, unit: bool = True) -> str:
    """A difference as people say it: `4.1 points` of a share."""
    if found.is_share:
        return f"{100 * value:.1f}" + (" points" if unit else "")
    return f"{value:.3g}"


def signed(value: float | None, found: Impact) -> str:
    """The same with its sign; nothing where there is none."""
    return "" if value is None else ("-" if value < 0 else "+") + amount(abs(value), found)
