"""How many customers get from step to step: all of them, or those who started in each of several periods, under each
version of the settings, or with each value of a field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated

import msgspec
import numpy as np

from whence.chains import NEVER, Chains
from whence.clock import LATEST_US, to_datetime
from whence.errors import InvalidQuery
from whence.pack import Share, Written
from whence.packs.funnels.durations import duration
from whence.packs.funnels.question import Exclude, How, Question, Span, Within, period_of
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import COUNT, Steps, at_least_one
from whence.packs.touchpoints.touchpoints import Touchpoints

TOP = 10
"""So many values of a field have a group of their own; the others are one."""
OTHER = "(other)"
VERSIONS = "versions"


class Row(msgspec.Struct, frozen=True):
    """A step of a funnel: how many customers got to it, as a share of the first step and of the one before, how many of
    them went no further, how many did it at all in whatever order, and the median time from the step before."""

    step: str
    customers: int
    of_first: Share | None
    of_previous: Share | None
    dropped: int
    did_it_at_all: int | None
    median_s: float | None


class Group(msgspec.Struct, frozen=True):
    """A funnel of some customers: those who started in a period, or under a value of a field. `still_open` are those
    who did not convert and whose window had not closed by the last event that is known: the window of the start that
    counts, so that of the others, too, some may yet convert by a later one."""

    period: str | None
    segment: str | None
    rows: tuple[Row, ...]
    still_open: int | None = None

    @property
    def name(self) -> str:
        return ", ".join(filter(None, (self.period, self.segment))) or "all"


class Funnel(msgspec.Struct, frozen=True):
    """The answer: a group for each period and value asked for, or one of all."""

    steps: tuple[str, ...]
    groups: tuple[Group, ...]


def funnel(
    asked: Touchpoints,
    steps: Steps,
    *,
    order: How = "ordered",
    within: Within = None,
    exclude: Exclude = (),
    by: str | None = None,
    periods: Annotated[
        Sequence[str], Written("--period", "PERIOD"), "starts in this: 2026-01, or A..B; more compare"
    ] = (),
    top: Annotated[int, COUNT, "so many values have their own funnel"] = TOP,
) -> Funnel:
    """$ whence journeys funnel Visited SignedUp Bought --within '30 days'
    $ whence journeys funnel Visited 'signed up: SignedUp|Invited' 'Bought amount>=20' --by source --json
    $ whence journeys funnel Visited Bought --period 2026-01-05..2026-01-08 --period 2026-01-09 --picture funnel.html

    How many customers get from step to step.

    A step is an event type, several as A|B, with conditions and a name: "Bought: Paid|Invoiced amount>=20".
    ordered: other events may lie between; strict: each step is the very next event; any: in whichever order. A
    customer counts once, by the start that gets furthest. did_it_at_all counts whoever did the step, whatever else;
    it is known where all are asked for steps in order alone.

    Of several periods only the starts lie in each; later steps count whenever they come, so to compare periods fairly
    say within: who started too late for it is still open. --versions, in Python periods=["versions"], compares the
    periods between the events that whence.toml's `settings` name. --by takes a field of the data, actor, or settings,
    the version that a decision names. The command ends with 1 when nobody did the first step.
    """
    at_least_one(top=top)
    meant = Question.of(asked, steps, order, within, exclude)
    if by is not None:
        asked.having(by, meant.starting)
    groups = []
    for name, period in _periods(asked, periods):
        found, did = meant.chains(period)
        if by is None:
            groups.append(_group(meant, found, name, None, did))
        else:
            groups += [_group(meant, part, name, value, None) for value, part in _parts(meant, found, by, top)]
    return Funnel(meant.names, tuple(groups))


def _periods(asked: Touchpoints, said: Sequence[str]) -> list[tuple[str | None, Span | None]]:
    """The periods that are meant, each with its name."""
    if list(said) == [VERSIONS]:
        return list(_versions(asked))
    return [(each, period_of(asked, each)) for each in said or (None,)]


def _versions(asked: Touchpoints) -> Iterator[tuple[str, Span]]:
    """The periods between the changes of settings, named by the change that begins each."""
    query = asked.db.config.settings_query()
    if query is None:
        remedy = 'Name them in whence.toml: settings = ["PromptChanged"].'
        raise InvalidQuery("No events are known to change the settings", remedy=remedy)
    changes = list(asked.history.events(query, order="occurred"))
    if not changes and not any(asked.db.history().events(query)):
        named = ", ".join(asked.db.config.settings) or "those of packs"
        remedy = 'Name what does in whence.toml: settings = ["PromptChanged"]; whence types lists what there is.'
        raise InvalidQuery("No event ever changed the settings", settings=named, remedy=remedy)
    names = ["before", *(f"@{each.position} {each.type} {_day(asked, each.time_us)}" for each in changes)]
    bounds = pairwise([-LATEST_US, *(each.time_us for each in changes), LATEST_US + 1])
    for name, (first, following) in zip(names, bounds, strict=True):
        if first < following:
            yield name, (first, following - 1)


def _day(asked: Touchpoints, us: int) -> str:
    return to_datetime(us).astimezone(asked.zone).date().isoformat()


def _parts(meant: Question, found: Chains, by: str, top: int) -> Iterator[tuple[str, Chains]]:
    """The customers apart by the value of a field as their start has it: the most frequent values, then the others,
    with whom a value is that has their name."""
    asked = meant.asked
    events = " UNION ALL ".join(
        f"SELECT *, {number} AS step FROM ({asked.rows_of_step(step, {'value': by})})"
        for number, step in enumerate(meant.starting)
    )
    starts = asked.registered("starts", {"who": found.who, "time_us": found.starts_us})
    query = statement(__package__, "values_at_starts", events=events, starts=starts)
    told = asked.sql(query).column("value").to_pylist()  # one for each customer, in the order of `found`
    counts = Counter(told)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    names = dict.fromkeys([*ranked[:top], *([OTHER] if ranked[top:] else [])])
    part_of = np.array([value if value in names else OTHER for value in told], object)
    for name in names:
        yield name, found.only(part_of == name)


def _group(meant: Question, found: Chains, period: str | None, segment: str | None, did: Sequence[int] | None) -> Group:
    counts = np.count_nonzero(found.times != NEVER, axis=0).tolist()
    rows = [
        Row(
            step=name,
            customers=counts[number],
            of_first=_share(counts[number], counts[0]),
            of_previous=_share(counts[number], counts[number - 1]) if number else None,
            dropped=counts[number] - counts[number + 1] if number + 1 < len(counts) else 0,
            did_it_at_all=did[number] if did else None,
            median_s=duration(meant, found, number - 1, number).median_s if number else None,
        )
        for number, name in enumerate(meant.names)
    ]
    still_open = None
    if meant.window_us is not None:
        begun = found.starts_us[found.levels < len(meant.steps)]
        still_open = int(np.count_nonzero(begun > meant.asked.last_us - meant.window_us))
    return Group(period, segment, tuple(rows), still_open)


def _share(count: int, of: int) -> float | None:
    return round(count / of, 6) if of else None
