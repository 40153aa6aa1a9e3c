"""What is asked about a pipeline: now or as of any moment, by either clock. Days are whole and parts of 24 hours; what
is not known yet is counted apart and never guessed."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median, quantiles
from typing import Annotated, TypeVar

import msgspec

from whence.calendar import Calendar, Unit
from whence.clock import to_datetime, to_us
from whence.errors import InvalidConfig, InvalidQuery, NotKnown, near
from whence.pack import Asked, table
from whence.packs.leads.pipeline import Pipeline
from whence.packs.leads.state import Lead

DAY = timedelta(days=1)
UNKNOWN = "—"
"""What stands for a source, an owner or a reason that nobody said."""

Source = Annotated[str | None, "only leads from this source"]
Owner = Annotated[str | None, "only leads of this owner"]
Since = Annotated[date | None, "only leads that came on this day or later"]
Until = Annotated[date | None, "only leads that came on this day or earlier"]


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
    stages, leads = _leads(asked, source=source, owner=owner)
    by_stage = _grouped([lead for lead in leads.values() if lead.stage], lambda lead: lead.stage)
    total = sum(map(len, by_stage.values()))
    for stage in stages.in_order(by_stage):
        here = by_stage.get(stage, [])
        days = _median(_days(lead.stage_since, asked.moment) for lead in here)
        yield InStage(stage, len(here), _share(len(here), total), _value(here), days)


class Reached(msgspec.Struct, frozen=True):
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
    stages, leads = _leads(asked, source, owner, since, until)
    here = Counter(lead.stage for lead in leads.values())
    before: set[str] | None = None
    for stage in _all_stages(stages, leads):
        reached = {id for id, lead in leads.items() if stage in lead.reached}
        lost = stages.outcome(stage) == "lost"
        of_before = None if before is None or lost else _share(len(reached & before), len(before))
        yield Reached(stage, len(reached), of_before, _share(len(reached), len(leads)), here[stage])
        if stages.outcome(stage) == "open":
            before = reached


class Between(msgspec.Struct, frozen=True):
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
    from_: Annotated[str | None, "from the first time in this stage; by default each stage to the next"] = None,
    to: Annotated[str | None, "to the first time after it in this one; by default the won one"] = None,
    source: Source = None,
    owner: Owner = None,
    since: Since = None,
    until: Until = None,
) -> Iterable[Between]:
    """$ whence leads times
    $ whence leads times --from contacted --to won

    How many days it takes from stage to stage: the quartiles of those that went. Those that still wait, in a stage
    before it, and those that went on or ended elsewhere, are counted beside them.
    """
    stages, leads = _leads(asked, source, owner, since, until)
    for start, end in _steps(stages, from_, to):
        went, waiting, elsewhere = list[float](), 0, 0
        for lead in leads.values():
            began = lead.reached.get(start)
            ended = None if began is None else _first_after(lead.path(), start, end)
            if began is not None and ended is not None:
                went.append(_days(began, ended))
            elif began is not None and lead.outcome == "open" and stages.is_before(lead.stage, end):
                waiting += 1
            elif began is not None:
                elsewhere += 1
        yield Between(start, end, len(went), waiting, elsewhere, *_quartiles(went))


class Ageing(msgspec.Struct, frozen=True):
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
    $ whence leads ageing --stage contacted --over 14 --owner anna

    The leads that are open, those that have been in their stage the longest first: the days in it (here), since the
    last touch (quiet), and since the lead came.
    """
    stages, leads = _leads(asked, source=source, owner=owner)
    known = _all_stages(stages, leads)
    if stage is not None and stage not in known:
        of_any = _all_stages(stages, asked.states(Lead))  # it may be one that only leads not meant here were in
        if stage not in of_any:
            raise NotKnown("No such stage", stage=stage, remedy=near(stage, of_any))
    now, rows = asked.moment, []
    for id, lead in leads.items():
        if lead.stage is None or lead.outcome != "open" or stage not in (None, lead.stage):
            continue
        here, age = _days(lead.stage_since, now), round(_days(lead.since, now), 2)
        quiet = None if lead.last_touch is None else round(_days(lead.last_touch, now), 2)
        if here >= over:
            rows.append(Ageing(id, lead.stage, lead.owner, lead.source, lead.score, round(here, 2), quiet, age))
    return sorted(rows, key=lambda row: (-row.days_here, known.index(row.stage)))


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
    stages, leads = _leads(asked, owner=owner, since=since, until=until)
    return _outcomes(OfSource, stages, _grouped(leads.values(), lambda lead: lead.source))


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
    stages, leads = _leads(asked, source=source, since=since, until=until)
    return _outcomes(OfOwner, stages, _grouped(leads.values(), lambda lead: lead.owner))


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
    _, leads = _leads(asked, source, owner, since, until)
    for outcome in ("won", "lost"):
        ended = [lead for lead in leads.values() if lead.outcome == outcome]
        for reason, found in _largest_first(_grouped(ended, lambda lead: lead.reason)):
            share, days = _share(len(found), len(ended)), _median(map(_days_to_end, found))
            yield Reason(outcome, reason, len(found), share, _value(found), days)


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
    _, leads = _leads(asked, source, owner, since, until)
    for touch in sorted({touch for lead in leads.values() for touch in lead.touches}):
        found = [lead for lead in leads.values() if touch in lead.touches]
        won = sum(lead.outcome == "won" for lead in found)
        yield Touches(touch, sum(lead.touches[touch] for lead in found), len(found), won, _share(won, len(found)))


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
    stages, leads = _leads(asked, source=source, owner=owner)
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


