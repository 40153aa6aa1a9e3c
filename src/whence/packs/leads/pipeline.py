"""The stages of a pipeline: their order, where a lead may move from each, and which of them end it. In whence.toml:

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

Which events of others mean what, [pack.leads.events], is told in whence.packs.leads.meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whence.errors import InvalidConfig, near
from whence.meaning import Meaning
from whence.packs.leads.meaning import OURS, UNDERSTOOD
from whence.stages import Stages, must_be_stage

KEYS = ("stages", "won", "lost", "qualified", "events")


class Pipeline(Stages, frozen=True):
    """Stages, from one of which on a lead counts as `qualified`, and which events of others are read as what."""

    qualified: str | None
    events: dict[str, tuple[Meaning, ...]]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Pipeline:
        """The pipeline that [pack.leads] says. Raises InvalidConfig naming the key and the remedy."""
        for key in table:
            if key not in KEYS:
                raise InvalidConfig("No such key", key=key, remedy=near(key, KEYS))
        stages = Stages.of_table(table, USUAL, name="pack.leads", example='new = ["contacted", "lost"]')
        qualified = table.get("qualified", "qualified" if "qualified" in stages.moves else None)
        if qualified is not None:
            must_be_stage(qualified, "qualified", stages.moves)
        return cls(stages.moves, stages.ends, qualified, UNDERSTOOD | OURS.meanings(table.get("events", {})))


USUAL = Pipeline(
    moves={
        "new": ("contacted", "qualified", "lost"),
        "contacted": ("qualified", "lost"),
        "qualified": ("proposal", "won", "lost"),
        "proposal": ("won", "lost"),
        "won": (),
        "lost": ("contacted",),
    },
    ends={"won": ("won",), "lost": ("lost",)},
    qualified="qualified",
    events=UNDERSTOOD,
)
"""The pipeline where whence.toml says nothing."""
