"""Stages that something goes through until it ends: their order, where it may move from each, and which of them end it,
and how. They may stand in whence.toml, and what is wrong there is refused with its key. What goes through them, and
which event a move is, is left to the pack.

    STAGES = Stages({"open": ("waiting", "closed"), "waiting": ("open", "closed"), "closed": ()}, {"done": ("closed",)})
    STAGES.must_allow(ticket.stage, to, ticket=id)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

import msgspec

from whence.errors import InvalidConfig, Refused, near


class Stages(msgspec.Struct, frozen=True):
    """The stages in their order, each with the `moves` that are allowed from there; and by the name of each outcome the
    stages that are such `ends`."""

    moves: dict[str, tuple[str, ...]]
    ends: dict[str, tuple[str, ...]]

    @property
    def first(self) -> str:
        """The stage that it begins in."""
        return next(iter(self.moves))

    def outcome(self, stage: str | None) -> str:
        """How it ended, by the stage that it is in; `open` where it did not."""
        for name, stages in self.ends.items():
            if stage in stages:
                return name
        return "open"

    def end(self, outcome: str, stage: str | None) -> str:
        """The stage in which it ended so, where nobody says which: the one that it is in if that is such an end, else
        the first of them."""
        ends = self.ends[outcome]
        return stage if stage in ends else ends[0]

    def in_order(self, stages: Iterable[str]) -> list[str]:
        """All stages, and behind them those that only events name."""
        return list(dict.fromkeys([*self.moves, *sorted(stages)]))

    def is_before(self, stage: str | None, other: str) -> bool:
        """Whether a stage stands before another; one that only events name may yet lead there."""
        order = list(self.moves)
        return stage not in order or order.index(stage) < order.index(other)

    # Deciding: `who` says what moves, ticket="42".

    def must_allow(self, stage: str | None, to: str, **who: str) -> None:
        """Raise Refused where it may not move from a stage to another. From one that only events name it may to any."""
        if to not in self.moves:
            raise Refused("No such stage", **who, stage=to, remedy=near(to, self.moves))
        allowed = self.moves.get(stage or "", tuple(self.moves))
        if to not in allowed:
            remedy = f"From {stage} it may go to: {', '.join(allowed) or 'no other'}."
            raise Refused("The pipeline does not allow this move", **who, stage=stage, to=to, remedy=remedy)

    def to_end(self, outcome: str, stage: str | None, chosen: str | None = None, **who: str) -> str | None:
        """The stage to move to from one, so that it ends so: the `chosen` one, else the first that it may move to. None
        where it is there already. Raises Refused."""
        ends = self.ends[outcome]
        if stage in ends and chosen in (None, stage):
            return None
        if chosen is not None and chosen not in ends:
            remedy = f"There are: {', '.join(ends)}."
            raise Refused("This stage is not such an end", **who, stage=chosen, remedy=remedy)
        allowed = self.moves.get(stage or "", ends)
        to = chosen or next((each for each in ends if each in allowed), ends[0])
        self.must_allow(stage, to, **who)
        return to

    # What whence.toml says.

    @classmethod
    def of_table(cls, table: Mapping[str, Any], usual: Stages, *, name: str, example: str) -> Stages:
        """The stages of the table of a name: under `stages` each with its moves, else the `usual` ones, and
        under the name of each of the usual outcomes one stage or a list, else the stage of that name. Raises
        InvalidConfig naming the key and the remedy, of which a line of `stages` is the `example`."""
        moves = _moves(table.get("stages", usual.moves), f"Write [{name}.stages] with {example} and so on.")
        ends = {outcome: _ends(table.get(outcome, outcome), outcome, moves) for outcome in usual.ends}
        for one, other in combinations(ends, 2):
            for stage in set(ends[one]) & set(ends[other]):
                fact = f"A stage is not both {one} and {other}"
                raise InvalidConfig(fact, stage=stage, remedy="Take it out of one of them.")
        return cls(moves, ends)


def must_be_stage(said: Any, key: str, stages: Iterable[str]) -> None:
    """Raise InvalidConfig where what stands at a key is none of the stages."""
    if not isinstance(said, str) or said not in stages:
        raise InvalidConfig("No such stage", key=key, stage=said, remedy=near(str(said), stages))


def _moves(said: Any, remedy: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(said, Mapping) or not said:
        raise InvalidConfig("Not a table of stages", key="stages", remedy=remedy)
    for stage, moves in said.items():
        if not isinstance(moves, (list, tuple)) or not all(isinstance(each, str) for each in moves):
            raise InvalidConfig("Not a list of stages", key=f"stages.{stage}", remedy=remedy)
        for each in moves:
            must_be_stage(each, f"stages.{stage}", said)
    return {stage: tuple(moves) for stage, moves in said.items()}


def _ends(said: Any, outcome: str, stages: Iterable[str]) -> tuple[str, ...]:
    ends = tuple(said) if isinstance(said, list) else (said,)
    if not ends:
        remedy = f"Name the stages that end it: {outcome} = ..., or leave the line out for {outcome!r}."
        raise InvalidConfig("No stage ends it so", key=outcome, remedy=remedy)
    for each in ends:
        must_be_stage(each, outcome, stages)
    return ends
