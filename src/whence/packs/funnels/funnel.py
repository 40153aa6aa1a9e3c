"""How many customers get from step to step: all of them, or those who started in each of several periods, under each
version of the settings, or with each value of a field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
import numpy as np

from whence.chains import NEVER, Array, Chains
from whence.duration import SECOND_US
from whence.pack import Share, Written
from whence.packs.funnels.periods import periods_of
from whence.packs.funnels.question import Exclude, How, Question, Within
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import COUNT, Steps, at_least_one
from whence.packs.touchpoints.touchpoints import Touchpoints

TOP = 10
"""So many values of a field have a group of their own; the others are one."""
OTHER = "(other)"


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
    who did not convert and whose window had not closed by the last event that is known."""

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
    it is known only without --by, --period and --exclude, in order `ordered`, where no type is of two steps.

    Of several periods only the starts lie in each; later steps count whenever they come, so to compare periods fairly
    say within: who started too late for it is still open. --versions, in Python periods=["versions"], compares the
    periods between the events that whence.toml's `settings` name. --by takes a field of the data, actor, or settings,
    the version that a decision names. The command ends with 1 when nobody did the first step.
    """
    at_least_one(top=top)
    question = Question.of(asked, steps, order, within, exclude)
    if by is not None:
        asked.having(by, question.starting)
    groups = []
    for name, period in periods_of(asked, periods):
        chains, did_each = question.chains(period)
        if by is None:
            groups.append(_group(question, chains, name, None, did_each))
        else:
            parts = _by_value(question, chains, by, top)
            groups += [_group(question, part, name, value, None) for value, part in parts]
    return Funnel(question.names, tuple(groups))


def _by_value(question: Question, chains: Chains, field: str, top: int) -> Iterator[tuple[str, Chains]]:
    """The customers apart by the value of a field as their start has it: the most frequent values, then the others,
    with whom a value is that has their name."""
    asked = question.asked
    events = " UNION ALL ".join(
        f"SELECT *, {number} AS step FROM ({asked.rows_of_step(step, {'value': field})})"
        for number, step in enumerate(question.starting)
    )
    starts = asked.registered("starts", {"who": chains.who, "time_us": chains.starts_us})
    query = statement(__package__, "values_at_starts", events=events, starts=starts)
    values = asked.sql(query).column("value").to_pylist()  # one for each customer, in the order of `chains`
    counts = Counter(values)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    names = dict.fromkeys([*ranked[:top], *([OTHER] if ranked[top:] else [])])
    name_of_each = np.array([value if value in names else OTHER for value in values], object)
    for name in names:
        yield name, chains.only(name_of_each == name)


def _group(
    question: Question, chains: Chains, period: str | None, segment: str | None, did_each: Sequence[int] | None
) -> Group:
    counts = np.count_nonzero(chains.times != NEVER, axis=0).tolist()
    rows = [
        Row(
            step=name,
            customers=count,
            of_first=_share(count, counts[0]),
            of_previous=_share(count, counts[number - 1]) if number else None,
            dropped=count - counts[number + 1] if number + 1 < len(counts) else 0,
            did_it_at_all=did_each[number] if did_each else None,
            median_s=_median_s(chains.took_us(number - 1, number)) if number else None,
        )
        for number, (name, count) in enumerate(zip(question.names, counts, strict=True))
    ]
    still_open = None
    if question.window_us is not None:
        begun_us = chains.starts_us[chains.levels < len(question.steps)]
        still_open = int(np.count_nonzero(begun_us > question.asked.last_us - question.window_us))
    return Group(period, segment, tuple(rows), still_open)


def _median_s(took_us: Array) -> float | None:
    return round(float(np.quantile(took_us / SECOND_US, 0.5)), 6) if len(took_us) else None


def _share(count: int, of: int) -> float | None:
    return round(count / of, 6) if of else None
