"""Queries, conditions and bases refuse nonsense when they are made, and say what to write."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given

from whence.errors import InvalidEvent, InvalidQuery
from whence.query import AppendCondition, Basis, Query, QueryItem
from whence.testing.oracle import queries


def test_selecting_nothing_is_refused_with_the_right_call() -> None:
    for make in (Query, QueryItem, Query.of):
        with pytest.raises(InvalidQuery, match=r"Use Query\.all\(\) for every event"):
            make()


def test_one_text_instead_of_a_list_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="lists"):
        QueryItem(types="A")  # type: ignore[arg-type]


def test_a_bad_type_or_tag_in_a_query_is_refused() -> None:
    with pytest.raises(InvalidEvent):
        Query.of(types=["not a type"])
    with pytest.raises(InvalidEvent):
        Query.of(tags=["no tag"])


def test_an_item_needs_one_of_its_types_and_all_of_its_tags() -> None:
    query = Query.of(types=["A", "B"], tags=["k:1", "k:2"])
    assert query.matches("B", {"k:1", "k:2", "k:3"})
    assert not query.matches("C", {"k:1", "k:2"})
    assert not query.matches("A", {"k:1"})


def test_everything_or_something_is_everything() -> None:
    assert (Query.all() | Query.of(types=["A"])).is_all
    assert (Query.of(types=["A"]) | Query.all()).is_all


@given(queries())
def test_a_query_survives_json_pickling_and_copying(query: Query) -> None:
    assert Query.from_json(query.to_json()) == query
    for same in (pickle.loads(pickle.dumps(query)), copy.copy(query), copy.deepcopy(query)):
        assert same == query
        assert same.is_all == query.is_all


@pytest.mark.parametrize("value", [None, 1, {}, {"items": 1}, {"items": [1]}, {"items": []}], ids=repr)
def test_what_is_no_query_is_refused(value: Any) -> None:
    with pytest.raises(InvalidQuery):
        Query.from_json(value)


@pytest.mark.parametrize("after", [-1, 1.0, True, "1"], ids=repr)
def test_a_condition_refuses_what_is_no_position(after: Any) -> None:
    with pytest.raises(InvalidQuery, match="whole number from 0"):
        AppendCondition(Query.all(), after=after)


def test_a_condition_needs_a_query() -> None:
    with pytest.raises(InvalidQuery, match="needs a Query"):
        AppendCondition("lead:42")  # type: ignore[arg-type]


def test_a_basis_survives_json() -> None:
    for basis in (Basis(Query.all(), 0), Basis(Query.of(tags=["lead:42"]), 7, "3")):
        assert Basis.from_json(basis.to_json()) == basis


@pytest.mark.parametrize(
    "value",
    [
        {"query": {"all": True}, "position": "abc"},
        {"query": {"all": True}, "position": True},
        {"query": {"all": True}, "position": -1},
        {"query": {"all": True}, "position": 1, "settings": 2},
        {"query": {"all": True}},
        {"position": 1},
        "basis",
        None,
    ],
    ids=repr,
)
def test_what_is_no_basis_is_refused(value: Any) -> None:
    with pytest.raises(InvalidQuery):
        Basis.from_json(value)
