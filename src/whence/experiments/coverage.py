"""How many of the entities a file has a number for. One that it does not cover is compared with nothing: it counts for
neither side, and is told; it is never taken for zero, nor for one that does not reach the stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from whence.errors import InvalidModel
from whence.experiments.side import FileSide, Side, TimedSide

NAMED_MAX = 10
"""So many of the missing and extra entities are named; the rest is counted."""
Role = Literal["baseline", "candidate"]
ROLES: tuple[Role, Role] = ("baseline", "candidate")


class Coverage(msgspec.Struct, frozen=True):
    """A side that is a file, and how many of the `entities` of the history it has a number for. Of those `covered`,
    `later` have one only from a time after that of which the experiment is, which is none yet.

    `extra` are in the file alone, `empty` rows have no number. Of missing and extra the first ten are named. Where it
    is not `timed` it says nothing about when, so that it reaches no threshold and foretells nothing.
    """

    side: Role
    name: str
    entities: int
    covered: int
    later: int
    extra: int
    empty: int
    timed: bool
    missing_entities: tuple[str, ...]
    extra_entities: tuple[str, ...]

    @property
    def missing(self) -> int:
        """The entities of the history that the file has no number for."""
        return self.entities - self.covered


def uncovered(sides: Sequence[Side], entities: Sequence[str]) -> frozenset[str]:
    """The entities that a side which is a file has no number for."""
    files = [side for side in sides if isinstance(side, (FileSide, TimedSide))]
    return frozenset(entity for entity in entities if not all(entity in side.covers for side in files))


def coverage(
    sides: Sequence[Side], entities: Sequence[str], numbers: Sequence[Mapping[str, float | None]]
) -> tuple[Coverage, ...]:
    """How far each side that is a file covers the entities, which come to these numbers. Raises InvalidModel for one
    that covers none of them."""
    found = zip(ROLES, sides, numbers, strict=True)
    return tuple(
        _of(role, side, entities, known) for role, side, known in found if isinstance(side, (FileSide, TimedSide))
    )


def _of(
    role: Role, side: FileSide | TimedSide, entities: Sequence[str], numbers: Mapping[str, float | None]
) -> Coverage:
    there = [entity for entity in entities if entity in side.covers]
    missing = [entity for entity in entities if entity not in side.covers]
    known = frozenset(entities)
    extra = [entity for entity in side.covers if entity not in known]
    if entities and not there:
        facts = {"side": side.about.name, "first": next(iter(side.covers), "none"), "entity": entities[0]}
        remedy = "Write the entities as the store has them."
        raise InvalidModel("A file has a number for none of the entities", **facts, remedy=remedy)
    return Coverage(
        role,
        side.about.name,
        len(entities),
        len(there),
        sum(numbers[entity] is None for entity in there),
        len(extra),
        side.empty,
        side.timed,
        tuple(missing[:NAMED_MAX]),
        tuple(extra[:NAMED_MAX]),
    )


def coverage_text(found: Coverage, kind: str) -> str:
    """How far a file covers the entities, in a sentence or two."""
    said = [f"{found.name} has a number for {found.covered:,} of {found.entities:,} of kind {kind}"]
    if found.missing:
        named = _named(found.missing_entities, found.missing)
        said.append(f"the other {found.missing:,} ({named}) {_verb(found.missing, 'count')} for neither side")
    if found.later:
        has = "has" if found.later == 1 else "have"
        said.append(f"{found.later:,} {has} one only from later on, when the history has ended")
    if found.extra:
        named = _named(found.extra_entities, found.extra)
        said.append(f"{found.extra:,} {_verb(found.extra, 'stand')} in the file alone ({named})")
    if found.empty:
        said.append(f"{found.empty:,} row{' is' if found.empty == 1 else 's are'} empty")
    untimed = "" if found.timed else " It has no column time, so it reaches no threshold and foretells nothing."
    return "; ".join(said) + "." + untimed


def _verb(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb


def _named(names: Sequence[str], count: int) -> str:
    return ", ".join(names[:3]) + (", …" if count > 3 else "")
