"""The picture of a funnel. How it is written is left to whence.picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.duration import SECOND_US, text_of
from whence.packs.funnels.funnel import Funnel, Row
from whence.picture import COLOURS, graphs, laid_out, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW = 56
"""The height of a step, in points."""
AGAIN = ("", "/", "x")
"""How bars are hatched whose colours had their turn before."""


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
