"""The command that records scores by a scorecard or a function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import rich_click as click

from whence.app import Whence
from whence.cli import exits, screen
from whence.cli.command import as_form, by_actor, option
from whence.cli.packs import pack_command, show_rows
from whence.cli.screen import Form
from whence.config import load_named
from whence.pack import Written
from whence.packs.rescoring import rescoring

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
    given by another card or function, as an event lead.Scored with what it was made on. Where one that is named is not
    there, none is recorded. A function is given the lead and returns a number, or a number and the reason; it may look
    at nothing else. `whence why lead:42 score` then leads on to what it looked at.
    """
    if card is not None and function is not None:
        raise click.UsageError("--card and --function exclude each other.")
    named = None if function is None else load_named(function, Path.cwd())
    ids = [each.removeprefix("lead:") for each in leads] or None
    when = None if time is None else db.at(time).occurred_us
    done = rescoring.rescore(db, ids, card=card, function=named, name=function, time=when, by=by)
    if not show_rows(rescoring.Rescored, done, form, db.config.zone) and form == "screen":
        screen.note("Every score is as it was recorded last.")
    return exits.OK


COMMANDS = (rescore,)
