"""How far leads come: how many ever reached each stage, how long it takes from one to another, and which of those that
are open have waited for long. What is not known yet is counted apart and never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import quantiles
from typing import Annotated

import msgspec

from whence.errors import InvalidQuery, NotKnown, near
from whence.pack import Asked, table
from whence.packs.advancing.meant import Owner, Since, Source, Until, days_between, leads_meant, median_days, share_of
from whence.packs.leads.pipeline import Pipeline
from whence.packs.leads.state import Lead


class Reached(msgspec.Struct, frozen=True):
    """A stage: how many leads ever reached it, as a share of those that reached the one before, which is None
    for lost stages, and of all; and how many are in it."""

    stage: str
    reached: int
    of_before: float | None
    of_all: float | None
    here: int


@table
def conversion(
    asked: Asked, *, source: Source = None, owner: Owner = None, since: Since = None, until: Until = None
) -> Iterable[Reached]:
    """$ whence leads conversion
    $ whence leads conversion --source website --since 2026-01-01 --until 2026-03-31

    How many leads ever reached each stage: of those that reached the one before, and of all; and how many are there.
    """
    stages, leads = leads_meant(asked, source, owner, since, until)
    here = Counter(lead.stage for lead in leads.values())
    before: set[str] | None = None
    for stage in _all_stages(stages, leads):
        reached = {id for id, lead in leads.items() if stage in lead.reached}
        outcome = stages.outcome(stage)
        of_before = None if before is None or outcome == "lost" else _share(len(reached & before), len(before))
        yield Reached(stage, len(reached), of_before, _share(len(reached), len(leads)), here[stage])
        if outcome == "open":
            before = reached


class Between(msgspec.Struct, frozen=True):
    """From one stage to another: how many went, wait in a stage before it, or went on or ended without it
    (elsewhere); and of those that went the quartiles of the days that it took."""

    from_: str = msgspec.field(name="from")
    to: str
    went: int
    waiting: int
    elsewhere: int
    q1_days: float | None
    median_days: float | None
    q3_days: float | None


@table
def times(
    asked: Asked,
    *,
    from_: Annotated[str | None, "from the first time in this stage; by default the first one"] = None,
    to: Annotated[str | None, "to the first time after it in this one; by default the won one"] = None,
    source: Source = None,
    owner: Owner = None,
    since: Since = None,
    until: Until = None,
) -> Iterable[Between]:
    """$ whence leads times
    $ whence leads times --from contacted --to won

    How many days it takes from stage to stage: the quartiles of those that went. Those that still wait, in a stage
    before it, and those that went on or ended elsewhere, are counted beside them. Without --from and --to it is each
    stage to the next, and the first to the won one.
    """
    stages, leads = leads_meant(asked, source, owner, since, until)
    for start, end in _steps(stages, from_, to):
        went, waiting, elsewhere = list[float](), 0, 0
        for lead in leads.values():
            began = lead.reached.get(start)
            ended = None if began is None else _first_after(lead.path(), start, end)
            if began is not None and ended is not None:
                went.append(days_between(began, ended))
            elif began is not None and lead.outcome == "open" and stages.is_before(lead.stage, end):
                waiting += 1
            elif began is not None:
                elsewhere += 1
        yield Between(start, end, len(went), waiting, elsewhere, *_quartiles(went))


class Ageing(msgspec.Struct, frozen=True):
    """An open lead: the days in its stage, since the last touch, and since it came."""

    lead: str
    stage: str
    owner: str | None
    source: str | None
    score: int | float | None
    days_here: float
    days_quiet: float | None
    days: float


@table
def ageing(
    asked: Asked,
    *,
    stage: Annotated[str | None, "only those in this stage"] = None,
    over: Annotated[float, "only those that have been in it for so many days"] = 0,
    source: Source = None,
    owner: Owner = None,
) -> Iterable[Ageing]:
    """$ whence leads ageing
    $ whence leads ageing --stage contacted --over 14 --owner ben

    The leads that are open, those that have been in their stage the longest first: the days in it (here), since the
    last touch (quiet), and since the lead came.
    """
    if not over >= 0:
        raise InvalidQuery("A lead is in its stage for some days, or for none", over=over, remedy="Say --over 14.")
    stages, leads = leads_meant(asked, source=source, owner=owner)
    known = _all_stages(stages, leads)
    if stage is not None and stage not in known:
        of_any = _all_stages(stages, asked.states(Lead))  # it may be one that only leads not meant here were in
        if stage not in of_any:
            raise NotKnown("No such stage", stage=stage, remedy=near(stage, of_any))
    now, rows = asked.moment, []
    for id, lead in leads.items():
        if lead.stage is None or lead.outcome != "open" or stage not in (None, lead.stage):
            continue
        here, age = days_between(lead.stage_since, now), round(days_between(lead.since, now), 2)
        quiet = None if lead.last_touch is None else round(days_between(lead.last_touch, now), 2)
        if here >= over:
            rows.append(Ageing(id, lead.stage, lead.owner, lead.source, lead.score, round(here, 2), quiet, age))
    return sorted(rows, key=lambda row: (-row.days_here, known.index(row.stage)))


def _share(part: int, whole: int) -> float | None:
    """None where nobody is the whole: then there is nothing to be a share of."""
    return share_of(part, whole) if whole else None


def _all_stages(stages: Pipeline, leads: Mapping[str, Lead]) -> list[str]:
    """The stages of the pipeline in order, with those behind them that only events of these leads name."""
    return stages.in_order({stage for lead in leads.values() for stage in lead.reached})


def _steps(stages: Pipeline, start: str | None, end: str | None) -> list[tuple[str, str]]:
    """From which stage to which: the one asked about, or each to the next and the first to the won one, each once. Of
    several won ones it is the first that whence.toml names."""
    for stage in (start, end):
        if stage is not None and stage not in stages.moves:
            raise NotKnown("No such stage", stage=stage, remedy=near(stage, stages.moves))
    won = stages.ends["won"][0]
    if start is not None or end is not None:
        return [(start or stages.first, end or won)]
    onward = [stage for stage in stages.moves if stage == won or stages.outcome(stage) == "open"]
    return list(dict.fromkeys([*pairwise(onward), (onward[0], won)]))


def _first_after(path: Sequence[tuple[str, datetime]], start: str, end: str) -> datetime | None:
    """When the end was first entered after the start was."""
    began = next(number for number, (stage, _) in enumerate(path) if stage == start)
    return next((time for stage, time in path[began + 1 :] if stage == end), None)


def _quartiles(days: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """The quartiles, between two values where they lie between two (the inclusive method)."""
    if len(days) < 2:
        return (median_days(days),) * 3
    low, middle, high = quantiles(days, n=4, method="inclusive")
    return round(low, 2), round(middle, 2), round(high, 2)
