"""A value as the text of a cell and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from whence.cell import as_json, json_text

DAY = date(2026, 1, 5)


class Held(msgspec.Struct):
    board: Mapping[Any, Any]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({DAY: 1, 2: 3, None: 4}, '{"2026-01-05": 1, "2": 3, "null": 4}'),
        ({(1, "x"): {Decimal("1.50"): [DAY]}}, '{"[1, \\"x\\"]": {"1.50": ["2026-01-05"]}}'),
        ([{DAY: 1}, ({DAY: 2},)], '[{"2026-01-05": 1}, [{"2026-01-05": 2}]]'),
        (Held({(1, 2): DAY}), '{"board": {"[1, 2]": "2026-01-05"}}'),
    ],
)
def test_keys_that_json_has_no_word_for_are_text(value: Any, text: str) -> None:
    assert json_text(value) == text
    json.loads(text)


def test_a_quote_at_the_end_of_a_text_is_not_lost() -> None:
    assert as_json('5"') == r"5\""
    assert as_json(DAY) == "2026-01-05"
    assert as_json(Decimal("1.50")) == "1.50"
    assert as_json("") == ""
