"""A small pack, as somebody would write one: support tickets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from whence import Codec, Tag, on
from whence.clock import to_us
from whence.errors import Refused
from whence.events import Recorded
from whence.pack import Asked, Pack, Scenario, decision, table


class Opened(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ticket.Opened"
    ticket: Annotated[str, Tag]
    subject: str
    urgency: str = "normal"


class Closed(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ticket.Closed"
    ticket: Annotated[str, Tag]
    reason: str


class Ticket:
    """A question that somebody has asked."""

    kind = "ticket"
    codec = Codec(Opened, Closed)

    def __init__(self) -> None:
        self.status = "none"
        self.subject: str | None = None
        self.urgency = "normal"
        self.opened_at: datetime | None = None

    @on(Opened)
    def opened(self, event: Opened, recorded: Recorded) -> None:
        self.status, self.subject, self.urgency = "open", event.subject, event.urgency
        self.opened_at = recorded.time

    @on(Closed)
    def closed(self, event: Closed) -> None:
        self.status = "closed"


@decision
def open_(
    ticket: Ticket,
    id: str,
    subject: str,
    *,
    urgency: Annotated[Literal["low", "normal", "high"], "how urgent it is"] = "normal",
) -> Opened:
    """$ whence tickets open 42 "The printer burns" --urgency high --by ben --time 2026-01-05

    Open a ticket, once.
    """
    if ticket.status != "none":
        raise Refused("A ticket is opened once", ticket=id, status=ticket.status, remedy="Open another.")
    return Opened(id, subject, urgency)


@decision
def close(ticket: Ticket, id: str, *, reason: Annotated[str, "why it is closed"]) -> Closed | None:
    """$ whence tickets close 42 --reason "Fire is out" --by anna --time 2026-01-07

    Close a ticket that is open.
    """
    if ticket.status == "none":
        raise Refused("No such ticket", ticket=id, remedy="Open it first.")
    return None if ticket.status == "closed" else Closed(id, reason)


class Waiting(msgspec.Struct, frozen=True):
    ticket: str
    subject: str
    urgency: str
    opened_at: datetime
    days: float


@table
def backlog(
    asked: Asked, *, urgency: Annotated[str | None, "only those that are so urgent"] = None
) -> Iterable[Waiting]:
    """$ whence tickets backlog
    $ whence tickets backlog --at 2026-01-06 --urgency high --json

    The tickets that are open, and for how long.
    """
    for id, ticket in asked.states(Ticket).items():
        if ticket.status == "open" and urgency in (None, ticket.urgency):
            days = (asked.moment_us - to_us(ticket.opened_at)) / 86_400_000_000
            yield Waiting(id, ticket.subject, ticket.urgency, ticket.opened_at, round(days, 1))


PACK = Pack(
    name="tickets",
    title="Support tickets: who waits for what, and for how long",
    states=(Ticket,),
    decisions=(open_, close),
    tables=(backlog,),
    scenarios=(
        Scenario("a ticket is opened", open_.asked("1", "Help"), then=[Opened("1", "Help")]),
        Scenario("a ticket is opened once", open_.asked("1", "Help"), [Opened("1", "Help")], refused="once"),
        Scenario(
            "closing twice does nothing", close.asked("1", reason="done"), [Opened("1", "Help"), Closed("1", "done")]
        ),
        Scenario("what is open is closed", close.asked("1", reason="x"), [Opened("1", "Help")], [Closed("1", "x")]),
    ),
    configuration="# Nothing has to be configured.\n",
)
