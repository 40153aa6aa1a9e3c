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

Without a line these are understood: Created and LeadCreated, which may say the owner too, OwnerAssigned, Scored,
LeadScored, StageChanged, LeadWon, LeadLost; and as touches EmailSent, EmailOpened, EmailClicked, Replied, PageViewed,
FormSubmitted, WebinarAttended, Called, CallMade. A line of yours replaces what is understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation, Overflow
from typing import Any

import msgspec

from whence.clock import to_iso
from whence.errors import InvalidConfig, InvalidEvent, near
from whence.events import Recorded
from whence.grammar import normal_type
from whence.packs.leads.events import EVENTS, Assigned, Created

UNDERSTOOD = {
    "Created": "Created",
    "LeadCreated": "Created",
    "OwnerAssigned": "Assigned",
    "Scored": {"as": "Scored", "method": "$actor"},
    "LeadScored": {"as": "Scored", "method": "$actor"},
    "StageChanged": "Moved",
    "LeadWon": "Won",
    "LeadLost": {"as": "Lost", "reason": "$lost_because"},
    "EmailSent": {"as": "Touched", "touch": "sent"},
    "EmailOpened": {"as": "Touched", "touch": "opened"},
    "EmailClicked": {"as": "Touched", "touch": "clicked"},
    "Replied": {"as": "Touched", "touch": "replied"},
    "PageViewed": {"as": "Touched", "touch": "viewed"},
    "FormSubmitted": {"as": "Touched", "touch": "submitted"},
    "WebinarAttended": {"as": "Touched", "touch": "attended"},
    "Called": {"as": "Touched", "touch": "called"},
    "CallMade": {"as": "Touched", "touch": "called"},
    "HubSpotDeal": {"as": "Created", "name": "$property_dealname", "source": "$property_source"},
    "HubSpotStage": {"as": "Moved", "stage": "$value"},
    "HubSpotContact": [
        {"when": {"name": "lifecyclestage"}, "as": "Moved", "stage": "$value"},
        {"when": {"name": "hs_analytics_source"}, "as": "Changed", "source": "$value"},
    ],
    "SENT": {"as": "Touched", "touch": "sent"},
    "OPEN": {"as": "Touched", "touch": "opened"},
    "CLICK": {"as": "Touched", "touch": "clicked"},
}
"""The plain names in the tutorial and the demonstration, and those that the mappings for HubSpot give. An event of such
a name that lacks what is needed, a StageChanged without a stage, means nothing here."""

OURS = {cls.__name__: cls for cls in EVENTS}
_FIELD = re.compile(r"\$([\w.-]+)(?:\s*\*\s*(\d+(?:\.\d+)?))?")
_ENVELOPE: dict[str, Callable[[Recorded], str | None]] = {
    "time": lambda event: to_iso(event.time_us),
    "actor": lambda event: event.actor,
    "type": lambda event: event.type,
}


class Field(msgspec.Struct, frozen=True):
    """What `$cents * 0.01` says: a field of an event, or a part of one, and what it is multiplied by."""

    path: str
    factor: Decimal | None = None

    def of(self, recorded: Recorded, data: dict[str, Any]) -> Any:
        """Its value; None where the event has none. Raises ValueError for what cannot be multiplied."""
        value = _ENVELOPE[self.path](recorded) if self.path in _ENVELOPE else _inside(data, self.path)
        if self.factor is None or value is None or value == "":
            return value
        try:
            return str(Decimal(str(value)) * self.factor)
        except (InvalidOperation, Overflow):
            raise ValueError(f"{self.path} is no number: {str(value)[:80]!r}") from None


