"""Changes that do something else than their reason says: what a number looks like is the asker's to say."""

from __future__ import annotations

import json

import pytest

from tests.packs.settings.conftest import Call


@pytest.mark.parametrize(
    ("pattern", "said"), [("(", "Not a pattern"), ("to (\\w+)", "finds what is no number"), ("(x)?to", "no number")]
)
def test_a_pattern_that_finds_no_numbers_is_refused_by_name(call: Call, pattern: str, said: str) -> None:
    assert call("settings", "set", "x", "5", "--why", "to five")[0] == 0
    code, _, err = call("settings", "claims", "--pattern", pattern)
    assert code == 2
    assert said in err
    assert "whose first group is the number" in err


def test_a_pattern_may_have_several_groups(call: Call) -> None:
    assert call("settings", "set", "x", "5", "--why", "to 6 calls")[0] == 0
    assert json.loads(call("settings", "claims", "--pattern", r"to (\d+) (\w+)", "--json")[1])["says"] == ["6"]
