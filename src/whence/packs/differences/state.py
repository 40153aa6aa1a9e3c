"""A difference as it stands. What may be decided about it is left to decisions."""

from __future__ import annotations

from whence.model import on
from whence.packs.differences.events import CODEC, DifferenceFound, DifferenceGone, DifferenceSettled


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

    @property
    def is_between_balances(self) -> bool:
        """Whether the balances still differ by it: it is open, or was left as it is, or is theirs to mend."""
        return self.status == "open" or (self.status == "settled" and self.decision != "corrected")

    @on(DifferenceFound)
    def found(self, event: DifferenceFound) -> None:
        self.status, self.reconciliation, self.what = "open", event.reconciliation, event.what
        self.day, self.effect_minor = event.day, event.effect_minor
        self.here, self.there, self.note = event.here, event.there, event.note
        self.decision = self.reason = None  # it may have been decided about before it was gone

    @on(DifferenceGone)
    def gone(self, event: DifferenceGone) -> None:
        self.status = "gone"

    @on(DifferenceSettled)
    def settled(self, event: DifferenceSettled) -> None:
        self.decision, self.reason = event.decision, event.reason
        self.status = "open" if event.decision == "carried" else "settled"
