"""A side of an experiment: whatever turns the events of one entity into a number. A scorecard, a field of a model, a
function, a field as it was recorded, or a file; which of two sides is better is left to the rest of the package.

A side is always handed a list of events and knows nothing else, so that what has not happened yet cannot reach it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Protocol

import msgspec

from whence import jsonvalue
from whence.errors import InvalidModel
from whence.events import Recorded
from whence.fingerprint import fingerprint
from whence.history import by_position, by_time
from whence.impurity import NETWORK, read_in
from whence.model import Model, ModelLike
from whence.scoring import Scorecard, Shares, Threshold, live, shares
from whence.scoring.condition import ABSENT, look
from whence.scoring.points import MICRO, number_of

Function = Callable[[list[Recorded]], Any]
"""From the events of one entity, in the order in which they happened, to a number, or None for no answer."""


class CardScore(msgspec.Struct, frozen=True):
    """A score of a scorecard, the first unless it is named, in points."""

    card: Scorecard
    score: str | None = None


class ModelField(msgspec.Struct, frozen=True):
    """A field of a model's state: a number, or true and false as 1 and 0."""

    model: ModelLike
    field: str


class RecordedField(msgspec.Struct, frozen=True):
    """A number that events of a type recorded at the time, such as the score of a CRM or of a language model: a dotted
    path in their data, of which the last value holds."""

    type: str
    field: str


class TimedValues(msgspec.Struct, frozen=True):
    """Rows of entity, time in microseconds UTC, and number, that something else came to. Each is in force from its time
    on; of several at one time the last row holds."""

    rows: Sequence[tuple[str, int, Any]]


Given = Scorecard | CardScore | ModelField | RecordedField | TimedValues | Function | Mapping[str, Any]
"""What a side may be. A mapping gives each entity (`lead:42`) a number: a file that something else made."""


class About(msgspec.Struct, frozen=True):
    """Which side it is: its name, its sort ("scorecard", "model", "recorded", "function" or "file"), and a digest of
    what it says, or of its code. `card` is all that a scorecard says, as JSON has it."""

    name: str
    sort: str
    version: str
    card: Any = None


class Side(Protocol):
    """What an experiment asks of each side; made by `side_of`."""

    about: About

    @property
    def timed(self) -> bool:
        """Whether its number follows from events, so that there is one for each moment."""
        ...

    def value(self, entity: str, events: Sequence[Recorded], at_us: int | None = None) -> float | None:
        """The number for an entity that has these events, in occurred order: as of a time in microseconds UTC, not
        before the last of them, or as of the last; None for no answer."""
        ...

    def reached_us(self, entity: str, events: Sequence[Recorded], bar: Threshold, at_us: int | None) -> int | None:
        """The first moment, in microseconds UTC, at which the number is at least that of a threshold; up to `at_us`."""
        ...


def side_of(given: Given, name: str | None = None) -> Side:
    """The side that something is. Raises InvalidModel for what cannot be one, and for a model or function whose code
    calls the clock, chance or the network (see `impurity`)."""
    match given:
        case Scorecard():
            return CardSide(CardScore(given), name)
        case CardScore():
            return CardSide(given, name)
        case ModelField():
            return ModelSide(given, name)
        case RecordedField():
            return RecordedSide(given, name)
        case TimedValues():
            return TimedSide(given, name)
        case Mapping():
            return FileSide(given, name)
    if callable(given) and not isinstance(given, type):
        return FunctionSide(given, name)
    remedy = "Give a Scorecard, ModelField(model, field), RecordedField(type, field), a function, or a mapping."
    raise InvalidModel("Not a side of an experiment", value=repr(given)[:80], remedy=remedy)


