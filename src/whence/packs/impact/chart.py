"""The outcome over time with every change on it, as a picture: which ones did something, and which only came along."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from whence import markup
from whence.clock import to_datetime
from whence.duration import DAY_US
from whence.packs.changes.wording import summary
from whence.packs.impact.effects import Effect, Impact
from whence.packs.impact.telling import NUMBERS, Figures, cells
from whence.picture import GUIDE, graphs, laid_out, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LINE, DOT = "#0a5ea8", "#9fb8d0"
GROUPS = (
    ("lowers it", "#b3261e", "triangle-down"),
    ("raises it", "#1b7f4d", "triangle-up"),
    ("one of several", "#9a5b00", "diamond"),
    ("chance", "#66727f", "line-ns-open"),
    ("too few", "#b8c2cc", "line-ns-open"),
)
"""What a change did: its colour and its mark."""
CALLED = {"chance": "nothing beyond chance", "too few": "too few decisions"}
SMOOTH_DAYS = 7


def drawn(found: Impact, zone: tzinfo) -> Figure:
    """The mean of each day, that of the week around it, and the changes beneath; those that did something have a line
    and a name."""
    made = graphs("A picture").Figure()
    figures = Figures(found)
    days = [_moment(day.time_us + DAY_US // 2, zone) for day in found.days]
    means = [figures.scale * day.mean for day in found.days]
    made.add_scatter(
        x=days,
        y=means,
        mode="markers",
        name="a day",
        marker={"color": DOT, "size": [min(9, 3 + day.decisions**0.5 / 8) for day in found.days]},
        customdata=[day.decisions for day in found.days],
        hovertemplate=f"%{{x|%-d %b}}: %{{y:,.{figures.decimals}f}}, %{{customdata:,}} decisions<extra></extra>",
    )
    smooth = [figures.scale * each for each in _smooth(found)]
    made.add_scatter(x=days, y=smooth, mode="lines", name="a week around it", line={"color": LINE, "width": 2.5})
    low, high = (min(means, default=0.0), max(means, default=1.0))
    room = (high - low or 1.0) * 0.14
    for verdict, colour, mark in GROUPS:
        several = [each for each in found.effects if each.verdict == verdict]
        if several:
            made.add_scatter(
                x=[_moment(each.change.time_us, zone) for each in several],
                y=[low - room] * len(several),
                mode="markers",
                name=CALLED.get(verdict, verdict),
                marker={"color": colour, "symbol": mark, "size": 11, "line": {"width": 2, "color": colour}},
                customdata=[_said(each, figures) for each in several],
                hovertemplate="%{x|%-d %b %H:%M}<br>%{customdata}<extra></extra>",
            )
    for number, each in enumerate(each for each in found.effects if each.did_something):
        colour = next(colour for verdict, colour, _ in GROUPS if verdict == each.verdict)
        made.add_shape(
            type="line",
            x0=_moment(each.change.time_us, zone),
            x1=_moment(each.change.time_us, zone),
            y0=low - room,
            y1=high + room,
            line={"color": colour, "width": 1.5, "dash": "dash"},
        )
        made.add_annotation(
            x=_moment(each.change.time_us, zone),
            y=high + room * (1 - 0.45 * (number % 3)),
            text=plain(f"{each.change.names[0]} {_signed(each, figures)}"),
            showarrow=False,
            xanchor="left",
            xshift=5,
            font={"color": colour, "size": 12},
            bgcolor="rgba(255,255,255,0.8)",
        )
    unit = "per cent" if found.is_share else ""
    laid_out(made, "", plain(f"{found.outcome}, {unit}" if unit else found.outcome), height=440, dates=True)
    made.update_xaxes(gridcolor="#eef2f5")
    return made.update_yaxes(range=[low - 1.6 * room, high + 1.6 * room], zerolinecolor=GUIDE)


def table(found: Impact, zone: tzinfo) -> str:
    """Every change that was weighed as a table of HTML, to stand below."""
    head = ("", "change", "when", "who", "what", "compared", *NUMBERS, "verdict")
    words = {head.index("what"): "words"}  # which are broken into lines, so that the rest is in sight
    rows = ([str(row[name]) for name in head] for row in cells(found, zone))
    return markup.table(head, rows, classes=words)


def _smooth(found: Impact) -> list[float]:
    """The mean of the days around each, by how many decisions each had."""
    half = SMOOTH_DAYS // 2 * DAY_US
    smoothed = []
    for day in found.days:
        near = [each for each in found.days if abs(each.time_us - day.time_us) <= half]
        total = sum(each.decisions for each in near)
        smoothed.append(sum(each.mean * each.decisions for each in near) / total)
    return smoothed


def _said(each: Effect, figures: Figures) -> str:
    by = f" by {each.change.who}" if each.change.who else ""
    lines = [f"@{each.change.position}{by}, {each.change.how}", summary(each.change)]
    if each.effect is not None:
        lines.append(f"{_signed(each, figures)}, compared {each.compared}")
    return "<br>".join(map(plain, lines))


def _signed(each: Effect, figures: Figures) -> str:
    return "" if each.effect is None else figures.amount(each.effect, "+")


def _moment(us: int, zone: tzinfo) -> str:
    return to_datetime(us).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
