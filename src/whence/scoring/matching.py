"""What an event gives by a card's rules, before any cap or decay: points, and facts that it changes. How they come to a
score is left to live and kernel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from whence.clock import LATEST_US
from whence.errors import InvalidEvent
from whence.events import Recorded
from whence.history import by_position, by_time
from whence.scoring.card import Rule, Scorecard
from whence.scoring.condition import ABSENT, Condition, conditions_in, look
from whence.scoring.points import AWARD_POINTS_MAX, micro_of, number_of


class _EventRule(msgspec.Struct, frozen=True):
    number: int
    types: frozenset[str] | None
    conditions: tuple[Condition, ...]
    points: int
    field: str | None


class _FactRule(msgspec.Struct, frozen=True):
    number: int
    conditions: tuple[Condition, ...]
    points: int


class Matcher:
    """The rules of a card, ready to be asked of events. Rules are told by their number in the card, from 0."""

    def __init__(self, card: Scorecard) -> None:
        rules = list(enumerate(card.rules))
        self._card = card
        self.by_event = [_event_rule(number, rule) for number, rule in rules if rule.on is not None]
        self.by_fact = [
            _FactRule(number, tuple(conditions_in(rule.while_)), rule.micro)
            for number, rule in rules
            if rule.on is None
        ]
        self.fields = tuple(dict.fromkeys(one.field for rule in self.by_fact for one in rule.conditions))
        """The fields that rules about facts look at."""
        own = [one.field for rule in self.by_event for one in rule.conditions]
        own += [rule.field for rule in self.by_event if rule.field is not None]
        self.paths = frozenset((*self.fields, *own))
        """All fields that rules look at."""

    def awards(self, event: Recorded) -> Iterator[tuple[int, int]]:
        """Each rule about events that an event meets, and the points in micro-points.

        Raises InvalidEvent where a rule takes its points from a field that is neither absent nor null and no number, or
        beyond AWARD_POINTS_MAX.
        """
        data = ABSENT
        for rule in self.by_event:
            if rule.types is not None and event.type not in rule.types:
                continue
            data = event.data if data is ABSENT else data
            if all(one.holds(look(data, one.field)) for one in rule.conditions):
                points = rule.points if rule.field is None else self._points_in(event, data, rule)
                if points is not None:
                    yield rule.number, points

    def facts(self, event: Recorded) -> Iterator[tuple[str, Any]]:
        """The fields that rules about facts look at and that an event says, with the value."""
        if self.fields:
            data = event.data
            found = ((field, look(data, field)) for field in self.fields)
            yield from ((field, value) for field, value in found if value is not ABSENT)

    def held(self, known: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
        """Each rule about facts, and its points in micro-points while these are known: 0 where it does not hold."""
        for rule in self.by_fact:
            holds = all(one.holds(known.get(one.field)) for one in rule.conditions)
            yield rule.number, rule.points if holds else 0

    def _points_in(self, event: Recorded, data: Any, rule: _EventRule) -> int | None:
        """The micro-points that a field of an event says; None where the event does not have it."""
        value = look(data, rule.field or "")
        if value is ABSENT or value is None:
            return None
        points = number_of(value)
        if points is not None and abs(points) <= AWARD_POINTS_MAX:
            return micro_of(points)
        fact = "Not a number of points" if points is None else f"More than {AWARD_POINTS_MAX:,} points"
        place = {"scorecard": self._card.name, "rule": self._card.rules[rule.number].name, "field": rule.field}
        remedy = "Let the rule's when pass over it, or mend the event with another."
        raise InvalidEvent(fact, position=event.position, **place, value=repr(value)[:80], remedy=remedy)


def _event_rule(number: int, rule: Rule) -> _EventRule:
    types = None if rule.on == "*" else frozenset(rule.on or ())
    return _EventRule(number, types, tuple(conditions_in(rule.when)), rule.micro, rule.points_field)


def in_order(card: Scorecard, events: Iterable[Recorded], upto_us: int | None = None) -> list[Recorded]:
    """The events that happened by a time (inclusive), in the card's order: by time and then position, or by
    position."""
    latest = LATEST_US if upto_us is None else upto_us
    kept = [event for event in events if event.time_us <= latest]
    return sorted(kept, key=by_time if card.order == "occurred" else by_position)
