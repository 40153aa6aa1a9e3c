"""Examples of what is decided about a difference; each is true, and `whence packs ledger` checks it."""

from __future__ import annotations

from whence.pack import Scenario
from whence.packs.differences.decisions import settle
from whence.packs.differences.events import DifferenceFound, DifferenceGone, DifferenceSettled

FOUND = DifferenceFound("4f2a", "assets:bank~bank", "missing-here", "2026-01-05", {"EUR": -500}, there="ref-9")

SCENARIOS = (
    Scenario(
        "a bank's fee that nobody had posted",
        settle.asked("4f2a", outcome="corrected", reason="posted on the 6th"),
        [FOUND],
        [DifferenceSettled("4f2a", "corrected", "posted on the 6th")],
    ),
    Scenario(
        "what does not differ any more needs no decision",
        settle.asked("4f2a", outcome="accepted", reason="x"),
        [FOUND, DifferenceGone("4f2a", "assets:bank~bank")],
        refused="is gone",
    ),
)
