"""The scorecard that is replayed: twelve rules, caps, decay and two thresholds. It stands by itself, so that a new
process that scores by it imports nothing else."""

from __future__ import annotations

from typing import Any

from whence.scoring import Scorecard

CARD: dict[str, Any] = {
    "kind": "lead",
    "order": "occurred",
    "rule": [
        {"name": "visited pricing", "on": "PageVisited", "when": {"page": "pricing"}, "points": 8, "at_most": 5},
        {"name": "visited", "on": "PageVisited", "points": 1, "at_most": 20},
        {"name": "opened", "on": "EmailOpened", "points": 2, "at_most": 10, "half_life": "14 days"},
        {"name": "clicked", "on": "LinkClicked", "points": 4, "at_most": 10, "half_life": "14 days"},
        {
            "name": "attended",
            "on": "WebinarAttended",
            "when": {"minutes": {"at_least": 20}},
            "points": 15,
            "at_most": 3,
        },
        {"name": "asked for a demo", "on": "DemoAsked", "points": 30, "at_most": 1},
        {"name": "called", "on": "Called", "when": {"answered": True}, "points": 10, "at_most": 4},
        {"name": "not reached", "on": "Called", "when": {"answered": False}, "points": -2, "at_most": 5},
        {"name": "form", "on": "FormSent", "points": 6, "at_most": 3},
        {"name": "large form", "on": "FormSent", "when": {"fields": {"at_least": 8}}, "points": 5, "at_most": 2},
        {"name": "unsubscribed", "on": "Unsubscribed", "points": -40, "at_most": 1},
        {"name": "came back", "on": "PageVisited", "when": {"seconds": {"at_least": 290}}, "points": 3, "at_most": 6},
    ],
    "threshold": [{"score": "score", "at": 60, "stage": "warm"}, {"score": "score", "at": 90, "stage": "hot"}],
}


def card(**points: float) -> Scorecard:
    """The scorecard, some rules with other points."""
    rules = [{**rule, "points": points.get(rule["name"].replace(" ", "_"), rule["points"])} for rule in CARD["rule"]]
    return Scorecard.from_table("lead", {**CARD, "rule": rules})
