"""A step as people write it: event types, conditions on their fields, and a name.

EmailOpened                                 one type
A_APPROVED|A_REGISTERED                     either of several
LeadScored score>=70 source=fair            with conditions, all of which hold
Approved: A_APPROVED|A_REGISTERED           named
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from whence.errors import InvalidQuery
from whence.pack import Written
from whence.segments.selection import Condition

STEPS_MAX = 30
_NAMED = re.compile(r"(?P<name>[^:|=<>]+): +(?P<rest>.+)")
_TYPES = re.compile(r"[A-Za-z][A-Za-z0-9_.]*(\|[A-Za-z][A-Za-z0-9_.]*)*")
_REMEDY = 'Write EmailOpened, "A|B" for either, "Name: A|B", or "LeadScored score>=70".'
_OF_CONDITIONS = """Write 'LeadScored score>=70', several with spaces between them, or 'Visited source="trade fair"'."""


class Step(msgspec.Struct, frozen=True):
    """What counts as this step: an event of one of the types whose fields meet all conditions."""

    name: str
    types: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()

    @classmethod
    def of(cls, said: str | Step) -> Step:
        """The step that a text says. Raises InvalidQuery."""
        if isinstance(said, Step):
            return said
        text = said.strip()
        named = _NAMED.fullmatch(text)
        rest = named["rest"] if named else text
        types, _, conditions = rest.partition(" ")
        if not _TYPES.fullmatch(types):
            raise InvalidQuery("Not a step", step=repr(said), remedy=_REMEDY)
        if (made := Condition.all_of(conditions)) is None:
            raise InvalidQuery("Not a condition of a step", step=repr(said), remedy=_OF_CONDITIONS)
        name = named["name"].strip() if named else text
        return cls(name, tuple(dict.fromkeys(types.split("|"))), made)


def steps_of(said: Any) -> tuple[Step, ...]:
    """The steps that several texts say, each name once. Raises InvalidQuery for none and too many."""
    steps = tuple(Step.of(each) for each in ([said] if isinstance(said, (str, Step)) else said))
    if not 1 <= len(steps) <= STEPS_MAX:
        raise InvalidQuery(f"A funnel has 1 to {STEPS_MAX} steps", steps=len(steps))
    return steps


def at_least_one(**counts: int | None) -> None:
    """Raises InvalidQuery for a number of rows or the like that is below 1."""
    for name, count in counts.items():
        if count is not None and count < 1:
            raise InvalidQuery("Below 1 there is nothing to answer", **{name: count}, remedy="Say 1 or more.")


# How what is told of steps, fields and spans is written on the command line.

STEP, FIELD, SPAN = Written(value="STEP"), Written(value="FIELD"), Written(value="DURATION")
COUNT = msgspec.Meta(ge=1)
Steps = Annotated[Sequence[str | Step], STEP]
