"""Charts that several subjects may draw, as plotly figures: shares as bars, a table as a heat map, flows from left to
right (a Sankey diagram), and the values of days with what happened on them. What stands in them is left to those who
draw, how they are written to picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

import msgspec

from whence.clock import to_datetime
from whence.duration import DAY_US
from whence.picture import COLOURS, FONT, GUIDE, INK, graphs, laid_out, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CELL, NODE, PAD = 30, 72, 14
"""The height of a row of cells and of a node, and what lies between two nodes, in points."""
BAR, BARS_MIN = 26, 56
"""The height of a bar, and the least of all bars of one name, in points."""
HATCHES = ("", "/", "x")
"""How bars are hatched whose colours had their turn before."""
TEXTS_MAX = 20
"""Of so many columns the cells have their text in them."""
BLUES = [[0, "#f4f8fc"], [0.5, "#7fb0db"], [1, "#0a5ea8"]]
GREY = "#b8c2cc"
LINE, DOT, FAINT_GRID = "#0a5ea8", "#9fb8d0", "#eef2f5"
SMOOTH_DAYS = 7


class Bars(msgspec.Struct, frozen=True):
    """The bars of one group, one for each name: how long, in per cent, the text at its end, and what `hover` of
    share_bars says of it."""

    group: str
    percents: Sequence[float]
    texts: Sequence[str]
    hovers: Sequence[Sequence[object]]


class Flow(msgspec.Struct, frozen=True):
    """How many went from one thing to another; depth counts from 0 on the left. What is called `(so)` stands for
    several things, or for nothing."""

    depth: int
    source: str
    target: str
    size: int


def share_bars(names: Sequence[str], groups: Sequence[Bars], x: str, *, hover: str) -> Figure:
    """A bar for each name, the first at the top; of several groups side by side, told apart by colour and hatching.
    `hover` is plotly's template, in which %{customdata[0]} is the first of what a bar's `hovers` say."""
    figure = graphs().Figure()
    for number, bars in enumerate(groups):
        hatch = HATCHES[number // len(COLOURS) % len(HATCHES)]
        figure.add_bar(
            y=[plain(name) for name in names],
            x=bars.percents,
            orientation="h",
            name=plain(bars.group),
            marker={"color": COLOURS[number % len(COLOURS)], "pattern": {"shape": hatch}},
            text=bars.texts,
            textposition="outside",
            cliponaxis=False,
            customdata=bars.hovers,
            hovertemplate=f"{hover}<extra></extra>",
        )
    laid_out(figure, x, height=90 + len(names) * max(BARS_MIN, BAR * len(groups)))
    return figure.update_layout(
        bargap=0.25,
        showlegend=len(groups) > 1,
        margin={"r": 60},
        xaxis={"range": [0, 118], "tickvals": [0, 20, 40, 60, 80, 100]},  # room for the text of the longest
        yaxis={"autorange": "reversed", "ticks": "", "showgrid": False},
    )


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


class Day(msgspec.Struct, frozen=True):
    """The mean of what was counted on a day, which begins at `time_us`."""

    time_us: int
    mean: float
    count: int


class MarkKind(msgspec.Struct, frozen=True):
    """What several marks have in common: what the legend calls them, their colour, and their symbol in plotly."""

    name: str
    colour: str
    symbol: str


class Mark(msgspec.Struct, frozen=True):
    """Something that happened: lines of text that say what, and its `title` where it stands out, else none."""

    time_us: int
    kind: MarkKind
    lines: Sequence[str]
    title: str = ""


def days_and_marks(
    days: Sequence[Day],
    marks: Sequence[Mark],
    kinds: Iterable[MarkKind],
    zone: tzinfo,
    *,
    y: str,
    scale: float,
    decimals: int,
    unit: str,
) -> Figure:
    """The mean of each day, that of the week around it, and beneath them the marks, by their kinds; one with a title
    has a line through all of the picture, and its title beside that. Means are drawn `scale` times as large, 100 times
    where they are shares. `y` names them, `unit` what was counted."""
    figure = graphs().Figure()
    times = [_local(day.time_us + DAY_US // 2, zone) for day in days]
    means = [scale * day.mean for day in days]
    figure.add_scatter(
        x=times,
        y=means,
        mode="markers",
        name="a day",
        marker={"color": DOT, "size": [min(9, 3 + day.count**0.5 / 8) for day in days]},
        customdata=[day.count for day in days],
        hovertemplate=f"%{{x|%-d %b}}: %{{y:,.{decimals}f}}, %{{customdata:,}} {unit}<extra></extra>",
    )
    figure.add_scatter(
        x=times,
        y=[scale * each for each in _smooth(days)],
        mode="lines",
        name="a week around it",
        line={"color": LINE, "width": 2.5},
    )
    low, high = (min(means, default=0.0), max(means, default=1.0))
    room = (high - low or 1.0) * 0.14
    for kind in kinds:
        if alike := [mark for mark in marks if mark.kind == kind]:
            figure.add_scatter(
                x=[_local(mark.time_us, zone) for mark in alike],
                y=[low - room] * len(alike),
                mode="markers",
                name=kind.name,
                marker={
                    "color": kind.colour,
                    "symbol": kind.symbol,
                    "size": 11,
                    "line": {"width": 2, "color": kind.colour},
                },
                customdata=["<br>".join(map(plain, mark.lines)) for mark in alike],
                hovertemplate="%{x|%-d %b %H:%M}<br>%{customdata}<extra></extra>",
            )
    for number, mark in enumerate(mark for mark in marks if mark.title):
        time = _local(mark.time_us, zone)
        line = {"color": mark.kind.colour, "width": 1.5, "dash": "dash"}
        figure.add_shape(type="line", x0=time, x1=time, y0=low - room, y1=high + room, line=line)
        figure.add_annotation(
            x=time,
            y=high + room * (1 - 0.45 * (number % 3)),  # so that titles of the same days do not cover each other
            text=plain(mark.title),
            showarrow=False,
            xanchor="left",
            xshift=5,
            font={"color": mark.kind.colour, "size": 12},
            bgcolor="rgba(255,255,255,0.8)",
        )
    laid_out(figure, "", plain(y), height=440, dates=True)
    figure.update_xaxes(gridcolor=FAINT_GRID)
    return figure.update_yaxes(range=[low - 1.6 * room, high + 1.6 * room], zerolinecolor=GUIDE)


def _smooth(days: Sequence[Day]) -> list[float]:
    """The mean of the days around each, by how many each had."""
    half_us = SMOOTH_DAYS // 2 * DAY_US
    smoothed = []
    for day in days:
        near = [each for each in days if abs(each.time_us - day.time_us) <= half_us]
        smoothed.append(sum(each.mean * each.count for each in near) / sum(each.count for each in near))
    return smoothed


def _local(time_us: int, zone: tzinfo) -> str:
    return to_datetime(time_us).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


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