# What they share.


def _leads(
    asked: Asked,
    source: str | None = None,
    owner: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> tuple[Pipeline, dict[str, Lead]]:
    """The pipeline in force, `stages` to its users since a table is called pipeline, and the leads that are meant.
    Raises NotKnown where none has the source."""
    if since is not None and until is not None and until < since:
        remedy = "Let --until be the later day."
        raise InvalidQuery("It ends before it begins", since=since, until=until, remedy=remedy)
    leads = asked.states(Lead)
    known = {lead.source for lead in leads.values() if lead.source is not None}
    if source is not None and source not in known and known:
        raise NotKnown("No lead has this source then", source=source, remedy=near(source, sorted(known)))

    def meant(lead: Lead) -> bool:
        came = lead.since
        if came is None or source not in (None, lead.source) or owner not in (None, lead.owner):
            return False
        day = came.astimezone(asked.zone).date()
        return (since is None or since <= day) and (until is None or day <= until)

    found = {id: lead for id, lead in leads.items() if meant(lead)}
    if not found and not any(value for value in (source, owner, since, until)):
        remedy = "Import some, or whence leads create; [pack.leads.events] says which events of others are read."
        raise NotKnown("No lead is there", remedy=remedy)
    return asked.as_configured(Lead).pipeline(), found


def _all_stages(stages: Pipeline, leads: Mapping[str, Lead]) -> list[str]:
    """The stages of the pipeline in order, with those behind them that only events of these leads name."""
    return stages.in_order({stage for lead in leads.values() for stage in lead.reached})


Row = TypeVar("Row", bound=msgspec.Struct)


def _outcomes(row: type[Row], stages: Pipeline, groups: Mapping[str, Sequence[Lead]]) -> Iterator[Row]:
    """The row of each source or owner, those with most leads first."""
    for name, found in _largest_first(groups):
        outcomes = Counter(lead.outcome for lead in found)
        won = [lead for lead in found if lead.outcome == "won"]
        qualified = sum(stages.is_qualified(lead.reached) for lead in found)
        counts = (len(found), outcomes["open"], qualified, outcomes["won"], outcomes["lost"])
        yield row(name, *counts, _share(len(won), len(found)), _value(won), _median(map(_days_to_end, won)))


def _grouped(leads: Iterable[Lead], key: Callable[[Lead], str | None]) -> dict[str, list[Lead]]:
    """Leads by what the key says of each, UNKNOWN where it says nothing."""
    found: dict[str, list[Lead]] = {}
    for lead in leads:
        found.setdefault(key(lead) or UNKNOWN, []).append(lead)
    return found


def _largest_first(groups: Mapping[str, Sequence[Lead]]) -> list[tuple[str, Sequence[Lead]]]:
    """The groups with most leads first, those of as many by name."""
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def _steps(stages: Pipeline, start: str | None, end: str | None) -> list[tuple[str, str]]:
    """From which stage to which: the one asked about, or each to the next and the first to the won one."""
    for stage in (start, end):
        if stage is not None and stage not in stages.stages:
            known = ", ".join(stages.stages)
            raise InvalidConfig("No such stage", stage=stage, remedy=f"There are: {known}.")
    onward = [stage for stage in stages.stages if stage not in stages.lost]
    if start is None and end is None:
        last = next(each for each in onward if each in stages.won)
        return [*pairwise(onward), (onward[0], last)]
    return [(start or stages.first, end or stages.won[0])]


def _first_after(path: Sequence[tuple[str, datetime]], start: str, end: str) -> datetime | None:
    """When the end was first entered after the start was."""
    began = next(number for number, (stage, _) in enumerate(path) if stage == start)
    return next((time for stage, time in path[began + 1 :] if stage == end), None)


def _days(since: datetime | None, until: datetime | None) -> float:
    return 0.0 if since is None or until is None else (until - since) / DAY


def _days_to_end(lead: Lead) -> float:
    """How long it took to the stage that it is in."""
    return _days(lead.since, lead.stage_since)


def _median(days: Iterable[float]) -> float | None:
    found = list(days)
    return round(median(found), 2) if found else None


def _quartiles(days: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """The quartiles, between two values where they lie between two (the inclusive method)."""
    if len(days) < 2:
        return (_median(days),) * 3
    low, middle, high = quantiles(days, n=4, method="inclusive")
    return round(low, 2), round(middle, 2), round(high, 2)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _value(leads: Iterable[Lead]) -> str:
    """What they bought for, exactly, by currency."""
    sums: dict[str, Decimal] = {}
    for lead in leads:
        if lead.amount is not None:
            sums[lead.currency or ""] = sums.get(lead.currency or "", Decimal()) + lead.amount
    return ", ".join(f"{amount} {currency}".strip() for currency, amount in sorted(sums.items()))


def _period_ends(first: datetime, asked: Asked, every: Unit) -> list[datetime]:
    """The ends of the days, weeks or months from a time on, in the zone; the last is the moment asked about."""
    begins_us = Calendar.over(to_us(first), asked.moment_us, every, asked.zone).begins_us[1:-1]
    return [*(to_datetime(us - 1).astimezone(asked.zone) for us in begins_us.tolist()), asked.moment]


TABLES = (pipeline, conversion, times, ageing, sources, owners, reasons, touches, over_time)
