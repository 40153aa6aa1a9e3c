"""The command of funnels: it makes one call and shows what came of it, as touchpoints.asking says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rich_click as click

from whence.cli import screen
from whence.cli.command import draw, drawn, option
from whence.cli.packs import cells_of, columns_of
from whence.cli.screen import Column, Form
from whence.packs.funnels.funnel import Row, funnel
from whence.packs.funnels.periods import VERSIONS
from whence.packs.funnels.pictures import funnel_figure
from whence.packs.touchpoints.asking import asking, head_text
from whence.packs.touchpoints.touchpoints import Touchpoints


def versions_alone(*, versions: bool, periods: Sequence[str], **_: Any) -> None:
    if versions and periods:
        raise click.UsageError("--versions names the periods itself; leave out --period.")


def show_funnel(
    asked: Touchpoints, form: Form, *, pictures: Sequence[str], versions: bool, periods: Any, **question: Any
) -> bool:
    found = funnel(asked, periods=[VERSIONS] if versions else periods, **question)
    is_one = [(each.period, each.segment) for each in found.groups] == [(None, None)]
    first = [] if is_one else [Column("group", "cyan")]
    cells = cells_of(Row, form, asked.zone)
    lines = ((*([] if is_one else [each.name]), *cells(row)) for each in found.groups for row in each.rows)
    screen.table([*first, *columns_of(Row, form)], lines, form, caption=head_text(asked))
    for each in found.groups:
        if each.still_open:
            whose = "" if is_one else f"{each.name}: "
            screen.note(f"{whose}{each.still_open:,} started too late to be judged, and may still convert.")
    title = f"From {found.steps[0]} to {found.steps[-1]}"
    draw(pictures, "funnel", title, lambda: funnel_figure(found), head_text(asked))
    return any(group.rows[0].customers for group in found.groups)


COMMANDS = (
    asking(
        funnel,
        show_funnel,
        option(
            "--by", metavar="FIELD", help="A funnel for each value, as the start has it; settings: the version named."
        ),
        option("--versions", is_flag=True, help="Compare the periods between changes of whence.toml's settings."),
        drawn,
        refuse=versions_alone,
    ),
)
