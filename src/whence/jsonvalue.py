"""JSON that means the same everywhere: NaN, infinity, duplicate keys, lone surrogates, keys that are not text, numbers
that would lose digits and values nested more than 200 deep are refused by name and place. 1, 1.0 and true differ. What
an event is, is left to events."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import orjson

from whence.errors import InvalidEvent

INTEGER_MAX = 2**53 - 1
DEPTH_MAX = 200
"""So many lists and objects may stand within each other: fewer than any parser takes."""
ENVELOPE_DEPTH_MAX = DEPTH_MAX + 5
"""The same for a value in the envelope of its event, and in a list of them."""
CERTAINLY_FLAT = 2 * DEPTH_MAX
"""So many bytes have no room for the brackets of a value that nests too deeply."""

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_LIST_FOR_OBJECT = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

_STRICT = (
    orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_CANONICAL = _STRICT | orjson.OPT_SORT_KEYS

decode = msgspec.json.Decoder().decode
"""The value of JSON text that `encode` wrote. It is trusted: for text from elsewhere use `parse`."""


def encode(value: Any, depth_max: int = DEPTH_MAX) -> bytes:
    """Compact UTF-8 JSON of None, bool, int, float, str, list, tuple and dict, nested in any way.

    Raises InvalidEvent naming the place (`data.lines[3].amount`) and the remedy.
    """
    try:
        raw = orjson.dumps(value, None, _STRICT)
    except (TypeError, orjson.JSONEncodeError) as problem:
        _refuse(value, "data", depth_max)
        raise InvalidEvent("Not a JSON value", problem=problem) from None
    if b"null" in raw and decode(raw) != value:  # orjson writes NaN and infinity as null
        _refuse(value, "data", depth_max)
    if len(raw) > CERTAINLY_FLAT and _is_deeper(raw, depth_max):
        _refuse(value, "data", depth_max)
    return raw


def canonical(value: Any) -> bytes:
    """The same bytes for equal JSON values: keys sorted, 1, 1.0 and true told apart."""
    return orjson.dumps(value, None, _CANONICAL)


def parse(text: str | bytes) -> Any:
    """The value of JSON text from outside, which may be an envelope. Raises InvalidEvent when it is malformed or breaks
    a rule of `encode`."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=exact)
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise InvalidEvent("Not valid JSON", problem=problem) from None
    except RecursionError:
        raise InvalidEvent("JSON nested too deeply", remedy="Flatten it, or keep the text as one string.") from None
    encode(value, ENVELOPE_DEPTH_MAX)
    return value


def exact(text: str) -> float:
    """The float that a number in digits means. Raises InvalidEvent when it would come out with other digits."""
    value = float(text)
    if not math.isfinite(value):
        raise InvalidEvent("JSON has no such number", value=text[:80], remedy="Leave the field out, or use null.")
    try:
        if Decimal(repr(value)) == Decimal(text):
            return value
    except InvalidOperation:  # an exponent that no decimal has: the number became 0
        pass
    remedy = "Write it as text, in quotes, or with fewer digits."
    raise InvalidEvent("A number with more digits than JSON keeps", value=text[:80], remedy=remedy)


def _is_deeper(raw: bytes, depth_max: int) -> bool:
    """Whether JSON nests beyond a depth. Of nearly all text a count says that it does not; else the brackets alone are
    looked at, and the innermost taken away again and again."""
    if raw.count(b"[") + raw.count(b"{") <= depth_max:
        return False
    brackets = _TEXT.sub(b"", raw).translate(_LIST_FOR_OBJECT, _NO_BRACKETS)
    for _ in range(depth_max):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidEvent("A key appears twice in one object", key=repr(twice), remedy="Keep one of them.")
    return value


def _refuse_constant(name: str) -> Any:
    raise InvalidEvent("JSON has no such number", value=name, remedy="Leave the field out, or use null.")


def _refuse(value: Any, place: str, depth_max: int) -> None:
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
            _refuse_depth(place, depth_max)
            for number, item in enumerate(value):
                _refuse(item, f"{place}[{number}]", depth_max - 1)
        case dict():
            _refuse_depth(place, depth_max)
            for key, item in value.items():
                if not isinstance(key, str):
                    raise InvalidEvent("A JSON key is text", field=place, key=repr(key), remedy="Write str(key).")
                _refuse_surrogate(key, place)
                _refuse(item, f"{place}.{key}", depth_max - 1)
        case _:
            kind = type(value).__name__
            remedy = "Write it as text, a number, a list or a dict."
            raise InvalidEvent("Not a JSON value", field=place, type=kind, value=repr(value)[:80], remedy=remedy)


def _refuse_depth(place: str, depth_max: int) -> None:
    if depth_max == 0:
        remedy = f"Flatten it, to {DEPTH_MAX} at most."
        raise InvalidEvent("JSON nested too deeply", field=place[:80], remedy=remedy)


def _refuse_surrogate(text: str, place: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise InvalidEvent(
            "A lone surrogate is not text", field=place, at=problem.start, remedy="Decode the source as UTF-8."
        ) from None
