"""What every implementation is given: the same events, made from the same parts, and the same typed structs to read
them into. Making an event from its parts, and a struct from what was stored, is inside every measured time."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, ClassVar, NamedTuple

import msgspec

import whence
from whence.events import Event
from whence.model import on

BATCH = 5000
"""So many events to an append where a store is filled."""

ENTITIES = 50_000
CAMPAIGNS = 40


class Parts(NamedTuple):
    """The parts of an event: its type, its entity's number, the campaign's, its data and a client-made random id."""

    type: str
    entity: int
    campaign: int
    data: dict[str, Any]
    id: uuid.UUID

    @property
    def tags(self) -> tuple[str, str]:
        return f"lead:{self.entity}", f"campaign:c{self.campaign}"


class _Touch(msgspec.Struct, frozen=True, gc=False):
    campaign: str
    subject: str
    client: str
    country: str
    opens: int
    score: float
    ok: bool
    ref: str


class EmailOpened(_Touch, frozen=True, gc=False):
    pass


class LeadScored(_Touch, frozen=True, gc=False):
    pass


TYPES: dict[str, type[_Touch]] = {"EmailOpened": EmailOpened, "LeadScored": LeadScored}
DECODE = {name: msgspec.json.Decoder(cls).decode for name, cls in TYPES.items()}
encode = msgspec.json.Encoder().encode


class Lead(msgspec.Struct):
    """The state that every implementation folds into. For Whence it is also the model."""

    kind: ClassVar[str] = "lead"
    opened: int = 0
    score: float = 0.0
    last: str = ""

    @on(EmailOpened)
    def was_opened(self, event: EmailOpened) -> None:
        self.opened += 1
        self.last = event.campaign

    @on(LeadScored)
    def was_scored(self, event: LeadScored) -> None:
        self.score = event.score


def apply(lead: Lead, type: str, event: Any) -> None:
    """The same fold, for implementations that bring none."""
    if type == "EmailOpened":
        lead.was_opened(event)
    else:
        lead.was_scored(event)


def events(count: int, seed: int = 0, *, events_per_new_entity: int | None = None) -> Iterator[Parts]:
    """So many events over 50,000 entities, or with a new entity every few events."""
    rng = random.Random(seed)
    for number in range(count):
        entity = rng.randrange(ENTITIES) if events_per_new_entity is None else number // events_per_new_entity
        data = {
            "campaign": "spring-2026",
            "subject": "Your trial ends in three days",
            "client": "Apple Mail 17.4",
            "country": "DE",
            "opens": number % 1000,
            "score": 61.5,
            "ok": True,
            "ref": "https://example.com/a/b/c?x=1",
        }
        type = "LeadScored" if number % 3 == 0 else "EmailOpened"
        yield Parts(type, entity, number % CAMPAIGNS, data, uuid.UUID(int=rng.getrandbits(128), version=4))


def append_all(db: whence.Whence, given: Iterable[Event]) -> None:
    """Append events in batches."""
    rest = iter(given)
    while batch := list(islice(rest, BATCH)):
        db.append(batch)


def payload_bytes(count: int) -> int:
    """The bytes of so many payloads as JSON."""
    return sum(len(encode(parts.data)) for parts in events(count))
