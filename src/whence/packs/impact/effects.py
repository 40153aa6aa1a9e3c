"""What changes of settings did to an outcome, as it is told: each with its effect and how sure that is, and the outcome
by day. The figures are those of whence.experiments.interventions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from whence.experiments.interventions import Compared, Finding, Intervention, weigh
from whence.experiments.trials import Day, Trials
from whence.packs.changes.change import Change


class Effect(Finding, frozen=True, kw_only=True):
    """A change and what it did. `apart_from` are changes, by position, that it is not told apart from."""

    change: Change
    compared: Compared
    apart_from: tuple[int, ...] = ()

    @property
    def did_something(self) -> bool:
        return self.verdict in ("lowers it", "raises it", "one of several")


class Impact(msgspec.Struct, frozen=True):
    """What changes did to an outcome, the clearest first. `tried` is how many could be weighed at all; where so many
    are, an effect below `least_seen` mostly goes unseen. It is None where none could be weighed."""

    outcome: str
    is_share: bool
    decisions: int
    left_out: int
    tried: int
    least_seen: float | None
    effects: tuple[Effect, ...]
    days: tuple[Day, ...] = ()

    @property
    def blamed(self) -> tuple[Effect, ...]:
        """The changes that did something."""
        return tuple(each for each in self.effects if each.did_something)


def impact_of(trials: Trials, several: Sequence[tuple[Change, Intervention]]) -> Impact:
    """What changes did, each with the decisions that it is judged by."""
    weighed = weigh(trials, [judged for _, judged in several])
    return Impact(
        outcome=trials.outcome,
        is_share=trials.is_share,
        decisions=len(trials.values),
        left_out=trials.left_out,
        tried=weighed.tried,
        least_seen=weighed.least_seen,
        effects=tuple(_effect(found, several) for found in weighed.findings),
        days=tuple(trials.days),
    )


def _effect(found: Finding, several: Sequence[tuple[Change, Intervention]]) -> Effect:
    change, judged = several[found.number]
    apart_from = tuple(sorted(several[other][0].position for other in found.beside))
    figures = msgspec.structs.asdict(found)
    return Effect(**figures, change=change, compared=judged.compared, apart_from=apart_from)
