"""How many leads are in each stage, now or as of any moment, by either clock."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from whence.pack import Asked, table
from whence.packs.advancing.meant import (
    Owner,
    Source,
    days_between,
    grouped,
    leads_meant,
    median_days,
    share_of,
    value_of,
)


class InStage(msgspec.Struct, frozen=True):
    stage: str
    leads: int
    share: float
    value: str
    median_days: float | None


@table
def pipeline(asked: Asked, *, source: Source = None, owner: Owner = None) -> Iterable[InStage]:
    """$ whence leads pipeline
    $ whence leads pipeline --at 2026-01-31 --owner anna

    How many leads are in each stage, how much they bought for, and how long they have been there.
    """
    stages, leads = leads_meant(asked, source=source, owner=owner)
    by_stage = grouped([lead for lead in leads.values() if lead.stage], lambda lead: lead.stage)
    total = sum(map(len, by_stage.values()))
    for stage in stages.in_order(by_stage):
        here = by_stage.get(stage, [])
        days = median_days(days_between(lead.stage_since, asked.moment) for lead in here)
        yield InStage(
            stage, len(here), share_of(len(here), total), value_of(each for each in here if each.outcome == "won"), days
        )
