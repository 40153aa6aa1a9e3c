"""What happens to a lead. Stored names are for ever."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec

from whence.codec import Codec, Tag
from whence.money import is_money


class OfLead(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all events of a lead begin with."""

    lead: Annotated[str, Tag]


class Known(OfLead, frozen=True):
    """What is known of a lead; no event itself."""

    source: str | None = None
    name: str | None = None
    company: str | None = None
    industry: str | None = None
    employees: int | None = None
    country: str | None = None


class Created(Known, frozen=True):
    """A lead is there: from which source, and what is known of it."""

    event_type: ClassVar[str] = "lead.Created"


class Changed(Known, frozen=True):
    """What is known of it is something else now; what is left out stays as it was."""

    event_type: ClassVar[str] = "lead.Changed"
    reason: str | None = None


class Touched(OfLead, frozen=True):
    """Somebody did something: opened, clicked, replied, attended, called …"""

    event_type: ClassVar[str] = "lead.Touched"
    touch: str
    campaign: Annotated[str | None, Tag] = None
    note: str | None = None


class Assigned(OfLead, frozen=True):
    """It has another owner."""

    event_type: ClassVar[str] = "lead.Assigned"
    owner: Annotated[str, Tag]
    reason: str | None = None


class Scored(OfLead, frozen=True):
    """It was given a score: `method` names the scorecard or the function, `version` is a digest of what that said."""

    event_type: ClassVar[str] = "lead.Scored"
    score: int | float
    reason: str | None = None
    method: str | None = None
    version: str | None = None


class Moved(OfLead, frozen=True):
    """It is in another stage."""

    event_type: ClassVar[str] = "lead.Moved"
    stage: str
    reason: str | None = None


class Won(OfLead, frozen=True):
    """It bought, for an amount in the currency's own units: 1200.50, written exactly."""

    event_type: ClassVar[str] = "lead.Won"
    stage: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.amount is not None and not (is_money(self.amount) and self.amount >= 0):
            raise ValueError(f"an amount is a number, and not negative: {self.amount}")


class Lost(OfLead, frozen=True):
    """It will not buy."""

    event_type: ClassVar[str] = "lead.Lost"
    stage: str | None = None
    reason: str | None = None


EVENTS = (Created, Changed, Touched, Assigned, Scored, Moved, Won, Lost)
CODEC = Codec(*EVENTS)
