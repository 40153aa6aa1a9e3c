"""JSON that means the same everywhere: NaN, infinity, duplicate keys, lone surrogates, keys that are not text and
integers beyond 2^53 are refused by name and place. 1, 1.0 and true differ. What an event is, is left to events."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import orjson

from whence.errors import InvalidEvent

INTEGER_MAX = 2**53 - 1

_STRICT = (
    orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_CANONICAL = _STRICT | orjson.OPT_SORT_KEYS

decode = msgspec.json.Decoder().decode
"""The value of JSON text that `encode` wrote. It is trusted: for text from elsewhere use `parse`."""


def encode(value: Any) -> bytes:
    """Compact UTF-8 JSON of None, bool, int, float, str, list, tuple and dict, nested in any way.

    Raises InvalidEvent naming the place (`data.lines[3].amount`) and the remedy.
    """
    try:
        raw = orjson.dumps(value, None, _STRICT)
    except (TypeError, orjson.JSONEncodeError) as problem:
        _refuse(value, "data")
        raise InvalidEvent("Not a JSON value", problem=problem) from None
    if b"null" in raw and decode(raw) != value:  # orjson writes NaN and infinity as null
        _refuse(value, "data")
    return raw


def canonical(value: Any) -> bytes:
    """The same bytes for equal JSON values: keys sorted, 1, 1.0 and true told apart."""
    return orjson.dumps(value, None, _CANONICAL)


def parse(text: str | bytes) -> Any:
    """The value of JSON text from outside. Raises InvalidEvent when it is malformed or breaks a rule of `encode`."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise InvalidEvent("Not valid JSON", problem=problem) from None
    except RecursionError:
        raise InvalidEvent("JSON nested too deeply", remedy="Flatten it, or keep the text as one string.") from None
    encode(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidEvent("A key appears twice in one object", key=repr(twice), remedy="Keep one of them.")
    return value


def _refuse_constant(name: str) -> Any:
    raise InvalidEvent("JSON has no such number", value=name, remedy="Leave the field out, or use null.")


def _refuse(value: Any, place: str, depth: int = 0) -> None:
    """Raise for the first part of `value` that is not plain JSON; return when there is none."""
    match value:
        case None | bool():
            return
        case int():
            if abs(value) > INTEGER_MAX:
                raise InvalidEvent(
                    "An integer beyond 2^53 loses digits elsewhere",
                    field=place,
                    value=value,
                    remedy="Write it as text.",
                )
        case float():
            if not math.isfinite(value):
                raise InvalidEvent(
                    "JSON has no such number", field=place, value=value, remedy="Leave it out, or use None."
                )
        case str():
            _refuse_surrogate(value, place)
        case list() | tuple():
            if depth > 200:
                raise InvalidEvent("JSON nested too deeply", field=place[:80], remedy="Flatten it.")
            for number, item in enumerate(value):
                _refuse(item, f"{place}[{number}]", depth + 1)
        case dict():
            if depth > 200:
                raise InvalidEvent("JSON nested too deeply", field=place[:80], remedy="Flatten it.")
            for key, item in value.items():
                if not isinstance(key, str):
                    raise InvalidEvent("A JSON key is text", field=place, key=repr(key), remedy="Write str(key).")
                _refuse_surrogate(key, place)
                _refuse(item, f"{place}.{key}", depth + 1)
        case _:
            kind = type(value).__name__
            remedy = "Write it as text, a number, a list or a dict."
            raise InvalidEvent("Not a JSON value", field=place, type=kind, value=repr(value)[:80], remedy=remedy)


def _refuse_surrogate(text: str, place: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise InvalidEvent(
            "A lone surrogate is not text", field=place, at=problem.start, remedy="Decode the source as UTF-8."
        ) from None
