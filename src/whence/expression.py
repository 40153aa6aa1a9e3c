"""An expression: a rule on the fields of a state, as people type it, `score <= 100 and stage != "lost"`. It is read
once and then asked of many states; which states those are is left to whoever asks.

It is a Python expression whose variables are the fields. A field that a state does not have is None; `fields` is all of
them as a mapping, for a name that is no Python name: `fields["lead score"]`. Of Python's own names there are those in
BUILTINS. It is the user's own code and runs as such: nothing here keeps it from doing harm.
"""

from __future__ import annotations

import symtable
import warnings
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import CodeType
from typing import Any

from whence.compare import refuse_field
from whence.errors import InvalidModel

BUILTINS: Mapping[str, Any] = {
    **{known.__name__: known for known in (abs, all, any, len, max, min, round, sorted, sum)},
    **{known.__name__: known for known in (bool, dict, float, int, list, set, str)},
    **{known.__name__: known for known in (Decimal, date, datetime, timedelta)},
}
"""What an expression may use beside the fields; a field of the same name goes first."""
FIELDS = "fields"
"""The name of all fields together, unless a field has it."""


class Expression:
    """A rule that was read: its `text`, and in `names` the fields it looks at. Made with `Expression.parse`."""

    __slots__ = ("_code", "_loaded", "_used", "names", "text")

    def __init__(self, text: str, code: CodeType, loaded: frozenset[str]) -> None:
        self.text = text
        self.names = loaded - BUILTINS.keys() - {FIELDS}
        self._code = code
        self._loaded = loaded
        self._used = {"__builtins__": {}} | {name: known for name, known in BUILTINS.items() if name in loaded}

    @classmethod
    def parse(cls, text: str) -> Expression:
        """The expression that a text is. Raises InvalidModel naming the place where it cannot be read."""
        text = text.strip()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", SyntaxWarning)  # `stage is "won"` is never what was meant
                code = compile(text, "<rule>", "eval")
            loaded = _loaded(text)
        except SyntaxError as problem:
            what = (problem.msg or "invalid syntax").removesuffix(". Perhaps you forgot a comma?")
            place = {"column": problem.offset} if problem.offset and problem.offset <= len(text) + 1 else {}
            raise InvalidModel(NOT_READ, rule=text, problem=what, **place, remedy=HOW) from None
        except (ValueError, RecursionError, MemoryError) as problem:
            raise InvalidModel(NOT_READ, rule=text[:80], problem=str(problem) or "too deep", remedy=HOW) from None
        return cls(text, code, loaded)

    @property
    def looks_at_all(self) -> bool:
        """Whether it may look at fields that it does not name."""
        return FIELDS in self._loaded

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Raise InvalidModel for a name that is none of these fields, with the nearest: a typo would else be None."""
        fields = dict.fromkeys(known)
        for name in sorted(self.names - fields.keys()):
            refuse_field(name, fields)

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether the rule holds for a state with these fields. Raises InvalidModel when it cannot be evaluated."""
        scope: dict[str, Any] = {**self._used, FIELDS: fields}
        for name in self._loaded:
            if name in fields or name in self.names:
                scope[name] = fields.get(name)
        try:
            return bool(eval(self._code, scope))
        except Exception as problem:
            raise self._failed(fields, problem) from problem

    def _failed(self, fields: Mapping[str, Any], problem: Exception) -> InvalidModel:
        """What to raise when the rule cannot be evaluated, with the values that it looked at."""
        values = ", ".join(f"{name} = {fields.get(name)!r}"[:80] for name in sorted(self.names))
        absent = next((name for name in sorted(self.names) if fields.get(name) is None), None)
        remedy = f"{absent} has no value here: write ({absent} or 0), or {absent} is None or …" if absent else ""
        what = f"{type(problem).__name__}: {problem}"
        place = {"where": values} if values else {}
        return InvalidModel(FAILED, rule=self.text, problem=what, **place, remedy=remedy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Expression.parse({self.text!r})"


Rule = str | Expression | Callable[[Any], Any]
"""A rule on a state: an expression on its fields, as text or read already, or a function of the state itself, which
returns whether it holds and changes nothing."""


class StateRule:
    """A rule as it is asked of states. Made with `StateRule.of`; `text` is the rule for the eye."""

    __slots__ = ("_fields_of", "_rule", "text")

    def __init__(
        self, rule: Expression | Callable[[Any], Any], fields_of: Callable[[Any], Mapping[str, Any]], text: str
    ) -> None:
        self.text = text
        self._rule = rule
        self._fields_of = fields_of

    @classmethod
    def of(cls, rule: Rule, fields_of: Callable[[Any], Mapping[str, Any]]) -> StateRule:
        """A rule on the states that `fields_of` gives the fields of. Raises InvalidModel when it cannot be read."""
        if isinstance(rule, str):
            rule = Expression.parse(rule)
        if not callable(rule) and not isinstance(rule, Expression):
            raise InvalidModel(NOT_READ, rule=repr(rule)[:80], remedy=HOW)
        text = rule.text if isinstance(rule, Expression) else getattr(rule, "__name__", repr(rule))
        return cls(rule, fields_of, text)

    @property
    def fields(self) -> frozenset[str] | None:
        """The fields that the rule looks at; None where it may look at any."""
        return self._rule.names if isinstance(self._rule, Expression) and not self._rule.looks_at_all else None

    def refuse_unknown(self, states: Iterable[Any], others: Callable[[], Iterable[Any]] = tuple) -> None:
        """Raise InvalidModel for a name that is no field of any of the states, nor of any of the `others`, which are
        looked at only then: a field that only some states have is None in the rest, but a typo would be too."""
        missing = set(self._rule.names) if isinstance(self._rule, Expression) else set()
        known: dict[str, None] = {}
        looks: tuple[Callable[[], Iterable[Any]], ...] = (lambda: states, others)
        for look in looks:
            for state in look() if missing else ():
                fields = self._fields_of(state)
                missing.difference_update(fields)
                if not missing:
                    return
                known.update(dict.fromkeys(fields))
        if missing and known:
            refuse_field(min(missing), known)

    def holds(self, state: Any, **place: Any) -> bool:
        """Whether it holds for a state. Raises InvalidModel when it cannot be evaluated, naming `place`: the entity
        and the position at which the state is."""
        if isinstance(self._rule, Expression):
            try:
                return self._rule.holds(self._fields_of(state))
            except InvalidModel as problem:
                facts = {**place, **problem.facts}
                raise InvalidModel(problem.fact, **facts, remedy=problem.remedy) from problem
        try:
            return bool(self._rule(state))
        except Exception as problem:
            what = f"{type(problem).__name__}: {problem}"
            raise InvalidModel(FAILED, **place, rule=self.text, problem=what) from problem


FAILED = "The rule fails on this state"
NOT_READ = "This is no rule"
HOW = 'Write a Python expression on the fields, for example score <= 100 and stage != "lost".'


def _loaded(text: str) -> frozenset[str]:
    """The names that an expression reads where it has not bound them itself."""
    tables = [symtable.symtable(text, "<rule>", "eval")]
    for table in tables:
        tables += table.get_children()
    symbols = [symbol for table in tables for symbol in table.get_symbols() if symbol.is_global()]
    bound = {symbol.get_name() for symbol in symbols if symbol.is_assigned()}
    return frozenset(symbol.get_name() for symbol in symbols if symbol.is_referenced()) - bound
