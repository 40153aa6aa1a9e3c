"""JSON that means the same everywhere: what is refused is named with its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import InvalidEvent
from whence.jsonvalue import DEPTH_MAX, ENVELOPE_DEPTH_MAX, canonical, decode, encode, exact, parse

LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    LEAVES | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_what_is_encoded_decodes_to_the_same(value: Any) -> None:
    assert repr(decode(encode(value))) == repr(value)
    assert repr(parse(encode(value))) == repr(value)


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (float("nan"), r"Field: data\.lines\[1\]\.x"),
        (float("-inf"), r"Field: data\.lines\[1\]\.x"),
        (2**53, r"Write it as text"),
        (-(2**53), r"Field: data\.lines\[1\]\.x"),
        ("a\ud800", r"Field: data\.lines\[1\]\.x, At: 1"),
        ({1: 2}, r"Write str\(key\)"),
        ({"\ud800": 2}, r"surrogate"),
        pytest.param(object(), r"Field: data\.lines\[1\]\.x, Type: object", id="an object"),
        ({1, 2}, r"Type: set"),
        (b"bytes", r"Type: bytes"),
    ],
    ids=repr,
)
def test_what_is_not_json_is_refused_with_its_place(bad: Any, place: str) -> None:
    with pytest.raises(InvalidEvent, match=place):
        encode({"lines": [None, {"x": bad}]})


def test_none_beside_other_values_is_no_reason_to_refuse() -> None:
    assert encode({"a": None, "b": "null"}) == b'{"a":null,"b":"null"}'


def test_1_and_1_0_and_true_have_different_canonical_bytes() -> None:
    assert len({canonical(1), canonical(1.0), canonical(True)}) == 3
    assert canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a":1,"a":2}', "A key appears twice"),
        ("[NaN]", "no such number"),
        ("[-Infinity]", "no such number"),
        ("[1e999]", "no such number"),
        ('{"amount":12345678901234567.89}', r"more digits.*12345678901234567\.89.*as text"),
        ("0.1234567890123456789", "more digits"),
        ("[1e-400]", "more digits"),
        ("1e-99999999999999999999", "more digits"),
        ("{", "Not valid JSON"),
        (b"\xff", "Not valid JSON"),
        ("9007199254740992", "beyond 2"),
        ('"\\ud800"', "surrogate"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_json_text_from_outside_is_checked(text: str | bytes, sentence: str) -> None:
    with pytest.raises(InvalidEvent, match=sentence):
        parse(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_is_written_as_short_as_can_be_is_exact(value: float) -> None:
    assert repr(exact(repr(value))) == repr(value)


def nested(depth: int, kind: str) -> Any:
    value: Any = 1
    for level in range(depth):
        value = {"a]": value} if kind == "objects" or (kind == "both" and level % 2) else [value, '["\\']
    return value


@pytest.mark.parametrize("kind", ["lists", "objects", "both"])
def test_what_nests_beyond_200_is_refused_and_what_does_not_is_kept(kind: str) -> None:
    deepest = nested(DEPTH_MAX, kind)
    assert decode(encode(deepest)) == deepest
    with pytest.raises(InvalidEvent, match=r"nested too deeply.*Flatten it, to 200"):
        encode([deepest])


def test_many_lists_beside_each_other_are_not_deep() -> None:
    wide = [[[n], {"text": "[" * 300}] for n in range(1000)]
    assert decode(encode(wide)) == wide


def test_an_envelope_around_the_deepest_value_is_written_and_read() -> None:
    whole = {"data": nested(DEPTH_MAX, "both")}
    assert parse(encode(whole, ENVELOPE_DEPTH_MAX)) == whole
