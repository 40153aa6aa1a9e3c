"""The further commands of the pack: scores recorded by a scorecard or a function, and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from whence.cli import exits, screen
from whence.cli.command import at_moment, at_store, by_actor, command, in_zone, on_store, opened, option
from whence.cli.packs import show_rows
from whence.cli.screen import Form
from whence.config import load_named

if TYPE_CHECKING:
    from whence.app import Whence


@command(
    "rescore",
    "whence leads rescore 42 --by scorer",
    "whence leads rescore --card lead_v2",
    brief="Score leads by a scorecard or a function, and record it.",
)
@click.argument("leads", nargs=-1, metavar="[LEAD]…")
@option("--card", metavar="NAME", help="The scorecard; else the one named as the kind is.")
@option("--function", metavar="FUNCTION", help="file.py:function or module:function, from a lead to a number.")
@by_actor(help="Who scores.")
@option("--time", metavar="TIME", help="As of when; else now. A day alone means its end.")
@on_store()
def rescore(
    db: Whence,
    form: Form,
    leads: tuple[str, ...],
    card: str | None,
    function: str | None,
    by: str | None,
    time: str | None,
) -> int:
    """Scores the leads named, else all of them, and records each score that differs from the one recorded last, or was
    given by another card or function, as an event lead.Scored with what it was made on. A function is given the lead
    and returns a number, or a number and the reason; it may look at nothing else. `whence why lead:42 score` then leads
    on to what it looked at."""
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


@command(
    "picture",
    "whence leads picture funnel funnel.html",
    "whence leads picture over-time pipeline.html --every week --at 2026-01-31",
    brief="The pipeline over time or the funnel, as a page or PNG.",
)
@click.argument("what", type=click.Choice(["over-time", "funnel"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@option("--source", metavar="TEXT", help="Only leads from this source.")
@option("--owner", metavar="TEXT", help="Only leads of this owner.")
@option("--every", type=click.Choice(["day", "week", "month"]), help="At the end of each, over time; else week.")
@at_moment
@at_store
@in_zone
def picture(what: Any, file: Path, every: str | None, store: str | None, zone: str | None, **told: Any) -> int:
    """Draws how many open leads were in each stage over time, or how many ever reached each stage, as a page that works
    offline (.html) or as a picture (.png). It needs plotly."""
    from whence.packs.leads.figures import draw

    if every is not None and what == "funnel":
        raise click.UsageError("--every is for over-time.")
    more = {} if every is None else {"every": every}
    with opened(store, zone=zone) as db:
        draw(db, what, file, **told, **more)
    screen.styled(f"Wrote {file}", "green")
    return exits.OK


COMMANDS = (rescore, picture)
