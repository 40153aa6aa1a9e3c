"""The commands of paths and attribution, made as touchpoints.asking says."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from whence.cli import screen
from whence.cli.command import draw, drawn
from whence.cli.packs import show_rows
from whence.cli.screen import Column, Form
from whence.packs.attribution.attribution import NONE, Credit, attribution
from whence.packs.attribution.paths import Link, paths, paths_figure
from whence.packs.touchpoints.asking import asking, count_shown, head_text, rows
from whence.packs.touchpoints.touchpoints import Touchpoints


def show_paths(asked: Touchpoints, form: Form, *, pictures: Sequence[str], **question: Any) -> int:
    found = paths(asked, **question)
    start, end = question["start"], question["end"]
    count = show_rows(Link, found, form, asked.zone, caption=head_text(asked))
    title = f"What comes before {end}" if end else f"What follows {start}" if start else "Paths"
    draw(pictures, "paths", title, lambda: paths_figure(found), head_text(asked))
    return count_shown(count, form)


def show_attribution(asked: Touchpoints, form: Form, *, models: Any, **question: Any) -> int:
    found = attribution(asked, models=models, **question)
    if form != "screen" or not found:
        return rows(asked, form, Credit, found)
    credits = {(each.channel, each.model): each for each in found}
    most: dict[str, Decimal] = {}
    for each in found:
        most[each.channel] = max(each.conversions, most.get(each.channel, each.conversions))
    channels = sorted(most, key=lambda name: (name == NONE, -most[name], name))
    what = "conversions" if found[0].total is None else "conversions, and what they come to"
    columns = [Column("channel", "cyan"), *(Column(model, right=True) for model in models)]
    lines = ((name, *(_credit(credits.get((name, model))) for model in models)) for name in channels)
    return screen.table(columns, lines, form, caption=f"{what}; {head_text(asked)}")


def _credit(credit: Credit | None) -> str:
    if credit is None:
        return "—"
    text = f"{credit.conversions:,.2f} · {credit.share:.1%}"
    return text if credit.total is None else f"{text} · {credit.total:,.2f}"


COMMANDS = (
    asking(paths, show_paths, drawn),
    asking(attribution, show_attribution),
)
