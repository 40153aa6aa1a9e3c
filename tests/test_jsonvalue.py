"""JSON that means the same everywhere: what is refused is named with its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import InvalidEvent
from whence.jsonvalue import canonical, decode, encode, parse

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
        (object(), r"Field: data\.lines\[1\]\.x, Type: object"),
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
