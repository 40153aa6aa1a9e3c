"""The pictures of journeys, as plotly figures: a funnel, paths as a Sankey, cohorts as a heat map, retention as a
curve. How they are written is left to whence.picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from whence.duration import SECOND_US, text_of
from whence.packs.journeys.paths import BEGINNING
from whence.picture import COLOURS, FONT, INK, graphs, laid_out, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from whence.packs.journeys.cohorts import Cohort, Retained
    from whence.packs.journeys.funnel import Funnel
    from whence.packs.journeys.paths import Link

ROW, CELL, NODE, PAD = 56, 30, 72, 14
"""The height of a step, of a cohort and of a node of a path, and what lies between two nodes, in points."""
SMALL = 0.05
"""A cohort with a smaller part of the largest one's customers does not decide how dark a cell is."""
BLUES = [[0, "#f4f8fc"], [0.5, "#7fb0db"], [1, "#0a5ea8"]]


def funnel_figure(found: Funnel) -> Figure:
    """A bar for each step, as long as the share of the first step that got to it; of several groups side by side."""
    figure = graphs().Figure()
    several = len(found.groups) > 1
    names = [f"{number}. {plain(step)}" for number, step in enumerate(found.steps, 1)]
    for number, group in enumerate(found.groups):
        shares = [100 * (row.of_first or 0) for row in group.rows]
        figure.add_bar(
            y=names,
            x=shares,
            orientation="h",
            name=plain(group.name),
            marker={"color": COLOURS[number % len(COLOURS)]},
            text=[f"{row.customers:,} · {share:.1f} %" for row, share in zip(group.rows, shares, strict=True)],
            textposition="outside",
            cliponaxis=False,
            customdata=[
                [
                    row.customers,
                    row.dropped,
                    "" if row.median_s is None else f", {text_of(row.median_s * SECOND_US)} after",
                ]
                for row in group.rows
            ],
            hovertemplate="%{y}: %{customdata[0]:,}%{customdata[2]}, %{customdata[1]:,} went no further<extra></extra>",
        )
    height = 90 + len(names) * max(ROW, 26 * len(found.groups))
    laid_out(figure, "per cent of those who did the first step", height=height)
    figure.update_layout(bargap=0.25, showlegend=several, xaxis={"range": [0, 118]}, margin={"r": 60})
    return figure.update_layout(
        yaxis={"autorange": "reversed", "ticks": "", "showgrid": False}, xaxis={"tickvals": [0, 20, 40, 60, 80, 100]}
    )


def cohorts_figure(found: Sequence[Cohort], unit: str) -> Figure:
    """A row for each cohort, a cell for each period: the share of it that came back, or what it brought."""
    width = max((len(each.values) for each in found), default=1)
    is_money = any(isinstance(value, Decimal) for each in found for value in each.values)
    table: list[list[float | None]] = []
    texts: list[list[str]] = []
    for cohort in found:
        values = [float(value) if is_money else 100 * int(value) / cohort.customers for value in cohort.values]
        table.append([*values, *[None] * (width - len(values))])
        shown = [f"{value:,.0f}" if is_money else f"{value:.0f} %" for value in values]
        texts.append([*shown, *[""] * (width - len(values))])
    least = SMALL * max((cohort.customers for cohort in found), default=0)
    large = [row for row, cohort in zip(table, found, strict=True) if cohort.customers >= least]
    bright = [value for row in large for value in (row if is_money else row[1:]) if value is not None]
    heat = graphs().Heatmap(
        z=table,
        x=list(range(width)),
        y=[f"{cohort.began.isoformat()} · {cohort.customers:,}" for cohort in found],
        text=texts if width <= 20 else None,
        texttemplate="%{text}" if width <= 20 else None,
        colorscale=BLUES,
        zmin=0,
        zmax=max(bright, default=1) or 1,
        xgap=2,
        ygap=2,
        showscale=False,
        hoverongaps=False,
        hovertemplate=f"%{{y}}, {unit} %{{x}}: %{{z:,.1f}}{'' if is_money else ' %'}<extra></extra>",
    )
    figure = laid_out(graphs().Figure(heat), f"{unit}s after the first", height=110 + CELL * len(found))
    return figure.update_layout(
        yaxis={"autorange": "reversed", "ticks": "", "gridcolor": "#fff", "type": "category"},
        xaxis={"side": "bottom", "ticks": "", "gridcolor": "#fff", "dtick": 1 if width <= 20 else None},
    )


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


def paths_figure(rows: Sequence[Link]) -> Figure:
    """The paths: a node for each event type at each depth, a link as wide as the customers who went that way."""
    sizes = _sizes(rows)
    nodes = sorted(sizes)
    number = {node: place for place, node in enumerate(nodes)}
    weight: Counter[str] = Counter()
    for (_, name), size in sizes.items():
        weight[name] += size
    kinds = sorted(weight, key=lambda name: (name.startswith("("), -weight[name], name))
    colour = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(kinds)}
    height = max(380, NODE * max(Counter(place for place, _ in nodes).values(), default=1))
    sankey = graphs().Sankey(
        arrangement="snap",
        node={
            "label": [plain(name) for _, name in nodes],
            "color": ["#b8c2cc" if name.startswith("(") else colour[name] for _, name in nodes],
            "align": "right" if any(row.source == BEGINNING for row in rows) else "left",  # all meet at the anchor
            "pad": PAD,
            "thickness": 14,
            "line": {"width": 0},
            "hovertemplate": "%{label}: %{value:,}<extra></extra>",
        },
        link={
            "source": [number[row.depth, row.source] for row in rows],
            "target": [number[row.depth + 1, row.target] for row in rows],
            "value": [row.customers for row in rows],
            "color": [_faint("#b8c2cc" if row.target.startswith("(") else colour[row.source]) for row in rows],
            "hovertemplate": "%{source.label} → %{target.label}: %{value:,}<extra></extra>",
        },
        textfont={"size": 12, "color": INK},
    )
    figure = graphs().Figure(sankey)
    return figure.update_layout(
        template="none", height=height, margin={"l": 12, "r": 12, "t": 24, "b": 24}, font=FONT, paper_bgcolor="#fff"
    )


def _sizes(rows: Iterable[Link]) -> Counter[tuple[int, str]]:
    """How many customers come through each node."""
    sizes: Counter[tuple[int, str]] = Counter()
    came: Counter[tuple[int, str]] = Counter()
    for row in rows:
        sizes[row.depth, row.source] += row.customers
        came[row.depth + 1, row.target] += row.customers
    return sizes | came


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.32)"
