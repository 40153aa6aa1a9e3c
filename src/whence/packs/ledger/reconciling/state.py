"""A difference as it stands: open until somebody decides what is done about it, and what may be decided."""

from __future__ import annotations

from typing import Annotated

from whence.errors import Refused
from whence.model import on
from whence.pack import decision
from whence.packs.ledger.reconciling.events import CODEC, DifferenceFound, DifferenceGone, DifferenceSettled, Settlement


class Difference:
    """A difference between two sides: open until somebody decides what is done about it, or it is gone."""

    kind = "difference"
    codec = CODEC

    def __init__(self) -> None:
        self.status = "none"
        self.reconciliation = ""
        self.what = ""
        self.day: str | None = None
        self.effect_minor: dict[str, int] = {}
        self.here = ""
        self.there = ""
        self.note = ""
        self.decision: str | None = None
        self.reason: str | None = None

    @on(DifferenceFound)
    def found(self, event: DifferenceFound) -> None:
        self.status, self.reconciliation, self.what = "open", event.reconciliation, event.what
        self.day, self.effect_minor = event.day, event.effect_minor
        self.here, self.there, self.note = event.here, event.there, event.note

    @on(DifferenceGone)
    def gone(self, event: DifferenceGone) -> None:
        self.status = "gone"

    @on(DifferenceSettled)
    def settled(self, event: DifferenceSettled) -> None:
        self.decision, self.reason = event.decision, event.reason
        self.status = "open" if event.decision == "carried" else "settled"


@decision
def settle(
    difference: Difference,
    id: str,
    *,
    outcome: Annotated[Settlement, "what is done about it; carried leaves it open"],
    reason: Annotated[str, "why"],
) -> DifferenceSettled:
    """Decide what is done about a difference that a reconciliation found.

    It is named by its id, by which whence ledger differences lists those that are open. What was decided before gives
    way to what is decided again.
    """
    if difference.status in ("none", "gone"):
        told = "No such difference" if difference.status == "none" else "The difference is gone"
        raise Refused(told, difference=id, remedy="whence ledger differences lists those that are open.")
    return DifferenceSettled(id, outcome, reason)
