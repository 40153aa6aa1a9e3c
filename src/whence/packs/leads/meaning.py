"""What events of other programs, or of an import, mean for a lead: EmailOpened is a touch, StageChanged a move. They
stay as they were recorded, and are read as events of ours. How a line of whence.toml says so is told in whence.meaning:

    [pack.leads.events]
    DemoBooked = { as = "Touched", touch = "booked a demo" }
    DealSigned = { as = "Won", amount = "$cents * 0.01", currency = "EUR" }
    PageViewed = false

A line of yours replaces what understood.toml says of that type. What is read as Created may say the owner, too.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files

from whence.meaning import Vocabulary
from whence.packs.leads.events import EVENTS, Created

OURS = Vocabulary(
    key="pack.leads.events",
    kind="lead",
    events=EVENTS,
    more={Created: ("owner",)},
    examples=('EmailOpened = "Touched"', 'EmailOpened = { as = "Touched", touch = "opened" }'),
)
UNDERSTOOD = OURS.meanings(
    tomllib.loads((files(__package__) / "understood.toml").read_text(encoding="utf-8")), lenient=True
)
"""What is understood without a line of whence.toml, by the type of the event."""
