"""The pictures of journeys: a funnel, paths as a Sankey diagram, cohorts as a heat map, retention as a curve. How they
are drawn is left to whence.charts and whence.picture."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from whence.charts import Flow, heat_map, sankey
from whence.duration import SECOND_US, text_of
from whence.packs.journeys.paths import BEGINNING
from whence.picture import COLOURS, graphs, laid_out, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from whence.packs.journeys.funnels.funnel import Funnel, Row
    from whence.packs.journeys.paths import Link
    from whence.packs.journeys.returning.cohorts import Cohort, Retained

ROW = 56
"""The height of a step, in points."""
AGAIN = ("", "/", "x")
"""How bars are hatched whose colours had their turn before."""
SMALL = 0.05
"""A cohort with a smaller part of the largest one's customers does not decide how dark a cell is."""


def funnel_figure(found: Funnel) -> Figure:
    """A bar for each step, as long as the share of the first step that got to it; of several groups side by side."""
    figure = graphs().Figure()
    names = [f"{number}. {plain(step)}" for number, step in enumerate(found.steps, 1)]
    for number, group in enumerate(found.groups):
        shares = [100 * (row.of_first or 0) for row in group.rows]
        figure.add_bar(
            y=names,
            x=shares,
            orientation="h",
            name=plain(group.name),
            marker={"color": COLOURS[number % len(COLOURS)], "pattern": {"shape": AGAIN[number // len(COLOURS) % 3]}},
            text=[f"{row.customers:,} · {share:.1f} %" for row, share in zip(group.rows, shares, strict=True)],
            textposition="outside",
            cliponaxis=False,
            customdata=[[row.customers, row.dropped, _after(row)] for row in group.rows],
            hovertemplate="%{y}: %{customdata[0]:,}%{customdata[2]}, %{customdata[1]:,} went no further<extra></extra>",
        )
    height = 90 + len(names) * max(ROW, 26 * len(found.groups))
    laid_out(figure, "per cent of those who did the first step", height=height)
    return figure.update_layout(
        bargap=0.25,
        showlegend=len(found.groups) > 1,
        margin={"r": 60},
        xaxis={"range": [0, 118], "tickvals": [0, 20, 40, 60, 80, 100]},
        yaxis={"autorange": "reversed", "ticks": "", "showgrid": False},
    )


def _after(row: Row) -> str:
    return "" if row.median_s is None else f", {text_of(row.median_s * SECOND_US)} after"


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


def paths_figure(found: Sequence[Link]) -> Figure:
    """A node for each event type at each depth, a link as wide as the customers who went that way."""
    is_backwards = any(each.source == BEGINNING for each in found)  # then all meet at the right
    flows = [Flow(each.depth, each.source, each.target, each.customers) for each in found]
    return sankey(flows, align="right" if is_backwards else "left")
