"""A grid as one HTML page that works offline: the sentences, the frontier as a picture, its members and the present
card as a table, every combination to be opened, and how to read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from whence.clock import to_us
from whence.experiments.charts import BASELINE, CANDIDATE
from whence.experiments.grids.axes import shown
from whence.experiments.grids.grid import Combination, Figures, Grid
from whence.experiments.grids.sentences import axis_name, name_of, sentences
from whence.experiments.sentences import days_text
from whence.experiments.statistics import COUNT_LEAST, Estimate
from whence.markup import Html, bullets, document, scrolling, table
from whence.picture import GUIDE, element, graphs, javascript, laid_out, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROWS_MAX = 1_000
"""Of more combinations only the first are in the page; the table in Parquet has all."""
OTHERS = "#b4bec8"


def page(found: Grid, *, zone: tzinfo = UTC) -> str:
    """The grid as an HTML document, the same text for the same grid. Days are those of `zone`. Raises MissingExtra
    where plotly is not installed."""
    title = f"{len(found.combinations):,} combinations of {found.card.name}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="under">{escape(_under(found, zone))}</p>',
        bullets(sentences(found), "told"),
        "<h2>The frontier</h2>",
        f"<p>{_EXPLAINED}</p>",
        f'<section class="chart">{element(picture(found), "frontier")}</section>',
        *_members(found),
        *_all(found),
        f"<h2>How to read it</h2>\n{bullets(_notes(found), 'notes')}",
        f"<footer>{escape(_footer(found, zone))}</footer>",
    ]
    style = (files("whence.experiments") / "report.css").read_text(encoding="utf-8")
    return document(title, style, "\n".join(body), script=javascript())


_EXPLAINED = (
    "Each mark is a combination: the further up, the more often it is right about those whom it names; the further to "
    "the right, the more of those with the outcome it finds. The line joins those that no other beats. A hollow mark "
    "is the same combination on the other half of the entities: what is to be expected of it. The dotted line is what "
    "naming everybody would come to. Combinations that name fewer than ten are left out."
)


def picture(found: Grid) -> Figure:
    """Precision by recall of every combination on the half that the frontier is drawn on, and of those on the frontier
    on the other half too."""
    figure = graphs("A grid's page").Figure()
    on = frozenset(found.frontier)
    others = [each for n, each in enumerate(found.combinations) if n not in on and each.chosen.named >= COUNT_LEAST]
    others = [each for each in others if _is_known(each.chosen)]
    members = [found.combinations[number] for number in found.frontier]
    marks = {"size": 6, "color": OTHERS}
    figure.add_scatter(**_points(found, others, "chosen"), name="other combinations", mode="markers", marker=marks)
    lines: list[tuple[Combination, str]] = [(each, CANDIDATE) for each in members]
    for each, colour in [*lines, (found.present, BASELINE)]:
        if _is_known(each.chosen) and _is_known(each.held_out):
            x, y = zip(_place(each.chosen), _place(each.held_out), strict=True)
            line = {"color": colour, "width": 1, "dash": "dot"}
            figure.add_scatter(x=x, y=y, mode="lines", line=line, showlegend=False, hoverinfo="skip")
    held = [each for each in members if _is_known(each.held_out)]
    hollow = {"size": 9, "color": "#fff", "line": {"color": CANDIDATE, "width": 1.5}}
    figure.add_scatter(**_points(found, held, "held_out"), name="on the other half", mode="markers", marker=hollow)
    line = {"color": CANDIDATE, "width": 2, "shape": "hv"}
    marks = {"size": 9, "color": CANDIDATE}
    figure.add_scatter(
        **_points(found, members, "chosen"), name="the frontier", mode="lines+markers", line=line, marker=marks
    )
    for half, fill, name in _PRESENT:
        if _is_known(getattr(found.present, half)):
            marks = {"size": 13, "symbol": "diamond", "color": fill, "line": {"color": BASELINE, "width": 2}}
            figure.add_scatter(**_points(found, [found.present], half), name=name, mode="markers", marker=marks)
    if found.halves[0].measured:
        base = 100 * found.halves[0].with_outcome / found.halves[0].measured
        figure.add_hline(base, line={"color": GUIDE, "width": 1, "dash": "dot"})
    laid_out(figure, _ACROSS, _UP, height=500)
    return figure.update_layout(xaxis={"rangemode": "tozero"}, margin={"t": 64})


_PRESENT = (("held_out", "#fff", "the present card, other half"), ("chosen", BASELINE, "the present card"))
_HOVER = "%{customdata[0]}<br>right in %{y:.1f} %, finds %{x:.1f} %, %{customdata[1]} before<extra></extra>"
_ACROSS, _UP = "per cent of those with the outcome that are found", "per cent of the named that are right"


def _points(found: Grid, those: Sequence[Combination], half: str) -> dict[str, Any]:
    places = [_place(getattr(each, half)) for each in those]
    return {
        "x": [x for x, _ in places],
        "y": [y for _, y in places],
        "customdata": [[plain(name_of(found, each)), _lead(getattr(each, half))] for each in those],
        "hovertemplate": _HOVER,
    }


def _place(each: Figures) -> tuple[float, float]:
    return 100 * (each.recall.value or 0), 100 * (each.precision.value or 0)


def _is_known(each: Figures) -> bool:
    return each.precision.value is not None and each.recall.value is not None


def _lead(each: Figures) -> str:
    return "—" if each.lead_days.value is None else days_text(each.lead_days.value)


# Tables.


def _members(found: Grid) -> Iterator[str]:
    yield "<h2>Those on it, and the present card</h2>"
    yield (
        "<p>How often each is right, how many of those with the outcome it finds, and how long before: on the half "
        "that it was chosen on, and on the other half with an interval of 95 %. The last two columns are what it has "
        "more than the present card on the other half, in percentage points, in brackets where chance can explain it."
        "</p>"
    )
    more = ("more precise", "finds more")
    halves = ("precision", "recall", "other half", "recall there", "days before")
    names = [axis_name(axis.name) for axis in found.axes]
    rows = [
        [*_cells(found, found.combinations[n], n == found.best), _more(better.precision), _more(better.recall)]
        for n, better in zip(found.frontier, found.better, strict=True)
    ]
    rows.append([*_cells(found, found.present, False, "present"), "", ""])
    yield _table(["", *names, "reach it", *halves, *more], rows, left=1)


def _cells(found: Grid, each: Combination, is_best: bool, called: str = "") -> list[str]:
    one, other = each.chosen, each.held_out
    return [
        "<strong>best</strong>" if is_best else called,
        *(escape(shown(value)) for value in each.values),
        f"{each.reached:,}",
        _share(one.precision),
        _share(one.recall),
        _with_interval(other.precision),
        _with_interval(other.recall),
        "—" if other.lead_days.value is None else f"{other.lead_days.value:,.1f}",
    ]


def _all(found: Grid) -> Iterator[str]:
    on = frozenset(found.frontier)
    names = [axis_name(axis.name) for axis in found.axes]
    halves = [f"{name}{half}" for half in ("", ", other half") for name in _SHOWN]
    rows = (
        [
            "frontier" if number in on else "present" if number == found.present_at else "",
            *(escape(shown(value)) for value in each.values),
            f"{each.reached:,}",
            *_half_cells(each.chosen),
            *_half_cells(each.held_out),
        ]
        for number, each in enumerate(found.combinations[:ROWS_MAX])
    )
    count = len(found.combinations)
    said = f"All {count:,}" if count <= ROWS_MAX else f"The first {ROWS_MAX:,} of {count:,}"
    yield f"<h2>Every combination</h2>\n<details><summary>{said}</summary>"
    yield _table(["", *names, "reach it", *halves], rows, left=1)
    yield "</details>"


_SHOWN = ("named", "precision", "recall", "days before")


def _half_cells(each: Figures) -> tuple[str, ...]:
    lead = each.lead_days.value
    return f"{each.named:,}", _share(each.precision), _share(each.recall), "—" if lead is None else f"{lead:,.1f}"


def _share(each: Estimate) -> str:
    return "—" if each.value is None else f"{100 * each.value:.1f} %"


def _with_interval(each: Estimate) -> str:
    if each.low is None or each.high is None:
        return _share(each)
    return f"{_share(each)} ({100 * each.low:.0f} to {100 * each.high:.0f})"


def _more(each: Estimate) -> str:
    if each.value is None:
        return "—"
    said = f"{100 * each.value:+.1f}"
    return f"({said})" if each.is_chance else said


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    """A table whose cells are HTML; numbers stand to the right from the column `left` on."""
    classes = dict.fromkeys(range(left, len(columns)), "number")
    return scrolling(table(columns, (list(map(Html, row)) for row in rows), classes=classes))


# What is said beside it.


def _under(found: Grid, zone: tzinfo) -> str:
    said = [f"{found.entities:,} of kind {found.kind}, {found.events:,} events"]
    if found.observed is not None:
        said.append(f"observed until {_day(to_us(found.observed), zone)}")
    said.append(f"stage: {found.stage}")
    said.append(f"outcome: {' or '.join(found.outcome)} within {days_text(found.within_days)}")
    return ", ".join(said)


def _notes(found: Grid) -> Iterator[str]:
    one, other = found.halves
    yield (
        f"The frontier is drawn on {one.measured:,} entities, of whom {one.with_outcome:,} had the outcome; what is "
        f"said of the other half is measured on {other.measured:,}, of whom {other.with_outcome:,} had it. A hash of "
        f"the seed ({found.seed}) and the name decides who is in which."
    )
    yield (
        "Of many combinations the best is in part the luckiest, and luck does not come again: the more are tried, the "
        "more its figures flatter it. The other half had no part in the choice, so its figures do not. They stay "
        "honest only as long as nobody chooses by them too: choose by the first, believe the second."
    )
    yield (
        f"All combinations are measured on the same entities: {found.censored:,} were observed for less than "
        f"{days_text(found.within_days)} under at least one and are left out, whatever came of them; "
        f"{found.began_with_outcome:,} began with the outcome."
    )
    yield "A combination that names fewer than ten is never on the frontier: with so few, luck alone can be right."
    yield "Nothing that happened at an outcome or after it counts."
    yield (
        "What happened was shaped by the rule in force at the time: whoever it named was treated differently. Where it "
        "can be done, try the choice on a part of the new ones before all."
    )
    if found.samples:
        yield f"An interval holds 95 % of what {found.samples:,} resamples of the half's entities give."


def _footer(found: Grid, zone: tzinfo) -> str:
    axes = (f"{axis.name}: {len(axis.values)} values" for axis in found.axes)
    about = f"scorecard {found.card.name}, version {found.card.version[:12]}"
    days = f"days in {getattr(zone, 'key', None) or zone}"
    return " · ".join([f"As of @{found.head}", about, *axes, days, "Made by Whence"])


def _day(us: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(us // 1_000_000, zone)
    return f"{moment.day} {moment:%b %Y}"
