"""The further commands of the pack: scores recorded by a scorecard or a function, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import rich_click as click

from whence.app import Moment, Whence
from whence.calendar import Unit
from whence.cli import exits, screen
from whence.cli.command import as_form, at_moment, by_actor, option
from whence.cli.packs import pack_command, show_rows
from whence.cli.screen import Form
from whence.config import load_named
from whence.pack import Written
from whence.packs.leads.tables import Owner, Source

as_of = option("--time", metavar="TIME", help="As of when; else now. A day alone means its end.")


@pack_command("leads", by_actor(help="Who scores."), as_of, as_form)
def rescore(
    db: Whence,
    form: Form,
    leads: Annotated[Sequence[str], Written(value="LEAD")] = (),
    *,
    card: Annotated[str | None, Written(value="NAME"), "the scorecard; else the one named as the kind is"] = None,
    function: Annotated[
        str | None, Written(value="FUNCTION"), "from a lead to a number: file.py:function, or module:function"
    ] = None,
    by: str | None = None,
    time: str | None = None,
) -> int:
    """$ whence leads rescore 42 --by scorer
    $ whence leads rescore --card lead_v2

    Score leads by a scorecard or a function, and record it.

    Scores the leads named, else all of them, and records each score that differs from the one recorded last, or was
    given by another card or function, as an event lead.Scored with what it was made on. A function is given the lead
    and returns a number, or a number and the reason; it may look at nothing else. `whence why lead:42 score` then leads
    on to what it looked at.
    """
    from whence.packs.leads.rescoring import Rescored
    from whence.packs.leads.rescoring import rescore as record

    if card is not None and function is not None:
        raise click.UsageError("--card and --function exclude each other.")
    named = None if function is None else load_named(function, Path.cwd())
    ids = [each.removeprefix("lead:") for each in leads] or None
    when = None if time is None else db.at(time).occurred_us
    done = record(db, ids, card=card, function=named, name=function, time=when, by=by)
    if not show_rows(Rescored, done, form, db.config.zone) and form == "screen":
        screen.note("Every score is as it was recorded last.")
    return exits.OK


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
    from whence.packs.leads.figures import draw

    if every is not None and what == "funnel":
        raise click.UsageError("--every is for over-time.")
    more = {} if every is None else {"every": every}
    draw(db, what, file, at=at, clock=clock, source=source, owner=owner, **more)
    screen.styled(f"Wrote {file}", "green")
    return exits.OK


COMMANDS = (rescore, picture)