class CardSide:
    """A scorecard, by the definition of what it comes to (`scoring.live`)."""

    timed = True

    def __init__(self, given: CardScore, name: str | None = None) -> None:
        self.card = given.card
        self.score = given.card.score(given.score).name
        self.about = About(
            name or given.card.name, "scorecard", given.card.version, jsonvalue.decode(given.card.to_json().encode())
        )
        self._barred: dict[Threshold, Scorecard] = {}

    def value(self, entity: str, events: Sequence[Recorded], at_us: int | None = None) -> float | None:
        if not events:
            return None
        return live.score(self.card, events, at_us).scores_micro[self.score] / MICRO

    def reached_us(self, entity: str, events: Sequence[Recorded], bar: Threshold, at_us: int | None) -> int | None:
        card = self._barred.get(bar)
        if card is None:  # a card is checked when it is made, which takes longer than to score an entity
            card = self._barred[bar] = msgspec.structs.replace(self.card, thresholds=(bar,))
        return next((each.at_us for each in live.crossings(card, events, at_us) if each.entered), None)

    def shares(self, events: Sequence[Recorded], at_us: int | None) -> Shares:
        """What the score is made of."""
        return shares(self.card, events, self.score, at_us)


class _ByPrefix:
    """What sides share whose number changes with events alone: it is looked for after each event."""

    timed = True

    def value(self, entity: str, events: Sequence[Recorded], at_us: int | None = None) -> float | None:
        raise NotImplementedError

    def reached_us(self, entity: str, events: Sequence[Recorded], bar: Threshold, at_us: int | None) -> int | None:
        for count, event in enumerate(events, 1):
            if at_us is not None and event.time_us > at_us:
                return None
            value = self.value(entity, events[:count])
            if value is not None and value >= bar.at_micro / MICRO:
                return event.time_us
        return None


class ModelSide(_ByPrefix):
    """A field of a model, folded in the model's own order."""

    def __init__(self, given: ModelField, name: str | None = None) -> None:
        self._model, self._field = Model.of(given.model), given.field
        _refuse_impure(self._model, name or f"{self._model.name}.{given.field}")
        self.about = About(name or f"{self._model.name}.{given.field}", "model", fingerprint(self._model))

    def value(self, entity: str, events: Sequence[Recorded], at_us: int | None = None) -> float | None:
        return self._number(fields_of(self._model, events), entity) if events else None

    def reached_us(self, entity: str, events: Sequence[Recorded], bar: Threshold, at_us: int | None) -> int | None:
        """Folded step by step, unless the model's order is another than that in which things happened."""
        falls = any(one.position > other.position for one, other in pairwise(events))
        if falls and self._model.order != "occurred":
            return super().reached_us(entity, events, bar, at_us)
        state = self._model.initial()
        for event in events:
            if at_us is not None and event.time_us > at_us:
                return None
            state = self._model.apply(state, event)
            value = self._number(self._model.fields(state), entity)
            if value is not None and value >= bar.at_micro / MICRO:
                return event.time_us
        return None

    def _number(self, fields: Mapping[str, Any], entity: str) -> float | None:
        if self._field not in fields:
            remedy = f"There are: {', '.join(fields) or 'none'}."
            raise InvalidModel("The model has no such field", field=self._field, entity=entity, remedy=remedy)
        return number(fields[self._field], self.about.name, entity)


class RecordedSide(_ByPrefix):
    """A field as it was recorded at the time. Values that are no number are passed over."""

    def __init__(self, given: RecordedField, name: str | None = None) -> None:
        self._given = given
        said = f"{given.type}.{given.field}"
        self.about = About(name or said, "recorded", _digest(said))

    def value(self, entity: str, events: Sequence[Recorded], at_us: int | None = None) -> float | None:
        for event in reversed(events):
            if event.type == self._given.type:
                found = number_of(look(event.data, self._given.field))
                if found is not None:
                    return float(found)
        return None


class FunctionSide(_ByPrefix):
    """A function of an entity's events. It is handed a list of its own, so that it can change nothing."""

    def __init__(self, given: Function, name: str | None = None) -> None:
        self._function = given
        called = name or str(getattr(given, "__name__", type(given).__name__))
        made = Model.of_function("function", None, given)  # type: ignore[arg-type]  # of which only the code is looked at
        _refuse_impure(made, called)
        self.about = About(called, "function", fingerprint(made))

    def value(self, entity: str, events: Sequence[Recorded], at_us: int | None = None) -> float | None:
        return number(self._function(list(events)), self.about.name, entity)


