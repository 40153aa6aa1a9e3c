"""The picture of a funnel. How bars are drawn is left to whence.charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.charts import Bars, share_bars
from whence.duration import SECOND_US, text_of
from whence.packs.funnels.funnel import Funnel, Group, Row

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HOVER = "%{y}: %{customdata[0]:,}%{customdata[2]}, %{customdata[1]:,} went no further"


def funnel_figure(found: Funnel) -> Figure:
    """A bar for each step, as long as the share of the first step that got to it; of several groups side by side."""
    names = [f"{number}. {step}" for number, step in enumerate(found.steps, 1)]
    bars = [_bars(group) for group in found.groups]
    return share_bars(names, bars, "per cent of those who did the first step", hover=HOVER)


def _bars(group: Group) -> Bars:
    percents = [100 * (row.of_first or 0) for row in group.rows]
    return Bars(
        group=group.name,
        percents=percents,
        texts=[f"{row.customers:,} · {percent:.1f} %" for row, percent in zip(group.rows, percents, strict=True)],
        hovers=[(row.customers, row.dropped, _after(row)) for row in group.rows],
    )


def _after(row: Row) -> str:
    return "" if row.median_s is None else f", {text_of(row.median_s * SECOND_US)} after"
