"""What comes of leads: by source, by owner, by what was done, and why they were won and lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from whence.pack import Asked, table
from whence.packs.advancing.meant import (
    Owner,
    Since,
    Source,
    Until,
    days_between,
    grouped,
    leads_meant,
    median_days,
    share_of,
    value_of,
)
from whence.packs.leads.pipeline import Pipeline
from whence.packs.leads.state import Lead


class OfSource(msgspec.Struct, frozen=True):
    source: str
    leads: int
    open: int
    qualified: int
    won: int
    lost: int
    rate: float
    value: str
    median_days: float | None


@table
def sources(asked: Asked, *, owner: Owner = None, since: Since = None, until: Until = None) -> Iterable[OfSource]:
    """$ whence leads sources
    $ whence leads sources --since 2026-01-01 --json

    What the leads of each source come to: how many are open, were ever qualified, are won and lost; the share of all
    that is won, for how much, and in how many days.
    """
    stages, leads = leads_meant(asked, owner=owner, since=since, until=until)
    return _outcomes(OfSource, stages, grouped(leads.values(), lambda lead: lead.source))


class OfOwner(msgspec.Struct, frozen=True):
    owner: str
    leads: int
    open: int
    qualified: int
    won: int
    lost: int
    rate: float
    value: str
    median_days: float | None


@table
def owners(asked: Asked, *, source: Source = None, since: Since = None, until: Until = None) -> Iterable[OfOwner]:
    """$ whence leads owners

    The same by owner: whoever has the lead at the moment asked about.
    """
    stages, leads = leads_meant(asked, source=source, since=since, until=until)
    return _outcomes(OfOwner, stages, grouped(leads.values(), lambda lead: lead.owner))


class Reason(msgspec.Struct, frozen=True):
    outcome: str
    reason: str
    leads: int
    share: float
    value: str
    median_days: float | None


@table
def reasons(
    asked: Asked, *, source: Source = None, owner: Owner = None, since: Since = None, until: Until = None
) -> Iterable[Reason]:
    """$ whence leads reasons

    Why leads were won and lost: the share of all that were, for how much, and after how many days.
    """
    _, leads = leads_meant(asked, source, owner, since, until)
    for outcome in ("won", "lost"):
        ended = [lead for lead in leads.values() if lead.outcome == outcome]
        for reason, found in _largest_first(grouped(ended, lambda lead: lead.reason)):
            share, days = share_of(len(found), len(ended)), median_days(map(_days_to_end, found))
            yield Reason(outcome, reason, len(found), share, value_of(found), days)


class Touches(msgspec.Struct, frozen=True):
    touch: str
    times: int
    leads: int
    won: int
    rate: float


@table
def touches(
    asked: Asked, *, source: Source = None, owner: Owner = None, since: Since = None, until: Until = None
) -> Iterable[Touches]:
    """$ whence leads touches

    What was done and how often, by how many leads, and how many of these are won. It compares and proves no cause.
    """
    _, leads = leads_meant(asked, source, owner, since, until)
    for touch in sorted({touch for lead in leads.values() for touch in lead.touches}):
        found = [lead for lead in leads.values() if touch in lead.touches]
        won = sum(lead.outcome == "won" for lead in found)
        yield Touches(touch, sum(lead.touches[touch] for lead in found), len(found), won, share_of(won, len(found)))


Row = TypeVar("Row", bound=msgspec.Struct)


def _outcomes(row: type[Row], stages: Pipeline, groups: Mapping[str, Sequence[Lead]]) -> Iterator[Row]:
    """The row of each source or owner, those with most leads first."""
    for name, found in _largest_first(groups):
        outcomes = Counter(lead.outcome for lead in found)
        won = [lead for lead in found if lead.outcome == "won"]
        qualified = sum(_is_qualified(lead, stages) for lead in found)
        counts = (len(found), outcomes["open"], qualified, outcomes["won"], outcomes["lost"])
        yield row(name, *counts, share_of(len(won), len(found)), value_of(won), median_days(map(_days_to_end, won)))


def _is_qualified(lead: Lead, stages: Pipeline) -> bool:
    """Whether it ever reached the qualified stage, or one behind it that is not lost."""
    if stages.qualified is None:
        return False
    behind = (stage for stage in lead.reached if not stages.is_before(stage, stages.qualified))
    return any(stage not in stages.ends["lost"] for stage in behind)


def _largest_first(groups: Mapping[str, Sequence[Lead]]) -> list[tuple[str, Sequence[Lead]]]:
    """The groups with most leads first, those of as many by name."""
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def _days_to_end(lead: Lead) -> float:
    """How long it took to the stage that it is in."""
    return days_between(lead.since, lead.stage_since)
