"""Which events are meant, as people type it: `FormSubmitted source=web lead:42 if score > 80`. What becomes of them is
left to past.

The words are those of `whence append`: a type, KIND:VALUE a tag and KEY=VALUE data (a dotted path leads inwards), each
of which an event must have; of several types, one. Behind `if` stands an expression on the event's data, as `whence
bisect` takes it on states. A field that an event does not have is None there, and an event on which the rule can then
not be evaluated is not meant. Words with spaces stand in quotes.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from whence.compare import refuse_field, same
from whence.errors import InvalidEvent, InvalidModel, InvalidQuery
from whence.events import Recorded
from whence.expression import Expression
from whence.grammar import normal_tags, normal_type
from whence.scoring.condition import ABSENT, look
from whence.scoring.points import number_of
from whence.words import Words, words_of

Which = str | Callable[[Recorded], Any]
"""Events, as text or as a function of an event that says whether it is meant."""

HOW = 'Write a type, tags, data and a rule: "FormSubmitted source=web if score > 80".'
HOW_SET = 'Write what is set behind set: "Scored if score > 80 set score=80".'

_WORDS = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+|["']""")


class Selection:
    """Events that are meant; `text` says which. Made with `Selection.of`."""

    def __init__(self, text: str, words: Words, rule: Expression | None) -> None:
        self.text = text
        self._types = frozenset(map(normal_type, words.types))
        self._tags = normal_tags(words.tags)
        self._fields = words.fields
        self._rule = rule
        self._seen: set[str] = set()

    @classmethod
    def of(cls, which: Which) -> Selection | Chosen:
        """The events that a text or a function means. Raises InvalidQuery, InvalidEvent and InvalidModel for a text
        that cannot be read."""
        return Chosen(which) if callable(which) else cls._parse(which, which.strip())

    @classmethod
    def _parse(cls, whole: str, text: str) -> Selection:
        found = next((each for each in _WORDS.finditer(text) if each[0] == "if"), None)
        said, rule = (text, None) if found is None else (text[: found.start()], text[found.end() :].strip())
        words = _unquoted(said, whole)
        if rule == "" or (rule is None and not any(words)):
            raise InvalidQuery("This says no events", text=repr(whole)[:80], remedy=HOW)
        return cls(" ".join(text.split()), words, None if rule is None else Expression.parse(rule))

    def picks(self, event: Recorded) -> bool:
        """Whether an event is meant. Raises InvalidModel where the rule cannot be evaluated."""
        if self._types and event.type not in self._types:
            return False
        if self._tags and not set(self._tags) <= set(event.tags):
            return False
        if not self._fields and self._rule is None:
            return True
        data = event.data if isinstance(event.data, dict) else {}
        return all(_is(look(data, key), value) for key, value in self._fields.items()) and self._rule_holds(event, data)

    def refuse_unknown(self) -> None:
        """Raise InvalidModel for a name in the rule that none of the events looked at has in its data."""
        if self._rule is not None and self._seen:
            for name in sorted(self._rule.names - self._seen):
                refuse_field(name, dict.fromkeys(sorted(self._seen)))

    def _rule_holds(self, event: Recorded, data: Mapping[str, Any]) -> bool:
        if self._rule is None:
            return True
        self._seen.update(data)
        try:
            return self._rule.holds(data)
        except InvalidModel as problem:
            if any(data.get(name) is None for name in self._rule.names):
                return False
            facts = {**problem.facts, "event": f"@{event.position}"}
            raise InvalidModel(problem.fact, remedy=problem.remedy, **facts) from problem


class Chosen:
    """Events that a function means, which must be pure; `text` is its name."""

    def __init__(self, function: Callable[[Recorded], Any]) -> None:
        self.text = str(getattr(function, "__name__", type(function).__name__))
        self._function = function

    def picks(self, event: Recorded) -> bool:
        return bool(self._function(event))

    def refuse_unknown(self) -> None:
        """A function says itself what it does without a field."""


def alteration_of(text: str) -> tuple[str, dict[str, Any]]:
    """Which events are altered, and the data that is set: `Scored if score > 80 set score=80`. Raises InvalidQuery."""
    found = [each for each in _WORDS.finditer(text) if each[0] == "set"]
    words = _unquoted(text[found[-1].end() :], text) if found else None
    if words is None or not words.fields or words.types or words.tags:
        raise InvalidQuery("This says not what is set", text=repr(text)[:80], remedy=HOW_SET)
    return text[: found[-1].start()], words.fields


def _unquoted(said: str, whole: str) -> Words:
    try:
        return words_of(shlex.split(said))
    except ValueError as problem:
        if isinstance(problem, InvalidEvent):
            raise
        raise InvalidQuery("A quote is not closed", text=repr(whole)[:80], remedy=HOW) from None


def _is(found: Any, value: Any) -> bool:
    """Whether data has a value: the same, or as great a number."""
    if found is ABSENT:
        return False
    numbers = [each for each in (found, value) if not isinstance(each, (bool, str)) and number_of(each) is not None]
    return number_of(found) == number_of(value) if len(numbers) == 2 else same(found, value)
