"""A step of a funnel as people write it: event types, conditions on their fields, and a name.

EmailOpened                                 one type
A_APPROVED|A_REGISTERED                     either of several
LeadScored score>=70 source=fair            with conditions, all of which hold
Approved: A_APPROVED|A_REGISTERED           named
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any

import msgspec

from whence.errors import InvalidQuery
from whence.pack import Written

STEPS_MAX = 30
_NAMED = re.compile(r"(?P<name>[^:|=<>]+): +(?P<rest>.+)")
_TYPES = re.compile(r"[A-Za-z][A-Za-z0-9_.]*(\|[A-Za-z][A-Za-z0-9_.]*)*")
_CONDITION = re.compile(r"(?P<field>[^\s=<>!]+)(?P<test>>=|<=|!=|=|>|<)(?P<value>\"[^\"]*\"|\S+)")
_REMEDY = 'Write EmailOpened, "A|B" for either, "Name: A|B", or "LeadScored score>=70".'


class Condition(msgspec.Struct, frozen=True):
    """A comparison of a field of the data with a value. An absent field meets none."""

    field: str
    test: str
    value: str | float | bool


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
        found = list(_CONDITION.finditer(conditions))
        if " ".join(each[0] for each in found) != " ".join(conditions.split()):
            raise InvalidQuery("Not a condition of a step", step=repr(said), remedy=_REMEDY)
        made = tuple(Condition(each["field"], each["test"], _value(each["value"])) for each in found)
        name = named["name"].strip() if named else text
        return cls(name, tuple(dict.fromkeys(types.split("|"))), made)

    def check(self, known: tuple[str, ...]) -> Step:
        """This step, if there is an event of one of its types. Raises InvalidQuery naming what looks like it."""
        if not set(self.types) & set(known):
            near = [each for type in self.types for each in get_close_matches(type, known, 2, 0.6)]
            remedy = f"Did you mean {' or '.join(near)}?" if near else "whence types lists what there is."
            raise InvalidQuery("No event has the type of this step", step=self.name, remedy=remedy)
        return self


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
Begin = Annotated[str | Step | None, STEP, "what a customer begins with; else any event"]
Returns = Annotated[str | Step | None, STEP, "what counts as coming back; else the same as --begin"]


def _value(text: str) -> str | float | bool:
    if text.startswith('"'):
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text
