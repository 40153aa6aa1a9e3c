"""What happens to a lead. Stored names are for ever."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec

from whence.codec import Codec, Tag
from whence.money import is_money


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a lead, which events that say so are made of; no event itself."""

    lead: Annotated[str, Tag]
    source: str | None = None
    name: str | None = None
    company: str | None = None
    industry: str | None = None
    employees: int | None = None
    country: str | None = None


class Created(Known, frozen=True, omit_defaults=True):
    """A lead is there: from which source, and what is known of it."""

    event_type: ClassVar[str] = "lead.Created"


class Changed(Known, frozen=True, omit_defaults=True):
    """What is known of it is something else now; what is left out stays as it was."""

    event_type: ClassVar[str] = "lead.Changed"
    reason: str | None = None


class Touched(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody did something: opened, clicked, replied, attended, called …"""

    event_type: ClassVar[str] = "lead.Touched"
    lead: Annotated[str, Tag]
    touch: str
    campaign: Annotated[str | None, Tag] = None
    note: str | None = None


class Assigned(msgspec.Struct, frozen=True, omit_defaults=True):
    """It has another owner."""

    event_type: ClassVar[str] = "lead.Assigned"
    lead: Annotated[str, Tag]
    owner: Annotated[str, Tag]
    reason: str | None = None


class Scored(msgspec.Struct, frozen=True, omit_defaults=True):
    """It was given a score: `method` names the scorecard or the function, `version` is a digest of what that said."""

    event_type: ClassVar[str] = "lead.Scored"
    lead: Annotated[str, Tag]
    score: int | float
    reason: str | None = None
    method: str | None = None
    version: str | None = None


class Moved(msgspec.Struct, frozen=True, omit_defaults=True):
    """It is in another stage."""

    event_type: ClassVar[str] = "lead.Moved"
    lead: Annotated[str, Tag]
    stage: str
    reason: str | None = None


class Won(msgspec.Struct, frozen=True, omit_defaults=True):
    """It bought, for an amount in the currency's own units: 1200.50, written exactly."""

    event_type: ClassVar[str] = "lead.Won"
    lead: Annotated[str, Tag]
    stage: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.amount is not None and not is_money(self.amount):
            raise ValueError(f"an amount is a number, not {self.amount}")


class Lost(msgspec.Struct, frozen=True, omit_defaults=True):
    """It will not buy."""

    event_type: ClassVar[str] = "lead.Lost"
    lead: Annotated[str, Tag]
    stage: str | None = None
    reason: str | None = None


EVENTS = (Created, Changed, Touched, Assigned, Scored, Moved, Won, Lost)
CODEC = Codec(*EVENTS)
