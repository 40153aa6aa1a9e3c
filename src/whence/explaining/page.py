"""An explanation as one HTML page that works offline: the sentences, a waterfall of what adds up, the table, what
decisions looked at, what is not proven, and where it comes from. The sentences are left to narrative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from html import escape
from typing import TYPE_CHECKING, Any

from whence import picture
from whence.events import Recorded
from whence.explaining.narrative import TOLD_MAX, decision_lines, is_late, lines, name_of, sum_of, words_of
from whence.explaining.why import Contribution, Explanation
from whence.history import At
from whence.markup import document, table
from whence.moments import moment_text, second_of, zone_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

BARS_MAX = 40
"""Of more contributions the first ones are one bar."""
ROWS_MAX = 1_000
LABEL_MAX = 22

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem; color: #1c2733; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; width: 100%; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #dde3e9; }
td { font-variant-numeric: tabular-nums; max-width: 20rem; overflow-wrap: break-word; }
td:nth-child(-n+4) { white-space: nowrap; }
th:last-child, td:last-child { min-width: 10rem; }
th { color: #5b6b7b; font-weight: 600; }
details { border: 1px solid #dde3e9; border-radius: 6px; margin: .5rem 0; padding: .5rem 1rem; }
summary { cursor: pointer; font-weight: 600; }
.between { border-left: 4px solid #e0a100; background: #fff8e5; padding: .5rem 1rem; margin-top: 2rem; }
.between h2 { margin-top: .25rem; }
footer { border-top: 1px solid #dde3e9; color: #5b6b7b; font-size: .8rem; margin-top: 2rem; padding-top: .75rem; }
"""


def page(
    found: Explanation, *, zone: tzinfo = UTC, source: str = "", at: At | None = None, clock: str = "occurred"
) -> str:
    """The explanation as an HTML document, the same text for the same explanation. `source` names the store in the
    footer. Raises MissingExtra where plotly is not installed."""
    title, *told = (line for depth, line in lines(found, zone=zone, at=at) if depth == 0)
    parts = [f"<h1>{escape(title)}</h1>", *(_paragraph(0, line) for line in told if not line.endswith(":"))]
    if chart := waterfall(found):
        parts.append(f"<h2>How it adds up</h2>\n{chart}")
    parts.append("<h2>What made it</h2>\n" + _contributions(found, zone))
    parts += _decisions(found, zone)
    if found.between:
        inner = "<h2>In between, not proven</h2>\n<p>Nothing recorded says that these are why.</p>\n"
        parts.append(f'<section class="between">{inner}{_events(found.between, zone)}</section>')
    parts.append(f"<footer>{escape(_footer(found, zone, source, at, clock))}</footer>")
    return document(title, STYLE, "\n".join(parts))


def waterfall(found: Explanation) -> str | None:
    """A chart of what adds up to the value, with its JavaScript; None where nothing does. Raises MissingExtra."""
    if sum_of(found) is None:
        _plotly()
        return None
    return picture.element(_figure(found), "waterfall", script=True)


def _plotly() -> Any:
    return picture.graphs("A page", ", or use --plain")


def _figure(found: Explanation) -> Figure:
    graphs = _plotly()
    bars = list(_bars(found))
    figure = graphs.Figure(
        graphs.Waterfall(
            x=list(range(len(bars))),
            y=[float(height) for _, height, _ in bars],
            measure=["relative"] * (len(bars) - 1) + ["total"],
            text=[text for *_, text in bars],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="text",
            connector={"line": {"color": "#b8c2cc", "width": 1}},
            increasing={"marker": {"color": "#2f855a"}},
            decreasing={"marker": {"color": "#c53030"}},
            totals={"marker": {"color": "#2b4c7e"}},
        )
    )
    figure.update_layout(
        height=380,
        margin={"l": 50, "r": 20, "t": 30, "b": 95},
        template="plotly_white",
        showlegend=False,
        xaxis={"tickvals": list(range(len(bars))), "ticktext": [label for label, *_ in bars], "tickangle": -35},
        yaxis={"title": {"text": escape(words_of(found.field))}, "zeroline": True},
    )
    return figure


