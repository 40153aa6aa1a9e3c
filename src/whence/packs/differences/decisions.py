"""What is decided about a difference."""

from __future__ import annotations

from typing import Annotated

from whence.errors import Refused
from whence.pack import decision
from whence.packs.differences.events import DifferenceSettled, Settlement
from whence.packs.differences.state import Difference


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