class Meaning(msgspec.Struct, frozen=True):
    """An event is read as one of `event`: `fields` says what each of its fields is, a fixed value or a `Field`, where
    that is not the field of the same name. `when` are fields that have to have these values. A `lenient` one leaves out
    what does not fit."""

    event: type[msgspec.Struct]
    fields: dict[str, Any] = {}
    when: dict[str, Any] = {}
    lenient: bool = False

    def of(self, recorded: Recorded) -> Any:
        """The event as ours; None where it does not mean this. Raises ValueError where it ought to and does not fit."""
        data = recorded.data if isinstance(recorded.data, dict) else {}
        if self.when and any(_inside(data, name) != value for name, value in self.when.items()):
            return None
        values = {"lead": next(iter(recorded.entities("lead")), "lead:").partition(":")[2]}
        try:
            for name in _fields_of(self.event):
                value = self.fields.get(name)
                if type(value) is Field:
                    value = value.of(recorded, data)
                if value is None:
                    value = data.get(name)
                if value is not None and value != "":
                    values[name] = value
            return msgspec.convert(values, self.event, strict=False)
        except ValueError as problem:  # msgspec's own too
            if self.lenient:
                return None
            raise ValueError(f"not read as {self.event.__name__} by [pack.leads.events]: {problem}") from None

    def owner(self, recorded: Recorded) -> Assigned | None:
        """Whose the lead is from the beginning, where the event that is read as Created says so too. Only where a line
        of whence.toml names it does the owner have to fit."""
        lenient = self.lenient or "owner" not in self.fields
        found: Assigned | None = Meaning(Assigned, self.fields, lenient=lenient).of(recorded)
        return found


def meanings_of(table: Any) -> dict[str, tuple[Meaning, ...]]:
    """What [pack.leads.events] says, by the type of the event. Raises InvalidConfig naming the key and the remedy."""
    if not isinstance(table, Mapping):
        raise InvalidConfig("Not a table of events", key="pack.leads.events", remedy='Write EmailOpened = "Touched".')
    return {_type(name): tuple(_meanings(f"pack.leads.events.{name}", said)) for name, said in table.items()}


def _meanings(key: str, said: Any) -> list[Meaning]:
    if said is False:
        return []
    return [_meaning(key, each) for each in (said if isinstance(said, list) else [said])]


def _meaning(key: str, said: Any) -> Meaning:
    table = {"as": said} if isinstance(said, str) else said
    if not isinstance(table, Mapping) or not isinstance(table.get("as"), str):
        remedy = 'Write EmailOpened = { as = "Touched", touch = "opened" }.'
        raise InvalidConfig("An event is read as one of ours", key=key, remedy=remedy)
    event = OURS.get(table["as"].removeprefix("lead."))
    if event is None:
        raise InvalidConfig("No such event", key=key, **{"as": table["as"]}, remedy=near(table["as"], OURS))
    fields = {name: value for name, value in table.items() if name not in ("as", "when")}
    known = _fields_of(event) + (("owner",) if event is Created else ())
    for name in fields:
        if name not in known:
            raise InvalidConfig("No such field", key=key, field=name, remedy=near(name, known))
    when = table.get("when", {})
    if not isinstance(when, Mapping):
        raise InvalidConfig("Not a table of values", key=f"{key}.when", remedy='Write when = { name = "dealstage" }.')
    return Meaning(event, {name: _field(value) for name, value in fields.items()}, dict(when))


def _field(said: Any) -> Any:
    """What is fixed as it is; a text with $ as the `Field` that it names."""
    found = _FIELD.fullmatch(said) if isinstance(said, str) else None
    return said if found is None else Field(found[1], None if found[2] is None else Decimal(found[2]))


def _fields_of(event: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields of one of our events beside its first, the lead."""
    return event.__struct_fields__[1:]


def _type(name: str) -> str:
    try:
        return normal_type(name)
    except InvalidEvent as problem:
        raise InvalidConfig(problem.fact, key=f"pack.leads.events.{name}", remedy=problem.remedy) from None


def _inside(data: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


PLAIN = {
    name: tuple(msgspec.structs.replace(each, lenient=True) for each in meanings)
    for name, meanings in meanings_of(UNDERSTOOD).items()
}
"""The meaning of each event that is UNDERSTOOD."""
