"""What settings are called: the document and the key, in one way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whence.errors import InvalidQuery
from whence.packs.settings.naming import name_of, split_name
from whence.tree import key_of

PARTS = st.sampled_from(["a", "state", "x.y", "q/r", "t~u", "", "a b", "k:v"])


@given(path=st.lists(PARTS, min_size=1, max_size=4).map(tuple))
@settings(max_examples=100, deadline=None)
def test_any_key_is_found_behind_its_document(path: tuple[str, ...]) -> None:
    assert split_name(f"doc:{key_of(path)}") == ("doc", key_of(path))


def test_a_name_says_the_document_and_the_key() -> None:
    assert split_name("scoring.threshold") == ("main", "scoring.threshold")
    assert split_name("/scoring/threshold") == ("main", "scoring.threshold")
    assert split_name("android:features.x") == ("android", "features.x")
    assert split_name("prompts/reply.txt:") == ("prompts/reply.txt", "")
    assert name_of("main", "a.b") == "a.b"
    assert name_of("android", "a.b") == "android:a.b"
    assert name_of("android", "") == "android"
    for wrong in ("", ":a", "a..b", "a b"):
        with pytest.raises(InvalidQuery):
            split_name(wrong)
