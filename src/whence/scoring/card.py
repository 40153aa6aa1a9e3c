"""A scorecard: a score as data, read from TOML or made in Python. It is checked here; what it comes to is left to live,
shares and kernel, which agree to the last digit. In whence.toml:

    [scorecard.lead]                     # a name, which is the kind of entity unless kind = "lead" says it
    order = "occurred"                   # as things happened (the default), or "position": as they were recorded

    [[scorecard.lead.rule]]              # a rule about an event
    name = "opened an email"             # rules without a name are called "rule 1", "rule 2" …
    group = "engagement"
    on = "EmailOpened"                   # an event type, a list of them, or "*" for every event
    when = { campaign = "spring", seconds = { at_least = 10 } }   # all of them; a missing field meets none
    points = 5                           # or "$amount": as many as that field of the event says
    at_most = 3                          # only the first three count, also after they expired
    half_life = "7 days"                 # half is left after 7 days, or fade = "30 days": evenly, to nothing
    expires = "90 days"                  # then nothing is left

    [[scorecard.lead.rule]]              # a rule about a fact: the points are there while it holds
    group = "fit"
    while = { industry = "SaaS" }        # by the last value of each field in the entity's events
    points = 20

    [scorecard.lead.group.fit]           # the groups, if rules name any
    floor = 0                            # the least and the most points that it comes to; both may be left out
    ceiling = 50
    [scorecard.lead.group.engagement]

    [scorecard.lead.score.total]         # the scores; without any there is one, "score", of all groups
    groups = ["fit", "engagement"]
    floor = 0
    ceiling = 100
    digits = 0                           # rounded half to even to so many digits behind the point, 0 to 6

    [[scorecard.lead.grade]]             # the first that holds is the grade
    name = "A"
    at_least = { total = 80 }            # each of these scores

    [[scorecard.lead.threshold]]         # the last that holds names the stage
    score = "total"
    at = 70
    stage = "qualified"

A condition is a value, or a table of `is`, `not`, `one_of`, `at_least`, `at_most`, `more_than` and `less_than`.
Durations are whole hours, days or weeks, up to 3650 days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from whence import jsonvalue
from whence.errors import InvalidConfig, InvalidEvent, InvalidModel, near
from whence.grammar import is_kind, normal_type
from whence.model import ORDERS
from whence.scoring.condition import COMPARISONS, TESTS
from whence.scoring.decay import HOURS_MAX, duration_of, hours_of
from whence.scoring.lines import LineOf, Where
from whence.scoring.points import AWARD_POINTS_MAX, BOUND_POINTS_MAX, DIGITS_MAX, micro_of, number_of, plain

Points = int | float | Decimal | str
"""A number of points, with six digits behind the point at most; a decimal may be written as text. A card keeps whole
numbers as int and others as Decimal."""

ORDER = "occurred"
ONLY_GROUP, ONLY_SCORE = "points", "score"
"""What the group and the score are called where a card names none."""
VERSION_DIGITS = 32
SHORT_DIGITS = 12
"""So many digits of a version are shown."""
SCALARS = (str, int, float, bool)
RENAMED = {"while": "while_"}
"""Keys that are no names in Python."""

_set = msgspec.structs.force_setattr
_Part = TypeVar("_Part", bound=msgspec.Struct)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Points for an event (`on`), or for a fact while it holds (`while_`); the module says what each field means.

    `on` is kept as "*" or a sorted tuple, durations ("7 days", or a timedelta) as the shortest text. Raises
    InvalidModel naming the rule and the key.
    """

    points: Points | None = None
    name: str = ""
    group: str = ""
    on: str | Sequence[str] | None = None
    when: Mapping[str, Any] = {}
    while_: Mapping[str, Any] = {}
    at_most: int | None = None
    half_life: str | timedelta | None = None
    fade: str | timedelta | None = None
    expires: str | timedelta | None = None

    def __post_init__(self) -> None:
        _text(self, "name", 'Write name = "opened an email".')
        _text(self, "group", 'Write group = "engagement".')
        if (self.on is None) == (not self.while_):
            fact = "A rule is about an event or about a fact" + ("" if self.on is None else ", not both")
            raise _mistake((), fact, remedy='Write on = "EmailOpened", or while = { industry = "SaaS" }.')
        _set(self, "points", _points_of(self.points, about_event=self.on is not None))
        _check_conditions("when", self.when)
        _check_conditions("while", self.while_)
        if self.on is None:
            self._refuse_for_facts()
        else:
            _set(self, "on", _types(self.on))
        if self.at_most is not None and (type(self.at_most) is not int or not 1 <= self.at_most < 2**31):
            raise _mistake(
                ("at_most",), "Not a whole number from 1", value=repr(self.at_most), remedy="Write at_most = 3."
            )
        for key in ("half_life", "fade", "expires"):
            _set(self, key, _duration(key, getattr(self, key)))
        if self.half_life is not None and self.fade is not None:
            raise _mistake(("fade",), "Two ways to decay", remedy="Keep half_life or fade.")

    @property
    def points_field(self) -> str | None:
        """The field of the event's data that says the points, a dotted path; None where they are fixed."""
        return self.points[1:].removeprefix("data.") if isinstance(self.points, str) else None

    @property
    def micro(self) -> int:
        """The micro-points of each award; 0 where a field says them."""
        return 0 if isinstance(self.points, str) else _micro(self.points)

    def hours(self, key: str) -> int | None:
        """The hours of `half_life`, `fade` or `expires`; None where the rule has none."""
        return hours_of(getattr(self, key))

    def _refuse_for_facts(self) -> None:
        for key in ("when", "at_most", "half_life", "fade", "expires"):
            if getattr(self, key) not in (None, {}):
                fact = "A rule about a fact counts once, and while it holds"
                raise _mistake((key,), fact, remedy=f"Take {key} out, or write on for a rule about an event.")


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Rules whose points are added up, and kept within `floor` and `ceiling` (points) where these are given."""

    name: str
    floor: Points | None = None
    ceiling: Points | None = None

    def __post_init__(self) -> None:
        _bounds(self)

    @property
    def floor_micro(self) -> int | None:
        return None if self.floor is None else _micro(self.floor)

    @property
    def ceiling_micro(self) -> int | None:
        return None if self.ceiling is None else _micro(self.ceiling)


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of some groups: kept above `floor`, then below `ceiling` (points), then rounded half to even to
    `digits`."""

    name: str
    groups: Sequence[str] = ()
    floor: Points | None = None
    ceiling: Points | None = None
    digits: int = 0

    def __post_init__(self) -> None:
        _bounds(self)
        groups = self.groups
        if isinstance(groups, str) or not isinstance(groups, Sequence) or not groups or not _are_texts(groups):
            raise _mistake(("groups",), "Not the names of groups", value=repr(groups), remedy='Write groups = ["fit"].')
        _refuse_twice(("groups",), groups, "A group twice in one score")
        _set(self, "groups", tuple(groups))
        if type(self.digits) is not int or not 0 <= self.digits <= DIGITS_MAX:
            raise _mistake(
                ("digits",), "Not a number of digits, 0 to 6", value=repr(self.digits), remedy="Write digits = 0."
            )

    @property
    def floor_micro(self) -> int | None:
        return None if self.floor is None else _micro(self.floor)

    @property
    def ceiling_micro(self) -> int | None:
        return None if self.ceiling is None else _micro(self.ceiling)


