"""What each change did as rows: as JSON, with all that is known, and as people read it in a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from whence.experiments.impact import Figures, Impact
from whence.packs.changes.change import Change, summary

NUMBERS = ("without", "with", "effect", "interval", "p")
"""The columns that are numbers."""


def rows(found: Impact[Change]) -> Iterator[dict[str, Any]]:
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
            "apart_from": [other.position for other in each.apart_from],
        }


def cells(found: Impact[Change], zone: tzinfo) -> Iterator[dict[str, Any]]:
    """A row for each change that could be weighed, as it is read in a table; shares are of a hundred."""
    figures = Figures(found)
    for rank, each in enumerate(found.effects, 1):
        if each.verdict == "too few":
            continue
        low, high = (figures.number(bound, "+", more_decimals=int(found.is_share)) for bound in (each.low, each.high))
        yield {
            "": rank,
            "change": f"@{each.change.position}",
            "when": each.change.time.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            "who": each.change.who or "—",
            "settings": _first(each.change.names, 2),
            "what": summary(each.change),
            "compared": each.compared,
            "without": figures.number(each.mean_without),
            "with": figures.number(each.mean_with),
            "effect": figures.number(each.effect, "+"),
            "interval": "—" if each.low is None else f"{low} to {high}",
            "p": "—" if each.p_corrected is None else f"{each.p_corrected:.2g}",
            "verdict": each.verdict,
        }


def named(change: Change) -> str:
    """A change as a sentence names it: `prompts.email (@15)`."""
    return f"{_first(change.names, 3)} (@{change.position})"


def _first(names: tuple[str, ...], most: int) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")
