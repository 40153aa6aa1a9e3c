"""Trees of values: what turns one into another does so exactly, keys are written in one way, and equal is equal."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whence.compare import same
from whence.errors import InvalidQuery
from whence.tree import Edit, edited, edits_between, key_of, leaves, path_of, pruned, version_of

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


@pytest.mark.parametrize("wrong", ["a..b", "a b", "."])
def test_what_is_no_key_is_refused_with_how_to_write_it(wrong: str) -> None:
    with pytest.raises(InvalidQuery, match="Write scoring"):
        path_of(wrong)


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


def test_no_object_stays_behind_that_only_held_what_is_taken_away() -> None:
    tree = {"a": {"b": {"c": 1}}, "d": {"e": 1, "f": 2}}
    assert [each.key for each in pruned(tree, [Edit("a.b.c", "remove"), Edit("d.e", "remove")])] == ["a", "d.e"]


def test_to_remove_what_is_not_there_changes_nothing() -> None:
    for tree in ({}, {"a": 1}, {"a": {"b": {}}}, {"a": None}):
        assert edited(tree, [Edit("a.b.c", "remove")]) == tree
        assert edited(tree, [Edit("z", "remove")]) == tree
