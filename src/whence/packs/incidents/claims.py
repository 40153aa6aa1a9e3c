"""Which changes do something else than their reason says: the numbers that it names, and those that settings became.

@7  anna  "rollout to 5 %"    flags.rollout = 50            says 5, sets 50: they do not agree
@8  anna  "rollout to 10 %"   flags.rollout = [1, 5, 10]    the last one, 10, is what it says
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any

import msgspec

from whence.compare import same
from whence.errors import InvalidQuery
from whence.pack import Asked, table
from whence.packs.changes.change import Change
from whence.packs.changes.timeline import timeline
from whence.tree import MISSING, leaves

PERCENT = r"(\d+(?:\.\d+)?)\s*%"
_PATTERNS = r"Write a regular expression whose first group is the number: to (\d+)"


class Claim(msgspec.Struct, frozen=True):
    position: int
    time: datetime
    who: str | None
    says: list[str]
    sets: list[Any]
    agrees: bool
    setting: str
    why: str | None
    commit: str | None


@table
def claims(
    asked: Asked,
    setting: Annotated[str, "the settings that numbers are about, * for any text"] = "*",
    *,
    pattern: Annotated[str, "what a number in a reason looks like; by default with %"] = PERCENT,
    all: Annotated[bool, "those that agree, too"] = False,
) -> Iterable[Claim]:
    """$ whence settings claims "*rollout*"

    Changes whose reason names a number that none of the settings they change becomes.

    By default a number with %, as in `to 5 %`. Of a list it is the last number that counts, as with the steps of a
    rollout. With --all also those that agree.
    """
    found = _pattern(pattern)
    for change in timeline(asked):
        said = [each[1 if found.groups else 0] for each in found.finditer(change.why or "")]
        became = list(_numbers_set(change, setting)) if said else []
        if not became:
            continue
        numbers = {float(number) for _, number in became}
        agrees = any(_as_number(each, pattern) in numbers for each in said)
        if agrees and not all:
            continue
        yield Claim(
            position=change.position,
            time=change.time,
            who=change.who,
            says=said,
            sets=[number for _, number in became],
            agrees=agrees,
            setting=became[0][0],
            why=change.reason,
            commit=change.short_commit,
        )


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of numbers. Raises InvalidQuery."""
    try:
        return re.compile(text)
    except re.error as problem:
        raise InvalidQuery("Not a pattern", pattern=text, problem=problem, remedy=_PATTERNS) from None


def _as_number(text: str | None, pattern: str) -> float:
    """The number that a pattern found. Raises InvalidQuery where it is none."""
    try:
        return float(text or "")
    except ValueError:
        raise InvalidQuery(
            "The pattern finds what is no number", pattern=pattern, found=text, remedy=_PATTERNS
        ) from None


def _numbers_set(change: Change, pattern: str) -> Iterator[tuple[str, float]]:
    """The number that each setting which the change makes another becomes, with its name; of a list its last one."""
    for each in change.differences:
        if each.after is MISSING:
            continue
        before = dict(leaves(each.before)) if each.before is not MISSING else {}
        for path, value in leaves(each.after):
            name = ".".join([each.name, *path])
            numbers = list(_numbers_in(value))
            if numbers and fnmatchcase(name, pattern) and not same(before.get(path, MISSING), value):
                yield name, numbers[-1]


def _numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers_in(each)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value
