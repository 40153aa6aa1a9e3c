"""The commands of transitions: each makes one call and shows what came of it, as touchpoints.asking says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rich_click as click

from whence.cli.command import option
from whence.cli.packs import show_rows
from whence.cli.screen import Form
from whence.packs.touchpoints.asking import asking, head_text, rows
from whence.packs.touchpoints.touchpoints import Touchpoints
from whence.packs.transitions.dropouts import Dropped, dropped
from whence.packs.transitions.durations import Duration, times


def one_after_another(*, steps: Sequence[str], **_: Any) -> None:
    if len(steps) < 2:
        raise click.UsageError("From one step alone nobody goes on; name the next one too.")


def show_times(asked: Touchpoints, form: Form, **question: Any) -> bool:
    found = times(asked, **question)
    show_rows(Duration, found, form, asked.zone, caption=head_text(asked))
    return any(row.customers for row in found)


def show_dropped(asked: Touchpoints, form: Form, *, limit: int | None, **question: Any) -> int:
    found = dropped(asked, **question)
    return rows(asked, form, Dropped, found[:limit], f"{len(found):,} dropped out")


COMMANDS = (
    asking(times, show_times, refuse=one_after_another),
    asking(
        dropped,
        show_dropped,
        option("--limit", type=click.IntRange(1), metavar="N", help="So many, those who wait longest first."),
        refuse=one_after_another,
    ),
)
