"""The command beside those of the tables: pictures."""

from __future__ import annotations

from typing import Annotated, Literal

import rich_click as click

from whence.app import Moment, Whence
from whence.calendar import Unit
from whence.cli import exits, screen
from whence.cli.command import at_moment
from whence.cli.packs import pack_command
from whence.cli.screen import Form
from whence.packs.advancing.meant import Owner, Source


@pack_command("leads", at_moment)
def picture(
    db: Whence,
    form: Form,
    what: Literal["over-time", "funnel"],
    file: str,
    *,
    source: Source = None,
    owner: Owner = None,
    every: Annotated[Unit | None, "at the end of each, over time; else week"] = None,
    at: Moment = None,
    clock: str = "occurred",
) -> int:
    """$ whence leads picture funnel funnel.html
    $ whence leads picture over-time pipeline.html --every week --at 2026-01-31

    The pipeline over time or the funnel, as a page or PNG.

    Draws how many open leads were in each stage over time, or how many ever reached each stage, as a page that works
    offline (.html) or as a picture (.png). It needs plotly.
    """
    from whence.packs.conversion.figures import draw

    if every is not None and what == "funnel":
        raise click.UsageError("--every is for over-time.")
    more = {} if every is None else {"every": every}
    draw(db, what, file, at=at, clock=clock, source=source, owner=owner, **more)
    screen.styled(f"Wrote {file}", "green")
    return exits.OK


COMMANDS = (picture,)