class FileSide:
    """A number for each entity that something else came to. It says nothing about when, so that nobody can tell
    whether it looked ahead: it reaches no threshold and predicts nothing. `covers` are the entities with a number, in
    the order of the file; `empty` rows have none."""

    timed = False

    def __init__(self, given: Mapping[str, Any], name: str | None = None) -> None:
        called = name or "file"
        self._values = {entity: number(value, called, entity) for entity, value in given.items()}
        self.covers = {entity: None for entity, value in self._values.items() if value is not None}
        self.empty = len(self._values) - len(self.covers)
        self.about = About(called, "file", _digest(self._values))

    def value(self, entity: str, events: Sequence[Recorded], at_us: int | None = None) -> float | None:
        return self._values.get(entity)

    def reached_us(self, entity: str, events: Sequence[Recorded], bar: Threshold, at_us: int | None) -> int | None:
        return None


class TimedSide:
    """Numbers with the times from which they are in force, so that none of a later time can reach an earlier moment.
    `covers` are the entities with a number, in the order of the file; `empty` rows have none."""

    timed = True

    def __init__(self, given: TimedValues, name: str | None = None) -> None:
        called = name or "file"
        self._rows: dict[str, list[tuple[int, float]]] = {}
        self.empty = 0
        for entity, us, value in given.rows:
            if (found := number(value, called, entity)) is not None:
                self._rows.setdefault(entity, []).append((us, found))
            else:
                self.empty += 1
        self.covers = dict.fromkeys(self._rows)
        for rows in self._rows.values():
            rows.sort(key=lambda row: row[0])
        self.about = About(called, "file", _digest(self._rows))

    def value(self, entity: str, events: Sequence[Recorded], at_us: int | None = None) -> float | None:
        """Without a time, as of the last event, as everywhere."""
        return next((value for _, value in reversed(self._upto(entity, events, at_us))), None)

    def reached_us(self, entity: str, events: Sequence[Recorded], bar: Threshold, at_us: int | None) -> int | None:
        rows = self._upto(entity, events, at_us)
        return next((us for us, value in rows if value >= bar.at_micro / MICRO), None)

    def _upto(self, entity: str, events: Sequence[Recorded], at_us: int | None) -> list[tuple[int, float]]:
        last_us = events[-1].time_us if at_us is None and events else at_us
        return [] if last_us is None else [row for row in self._rows.get(entity, ()) if row[0] <= last_us]


def _refuse_impure(model: Model, side: str) -> None:
    """Raise InvalidModel naming the first call by which the answer would change from one run to the next."""
    found = next(iter(read_in(model)), None)
    if found is not None:
        remedy = found.remedy
        if found.problem.partition(" ")[2].startswith(OUTSIDE):
            remedy = "Write what each decision was given with whence cases, and compare the answers from a file."
        facts = {"side": side, "in": found.handler, "problem": found.problem, "place": found.place}
        raise InvalidModel("A side of an experiment is impure", remedy=remedy, **facts)


OUTSIDE = (*NETWORK, "subprocess")
"""What asks others, so that the answer cannot be had again."""


def number(value: Any, side: str, entity: str) -> float | None:
    """A side's answer as a float: true and false are 1 and 0, None is no answer. Raises InvalidModel for any other
    value, NaN and infinity among them."""
    if value is None:
        return None
    found = float(value) if isinstance(value, (bool, int, float, Decimal)) or hasattr(value, "__float__") else math.nan
    if not math.isfinite(found):
        remedy = "Return a number, or None for no answer."
        raise InvalidModel("A side came to no number", side=side, entity=entity, value=repr(value)[:80], remedy=remedy)
    return found


def in_occurred_order(events: Iterable[Recorded]) -> list[Recorded]:
    """By time, position breaking ties."""
    return sorted(events, key=by_time)


def before(events: Iterable[Recorded], us: int) -> list[Recorded]:
    """The events that happened strictly before a time in microseconds UTC."""
    return [event for event in events if event.time_us < us]


def fields_of(model: Model, events: Sequence[Recorded]) -> dict[str, Any]:
    """The fields of a model's state after events that are in occurred order, folded in the model's own."""
    ordered = events if model.order == "occurred" else sorted(events, key=by_position)
    return model.fields(model.fold(ordered))


def last_said(events: Sequence[Recorded], field: str) -> Any:
    """The last value that an entity's events say at a dotted path; None where none says one."""
    for event in reversed(events):
        found = look(event.data, field)
        if found is not ABSENT:
            return found
    return None


def _digest(said: Any) -> str:
    return hashlib.sha256(jsonvalue.canonical(said)).hexdigest()[:32]
