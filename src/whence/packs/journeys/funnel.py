"""Funnels: how many customers get from step to step, how long it takes, and who dropped out where. How far each gets is
decided in chain; here steps become events, and the answer becomes rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

import msgspec
import numpy as np

from whence.clock import LATEST_US
from whence.duration import SECOND_US, us_of
from whence.errors import InvalidQuery
from whence.moments import span_of
from whence.pack import Share, Written
from whence.packs.journeys.chain import NEVER, OUT, Array, Chains, Order, Rows, chains, chains_within, first_chains
from whence.packs.journeys.sql import statement
from whence.packs.journeys.step import COUNT, SPAN, STEP, Step, Steps, at_least_one, steps_of
from whence.packs.journeys.touchpoints import TYPE, Touchpoints

TOP = 10
"""So many values of a field have a group of their own; the others are one."""
OTHER = "(other)"
VERSIONS = "versions"

How = Annotated[Order, "how steps may lie"]
Within = Annotated[str | None, SPAN, "so long after the start the last step still counts: '30 days'"]
Exclude = Annotated[Sequence[str | Step], STEP, "an event that ends an attempt; may be given again"]
Periods = Annotated[Sequence[str], Written("--period", "PERIOD"), "starts in this: 2026-01, or A..B; more compare"]
Period = Annotated[str | None, Written(value="PERIOD"), "starts in this: 2026-01, or A..B"]


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


class Duration(msgspec.Struct, frozen=True):
    """How long customers took from one step to another, in seconds; the last row is from the first step to the last."""

    from_step: str = msgspec.field(name="from")
    to_step: str = msgspec.field(name="to")
    customers: int
    min_s: float | None
    p25_s: float | None
    median_s: float | None
    mean_s: float | None
    p75_s: float | None
    p90_s: float | None
    max_s: float | None


class Dropped(msgspec.Struct, frozen=True):
    """A customer who got to a step and not to the next: when that was, and the last that is known of the customer."""

    customer: str
    step: str
    since_us: int = msgspec.field(name="since")
    missing: str
    last_type: str = msgspec.field(name="last")
    last_us: int = msgspec.field(name="last_at")


class Question(msgspec.Struct, frozen=True):
    """What a funnel is asked for: its steps, their order, the window from the start, what ends an attempt, and the
    period in which it starts."""

    steps: tuple[Step, ...]
    order: Order = "ordered"
    window_us: int | None = None
    exclude: tuple[Step, ...] = ()
    period: tuple[int, int] | None = None


def funnel(
    asked: Touchpoints,
    steps: Steps,
    *,
    order: How = "ordered",
    within: Within = None,
    exclude: Exclude = (),
    by: str | None = None,
    periods: Periods = (),
    top: Annotated[int, COUNT, "so many values have their own funnel"] = TOP,
) -> Funnel:
    """$ whence journeys funnel Visited SignedUp Bought --within '30 days'
    $ whence journeys funnel Visited 'signed up: SignedUp|Invited' 'Bought amount>=20' --by source --json
    $ whence journeys funnel Visited Bought --period 2026-01-05..2026-01-08 --period 2026-01-09 --picture funnel.html

    How many customers get from step to step.

    A step is an event type, several as A|B, with conditions and a name: "Bought: Paid|Invoiced amount>=20". ordered:
    other events may lie between; strict: each step is the very next event; any: in whichever order. A customer counts
    once, by the start that gets furthest. did_it_at_all counts whoever did the step, whatever else.

    Of several periods only the starts lie in each; later steps count whenever they come, so to compare periods fairly
    say within: who started too late for it is still open. --versions, in Python periods=["versions"], compares the
    periods between the events that whence.toml's `settings` name. --by takes a field of the data, actor, or settings,
    the version that a decision names. The command ends with 1 when nobody did the first step.
    """
    at_least_one(top=top)
    meant = _asked(asked, steps, order, within, exclude)
    if by is not None:
        asked.having(by, meant.steps if order == "any" else meant.steps[:1])
    groups = []
    for name, span in _periods(asked, periods):
        found, did = _chains(asked, msgspec.structs.replace(meant, period=span))
        parts = [(None, found)] if by is None else _parts(asked, meant, found, by, top)
        groups += [_group(asked, meant, part, name, value, did if by is None else None) for value, part in parts]
    names = tuple(each.name for each in meant.steps)
    return Funnel(names, tuple(groups))


def times(
    asked: Touchpoints,
    steps: Steps,
    *,
    order: How = "ordered",
    within: Within = None,
    exclude: Exclude = (),
    period: Period = None,
) -> list[Duration]:
    """$ whence journeys times Visited SignedUp Bought

    How long customers take from step to step.

    A row for each step and the next, and one from the first to the last: of those who got there, the shortest and the
    longest time, the mean, the median, and what a quarter, three quarters and nine tenths stay below. Steps are written
    as in whence journeys funnel. In JSON and CSV times are seconds.
    """
    meant = _asked(asked, steps, order, within, exclude, period)
    found, _ = _chains(asked, meant)
    count = len(meant.steps)
    pairs = [(step, step + 1) for step in range(count - 1)] + ([(0, count - 1)] if count > 2 else [])
    return [_duration(meant, found, *pair) for pair in pairs]


def dropped(
    asked: Touchpoints,
    steps: Steps,
    *,
    step: Annotated[str | int | None, Written(value="NAME|NUMBER"), "only who got to this step and no further"] = None,
    order: How = "ordered",
    within: Within = None,
    exclude: Exclude = (),
    period: Period = None,
) -> list[Dropped]:
    """$ whence journeys dropped Visited SignedUp Bought
    $ whence journeys dropped Visited SignedUp Bought --step Visited --json

    Who dropped out where, by name.

    The customers who got to a step and not to the next one: when they got there, what is missing, and the last that is
    known of them. Those who wait longest come first. Steps are written as in whence journeys funnel.
    """
    meant = _asked(asked, steps, order, within, exclude, period)
    found, _ = _chains(asked, meant)
    levels = found.levels
    wanted = range(1, len(meant.steps)) if step is None else [_number(meant, step)]
    chosen = np.flatnonzero(np.isin(levels, list(wanted)))
    gone = {"who": found.who[chosen], "level": levels[chosen], "since_us": found.times[chosen, levels[chosen] - 1]}
    query = statement("dropped").format(
        dropped=asked.registered("dropped", gone), touchpoints=asked.rows(columns={"type": TYPE})
    )
    return [
        Dropped(
            customer=asked.name(row["who"]),
            step=meant.steps[row["level"] - 1].name,
            since_us=row["since_us"],
            missing=meant.steps[row["level"]].name,
            last_type=asked.segments.types[row["last_type"]],
            last_us=row["last_us"],
        )
        for row in asked.sql(query).to_pylist()
    ]


# From steps to chains.


def _asked(
    asked: Touchpoints, steps: Sequence[Any], order: Order, within: str | None, exclude: Any, period: str | None = None
) -> Question:
    if order not in ("ordered", "strict", "any"):
        raise InvalidQuery("No such order", order=order, remedy="Say ordered, strict or any.")
    return Question(
        steps=tuple(asked.known(each) for each in steps_of(steps)),
        order=order,
        window_us=None if within is None else us_of(within),
        exclude=tuple(asked.known(each) for each in steps_of(exclude)) if exclude else (),
        period=None if period is None else _span(asked, period),
    )


def _chains(asked: Touchpoints, meant: Question) -> tuple[Chains, list[int] | None]:
    """The chains, and how many did each step at all, where that is known without asking more."""
    if meant.order != "ordered" or meant.exclude or not _are_apart(meant.steps):
        return _all_chains(asked, meant), None
    steps = _steps(asked, meant)
    if meant.window_us is None:
        found, did = first_chains(steps, asked.size)
    else:
        found, did = chains_within(steps, asked.size, meant.window_us)
    return found, None if meant.period else did


def _steps(asked: Touchpoints, meant: Question) -> Iterator[tuple[Array, Array]]:
    """Who did each step, and when; the starts within the period alone."""
    for number, step in enumerate(meant.steps):
        who, time_us = asked.arrays(asked.rows_of_step(step), "who", "time_us")
        if number == 0 and meant.period is not None:
            within = (time_us >= meant.period[0]) & (time_us <= meant.period[1])
            who, time_us = who[within], time_us[within]
        yield who, time_us


def _are_apart(steps: Iterable[Step]) -> bool:
    """Whether no event can count as two steps."""
    types = [type for step in steps for type in step.types]
    return len(types) == len(set(types))


def _all_chains(asked: Touchpoints, meant: Question) -> Chains:
    """The chains over all events of a customer in order."""
    parts = [(asked.rows_of_step(each), 1 << number) for number, each in enumerate(meant.steps)]
    parts += [(asked.rows_of_step(each), OUT) for each in meant.exclude]
    if meant.order == "strict":
        parts.append((asked.rows(), 0))
    events = " UNION ALL ".join(f"SELECT *, {bit}::BIGINT AS mask FROM ({select})" for select, bit in parts)
    query = statement("events_in_order").format(events=events, last=OUT)
    rows = Rows(*asked.arrays(query, "who", "time_us", "mask"))
    counted = rows.mask & ~OUT
    if meant.order == "any" and (counted & (counted - 1)).any():
        remedy = "In any order a step stands once; ask for it in order, or with conditions."
        raise InvalidQuery("An event counts as two steps", remedy=remedy)
    return chains(rows, len(meant.steps), meant.order, meant.window_us, meant.period)


# Periods and parts.


def _periods(asked: Touchpoints, said: Sequence[str]) -> list[tuple[str | None, tuple[int, int] | None]]:
    """The periods that are meant, each with its name."""
    if list(said) == [VERSIONS]:
        return list(_versions(asked))
    return [(each, _span(asked, each)) for each in said] or [(None, None)]


def _span(asked: Touchpoints, said: str) -> tuple[int, int]:
    first, dots, last = said.partition("..")
    begin = span_of(first, zone=asked.zone)
    last_us = (span_of(last, zone=asked.zone) if dots else begin).last_us
    if last_us < begin.first_us:
        raise InvalidQuery("The period ends before it begins", period=said, remedy=f"Did you mean {last}..{first}?")
    return begin.first_us, last_us


def _versions(asked: Touchpoints) -> Iterator[tuple[str, tuple[int, int]]]:
    """The periods between the changes of settings, named by the change that begins each."""
    query = asked.db.config.settings_query()
    if query is None:
        remedy = 'Name them in whence.toml: settings = ["PromptChanged"].'
        raise InvalidQuery("No events are known to change the settings", remedy=remedy)
    changes = list(asked.history.events(query, order="occurred"))
    names = ["before", *(f"@{each.position} {each.type}" for each in changes)]
    bounds = [-LATEST_US, *(each.time_us for each in changes), LATEST_US + 1]
    for name, first, following in zip(names, bounds, bounds[1:], strict=False):
        if first < following:
            yield name, (first, following - 1)


def _parts(
    asked: Touchpoints, meant: Question, found: Chains, by: str, top: int
) -> Iterator[tuple[str | None, Chains]]:
    """The customers apart by the value of a field as their start has it: the most frequent values, then the others,
    with whom a value is that has their name."""
    events = " UNION ALL ".join(
        f"SELECT *, {number} AS step FROM ({asked.rows_of_step(step, {'value': by})})"
        for number, step in enumerate(meant.steps if meant.order == "any" else meant.steps[:1])
    )
    starts = asked.registered("starts", {"who": found.who, "time_us": found.starts_us})
    told = asked.sql(statement("values_at_starts").format(events=events, starts=starts)).column("value").to_pylist()
    counts = Counter(told)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    names = dict.fromkeys([*ranked[:top], *([OTHER] if ranked[top:] else [])])
    each = np.array([value if value in names else OTHER for value in told], object)
    for name in names:
        yield name, found.only(each == name)


# Rows.


def _group(
    asked: Touchpoints, meant: Question, found: Chains, period: str | None, segment: str | None, did: list[int] | None
) -> Group:
    counts = [int(np.count_nonzero(found.times[:, step] != NEVER)) for step in range(len(meant.steps))]
    rows = []
    for number, step in enumerate(meant.steps):
        further = counts[number + 1] if number + 1 < len(counts) else None
        rows.append(
            Row(
                step=step.name,
                customers=counts[number],
                of_first=_share(counts[number], counts[0]),
                of_previous=_share(counts[number], counts[number - 1]) if number else None,
                dropped=counts[number] - further if further is not None else 0,
                did_it_at_all=None if did is None else did[number],
                median_s=_duration(meant, found, number - 1, number).median_s if number else None,
            )
        )
    still_open = None
    if meant.window_us is not None:
        begun = found.starts_us[found.levels < len(meant.steps)]
        still_open = int(np.count_nonzero(begun > asked.last_us - meant.window_us))
    return Group(period, segment, tuple(rows), still_open)


def _share(count: int, of: int) -> float | None:
    return round(count / of, 6) if of else None


def _duration(meant: Question, found: Chains, one: int, other: int) -> Duration:
    both = (found.times[:, one] != NEVER) & (found.times[:, other] != NEVER)
    took = np.sort(found.times[both, other] - found.times[both, one]) / SECOND_US
    if meant.order == "any":
        took = np.sort(np.abs(took))
    said: list[float | None] = [None] * 7
    if len(took):
        low, quarter, median, three, nine, high = np.quantile(took, [0, 0.25, 0.5, 0.75, 0.9, 1]).tolist()
        said = [round(each, 6) for each in (low, quarter, median, float(took.mean()), three, nine, high)]
    return Duration(meant.steps[one].name, meant.steps[other].name, len(took), *said)


def _number(meant: Question, step: str | int) -> int:
    """The number of a step that somebody can drop out after, from 1."""
    names = [each.name for each in meant.steps]
    number = names.index(step) + 1 if step in names else int(step) if str(step).isdigit() else 0
    if not 1 <= number < len(names):
        remedy = f"Name one but the last: {', '.join(names[:-1]) or 'there is only one'}."
        raise InvalidQuery("Nobody drops out after this step", step=step, remedy=remedy)
    return number
