"""What changes did to an outcome, as it is told: each with its effect and how sure that is, and the outcome by day. How
it is found out is left to candidates and blame."""

from __future__ import annotations

from typing import Literal

import msgspec

from whence.packs.changes.timeline import Change

Compared = Literal["side by side", "by name", "by time"]
"""Decisions that name the version beside others of the same days; before and after, as they name it; or before and
after the change, whatever they were taken by."""

Verdict = Literal["lowers it", "raises it", "one of several", "chance", "too few"]
"""What a change did; that it or another did something, which decisions do not tell apart; that chance explains what is
seen, or a change that is named; or that it could not be weighed."""


class Effect(msgspec.Struct, frozen=True):
    """A change and what it did: the outcome without and with it as it was measured, and the effect when the days of the
    week, a trend and the changes named before are allowed for. `apart_from` are changes, by position, that it is not
    told apart from; for these `verdict` is "one of several", unless decisions name one of them."""

    change: Change
    compared: Compared
    without: int
    with_it: int
    mean_without: float | None
    mean_with: float | None
    effect: float | None
    low: float | None
    high: float | None
    p: float | None
    p_corrected: float | None
    verdict: Verdict
    apart_from: tuple[int, ...] = ()

    @property
    def did_something(self) -> bool:
        return self.verdict in ("lowers it", "raises it", "one of several")


class Day(msgspec.Struct, frozen=True):
    """How many decisions there were on a day (UTC), which begins at `time_us`, and their mean outcome."""

    time_us: int
    decisions: int
    mean: float


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
