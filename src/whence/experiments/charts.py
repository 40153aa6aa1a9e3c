"""The charts of an experiment's report, as plotly figures: who moves where, how scores are spread, who reaches the
stage when, and what the order is worth. What is said about them is left to report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import numpy as np

from whence.experiments.experiment import Experiment
from whence.experiments.prediction import Prediction
from whence.experiments.ranking import STEPS
from whence.experiments.sentences import side_name
from whence.picture import GUIDE, graphs, laid_out, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

BASELINE, CANDIDATE = "#9a5b00", "#0a5ea8"
LINES = ({"color": BASELINE, "width": 2.5, "dash": "dash"}, {"color": CANDIDATE, "width": 2.5})
GROUPS = (
    ("neither", "neither side", "#8b97a3", "circle"),
    ("both", "both sides", "#0a5ea8", "circle"),
    ("lost", "lost", "#b3261e", "square"),
    ("gained", "gained", "#1b7f4d", "diamond"),
)
"""Who reaches the stage: its key, what it is called, its colour and its mark."""
BINS, GRID_CELLS = 25, 40


def movement(found: Experiment) -> Figure:
    """Each entity by its score under both sides; those near each other are one mark, the larger the more they are."""
    graphs, names = _graphs(), _names(found)
    reached = {row.entity: (row.baseline_us is not None, row.candidate_us is not None) for row in found.reached}
    rows = [(e.entity, e.baseline, e.candidate) for e in found.values if e.baseline is not None is not e.candidate]
    pairs = [(one, other) for _, one, other in rows if one is not None and other is not None]
    low, high = _extent([each for pair in pairs for each in pair])
    step = max((high - low) / GRID_CELLS, 1e-9)
    counts = Counter(
        (_group(reached.get(entity, (False, False))), round((one - low) / step), round((other - low) / step))
        for (entity, *_), (one, other) in zip(rows, pairs, strict=True)
    )
    largest = max(counts.values(), default=1)
    figure = graphs.Figure()
    figure.add_shape(type="line", x0=low, y0=low, x1=high, y1=high, line={"color": GUIDE, "width": 1, "dash": "dot"})
    for key, called, colour, mark in GROUPS if found.reached else (("neither", "entities", CANDIDATE, "circle"),):
        cells = sorted((x, y, count) for (group, x, y), count in counts.items() if group == key)
        if cells:
            figure.add_scatter(
                x=[low + x * step for x, _, _ in cells],
                y=[low + y * step for _, y, _ in cells],
                mode="markers",
                name=called,
                marker={
                    "color": colour,
                    "symbol": mark,
                    "size": [5 + 17 * (count / largest) ** 0.5 for *_, count in cells],
                    "opacity": 0.75,
                    "line": {"width": 0.5, "color": "#fff"},
                },
                customdata=[count for *_, count in cells],
                hovertemplate=f"{names[0]} %{{x:.0f}}, {names[1]} %{{y:.0f}}: %{{customdata}}<extra>{called}</extra>",
            )
    if found.crossings:
        bars = found.crossings.baseline_at, found.crossings.candidate_at
        figure.add_vline(bars[0], line={"color": BASELINE, "width": 1.5, "dash": "dash"})
        figure.add_hline(bars[1], line={"color": CANDIDATE, "width": 1.5})
    return laid_out(figure, f"score with {names[0]}", f"score with {names[1]}", height=460)


def spread(found: Experiment) -> Figure:
    """How many entities have which score under each side."""
    graphs = _graphs()
    values = [
        [getattr(each, side) for each in found.values if each.covered and getattr(each, side) is not None]
        for side in ("baseline", "candidate")
    ]
    low, high = _extent([each for side in values for each in side])
    width = max(round((high - low) / BINS), 1) if high - low > BINS else (high - low) / BINS or 1
    edges = np.arange(low, high + width * 1.001, width)
    figure = graphs.Figure()
    for side, (name, line) in enumerate(zip(_names(found), LINES, strict=True)):
        counts, _ = np.histogram(np.array(values[side], np.float64), edges)
        figure.add_scatter(
            x=edges.tolist(),
            y=[*counts.tolist(), int(counts[-1])],
            mode="lines",
            name=name,
            line={**line, "shape": "hv"},
            fill="tozeroy" if side else None,
            fillcolor="rgba(10,94,168,0.12)",
            hovertemplate="from %{x:.4g}: %{y:,} entities",
        )
    if found.crossings:
        for at, line in zip((found.crossings.baseline_at, found.crossings.candidate_at), LINES, strict=True):
            figure.add_vline(at, line={**line, "width": 1.5})
    return laid_out(figure, "score", "entities", height=460)


def over_time(found: Experiment, zone: tzinfo) -> Figure:
    """How many have reached the stage by each day, under each side."""
    graphs = _graphs()
    figure = graphs.Figure()
    moments = [[row.baseline_us for row in found.reached], [row.candidate_us for row in found.reached]]
    days = [sorted(_day(us, zone) for us in side if us is not None) for side in moments]
    every = sorted({day for side in days for day in side})
    for side, name, line in zip(days, _names(found), LINES, strict=True):
        figure.add_scatter(
            x=every,
            y=np.searchsorted(side, every, side="right").tolist() if side else [0] * len(every),
            mode="lines",
            name=name,
            line={**line, "shape": "hv"},
            hovertemplate="by %{x|%-d %b %Y}: %{y:,}",
        )
    return laid_out(figure, "", f"reached {found.crossings.stage if found.crossings else ''} so far", dates=True)


def gain(found: Experiment, told: Prediction) -> Figure:
    """The share of outcomes found by the share of entities looked at, the best first."""
    percent = list(range(STEPS + 1))
    lines = [[100 * share for share in each.gain] for each in told.rankings]
    figure = _two_lines(found, percent, lines, "best %{x} %: finds %{y:.0f} %")
    _guide(figure, [0, 100], [0, 100], "in random order")
    laid_out(figure, "per cent looked at, the best first", "per cent of outcomes found")
    return figure.update_layout(xaxis={"range": [0, 100]}, yaxis={"range": [0, 102]})


def lift(found: Experiment, told: Prediction) -> Figure:
    """How many times more outcomes are found than in a random order."""
    percent = list(range(5, STEPS + 1))
    lines = [[each.lift(at) or 0 for at in percent] if each.gain else [] for each in told.rankings]
    figure = _two_lines(found, percent, lines, "best %{x} %: %{y:.2f} times as many")
    _guide(figure, [0, 100], [1, 1], "in random order")
    laid_out(figure, "per cent looked at, the best first", "times as many as at random")
    return figure.update_layout(xaxis={"range": [0, 100]}, yaxis={"rangemode": "tozero"})


def calibration(found: Experiment, told: Prediction) -> Figure:
    """The share with the outcome in each tenth of the order, with its interval."""
    figure = _graphs().Figure()
    for side, (name, line) in enumerate(zip(_names(found), LINES, strict=True)):
        rows = [tenth for tenth in told.rankings[side].tenths if tenth.rate.value is not None]
        rates = [100 * (row.rate.value or 0) for row in rows]
        figure.add_scatter(
            x=[row.tenth + (0.08 if side else -0.08) for row in rows],
            y=rates,
            mode="lines+markers",
            name=name,
            line=line,
            marker={"size": 8, "symbol": "circle" if side else "square"},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [100 * (row.rate.high or 0) - rate for row, rate in zip(rows, rates, strict=True)],
                "arrayminus": [rate - 100 * (row.rate.low or 0) for row, rate in zip(rows, rates, strict=True)],
                "thickness": 1.2,
                "width": 3,
            },
            customdata=[[row.lowest, row.highest, row.with_outcome, row.entities] for row in rows],
            hovertemplate="scores %{customdata[0]:.4g} to %{customdata[1]:.4g}: "
            "%{customdata[2]} of %{customdata[3]}, %{y:.0f} %",
        )
    if told.ranked:
        _guide(figure, [0.5, 10.5], [100 * told.ranked_with_outcome / told.ranked] * 2, "everybody")
    laid_out(figure, "tenth of the order (10: highest)", "per cent with the outcome")
    return figure.update_layout(xaxis={"range": [0.5, 10.5], "dtick": 1}, yaxis={"rangemode": "tozero"})


def _two_lines(found: Experiment, x: Sequence[int], lines: Sequence[Sequence[float]], hover: str) -> Any:
    figure = _graphs().Figure()
    for name, y, line in zip(_names(found), lines, LINES, strict=True):
        figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line, hovertemplate=hover)
    return figure


def _guide(figure: Any, x: Sequence[float], y: Sequence[float], name: str) -> None:
    line = {"color": GUIDE, "width": 1, "dash": "dot"}
    figure.add_scatter(x=x, y=y, mode="lines", name=name, line=line, hoverinfo="skip")


def _graphs() -> Any:
    return graphs("A report")


def _names(found: Experiment) -> tuple[str, str]:
    """What the sides are called, harmless in a chart, which takes tags and braces for its own."""
    one, other = (plain(side_name(found, side)) for side in (0, 1))
    return one, other


def _group(reached: tuple[bool, bool]) -> str:
    return ("both" if reached[1] else "lost") if reached[0] else "gained" if reached[1] else "neither"


def _extent(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _day(us: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(us // 1_000_000, zone).date().isoformat()


def drawn(found: Experiment, zone: tzinfo) -> Iterator[tuple[str, Figure]]:
    """The charts that there is something for, each with its name, which is the id of its element."""
    yield "movement", movement(found)
    yield "spread", spread(found)
    if found.crossings and any(row.baseline_us or row.candidate_us for row in found.reached):
        yield "over-time", over_time(found, zone)
    if found.prediction and any(each.gain for each in found.prediction.rankings):
        yield "gain", gain(found, found.prediction)
        yield "lift", lift(found, found.prediction)
        yield "calibration", calibration(found, found.prediction)
