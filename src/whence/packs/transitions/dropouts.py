"""Who dropped out of a funnel where, by name."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whence.errors import InvalidQuery
from whence.moments import period_of
from whence.pack import Written
from whence.packs.funnels.question import Exclude, How, Question, Within
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import Steps
from whence.packs.touchpoints.touchpoints import Touchpoints
from whence.packs.transitions.durations import Period


class Dropped(msgspec.Struct, frozen=True):
    """A customer who got to a step and not to the next: when that was, and the last that is known of the customer."""

    customer: str
    step: str
    since_us: int = msgspec.field(name="since")
    missing: str
    last_type: str = msgspec.field(name="last")
    last_us: int = msgspec.field(name="last_at")


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
    question = Question.of(asked, steps, order, within, exclude)
    chains, _ = question.chains(None if period is None else period_of(period, zone=asked.zone))
    levels = chains.levels
    is_gone = levels < len(question.steps) if step is None else levels == _number(question.names, step)
    since_us = chains.times[is_gone].max(axis=1)  # of the last step that was done, which in any order may be any
    gone = {"who": chains.who[is_gone], "level": levels[is_gone], "since_us": since_us}
    query = statement(__package__, "dropped", dropped=asked.registered("dropped", gone), touchpoints=asked.rows())
    return [
        Dropped(
            customer=asked.name(row["who"]),
            step=question.names[row["level"] - 1],
            since_us=row["since_us"],
            missing=question.names[row["level"]],
            last_type=asked.segments.types[row["last_type"]],
            last_us=row["last_us"],
        )
        for row in asked.sql(query).to_pylist()
    ]


def _number(names: tuple[str, ...], step: str | int) -> int:
    """The number of a step that somebody can drop out after, from 1."""
    number = names.index(step) + 1 if step in names else int(step) if str(step).isdecimal() else 0
    if not 1 <= number < len(names):
        remedy = f"Name one but the last: {', '.join(names[:-1]) or 'there is only one'}."
        raise InvalidQuery("Nobody drops out after this step", step=step, remedy=remedy)
    return number
