"""How many leads were in each stage at the end of each period."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Annotated

import msgspec

from whence.calendar import Calendar, Unit
from whence.clock import to_datetime, to_us
from whence.pack import Asked, table
from whence.packs.advancing.meant import Owner, Source, leads_meant


class InStageThen(msgspec.Struct, frozen=True):
    time: datetime
    stage: str
    leads: int


@table
def over_time(
    asked: Asked,
    *,
    every: Annotated[Unit, "at the end of each"] = "week",
    ended: Annotated[bool, "with the stages that end it"] = False,
    source: Source = None,
    owner: Owner = None,
) -> Iterable[InStageThen]:
    """$ whence leads over-time --every month
    $ whence leads over-time --ended --csv

    How many leads were in each stage at the end of each day, week or month, up to the moment asked about.
    """
    stages, leads = leads_meant(asked, source=source, owner=owner)
    # At a moment there are in a stage as many as have entered it by then, less those that have left it.
    entered: dict[str, list[datetime]] = {}
    left: dict[str, list[datetime]] = {}
    for lead in leads.values():
        for stage, time in lead.path():
            entered.setdefault(stage, []).append(time)
        for (stage, _), (_, time) in pairwise(lead.path()):
            left.setdefault(stage, []).append(time)
    if not entered:
        return
    for moves in (*entered.values(), *left.values()):
        moves.sort()
    shown = [each for each in stages.in_order(entered) if ended or stages.outcome(each) == "open"]
    for moment in _period_ends(min(moves[0] for moves in entered.values()), asked, every):
        for stage in shown:
            came, went = bisect_right(entered.get(stage, ()), moment), bisect_right(left.get(stage, ()), moment)
            yield InStageThen(moment, stage, came - went)


def _period_ends(first: datetime, asked: Asked, every: Unit) -> list[datetime]:
    """The ends of the days, weeks or months from a time on, in the zone; the last is the moment asked about."""
    begins_us = Calendar.over(to_us(first), asked.moment_us, every, asked.zone).begins_us[1:-1]
    return [*(to_datetime(us - 1).astimezone(asked.zone) for us in begins_us.tolist()), asked.moment]
