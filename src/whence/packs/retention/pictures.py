"""The pictures of who comes back: cohorts as a heat map, retention as a curve. How they are drawn is left to
whence.charts and whence.picture."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from whence.charts import heat_map
from whence.packs.retention.cohorts import Cohort, Retained
from whence.picture import COLOURS, graphs, laid_out

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SMALL = 0.05
"""A cohort with a smaller part of the largest one's customers does not decide how dark a cell is."""


def cohorts_figure(found: Sequence[Cohort], unit: str) -> Figure:
    """A row for each cohort, a cell for each period: the share of it that came back, or what it brought."""
    is_money = any(isinstance(value, Decimal) for each in found for value in each.values)
    least = SMALL * max((each.customers for each in found), default=0)
    rows, bright = {}, list[float]()
    for each in found:
        values = [float(value) if is_money else 100 * int(value) / each.customers for value in each.values]
        rows[f"{each.began.isoformat()} · {each.customers:,}"] = [
            (value, f"{value:,.0f}" if is_money else f"{value:.0f} %") for value in values
        ]
        if each.customers >= least:
            bright += values if is_money else values[1:]
    darkest = max(bright, default=1) or 1
    return heat_map(rows, f"{unit}s after the first", darkest=darkest, unit=unit, suffix="" if is_money else " %")


def retention_figure(found: Sequence[Retained], kind: str, unit: str) -> Figure:
    """The share that came back, by period."""
    figure = graphs().Figure()
    rows = [row for row in found if row.share is not None]
    figure.add_scatter(
        x=[row.period for row in rows],
        y=[100 * (row.share or 0) for row in rows],
        mode="lines+markers",
        line={"color": COLOURS[0], "width": 2.5},
        customdata=[[row.returned, row.eligible] for row in rows],
        hovertemplate=f"{unit} %{{x}}: %{{y:.1f}} % (%{{customdata[0]:,}} of %{{customdata[1]:,}})<extra></extra>",
    )
    laid_out(figure, f"{unit} ({kind})", "per cent who came back", height=380)
    return figure.update_layout(yaxis={"rangemode": "tozero"}, xaxis={"type": "category", "nticks": 16})
