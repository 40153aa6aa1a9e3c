"""The stages of a pipeline: their order, where a lead may move from each, and which of them end it; and which events of
others mean what here. In whence.toml:

    [pack.leads]
    won = "customer"                   # the stages that end it well and badly, one or a list; default "won" and "lost"
    lost = ["declined", "cancelled"]
    qualified = "accepted"             # from this stage on a lead counts as qualified; default "qualified"

    [pack.leads.stages]                # in their order, each with the stages that a lead may move to from there
    submitted = ["accepted", "declined", "cancelled"]
    accepted = ["customer", "declined", "cancelled"]
    customer = []
    declined = ["accepted"]
    cancelled = []

    [pack.leads.events]                # events of imports and of other programs, and what they are here
    EmailOpened = { as = "Touched", touch = "opened" }
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from whence.errors import InvalidConfig, near
from whence.meaning import Meaning
from whence.packs.leads.meaning import OURS, PLAIN

KEYS = ("stages", "won", "lost", "qualified", "events")
STAGES = {
    "new": ("contacted", "qualified", "lost"),
    "contacted": ("qualified", "lost"),
    "qualified": ("proposal", "won", "lost"),
    "proposal": ("won", "lost"),
    "won": (),
    "lost": ("contacted",),
}


class Pipeline(msgspec.Struct, frozen=True):
    """Stages in their order with the moves that are allowed, and which events of others are read as what."""

    stages: dict[str, tuple[str, ...]] = msgspec.field(default_factory=lambda: STAGES)
    won: tuple[str, ...] = ("won",)
    lost: tuple[str, ...] = ("lost",)
    qualified: str | None = "qualified"
    events: dict[str, tuple[Meaning, ...]] = msgspec.field(default_factory=lambda: PLAIN)

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Pipeline:
        """The pipeline that [pack.leads] says. Raises InvalidConfig naming the key and the remedy."""
        for key in table:
            if key not in KEYS:
                raise InvalidConfig("No such key", key=f"pack.leads.{key}", remedy=near(key, KEYS))
        stages = _stages(table.get("stages", STAGES))
        ends = {key: _ending(key, table.get(key, key), stages) for key in ("won", "lost")}
        for stage in set(ends["won"]) & set(ends["lost"]):
            raise InvalidConfig("A stage is not both won and lost", stage=stage, remedy="Take it out of one of them.")
        qualified = table.get("qualified", "qualified" if "qualified" in stages else None)
        if qualified is not None:
            _must_be_known("qualified", qualified, stages)
        return cls(stages, ends["won"], ends["lost"], qualified, PLAIN | OURS.meanings(table.get("events", {})))

    @property
    def first(self) -> str:
        """The stage that a lead begins in."""
        return next(iter(self.stages))

    def outcome(self, stage: str | None) -> str:
        """`won`, `lost`, or `open`."""
        return "won" if stage in self.won else "lost" if stage in self.lost else "open"

    def in_order(self, stages: Iterable[str]) -> list[str]:
        """All stages of the pipeline, and behind them those that only events name."""
        return list(dict.fromkeys([*self.stages, *sorted(stages)]))

    def is_before(self, stage: str | None, other: str) -> bool:
        """Whether a stage stands before another; one that only events name may yet lead there."""
        order = list(self.stages)
        return stage not in order or order.index(stage) < order.index(other)

    def is_qualified(self, reached: Iterable[str]) -> bool:
        """Whether one of the stages reached is the qualified one, or one behind it that is not lost."""
        order = list(self.stages)
        least = order.index(self.qualified) if self.qualified in order else len(order)
        return any(stage in order[least:] and stage not in self.lost for stage in reached)


def _stages(said: Any) -> dict[str, tuple[str, ...]]:
    remedy = 'Write [pack.leads.stages] with new = ["contacted", "lost"] and so on.'
    if not isinstance(said, Mapping) or not said:
        raise InvalidConfig("Not a table of stages", key="pack.leads.stages", remedy=remedy)
    for stage, moves in said.items():
        if not isinstance(moves, (list, tuple)) or not all(isinstance(each, str) for each in moves):
            raise InvalidConfig("Not a list of stages", key=f"pack.leads.stages.{stage}", remedy=remedy)
        for each in moves:
            _must_be_known(f"stages.{stage}", each, said)
    return {stage: tuple(moves) for stage, moves in said.items()}


def _ending(key: str, said: Any, stages: Mapping[str, Any]) -> tuple[str, ...]:
    """The stages that end it well, or badly: one or a list of them."""
    names = tuple(said) if isinstance(said, list) else (said,)
    if not names:
        remedy = f"Name the stages that end it: {key} = ..., or leave the line out for {key!r}."
        raise InvalidConfig("No stage ends it so", key=f"pack.leads.{key}", remedy=remedy)
    for each in names:
        _must_be_known(key, each, stages)
    return names


def _must_be_known(key: str, stage: Any, stages: Mapping[str, Any]) -> None:
    if not isinstance(stage, str) or stage not in stages:
        facts = {"key": f"pack.leads.{key}", "stage": stage}
        raise InvalidConfig("No such stage", **facts, remedy=near(str(stage), stages))
