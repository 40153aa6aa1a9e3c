"""Charts that several subjects may draw, as plotly figures: a table as a heat map, and flows from left to right (a
Sankey diagram). What stands in them is left to those who draw, how they are written to picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from whence.picture import COLOURS, FONT, INK, graphs, laid_out, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CELL, NODE, PAD = 30, 72, 14
"""The height of a row of cells and of a node, and what lies between two nodes, in points."""
TEXTS_MAX = 20
"""Of so many columns the cells have their text in them."""
BLUES = [[0, "#f4f8fc"], [0.5, "#7fb0db"], [1, "#0a5ea8"]]
GREY = "#b8c2cc"


class Flow(msgspec.Struct, frozen=True):
    """How many went from one thing to another; depth counts from 0 on the left. What is called `(so)` stands for
    several things, or for nothing."""

    depth: int
    source: str
    target: str
    size: int


def heat_map(
    rows: Mapping[str, Sequence[tuple[float, str]]], x: str, *, darkest: float, unit: str, suffix: str = ""
) -> Figure:
    """A row of cells for each name, the first at the top: the value of a cell and its text. The darkest are those of
    this value or more. Where the cells are too small for texts, a scale beside them says what a colour means."""
    width = max(map(len, rows.values()), default=1)
    has_texts = width <= TEXTS_MAX
    heat = graphs().Heatmap(
        z=[[*(value for value, _ in row), *[None] * (width - len(row))] for row in rows.values()],
        x=list(range(width)),
        y=list(rows),
        text=[[*(text for _, text in row), *[""] * (width - len(row))] for row in rows.values()] if has_texts else None,
        texttemplate="%{text}" if has_texts else None,
        colorscale=BLUES,
        zmin=0,
        zmax=darkest,
        xgap=2,
        ygap=2,
        showscale=not has_texts,
        colorbar={"thickness": 12, "outlinewidth": 0, "ticksuffix": suffix},
        hoverongaps=False,
        hovertemplate=f"%{{y}}, {unit} %{{x}}: %{{z:,.1f}}{suffix}<extra></extra>",
    )
    figure = laid_out(graphs().Figure(heat), x, height=110 + CELL * len(rows))
    return figure.update_layout(
        yaxis={"autorange": "reversed", "ticks": "", "gridcolor": "#fff", "type": "category"},
        xaxis={"side": "bottom", "ticks": "", "gridcolor": "#fff", "dtick": 1 if has_texts else None},
    )


def sankey(flows: Sequence[Flow], *, align: str) -> Figure:
    """A node for each thing at each depth, the ends of flows to the `left` or `right`; a link as wide as its flow."""
    sizes = _sizes(flows)
    nodes = sorted(sizes)
    number = {node: place for place, node in enumerate(nodes)}
    weight: Counter[str] = Counter()
    for (_, name), size in sizes.items():
        weight[name] += size
    kinds = sorted(weight, key=lambda name: (name.startswith("("), -weight[name], name))
    colour = {name: GREY if name.startswith("(") else COLOURS[place % len(COLOURS)] for place, name in enumerate(kinds)}
    made = graphs().Sankey(
        arrangement="snap",
        node={
            "label": [plain(name) for _, name in nodes],
            "color": [colour[name] for _, name in nodes],
            "align": align,
            "pad": PAD,
            "thickness": 14,
            "line": {"width": 0},
            "hovertemplate": "%{label}: %{value:,}<extra></extra>",
        },
        link={
            "source": [number[each.depth, each.source] for each in flows],
            "target": [number[each.depth + 1, each.target] for each in flows],
            "value": [each.size for each in flows],
            "color": [_faint(GREY if each.target.startswith("(") else colour[each.source]) for each in flows],
            "hovertemplate": "%{source.label} → %{target.label}: %{value:,}<extra></extra>",
        },
        textfont={"size": 12, "color": INK},
    )
    height = max(380, NODE * max(Counter(depth for depth, _ in nodes).values(), default=1))
    return (
        graphs()
        .Figure(made)
        .update_layout(
            template="none", height=height, margin={"l": 12, "r": 12, "t": 24, "b": 24}, font=FONT, paper_bgcolor="#fff"
        )
    )


def _sizes(flows: Iterable[Flow]) -> Counter[tuple[int, str]]:
    """How much comes through each node."""
    went: Counter[tuple[int, str]] = Counter()
    came: Counter[tuple[int, str]] = Counter()
    for each in flows:
        went[each.depth, each.source] += each.size
        came[each.depth + 1, each.target] += each.size
    return went | came


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.32)"
