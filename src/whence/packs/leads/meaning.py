"""What an event of another program, or of an import, means for a lead: EmailOpened is a touch, StageChanged a move. The
event stays as it was recorded; it is read as one of ours. In whence.toml:

    [pack.leads.events]
    OwnerAssigned = "Assigned"                           # fields of the same name are read
    EmailOpened = { as = "Touched", touch = "opened" }   # a fixed value
    LeadLost = { as = "Lost", reason = "$lost_because" } # of another field; $a.b is a part of one; also $time, $actor
    LeadWon = { as = "Won", amount = "$cents * 0.01" }   # multiplied exactly
    PropertyChanged = [                                  # the first that holds
        { when = { name = "dealstage" }, as = "Moved", stage = "$value" },
    ]
    PageViewed = false                                   # not read at all

Without a line these are understood (understood.toml): Created and LeadCreated, which may say the owner too,
OwnerAssigned, Scored, LeadScored, StageChanged, LeadWon, LeadLost; as touches EmailSent, EmailOpened, EmailClicked,
Replied, PageViewed, FormSubmitted, WebinarAttended, Called, CallMade; and what the mappings for HubSpot make. A line of
yours replaces what is understood.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files

import msgspec

from whence.events import Recorded
from whence.meaning import Meaning, Vocabulary
from whence.packs.leads.events import EVENTS, Assigned, Created, Moved, Won

OURS = Vocabulary(
    key="pack.leads.events",
    kind="lead",
    events=EVENTS,
    more={Created: ("owner",)},
    examples=('EmailOpened = "Touched"', 'EmailOpened = { as = "Touched", touch = "opened" }'),
)
UNDERSTOOD = tomllib.loads((files(__package__) / "understood.toml").read_text(encoding="utf-8"))
PLAIN = {
    name: tuple(msgspec.structs.replace(each, lenient=True) for each in meanings)
    for name, meanings in OURS.meanings(UNDERSTOOD).items()
}
"""The meaning of each event that is UNDERSTOOD; one that lacks what is needed means nothing here."""


def owner_at_first(created: Meaning, recorded: Recorded) -> Assigned | None:
    """Whose the lead is from the beginning, where the event that is read as Created says so too. Only where a line of
    whence.toml names it does the owner have to fit."""
    lenient = created.lenient or "owner" not in created.fields
    found: Assigned | None = Meaning(OURS, Assigned, created.fields, lenient=lenient).of(recorded)
    return found


def won_by(moved: Moved, meaning: Meaning, recorded: Recorded) -> Won | Moved:
    """A move to a stage that is won, as Won: with the amount, where the same event says one. Only where a line of
    whence.toml makes it a move does the amount have to fit; else it stays a move."""
    said = {"stage": moved.stage, "reason": moved.reason}
    found: Won | None = Meaning(OURS, Won, said, lenient=meaning.lenient).of(recorded)
    return moved if found is None else found