class Grade(msgspec.Struct, frozen=True, kw_only=True):
    """A name for scores that reach `at_least` so many points each; one that asks for none always holds."""

    name: str = ""
    at_least: Mapping[str, Points] = {}

    def __post_init__(self) -> None:
        _text(self, "name", 'Write name = "A".', needed="A grade has a name")
        if not isinstance(self.at_least, Mapping):
            raise _mistake(("at_least",), "Not a table of scores", remedy="Write at_least = { total = 80 }.")
        bounds = {score: _number(("at_least", score), points) for score, points in self.at_least.items()}
        _set(self, "at_least", bounds)

    @property
    def at_least_micro(self) -> dict[str, int]:
        return {score: _micro(points) for score, points in self.at_least.items()}


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """From `at` points of a score on, the entity is in a stage."""

    score: str = ""
    at: Points | None = None
    stage: str = ""

    def __post_init__(self) -> None:
        _text(self, "score", 'Write score = "total".', needed="A threshold is one of a score")
        if self.at is None:
            raise _mistake((), "A threshold says from how many points on it holds", key="at", remedy="Write at = 70.")
        _set(self, "at", _number(("at",), self.at))
        _text(self, "stage", 'Write stage = "qualified".', needed="A threshold names a stage")

    @property
    def at_micro(self) -> int:
        return _micro(self.at)


