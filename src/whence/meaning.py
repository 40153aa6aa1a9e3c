"""Events of other types, as other programs and imports record them, read as a pack's own. They stay as they were
recorded; a table of whence.toml says which of them means what:

    [pack.tickets.events]
    MailReceived = "Opened"                                 # fields of the same name are read
    CallEnded = { as = "Closed", reason = "by phone" }      # a fixed value
    Solved = { as = "Closed", reason = "$how.text" }        # of another field, or a part of one; also $time, $actor
    Billed = { as = "Paid", amount = "$cents * 0.01" }      # multiplied exactly
    StatusSet = [                                           # the first that holds
        { when = { status = "done" }, as = "Closed" },
    ]
    PageViewed = false                                      # not read at all

An event that does not fit its line stops the fold, so that no answer lacks it silently; with `lenient = true` in the
line, what fits of it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation, Overflow
from typing import Any, TypeVar

import msgspec

from whence.clock import to_iso
from whence.errors import FoldFailed, InvalidConfig, InvalidEvent, near
from whence.events import Recorded
from whence.grammar import normal_type
from whence.model import handlers_of, on
from whence.tree import MISSING, at

_FIELD = re.compile(r"\$([\w.-]+)(?:\s*\*\s*(\d+(?:\.\d+)?))?")
_ENVELOPE: dict[str, Callable[[Recorded], str | None]] = {
    "time": lambda event: to_iso(event.time_us),
    "actor": lambda event: event.actor,
    "type": lambda event: event.type,
}


class Vocabulary(msgspec.Struct, frozen=True):
    """What events of others are read as: a pack's own `events`, each with the id of the entity as its first field, of
    this `kind`; `more` are fields that may be named beside an event's own. `key` is where whence.toml says what means
    what, and `examples` are two lines of it: an event as it is, and one with a field. By it a pack makes meanings of
    that table, and by `add_readers` and `reading` its state goes by them."""

    key: str
    kind: str
    events: tuple[type[msgspec.Struct], ...]
    examples: tuple[str, str]
    more: Mapping[type[msgspec.Struct], tuple[str, ...]] = {}

    def meanings(self, table: Any, *, lenient: bool = False) -> dict[str, tuple[Meaning, ...]]:
        """What the table says, by the type of the event. Raises InvalidConfig naming the key and the remedy."""
        if not isinstance(table, Mapping):
            raise InvalidConfig("Not a table of events", key=self.key, remedy=f"Write {self.examples[0]}.")
        return {
            self._type(name): tuple(self._meanings(f"{self.key}.{name}", said, lenient)) for name, said in table.items()
        }

    def _type(self, name: str) -> str:
        try:
            return normal_type(name)
        except InvalidEvent as problem:
            raise InvalidConfig(problem.fact, key=f"{self.key}.{name}", remedy=problem.remedy) from None

    def _meanings(self, key: str, said: Any, lenient: bool) -> list[Meaning]:
        if said is False:
            return []
        return [self._meaning(key, each, lenient) for each in (said if isinstance(said, list) else [said])]

    def _meaning(self, key: str, said: Any, lenient: bool) -> Meaning:
        table = {"as": said} if isinstance(said, str) else said
        if not isinstance(table, Mapping) or not isinstance(table.get("as"), str):
            raise InvalidConfig("An event is read as one of ours", key=key, remedy=f"Write {self.examples[1]}.")
        ours = {each.__name__: each for each in self.events}
        event = ours.get(table["as"].removeprefix(f"{self.kind}."))
        if event is None:
            raise InvalidConfig("No such event", key=key, **{"as": table["as"]}, remedy=near(table["as"], ours))
        fields = {name: value for name, value in table.items() if name not in ("as", "when", "lenient")}
        known = (*_fields_of(event), *self.more.get(event, ()))
        for name in fields:
            if name not in known:
                raise InvalidConfig("No such field", key=key, field=name, remedy=near(name, known))
        when = table.get("when", {})
        if not isinstance(when, Mapping):
            remedy = 'Write when = { name = "dealstage" }.'
            raise InvalidConfig("Not a table of values", key=f"{key}.when", remedy=remedy)
        is_lenient: Any = table.get("lenient", lenient)
        if not isinstance(is_lenient, bool):
            raise InvalidConfig("Neither true nor false", key=f"{key}.lenient", remedy="Write lenient = true.")
        said_fields = {name: Field.said(value) for name, value in fields.items()}
        return Meaning(self, event, said_fields, dict(when), is_lenient, key)


class Field(msgspec.Struct, frozen=True):
    """What `$cents * 0.01` says: a field of an event, or a part of one, and what it is multiplied by."""

    path: str
    factor: Decimal | None = None

    @classmethod
    def said(cls, value: Any) -> Any:
        """What is fixed as it is; a text with $ as the field that it names."""
        found = _FIELD.fullmatch(value) if isinstance(value, str) else None
        return value if found is None else cls(found[1], None if found[2] is None else Decimal(found[2]))

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
    that is not the field of the same name. `when` are fields that have to have these values. Of what does not fit a
    `lenient` one leaves out the fields that do not, and means nothing where one that there has to be is among them.
    `key` is the line of whence.toml."""

    vocabulary: Vocabulary
    event: type[msgspec.Struct]
    fields: dict[str, Any] = {}
    when: dict[str, Any] = {}
    lenient: bool = False
    key: str = ""

    def of(self, recorded: Recorded) -> Any:
        """The event as ours; None where it does not mean this. Raises FoldFailed where it ought to and does not fit."""
        data = recorded.data if isinstance(recorded.data, dict) else {}
        if self.when and any(_inside(data, name) != value for name, value in self.when.items()):
            return None
        kind, id_field = self.vocabulary.kind, self.event.__struct_fields__[0]
        values = {id_field: next(iter(recorded.entities(kind)), f"{kind}:").partition(":")[2]}
        for name in _fields_of(self.event):
            value = self.fields.get(name)
            if type(value) is Field:
                try:
                    value = value.of(recorded, data)
                except ValueError as problem:
                    if not self.lenient:
                        raise self._unfit(recorded, name, problem) from None
                    continue
            if value is None:
                value = data.get(name)
            if value is not None and value != "":
                values[name] = value
        made = _converted(values, self.event)
        if not isinstance(made, ValueError):
            return made
        unfit = self._fields_unfit(values)
        if not self.lenient:
            name = next(iter(unfit), "")
            raise self._unfit(recorded, name, made, *([str(values[name])[:80]] if name in values else []))
        made = _converted({name: value for name, value in values.items() if name not in unfit}, self.event)
        return None if isinstance(made, ValueError) else made

    def _fields_unfit(self, values: Mapping[str, Any]) -> list[str]:
        """The fields that lack or do not fit, each looked at beside those that there have to be, which come first."""
        needed = [each.name for each in msgspec.structs.fields(self.event) if each.required]
        begun = {name: values[name] for name in needed if name in values}
        lacking = [name for name in needed if name not in values]
        return lacking or [
            name
            for name in values
            if name != needed[0] and isinstance(_converted(begun | {name: values[name]}, self.event), ValueError)
        ]

    def _unfit(self, recorded: Recorded, field: str, problem: ValueError, *value: str) -> FoldFailed:
        facts = {"position": recorded.position, "type": recorded.type, "line": self.key, "field": field}
        facts |= {"value": repr(value[0])} if value else {}
        remedy = (
            "Change that line: name another field, say by when = { … } which events it is for, or lenient = true to"
            f" read what fits; whence show @{recorded.position} prints the event."
        )
        return FoldFailed(
            f"An event is not read as {self.event.__name__}", **facts, problem=str(problem), remedy=remedy
        )


