"""The outcome of each day with every change beneath it, as a picture: which ones did something, and which only came
along; and the table that stands below. How it is drawn is left to whence.charts."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from whence import markup
from whence.charts import Day, Mark, MarkKind, days_and_marks
from whence.experiments.impact import Effect, Figures, Impact, Verdict
from whence.packs.changes.change import Change, summary
from whence.packs.impact.rows import NUMBERS, cells

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

KINDS: dict[Verdict, MarkKind] = {
    "lowers it": MarkKind("lowers it", "#b3261e", "triangle-down"),
    "raises it": MarkKind("raises it", "#1b7f4d", "triangle-up"),
    "one of several": MarkKind("one of several", "#9a5b00", "diamond"),
    "chance": MarkKind("nothing beyond chance", "#66727f", "line-ns-open"),
    "too few": MarkKind("too few decisions", "#b8c2cc", "line-ns-open"),
}
"""How a change is marked, by what it did."""


def drawn(found: Impact[Change], zone: tzinfo) -> Figure:
    """The picture; changes that did something have a line and a name in it."""
    figures = Figures(found)
    days = [Day(day.time_us, day.mean, day.decisions) for day in found.days]
    marks = [_mark(each, figures) for each in found.effects]
    outcome = f"{found.outcome}, per cent" if found.is_share else found.outcome
    return days_and_marks(
        days,
        marks,
        KINDS.values(),
        zone,
        y=outcome,
        scale=figures.scale,
        decimals=figures.decimals,
        unit="decisions",
    )


def _mark(each: Effect[Change], figures: Figures) -> Mark:
    change = each.change
    by = f" by {change.who}" if change.who else ""
    lines = [f"@{change.position}{by}, {change.how}", summary(change)]
    effect = "" if each.effect is None else figures.amount(each.effect, "+")
    if effect:
        lines.append(f"{effect}, compared {each.compared}")
    return Mark(change.time_us, KINDS[each.verdict], lines, f"{change.names[0]} {effect}" if each.did_something else "")


def table(found: Impact[Change], zone: tzinfo) -> str:
    """Every change that was weighed as a table of HTML."""
    head = ("", "change", "when", "who", "what", "compared", *NUMBERS, "verdict")
    words = {head.index("what"): "words"}  # which are broken into lines, so that the rest is in sight
    rows = ([str(row[name]) for name in head] for row in cells(found, zone))
    return markup.table(head, rows, classes=words)
