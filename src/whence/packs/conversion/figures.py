"""What the tables of a pipeline look like: leads by stage over time, and how far they came. How a figure is written is
left to picture."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any, Literal

from whence.app import Moment, Whence
from whence.errors import NotKnown
from whence.moments import moment_text, zone_text
from whence.packs.conversion.over_time import InStageThen, over_time
from whence.packs.conversion.progress import Reached, conversion
from whence.packs.leads.state import Lead
from whence.picture import COLOURS, graphs, laid_out, plain, save

Figure = Any
DRAWN = {"over-time": (over_time, "Open leads by stage"), "funnel": (conversion, "How far leads came")}


def draw(
    db: Whence,
    what: Literal["over-time", "funnel"],
    path: str | os.PathLike[str],
    *,
    at: Moment = None,
    clock: str = "occurred",
    **options: Any,
) -> None:
    """Write leads by stage over time, or the funnel, into a page (.html) or a .png; the options are those of the tables
    `over-time` and `conversion`. Raises NotKnown where no lead is meant, and as picture.save does."""
    table, title = DRAWN[what]
    rows = db.table(table, at=at, clock=clock, **options)
    meant = {name: value for name, value in options.items() if value is not None}
    if not any(row.leads if isinstance(row, InStageThen) else row.reached for row in rows):
        raise NotKnown("There is nothing to draw", **meant, remedy="Ask for another source, owner or moment.")
    asked = db.asked(at, clock=clock, pack=db.pack("leads"))
    lost = asked.as_configured(Lead).pipeline().ends["lost"]
    figure = stacked(rows) if what == "over-time" else funnel(rows, lost)
    when = f"as of {moment_text(asked.moment_us, asked.zone)}, {clock} clock" if at is not None else "as of now"
    said = ", ".join([when, *(f"{name}: {value}" for name, value in meant.items())])
    save(figure, path, what, title, said=[said], footer=f"times in {zone_text(asked.zone)}")


def stacked(rows: Sequence[InStageThen]) -> Figure:
    """Leads by stage, one above the other, the first stage at the bottom."""
    made = graphs("A picture of the pipeline").Figure()
    for number, stage in enumerate(dict.fromkeys(row.stage for row in rows)):
        of_stage = [row for row in rows if row.stage == stage]
        made.add_scatter(
            x=[row.time.replace(tzinfo=None) for row in of_stage],
            y=[row.leads for row in of_stage],
            name=plain(stage),
            stackgroup="stages",
            line={"width": 1, "color": COLOURS[number % len(COLOURS)], "shape": "hv"},
            hovertemplate="%{x|%d %b %Y}: %{y} " + plain(stage) + "<extra></extra>",
        )
    return laid_out(made, "", "leads", height=420, dates=True)


def funnel(rows: Sequence[Reached], lost: Collection[str]) -> Figure:
    """How many leads reached each stage, the first stage at the top, those of the lost grey; beside each how many, and
    which share of all."""
    made = graphs("A picture of the pipeline").Figure()
    made.add_bar(
        y=[plain(row.stage) for row in rows],
        x=[row.reached for row in rows],
        orientation="h",
        marker={"color": [COLOURS[7] if row.stage in lost else COLOURS[0] for row in rows]},
        text=[f"{row.reached:,}  {row.of_all or 0:.1%}" for row in rows],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )
    made = laid_out(made, "leads that ever reached it", "", height=80 + 44 * max(len(rows), 2))
    most = max((row.reached for row in rows), default=1)
    return made.update_layout(
        yaxis={"autorange": "reversed", "showgrid": False, "ticks": ""}, xaxis={"range": [0, most * 1.18]}
    )