def _bars(found: Explanation) -> Iterator[tuple[str, Any, str]]:
    """The label, height and text of each bar, the value last."""
    if isinstance(found.start, (int, float)) and found.start:
        yield "at first", found.start, f"{found.start:,}"
    added = [each for each in found.contributions if each.added is not None]
    shown = added[-BARS_MAX:]
    if earlier := added[: -len(shown)]:
        total = sum(each.added or 0 for each in earlier)
        yield f"{len(earlier):,} before", total, f"{total:+,}"
    for each in shown:
        amount = each.added or 0
        text = "" if len(shown) > TOLD_MAX else f"{amount:+,}"
        yield _label(each), amount, text
    yield "value", found.value, f"{found.value:,}"


def _label(each: Contribution) -> str:
    words = words_of(each.recorded.type)
    short = words if len(words) <= LABEL_MAX else words[: LABEL_MAX - 1] + "…"
    return f"{escape(short)} @{each.recorded.position}"


def _paragraph(depth: int, line: str) -> str:
    return f'<p style="margin-left:{depth * 1.5}rem">{escape(line)}</p>'


def _contributions(found: Explanation, zone: tzinfo) -> str:
    columns = ("entry", "when", "what", "who", "before", "after", "effect", "rule")
    rows = (
        (
            f"@{each.recorded.position}",
            _when(each.recorded, zone),
            each.recorded.type,
            each.recorded.actor,
            _side(each, "before"),
            _side(each, "after"),
            f"{each.added:+}" if each.role == "added" else each.role,
            ", ".join(each.rules),
        )
        for each in found.contributions[-ROWS_MAX:]
    )
    return _limited(columns, rows, len(found.contributions))


def _side(each: Contribution, side: str) -> Any:
    """The value before or after; of what fed it, the other fields that it wrote."""
    if each.role == "fed" and each.changes:
        return {change.field: getattr(change, side) for change in each.changes}
    return getattr(each, side)


def _decisions(found: Explanation, zone: tzinfo) -> Iterator[str]:
    """What each decision looked at, to be opened."""
    for each in found.contributions:
        looked = each.looked_at
        if looked is None:
            continue
        told = "\n".join(_paragraph(depth, line) for depth, line in decision_lines(each, zone))
        who = each.recorded.actor or each.recorded.type
        title = f"What {who} looked at for @{each.recorded.position}: {len(looked.events):,} entries"
        yield (
            f"<details><summary>{escape(title)}</summary>\n{told}\n<h2>These entries</h2>\n"
            f"{_events(looked.events, zone)}</details>"
        )


def _events(events: Sequence[Recorded], zone: tzinfo) -> str:
    rows = ((f"@{e.position}", _when(e, zone), e.type, e.actor, _data(e.data)) for e in events[-ROWS_MAX:])
    return _limited(("entry", "when", "what", "who", "data"), rows, len(events))


def _data(data: Any) -> Any:
    return data if data is None or isinstance(data, (str, int, float, dict, list)) else "(not text)"


def _limited(columns: Sequence[str], rows: Any, count: int) -> str:
    """A table that scrolls by itself where it is wider than the page, and says what it leaves out."""
    left_out = f"<p>The last {ROWS_MAX:,} of {count:,}.</p>" if count > ROWS_MAX else ""
    return f'{left_out}<div class="scroll">{table(columns, rows)}</div>'


def _when(event: Recorded, zone: tzinfo) -> str:
    return second_of(event.time_us, zone) + ("*" if is_late(event) else "")


def _footer(found: Explanation, zone: tzinfo, source: str, at: At | None, clock: str) -> str:
    us = None if at is None else at.occurred_us if at.occurred_us is not None else at.recorded_us
    moment = "now" if at is None or at.is_now else f"@{at.position}" if us is None else moment_text(us, zone)
    parts = [f"Store: {source}"] if source else []
    parts += [
        f"As of: {moment}, {clock} clock",
        f"Times in {zone_text(zone)}",
        f"Model: {found.model}, version {found.fingerprint[:12]}",
    ]
    late = "* recorded later than it happened. " if any(map(is_late, found.events)) else ""
    return f"{late}{' · '.join(parts)} · {name_of(found.entity)}, {found.field} · Made by Whence"
