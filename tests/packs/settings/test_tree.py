"""Trees of values: what turns one into another does so exactly, keys are written in one way, and equal is equal."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whence.compare import same
from whence.errors import InvalidQuery
from whence.packs.settings.tree import (
    Edit,
    edited,
    edits_between,
    key_of,
    leaves,
    name_of,
    path_of,
    pruned,
    split_name,
    version_of,
)

NAMES = st.sampled_from(["a", "b", "state", "x.y", "q/r", "t~u", "", "a b", "k:v"])
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 1.5, "", "1", "text"])
TREES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=2), lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
OBJECTS = st.dictionaries(NAMES, TREES, max_size=4)


@given(before=OBJECTS, after=TREES)
@settings(max_examples=200, deadline=None)
def test_what_turns_one_tree_into_another_does_so_exactly(before: Any, after: Any) -> None:
    kept = copy.deepcopy(before)
    made = edited(before, edits_between(before, after))
    assert same(made, after)
    assert same(before, kept)
    assert version_of(made) == version_of(after)
    assert list(edits_between(after, copy.deepcopy(after))) == []


@given(path=st.lists(NAMES, max_size=4).map(tuple))
@settings(max_examples=200, deadline=None)
def test_a_key_says_its_path(path: tuple[str, ...]) -> None:
    assert path_of(key_of(path)) == path
    assert key_of(path_of(key_of(path))) == key_of(path)
    if path:
        assert split_name(f"doc:{key_of(path)}") == ("doc", key_of(path))


@given(tree=OBJECTS)
@settings(max_examples=100, deadline=None)
def test_the_leaves_of_a_tree_are_all_of_it(tree: Any) -> None:
    rebuilt: Any = {}
    for path, value in leaves(tree):
        rebuilt = edited(rebuilt, [Edit(key_of(path), "add", value)])
    assert same(rebuilt, tree)


def test_1_and_true_and_1_0_are_three_versions() -> None:
    assert len({version_of({"a": each}) for each in (1, 1.0, True, "1", None)}) == 5
    assert version_of({"a": 1, "b": 2}) == version_of({"b": 2, "a": 1})


def test_names_of_settings() -> None:
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


def test_no_object_stays_behind_that_only_held_what_is_taken_away() -> None:
    tree = {"a": {"b": {"c": 1}}, "d": {"e": 1, "f": 2}}
    assert [each.key for each in pruned(tree, [Edit("a.b.c", "remove"), Edit("d.e", "remove")])] == ["a", "d.e"]


def test_to_remove_what_is_not_there_changes_nothing() -> None:
    for tree in ({}, {"a": 1}, {"a": {"b": {}}}, {"a": None}):
        assert edited(tree, [Edit("a.b.c", "remove")]) == tree
        assert edited(tree, [Edit("z", "remove")]) == tree