Handler = Callable[[Any, Any, Recorded], None]
"""What a state does about an event of ours, told the event as it was recorded, too."""
Meanings = Mapping[str, tuple[Meaning, ...]]
"""What an event of others means, by its type: the first that holds; none where it is not read."""
State = TypeVar("State")
AllOf = Callable[[Any, Any, Meaning, Recorded], Iterable[Any]]
"""The events of ours that one of others comes to for a state, of what it means."""


def add_readers(state: type, meanings: Meanings, all_of: AllOf) -> None:
    """Let a state read others' events: by a handler for each type, `_reads_EmailOpened`, that tells the state's own
    what it means. All of these are told an event of ours and what was recorded."""
    for name, handler in _readers(state, meanings, all_of).items():
        setattr(state, name, handler)


def reading(state: type[State], meanings: Meanings, all_of: AllOf, **members: Any) -> type[State]:
    """A subclass of a state that reads others' events by these meanings, and has these other members."""
    as_the_state = {"__module__": state.__module__, "__doc__": state.__doc__}
    return type(f"Configured{state.__name__}", (state,), as_the_state | members | _readers(state, meanings, all_of))


def _readers(state: type, meanings: Meanings, all_of: AllOf) -> dict[str, Handler | None]:
    """The handlers by their names. None takes out one that the state has."""
    handlers = handlers_of(state)
    return {
        f"_reads_{name}": _reader(state, name, found, handlers, all_of) if found else None
        for name, found in meanings.items()
    }


def _reader(
    state: type, name: str, meanings: tuple[Meaning, ...], handlers: Mapping[type, Handler], all_of: AllOf
) -> Any:
    """The handler of the events of a type: the first of its meanings that holds is what happened."""

    @on(name)
    def read(self: Any, recorded: Recorded) -> None:
        for meaning in meanings:
            event = meaning.of(recorded)
            if event is not None:
                for each in all_of(self, event, meaning, recorded):
                    handlers[type(each)](self, each, recorded)
                return

    read.__qualname__ = f"{state.__name__}.reads[{name}]"
    return read


def _fields_of(event: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields of an event beside its first, the entity."""
    return event.__struct_fields__[1:]


def _converted(values: Mapping[str, Any], event: type[msgspec.Struct]) -> Any:
    """The event of these values, or the ValueError, msgspec's own too, that says why there is none."""
    try:
        return msgspec.convert(values, event, strict=False)
    except ValueError as problem:
        return problem


def _inside(data: Any, path: str) -> Any:
    """What stands in a field, or a part of one; None where there is nothing."""
    found = at(data, tuple(path.split(".")))
    return None if found is MISSING else found