class Scorecard(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A score as data. `kind` is which entities it is about; the module's text says what the rest means.

    A card without groups gets one of all rules, ONLY_GROUP; one without scores gets one of all groups, ONLY_SCORE;
    rules without a name are called by their number. Raises InvalidModel naming the scorecard, the rule and the key.
    """

    name: str
    rules: Sequence[Rule]
    kind: str = ""
    order: str = ORDER
    groups: Sequence[Group] = ()
    scores: Sequence[Score] = ()
    grades: Sequence[Grade] = ()
    thresholds: Sequence[Threshold] = ()

    def __post_init__(self) -> None:
        try:
            self._complete()
            self._check()
        except InvalidModel as problem:
            raise _in_card(self.name, problem) from None

    @classmethod
    def from_table(cls, name: str, table: Any, line_of: LineOf | None = None) -> Scorecard:
        """The card that a [scorecard.NAME] table says. Raises InvalidConfig naming the scorecard, the rule, the key,
        and the line where `line_of` gives it."""
        try:
            return cls._read(name, table)
        except InvalidModel as problem:
            line = line_of(("scorecard", name, *_where(problem))) if line_of else None
            facts = {"scorecard": name, **problem.facts} | ({} if line is None else {"line": line})
            raise InvalidConfig(problem.fact, remedy=problem.remedy, **facts) from None

    @classmethod
    def from_json(cls, name: str, text: str | bytes) -> Scorecard:
        """The card whose `to_json` this is. Raises InvalidEvent where it is no JSON, and InvalidConfig."""
        return cls.from_table(name, jsonvalue.parse(text))

    def to_table(self) -> dict[str, Any]:
        """The card as `from_table` reads it, without its name; what has its default is left out. JSON values only."""
        return {
            "kind": self.kind,
            "order": self.order,
            "rule": [_table_of(rule) for rule in self.rules],
            "group": [_table_of(group) for group in self.groups],
            "score": [_table_of(score) for score in self.scores],
            "grade": [_table_of(grade) for grade in self.grades],
            "threshold": [_table_of(threshold) for threshold in self.thresholds],
        }

    def to_json(self) -> str:
        """The card as canonical JSON: the same text for cards that say the same."""
        return jsonvalue.canonical(self.to_table()).decode()

    @cached_property
    def version(self) -> str:
        """A digest of what the card says, its name apart: 32 hexadecimal digits of SHA-256 over `to_json`."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:VERSION_DIGITS]

    @property
    def short_version(self) -> str:
        """As much of the version as is shown."""
        return self.version[:SHORT_DIGITS]

    def score(self, name: str | None = None) -> Score:
        """The score of this name, or the first. Raises InvalidModel for one that is not there."""
        names = [score.name for score in self.scores]
        if name is not None and name not in names:
            facts = {"scorecard": self.name, "score": name}
            raise InvalidModel("There is no such score", remedy=near(name, names), **facts)
        return self.scores[0 if name is None else names.index(name)]

    @classmethod
    def _read(cls, name: str, table: Any) -> Scorecard:
        known = ("kind", "order", "rule", "group", "score", "grade", "threshold")
        _refuse_unknown((), table, known, "A scorecard is a table")
        return cls(
            name=name,
            rules=_several(Rule, "rule", table),
            groups=_named(Group, "group", table),
            scores=_named(Score, "score", table),
            grades=_several(Grade, "grade", table),
            thresholds=_several(Threshold, "threshold", table),
            **{key: table[key] for key in ("kind", "order") if key in table},
        )

    def _complete(self) -> None:
        """Give what was left out its default."""
        for key, part in PARTS.items():
            parts = tuple(getattr(self, key))
            if not all(isinstance(each, part) for each in parts):
                raise _mistake((), f"Not {key} as Python makes them", remedy=f"Give {key}=[{part.__name__}(…)].")
            _set(self, key, parts)
        if not self.rules:
            raise _mistake(
                ("rule",), "A scorecard without rules", remedy="Write [[scorecard.NAME.rule]] above each rule."
            )
        if not self.kind:
            _set(self, "kind", self.name)
        if not self.groups and all(rule.group in ("", ONLY_GROUP) for rule in self.rules):
            _set(self, "groups", (Group(name=ONLY_GROUP),))
            _set(self, "rules", tuple(msgspec.structs.replace(rule, group=ONLY_GROUP) for rule in self.rules))
        names = (rule.name or f"rule {number}" for number, rule in enumerate(self.rules, 1))
        named = zip(self.rules, names, strict=True)
        _set(self, "rules", tuple(msgspec.structs.replace(rule, name=name) for rule, name in named))
        if not self.scores and self.groups:
            _set(self, "scores", (Score(name=ONLY_SCORE, groups=tuple(group.name for group in self.groups)),))

    def _check(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise _mistake((), "A scorecard has a name", remedy='Give name="lead".')
        if not isinstance(self.kind, str) or not is_kind(self.kind):
            raise _mistake(("kind",), "Not a kind of entity", value=repr(self.kind), remedy='Write kind = "lead".')
        if self.order not in ORDERS:
            raise _mistake(
                ("order",), "No such order", value=repr(self.order), remedy='Write "occurred" or "position".'
            )
        groups = [group.name for group in self.groups]
        scores = [score.name for score in self.scores]
        _refuse_twice(("group",), groups, "Two groups of one name")
        _refuse_twice(("score",), scores, "Two scores of one name")
        _refuse_twice(("rule",), [rule.name for rule in self.rules], "Two rules of one name", key="name")
        for number, rule in enumerate(self.rules):
            _refuse_stranger(("rule", number, "group"), "group", rule.group, groups, rule=rule.name)
        for score in self.scores:
            for number, group in enumerate(score.groups):
                _refuse_stranger(("score", score.name, "groups", number), "group", group, groups, score=score.name)
        for group in groups:
            if not any(group in score.groups for score in self.scores):
                fact, remedy = "A group that no score counts", "Name it in the groups of a score, or take it out."
                raise _mistake(("group", group), fact, group=group, remedy=remedy)
        for number, grade in enumerate(self.grades):
            for score_name in grade.at_least:
                where = ("grade", number, "at_least", score_name)
                _refuse_stranger(where, "score", score_name, scores, grade=grade.name)
        last: dict[str, Any] = {}
        for number, threshold in enumerate(self.thresholds):
            _refuse_stranger(("threshold", number, "score"), "score", threshold.score, scores, threshold=number + 1)
            if threshold.score in last and threshold.at <= last[threshold.score]:
                fact, remedy = (
                    "A threshold that is not above the one before",
                    "Write those of a score from low to high.",
                )
                facts = {"threshold": number + 1, "score": threshold.score, "key": "at"}
                raise _mistake(("threshold", number, "at"), fact, **facts, remedy=remedy)
            last[threshold.score] = threshold.at


PARTS = {"rules": Rule, "groups": Group, "scores": Score, "grades": Grade, "thresholds": Threshold}


# Reading tables.


def _several(part: type[_Part], key: str, table: Mapping[str, Any]) -> tuple[_Part, ...]:
    """The parts of an array of tables."""
    found = table.get(key, [])
    if not isinstance(found, list):
        remedy = f"Write [[scorecard.NAME.{key}]] above each."
        raise _mistake((key,), f"Not a list of tables, one for each {key}", key=key, remedy=remedy)
    label = "rule {}" if part is Rule else "{}"
    return tuple(_part(part, (key, number), label.format(number + 1), entry) for number, entry in enumerate(found))


def _named(part: type[_Part], key: str, table: Mapping[str, Any]) -> tuple[_Part, ...]:
    """The parts of a table of tables, by name; or as `to_table` writes them, in an order of their own: a list of tables
    with names."""
    found = table.get(key, {})
    if isinstance(found, list):
        return _several(part, key, table)
    if not isinstance(found, dict):
        raise _mistake((key,), f"Not a table of a {key}", key=key, remedy=f"Write [scorecard.NAME.{key}.fit].")
    return tuple(_part(part, (key, name), name, entry, name=name) for name, entry in found.items())


def _part(part: type[_Part], where: Where, label: str, table: Any, **more: Any) -> _Part:
    kind = str(where[0])
    try:
        known = [key.removesuffix("_") for key in part.__struct_fields__ if key not in more]
        _refuse_unknown((), table, known, f"A {kind} is a table")
        return part(**{RENAMED.get(key, key): value for key, value in table.items()}, **more)
    except InvalidModel as problem:
        said = table.get("name") if isinstance(table, dict) else None
        facts = {kind: said if isinstance(said, str) and said else label, **problem.facts}
        raise _mistake((*where, *_where(problem)), problem.fact, remedy=problem.remedy, **facts) from None


def _table_of(part: msgspec.Struct) -> dict[str, Any]:
    """A part as a table of JSON values; what is left at its default is not in it."""
    plain_values = {}
    for field in msgspec.structs.fields(part):
        value = getattr(part, field.name)
        if value not in (None, "", {}, ()) and (field.name, value) != ("digits", 0):
            plain_values[field.name.removesuffix("_")] = _json_of(value)
    return plain_values


def _json_of(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {key: _json_of(each) for key, each in value.items()}
    return [_json_of(each) for each in value] if isinstance(value, (tuple, list)) else value


def _micro(points: Points | None) -> int:
    """The micro-points of a number that a part keeps."""
    assert isinstance(points, (int, Decimal)), "a number that was not checked"
    return micro_of(points)


# Checking.


def _mistake(where: Where, fact: str, *, remedy: str = "", **facts: Any) -> InvalidModel:
    """What to raise. The facts name the key, unless it is that of a part by name."""
    if where and isinstance(where[-1], str) and "key" not in facts and not facts.keys() & {"group", "score"}:
        facts = {"key": ".".join(map(str, where)), **facts}
    problem = InvalidModel(fact, remedy=remedy, **facts)
    problem.__dict__["where"] = where
    return problem


def _where(problem: InvalidModel) -> Where:
    """The keys that lead to what is wrong, from the card on; they are no fact to show."""
    where: Where = problem.__dict__.get("where", ())
    return where


def _in_card(name: Any, problem: InvalidModel) -> InvalidModel:
    return _mistake(_where(problem), problem.fact, remedy=problem.remedy, **{"scorecard": name, **problem.facts})


def _refuse_unknown(where: Where, table: Any, known: Sequence[str], fact: str) -> None:
    if not isinstance(table, dict):
        raise _mistake(where, fact, value=repr(table)[:80])
    for key in table:
        if key not in known:
            raise _mistake((*where, key), "No such key", key=key, remedy=near(key, known))


def _refuse_stranger(where: Where, what: str, name: str, known: Sequence[str], **of: Any) -> None:
    if name in known:
        return
    if not name:
        named = f'Write {what} = "{known[0] if known else "fit"}"'
        remedy = f"{named}." if known else f"{named}, and [scorecard.NAME.{what}.fit] for it: here is none yet."
        raise _mistake(where, f"Which {what}", **of, key=what, remedy=remedy)
    remedy = near(name, known) if known else f"Write [scorecard.NAME.{what}.{name}] for it."
    raise _mistake(
        where, f"There is no such {what}", **of, **({what: name} if what not in of else {"is": name}), remedy=remedy
    )


def _refuse_twice(where: Where, names: Sequence[str], fact: str, **facts: Any) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            place = (*where, number, "name") if facts else (*where, number)
            raise _mistake(place, fact, **{**facts, "name": name}, remedy="Give each its own.")


def _text(part: Any, key: str, remedy: str, *, needed: str = "") -> None:
    value = getattr(part, key)
    if not isinstance(value, str):
        raise _mistake((key,), "Not text", value=repr(value)[:80], remedy=remedy)
    if needed and not value:
        raise _mistake((), needed, key=key, remedy=remedy)


def _are_texts(values: Sequence[Any]) -> bool:
    return all(isinstance(value, str) and value for value in values)


def _bounds(part: Any) -> None:
    """Check a name, a floor and a ceiling."""
    _text(part, "name", "Give it a name.", needed="It has no name")
    for key in ("floor", "ceiling"):
        if getattr(part, key) is not None:
            _set(part, key, _number((key,), getattr(part, key)))
    if part.floor is not None and part.ceiling is not None and part.floor > part.ceiling:
        facts = {"floor": part.floor, "ceiling": part.ceiling}
        raise _mistake(("floor",), "A floor above the ceiling", **facts, remedy="Exchange them.")


def _number(where: Where, value: Any, most: int = BOUND_POINTS_MAX) -> int | Decimal:
    number = number_of(value)
    if number is None:
        raise _mistake(
            where, "Not a number of points", value=repr(value)[:80], remedy="Write a number, such as 5 or 2.5."
        )
    if abs(number) > most:
        raise _mistake(where, "Too many points", value=value, most=f"{most:,}", remedy="Write fewer.")
    exact = plain(number)
    if isinstance(exact, Decimal) and -int(exact.as_tuple().exponent) > DIGITS_MAX:
        raise _mistake(where, "Finer than a millionth of a point", value=value, remedy="Write six digits at most.")
    return exact


def _points_of(points: Any, *, about_event: bool) -> int | Decimal | str:
    if points is None:
        raise _mistake((), "A rule gives no points", key="points", remedy='Write points = 5, or points = "$amount".')
    if not isinstance(points, str) or not points.startswith("$"):
        return _number(("points",), points, AWARD_POINTS_MAX)
    if not about_event:
        raise _mistake(("points",), "Points from a field for a fact", value=points, remedy="Write a number, such as 5.")
    if not all(points[1:].removeprefix("data.").split(".")):
        raise _mistake(("points",), "A $ without a name", value=points, remedy='Write points = "$amount".')
    return points


def _types(on: Any) -> str | tuple[str, ...]:
    if on == "*":
        return "*"
    names = [on] if isinstance(on, str) else on
    if not isinstance(names, (list, tuple)) or not names:
        raise _mistake(("on",), "Not event types", value=repr(on)[:80], remedy='Write on = "EmailOpened".')
    try:
        return tuple(sorted(set(map(normal_type, names))))
    except InvalidEvent as problem:
        raise _mistake(("on",), problem.fact, remedy=problem.remedy, **problem.facts) from None


def _check_conditions(key: str, table: Any) -> None:
    if not isinstance(table, Mapping):
        raise _mistake(
            (key,), "Not a table of conditions", value=repr(table)[:80], remedy=f'Write {key} = {{ plan = "pro" }}.'
        )
    for field, said in table.items():
        where = (key, field)
        if not isinstance(field, str) or not all(field.split(".")):
            raise _mistake(where, "Not the name of a field", value=repr(field), remedy='Write plan, or "address.city".')
        if not isinstance(said, Mapping):
            _check_scalar(where, said)
        for test in said if isinstance(said, Mapping) else ():
            _check_test(where, test, said[test])
        if isinstance(said, Mapping) and not said:
            raise _mistake(where, "A condition that asks for nothing", remedy=f"There are: {', '.join(TESTS)}.")


def _check_test(where: Where, test: Any, against: Any) -> None:
    place = (*where, test)
    if test not in TESTS:
        remedy = f'{near(str(test), TESTS)} A field within a field is written "{where[-1]}.{test}".'
        raise _mistake(place, "No such test", remedy=remedy)
    if test in COMPARISONS:
        if number_of(against) is None:
            raise _mistake(
                place, "Not a number to compare with", value=repr(against)[:80], remedy=f"Write {test} = 10."
            )
    elif test == "one_of":
        if not isinstance(against, (list, tuple)) or not against:
            raise _mistake(
                place, "Not a list of values", value=repr(against)[:80], remedy='Write one_of = ["DE", "AT"].'
            )
        for number, each in enumerate(against):
            _check_scalar((*place, number), each)
    else:
        _check_scalar(place, against)


def _check_scalar(where: Where, value: Any) -> None:
    if isinstance(value, (list, tuple)):
        remedy = f'Write {where[-1]} = {{ one_of = ["DE", "AT"] }} for one of several.'
        raise _mistake(where, "A list is no value to compare with", value=repr(value)[:80], remedy=remedy)
    if not isinstance(value, SCALARS):
        fact, remedy = "Not a value to compare with", "Write text, a number, true or false; a time as text."
        raise _mistake(where, fact, value=repr(value)[:80], remedy=remedy)
    try:
        jsonvalue.encode(value)
    except InvalidEvent as problem:
        raise _mistake(where, problem.fact, value=repr(value)[:80], remedy=problem.remedy) from None


def _duration(key: str, duration: Any) -> str | None:
    if duration is None:
        return None
    if isinstance(duration, timedelta):
        whole, rest = divmod(duration, timedelta(hours=1))
        duration = duration_of(whole) if not rest and whole > 0 else str(duration)
    hours = hours_of(duration)
    if hours is None:
        remedy = f'Write {key} = "7 days": whole hours, days or weeks, up to {HOURS_MAX // 24} days.'
        raise _mistake((key,), "Not a duration", value=repr(duration), remedy=remedy)
    return duration_of(hours)
