"""What became of a value, as people read it."""

from __future__ import annotations

from typing import Any

import pytest

from whence.tree import MISSING, names_version, version_of
from whence.valuediff import CELL_MAX, Difference, cell, or_none, sentence

LONG = "Write as one who has read their page. Be short. Thank them at the end."


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (MISSING, "—"),
        (None, "null"),
        (70, "70"),
        ("text", "text"),
        ("70", '"70"'),
        ('{"a": ', r'"{\"a\": "'),
        ("true", '"true"'),
        ("", '""'),
        ({"a": [1, 2]}, '{"a": [1, 2]}'),
        ("two\nlines", "two lines"),
    ],
)
def test_a_cell_shows_a_value_so_that_it_is_taken_for_no_other(value: Any, shown: str) -> None:
    assert cell(value) == shown


def test_a_long_value_is_cut() -> None:
    assert len(cell("x" * 100)) == CELL_MAX
    assert cell("x" * 100).endswith("…")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (MISSING, 70, "threshold = 70"),
        (70, MISSING, "threshold removed"),
        (60, 70, "threshold: 60 → 70"),
        (LONG, LONG.replace("short", "brief"), "threshold: - Be short. + Be brief."),
    ],
)
def test_a_sentence_says_what_became_of_a_value(before: Any, after: Any, said: str) -> None:
    assert sentence(Difference("threshold", before, after)) == said


def test_json_has_null_where_there_is_no_value() -> None:
    assert [or_none(value) for value in (MISSING, None, 0)] == [None, None, 0]


def test_a_version_is_named_by_its_first_characters_when_these_are_enough() -> None:
    version = version_of({"a": 1})
    assert names_version(version, version)
    assert names_version(version[:7], version)
    assert not names_version(version[:6], version)
    assert not names_version(version[:7], None)
