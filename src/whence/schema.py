"""What the values of a document, a JSON tree, may be: types and bounds by key, as tables of whence.toml say it. Where
these stand, and how a key names its document, is left to whom the values belong, as the settings:

[[pack.settings.schema]]
key = "scoring.threshold"       # a part may be *, which is any name; android:features.*.state is of a document
type = "integer"                # integer, number, text, true or false, list, object
at_least = 0
at_most = 100
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any

import msgspec

from whence.compare import same
from whence.errors import InvalidConfig, InvalidQuery, near
from whence.tree import MISSING, Path, at, path_of

TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
}
Split = Callable[[str], tuple[str, str]]
"""The document and the key within it that a key in whence.toml says. Raises InvalidQuery."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What some values may be: those of a document whose path fits, `*` for any part of it."""

    document: str
    path: Path
    type: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[Any, ...] = ()
    matches: str | None = None
    required: bool = False
    may_be_null: bool = False
    about: str = ""

    def __post_init__(self) -> None:
        least = -inf if self.at_least is None else self.at_least
        most = inf if self.at_most is None else self.at_most
        if not least <= most:
            raise ValueError(f"nothing is at least {least:g} and at most {most:g}")
        if self.required and "*" in self.path:
            raise ValueError("required is for one setting, not for any name (*)")
        if self.matches is not None and self.type is not None and self.type != "text":
            raise ValueError(f"matches is for text, not for {_with_article(self.type)}")
        for each in self.one_of:
            if self.type is not None and type(each) not in TYPES[self.type]:
                raise ValueError(f"{each!r} of one_of is not {_with_article(self.type)}")

    @classmethod
    def from_table(cls, table: Mapping[str, Any], split: Split) -> Rule:
        """The rule that a table of whence.toml says. Raises InvalidConfig naming the key."""
        known = ("key", *cls.__struct_fields__[2:])  # the key says the document and the path
        for name in table:
            if name not in known:
                raise InvalidConfig("No such key in a schema", key=name, remedy=near(name, known))
        said, kind = table.get("key"), table.get("type")
        if kind is not None and kind not in TYPES:
            raise InvalidConfig("No such type", setting=said, type=repr(kind), remedy=near(str(kind), TYPES))
        try:
            document, key = split(said if isinstance(said, str) else "")
            re.compile(table.get("matches", ""))
            rest = {name: value for name, value in table.items() if name != "key"}
            return msgspec.convert({**rest, "document": document, "path": path_of(key)}, cls)
        except InvalidQuery as problem:
            raise InvalidConfig(problem.fact, key="key", value=repr(said), remedy=problem.remedy) from None
        except (re.error, TypeError) as problem:
            raise InvalidConfig("Not a pattern", setting=said, key="matches", problem=problem) from None
        except msgspec.ValidationError as problem:
            remedy = 'Write at_least = 0, one_of = ["on", "off"], required = true.'
            raise InvalidConfig("Not a rule of a schema", setting=said, problem=problem, remedy=remedy) from None

    def fits(self, path: Path) -> bool:
        """Whether it says something about a value of its document."""
        return len(path) == len(self.path) and all(
            own in ("*", part) for own, part in zip(self.path, path, strict=True)
        )

    def problem(self, value: Any) -> str:
        """What is wrong with a value, in words; nothing when it may be."""
        if value is None and self.may_be_null:
            return ""
        if self.type is not None and type(value) not in TYPES[self.type]:
            return f"it is {_kind_of(value)}, not {_with_article(self.type)}"
        size, unit = (len(value), " long") if isinstance(value, (str, list, dict)) else (value, "")
        if type(size) in TYPES["number"]:
            if self.at_least is not None and size < self.at_least:
                return f"{size:g}{unit} is below the least, {self.at_least:g}"
            if self.at_most is not None and size > self.at_most:
                return f"{size:g}{unit} is above the most, {self.at_most:g}"
        if self.one_of and not any(same(value, each) for each in self.one_of):
            return f"it is none of {', '.join(map(repr, self.one_of))}"
        if self.matches is not None and not (isinstance(value, str) and re.fullmatch(self.matches, value)):
            return f"it does not match {self.matches}"
        return ""


class Schema(msgspec.Struct, frozen=True):
    """All rules; a value that none is about may be any."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def from_tables(cls, tables: Any, place: str, split: Split) -> Schema:
        """What the tables at a place in whence.toml, `pack.settings.schema`, say. Raises InvalidConfig."""
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            remedy = f'Write [[{place}]] with key = "scoring.threshold" for each.'
            raise InvalidConfig("The schema is a list of tables", key="schema", remedy=remedy)
        return cls(tuple(Rule.from_table(each, split) for each in tables))

    def problems(self, document: str, tree: Any) -> list[tuple[Path, str]]:
        """What the values of a document break: the path of each, and what is wrong with it or that it is missing."""
        rules = [rule for rule in self.rules if rule.document == document]
        if not rules:
            return []
        broken = [
            (path, problem)
            for path, value in _within(tree)
            for rule in rules
            if rule.fits(path) and (problem := rule.problem(value))
        ]
        missing = [rule.path for rule in rules if rule.required and at(tree, rule.path) is MISSING]
        return [*broken, *((path, "it is required and not there") for path in missing)]


def _within(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, objects too."""
    yield path, tree
    if isinstance(tree, dict):
        for name, each in tree.items():
            yield from _within(each, (*path, name))


def _kind_of(value: Any) -> str:
    names = (_with_article(name) for name, types in TYPES.items() if type(value) in types)
    return next(names, "null")


def _with_article(name: str) -> str:
    return name if name == "text" else f"an {name}" if name[0] in "aio" else f"a {name}"
