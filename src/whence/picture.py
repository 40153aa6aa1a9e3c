"""Pictures: a plotly figure as a page of HTML that works offline, with ids that do not change, or as PNG. What is drawn
is left to those who draw; how all of it looks (ink, grid, axes) is decided here.

HTML needs plotly, which carries its own JavaScript. PNG also needs kaleido and a Chromium, which draws it; its bytes
depend on the fonts that are installed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.errors import CannotWrite, InvalidFile, MissingExtra
from whence.markup import document
from whence.wholefile import whole_file

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

INK, GUIDE, GRID, EDGE = "#1c2733", "#66727f", "#e3e8ed", "#b8c2cc"
COLOURS = ("#0a5ea8", "#9a5b00", "#1b7f4d", "#b3261e", "#6b4fa0", "#0f7c86", "#a23b72", "#5b6b7b")
"""The colours of what stands side by side, told apart also by those who see few colours when used in this order."""
FONT = {"family": "system-ui, -apple-system, 'Segoe UI', sans-serif", "size": 13, "color": INK}
CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False}
WIDE = ("bar", "heatmap")
"""Figures of these have words in them that do not shrink: where the screen is narrower they scroll, others fit."""
PNG_WIDTH, PNG_HEIGHT, PNG_SCALE = 1000, 520, 2
LEGEND_LINE = 20

STYLE = """
body { font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; margin: 0 auto; max-width: 70rem; \
padding: 1.5rem; color: #1c2733; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin-top: 1.5rem; }
.wide { min-width: 35rem; }
table { border-collapse: collapse; font-size: .875rem; }
th, td { padding: .35rem .9rem .35rem 0; text-align: left; border-bottom: 1px solid #dde3e9; white-space: nowrap; }
td.words { white-space: normal; min-width: 11.5rem; overflow-wrap: anywhere; }
td { font-variant-numeric: tabular-nums; }
th { color: #5b6b7b; font-weight: 600; }
footer { border-top: 1px solid #dde3e9; color: #5b6b7b; font-size: .8rem; margin-top: 1.5rem; padding-top: .75rem; }
"""


def graphs(what: str = "A picture", otherwise: str = "") -> Any:
    """The module plotly.graph_objects. Raises MissingExtra, which says what needs it and what else there is to do."""
    try:
        import plotly.graph_objects as found
    except ImportError:
        remedy = f'pip install "whence[report]" (or: pip install plotly){otherwise}.'
        raise MissingExtra(f"{what} needs plotly", package="plotly", remedy=remedy) from None
    return found


def javascript() -> str:
    """plotly's own JavaScript. Raises MissingExtra where it is not installed."""
    graphs("A page")
    from plotly.offline import get_plotlyjs

    found: str = get_plotlyjs()
    return found


def laid_out(figure: Any, x: str = "", y: str = "", *, height: int = 360, dates: bool = False) -> Any:
    """The figure with the axes, margins and type that all have; `x` and `y` name the axes."""
    axis = {
        "gridcolor": GRID,
        "linecolor": EDGE,
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": EDGE,
        "automargin": True,
        "fixedrange": True,
    }
    return figure.update_layout(
        template="none",
        height=height,
        margin={"l": 48, "r": 18, "t": 36, "b": 44},
        font=FONT,
        paper_bgcolor="#fff",
        plot_bgcolor="#fff",
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
        xaxis={
            **axis,
            "title": {"text": x, "standoff": 8, "font": {"size": 13}},
            **({"type": "date", "nticks": 6} if dates else {}),
        },
        yaxis={**axis, "title": {"text": y, "standoff": 6, "font": {"size": 13}}},
    )


def plain(text: str) -> str:
    """A text harmless in a figure, which takes tags and braces for its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "%\u200b{")


def element(figure: Figure, name: str, *, script: bool = False) -> str:
    """The figure as an element of a page whose id is the name; its JavaScript only with `script`."""
    made: str = figure.to_html(full_html=False, include_plotlyjs=script, div_id=name, config=CONFIG)
    return made


def html(figure: Figure, name: str, title: str, *, said: Sequence[str] = (), below: str = "", footer: str = "") -> str:
    """A page of its own: the title, what is said about it, the figure as the element `name`, and `below`, which is HTML
    already. The same text for the same figure, and nothing in it is fetched."""
    wide = ' class="wide"' if any(trace.type in WIDE for trace in figure.data) else ""
    body = [
        f"<h1>{escape(title)}</h1>",
        *(f"<p>{escape(line)}</p>" for line in said),
        f'<div class="scroll"><div{wide}>{element(figure, name)}</div></div>',
        f'<div class="scroll">{below}</div>' if below else "",
        f"<footer>{escape(footer)}</footer>" if footer else "",
    ]
    return document(title, STYLE, "\n".join(filter(None, body)), script=javascript())


def png(figure: Figure, *, width: int = PNG_WIDTH, height: int | None = None, scale: float = PNG_SCALE) -> bytes:
    """The figure as PNG, so many points wide and high and `scale` times as many pixels; by default as high as it was
    laid out. Nothing is fetched. Raises MissingExtra without kaleido or a Chromium."""
    graphs()
    instead = ", or write .html"
    try:
        import kaleido
        from kaleido.errors import ChromeNotFoundError
    except ImportError as problem:
        remedy = f'pip install "whence[report]" (or: pip install kaleido){instead}.'
        raise MissingExtra("PNG needs kaleido", package=problem.name, remedy=remedy) from None
    size = {"format": "png", "width": width, "height": height or figure.layout.height or PNG_HEIGHT, "scale": scale}
    try:
        made: bytes = kaleido.calc_fig_sync(
            figure.to_dict(), opts=size, kopts={"page_generator": kaleido.PageGenerator(mathjax=False)}
        )
    except ChromeNotFoundError:
        remedy = f"apt-get install chromium (or name a Chrome by BROWSER_PATH){instead}."
        raise MissingExtra("PNG needs a Chromium, which draws it", package="chromium", remedy=remedy) from None
    return made


def save(
    figure: Figure,
    path: str | os.PathLike[str],
    name: str,
    title: str,
    *,
    said: Sequence[str] = (),
    below: str = "",
    footer: str = "",
) -> None:
    """Write the figure, whole or not at all: as a page where the path ends in .html, as PNG where it ends in .png.

    In a PNG the title stands above the figure; what is said of it is in the page alone. Raises InvalidFile for another
    ending, MissingExtra, and CannotWrite.
    """
    target = Path(path)
    match kind_of(target):
        case "html":
            content = html(figure, name, title, said=said, below=below, footer=footer).encode()
        case _:
            content = png(_titled(figure, title))
    try:
        with whole_file(target) as out:
            out.write(content)
    except OSError as problem:
        remedy = "Name a file in a folder that can be written."
        raise CannotWrite("The picture cannot be written", path=path, problem=problem.strerror, remedy=remedy) from None


def kind_of(path: str | os.PathLike[str]) -> str:
    """`html` or `png`, as a file's name ends. Raises InvalidFile for any other."""
    ending = Path(path).suffix.lower()
    if ending not in (".html", ".htm", ".png"):
        stem = Path(path).stem
        remedy = f"Write {stem}.html for a page, or {stem}.png."
        raise InvalidFile("A picture is a file .html or .png", file=os.fspath(path), remedy=remedy)
    return "png" if ending == ".png" else "html"


def _titled(figure: Any, title: str) -> Any:
    """A copy with a title, and the room that it needs above all lines of the legend."""
    more = 34 + LEGEND_LINE * (_legend_lines(figure) - 1)
    made = type(figure)(figure)
    return made.update_layout(
        title={"text": plain(title), "x": 0.01, "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"t": 14}},
        margin={"t": (figure.layout.margin.t or 36) + more},
        height=(figure.layout.height or PNG_HEIGHT) + more,
    )


def _legend_lines(figure: Any) -> int:
    """So many lines the legend has at most, where it has one: plotly gives all its entries the width of the longest."""
    lengths = [len(trace.name) for trace in figure.data if trace.name]
    if figure.layout.showlegend is False or not lengths:
        return 1
    in_a_line = max(1, PNG_WIDTH * 4 // 5 // (50 + 8 * max(lengths)))
    return -(-len(lengths) // in_a_line)
