"""A file as a tree of values that an event can hold: JSON, TOML, YAML, or a text, which is one value. What cannot be
read is refused in words and with its line. How whence reads its own configuration is left to tomlfile."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, datetime, time
from pathlib import PurePosixPath
from typing import Any

from whence import jsonvalue
from whence.errors import InvalidEvent, InvalidFile, MissingExtra

ENDINGS = {".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}
VALUES_MAX = 1_000_000
"""So many values a YAML file may come to, where each alias is written out."""
_FLATTER = "Write it with fewer levels."


def values_in(name: str, content: bytes) -> Any:
    """The values that a file of this name says. Raises InvalidFile naming the line, and MissingExtra for YAML without
    PyYAML."""
    kind = ENDINGS.get(PurePosixPath(name).suffix.lower(), "text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise InvalidFile("Not UTF-8", byte=problem.start, remedy="Save it as UTF-8.") from None
    try:
        values = {"json": _json, "toml": _toml, "yaml": _yaml, "text": _text}[kind](text)
        jsonvalue.encode(values)
    except InvalidEvent as problem:
        raise InvalidFile(problem.fact, remedy=problem.remedy, **problem.facts) from None
    return values


def _text(text: str) -> str:
    return text.removesuffix("\n").replace("\r\n", "\n")


def _json(text: str) -> Any:
    try:
        json.loads(text)
    except json.JSONDecodeError as problem:
        raise InvalidFile("Not valid JSON", line=problem.lineno, problem=problem.msg) from None
    except RecursionError:
        pass  # which parse names
    return jsonvalue.parse(text)  # again, since it refuses what no event can hold, and json.loads tells the line


def _toml(text: str) -> Any:
    try:
        return _plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        found = re.search(r"line (\d+)", str(problem))
        line: dict[str, Any] = {"line": int(found[1])} if found else {}
        said = re.sub(r" \(at .*\)$", "", str(problem))
        raise InvalidFile("Not valid TOML", problem=said, **line) from None
    except RecursionError:
        raise InvalidFile("Too deep", remedy=_FLATTER) from None


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        remedy = 'pip install "whence[settings]" (or: pip install PyYAML), or write JSON or TOML.'
        raise MissingExtra("Reading YAML needs PyYAML", package="PyYAML", remedy=remedy) from None

    class Loader(yaml.SafeLoader):
        """It refuses a key that stands twice, of which YAML keeps the last."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for each, _ in node.value:
                if each.tag == "tag:yaml.org,2002:merge":
                    continue
                if each.value in seen:
                    line = each.start_mark.line + 1
                    raise InvalidFile("A key appears twice in one object", line=line, key=repr(each.value))
                seen.add(each.value if isinstance(each.value, str) else id(each))
            made = super().construct_mapping(node, deep)
            if len(made) < len(seen):  # two ways to write one key: 1 and 0x1
                raise InvalidFile("A key appears twice in one object", line=node.start_mark.line + 1)
            return made

    try:
        values = yaml.load(text, Loader)
        _size_written_out(values, {})  # for what it refuses
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        said = getattr(problem, "problem", None) or str(problem)
        at: dict[str, Any] = {"line": mark.line + 1} if mark else {}
        raise InvalidFile("Not valid YAML", problem=said, **at) from None
    except ValueError as problem:  # a day that no calendar has
        raise InvalidFile("Not valid YAML", problem=problem) from None
    except RecursionError:
        raise InvalidFile("Too deep", remedy=_FLATTER) from None
    return {} if values is None else _plain(values)


def _size_written_out(value: Any, sizes: dict[int, int]) -> int:
    """How many values it comes to where each alias is written out; `sizes` are those that are known, by id, 0 while it
    is counted. Raises InvalidFile for one that holds itself and for too many."""
    if not isinstance(value, (dict, list, tuple, set)):
        return 1
    if sizes.get(id(value)) == 0:
        raise InvalidFile("A value holds itself", remedy="Write out what the alias stands for.")
    if id(value) not in sizes:
        sizes[id(value)] = 0
        within = value.values() if isinstance(value, dict) else value
        sizes[id(value)] = 1 + sum(_size_written_out(each, sizes) for each in within)
    if sizes[id(value)] > VALUES_MAX:
        raise InvalidFile("Too many values, written out", most=VALUES_MAX, remedy="Use fewer aliases.")
    return sizes[id(value)]


def _plain(value: Any) -> Any:
    """What JSON has no word for, as text: times, and keys that are no text."""
    match value:
        case dict():
            plain = {_key(key): _plain(each) for key, each in value.items()}
            if len(plain) != len(value):
                raise InvalidFile("Two keys come out alike as text", keys=", ".join(map(repr, value)))
            return plain
        case set():  # which has no order of its own
            return sorted((_plain(each) for each in value), key=json.dumps)
        case list() | tuple():
            return [_plain(each) for each in value]
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            raise InvalidFile("Bytes are no setting", remedy="Write them as text.")
    return value


def _key(key: Any) -> str:
    """A key as text: `1` and `true` as JSON has them, a day as ISO 8601."""
    return key if isinstance(key, str) else json.dumps(_plain(key)).strip('"')
