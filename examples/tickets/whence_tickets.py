"""Support tickets: who waits, how urgently, and since when. A pack for Whence, in one file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

import msgspec

from whence import Codec, Recorded, Refused, Tag, on
from whence.pack import Asked, Pack, Scenario, decision, table


class Opened(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ticket.Opened"
    ticket: Annotated[str, Tag]
    subject: str
    urgency: str


class Escalated(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ticket.Escalated"
    ticket: Annotated[str, Tag]
    reason: str


class Closed(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ticket.Closed"
    ticket: Annotated[str, Tag]
    reason: str


class Ticket:
    """A question that somebody has asked."""

    kind = "ticket"
    codec = Codec(Opened, Escalated, Closed)

    def __init__(self) -> None:
        self.status, self.subject, self.urgency = "none", "", ""
        self.since: datetime | None = None

    @on(Opened)
    def opened(self, event: Opened, recorded: Recorded) -> None:
        self.status, self.since = "open", recorded.time
        self.subject, self.urgency = event.subject, event.urgency

    @on(Escalated)
    def escalated(self, event: Escalated) -> None:
        self.urgency = "high"

    @on(Closed)
    def closed(self, event: Closed) -> None:
        self.status = "closed"


@decision
def open_(ticket: Ticket, id: str, subject: str, *, urgency: Literal["low", "normal", "high"] = "normal") -> Opened:
    """Open a ticket, once."""
    if ticket.status != "none":
        raise Refused("A ticket is opened once", ticket=id, status=ticket.status, remedy="Open another.")
    return Opened(id, subject, urgency)


@decision
def escalate(ticket: Ticket, id: str, *, reason: Annotated[str, "what the customer says"]) -> Escalated:
    """A customer is not content: the ticket is urgent from now on."""
    if ticket.status != "open":
        raise Refused("This ticket is not open", ticket=id, status=ticket.status, remedy="Open another.")
    return Escalated(id, reason)


@decision
def close(ticket: Ticket, id: str, *, reason: Annotated[str, "why it is closed"]) -> Closed | None:
    """Close a ticket. Nothing happens where it is closed already."""
    if ticket.status == "none":
        raise Refused("There is no such ticket", ticket=id, remedy="Open it first.")
    return None if ticket.status == "closed" else Closed(id, reason)


class Waiting(msgspec.Struct, frozen=True):
    ticket: str
    subject: str
    urgency: str
    hours: float


@table
def backlog(asked: Asked, *, urgency: Annotated[str | None, "only so urgent ones"] = None) -> Iterable[Waiting]:
    """The tickets that are open, and for how many hours."""
    for id, ticket in asked.states(Ticket).items():
        if ticket.status == "open" and urgency in (None, ticket.urgency):
            hours = (asked.moment - ticket.since) / timedelta(hours=1)
            yield Waiting(id, ticket.subject, ticket.urgency, round(hours, 1))


OPEN = Opened("1", "It burns", "normal")
PACK = Pack(
    name="tickets",
    title="Support tickets: who waits, how urgently, and since when",
    states=(Ticket,),
    decisions=(open_, escalate, close),
    tables=(backlog,),
    scenarios=(
        Scenario("a ticket is opened", open_.asked("1", "It burns"), then=[OPEN]),
        Scenario("but only once", open_.asked("1", "It burns"), [OPEN], refused="opened once"),
        Scenario("it is urgent now", escalate.asked("1", reason="hot"), [OPEN], [Escalated("1", "hot")]),
        Scenario("closing twice does nothing", close.asked("1", reason="x"), [OPEN, Closed("1", "x")]),
    ),
    configuration="""# How much a ticket presses: from 50 points on, somebody looks at it at once.
[scorecard.ticket]
rule = [{ name = "urgent", while = { urgency = "high" }, points = 50 }]
threshold = [{ score = "score", at = 50, stage = "at once" }]
""",
)
