"""Examples that are true, and checked."""

from __future__ import annotations

from whence.pack import Scenario
from whence.packs.journeys.decisions import identify, separate
from whence.packs.journeys.events import Identified, Separated

_JOINED = Identified("visitor:abc", "lead:42")

SCENARIOS = (
    Scenario("a visitor turns out to be a lead", identify.asked("visitor:abc", "lead:42"), then=[_JOINED]),
    Scenario("who is joined already stays so", identify.asked("lead:42", "visitor:abc"), [_JOINED]),
    Scenario("nobody is joined with himself", identify.asked("lead:42", "lead:42"), refused="with itself"),
    Scenario(
        "a wrong join is undone",
        separate.asked("lead:42", "visitor:abc", reason="a shared computer"),
        [_JOINED],
        [Separated("lead:42", "visitor:abc", "a shared computer")],
    ),
    Scenario(
        "who was never joined is not separated",
        separate.asked("visitor:abc", "lead:7"),
        [_JOINED],
        refused="visitor:abc is joined with lead:42",
    ),
    Scenario(
        "who was separated can be joined again",
        identify.asked("visitor:abc", "lead:42"),
        [_JOINED, Separated("visitor:abc", "lead:42")],
        [_JOINED],
    ),
)
