"""Rows of events in SQL: under the number of whoever they are about, whatever names that one has, up to a moment."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("duckdb")

import whence
from whence.clock import LATEST_US
from whence.errors import InvalidQuery
from whence.events import Event
from whence.segments.names import Names
from whence.segments.selection import Condition, Selection


def selected(conditions: str = "", *, groups: Any = (), upto: int = 9, once: bool = False) -> list[tuple[Any, Any]]:
    """The name and the price of each row."""
    with whence.open(":memory:") as db:
        db.append(
            [
                Event("Seen", {"price": 5}, ("customer:1", "customer:2")),
                Event("Seen", {"price": "many"}, ("lead:7", "shop:x")),
                Event("Seen", {}, ("shop:x",)),
            ]
        )
        with db.segments("customer") as segments:
            names = Names(segments, ["customer", "lead"], groups, segments.types)
            chosen = Selection(segments, names, (upto, LATEST_US))
            tests = Condition.all_of(conditions) or ()
            columns = {"price": "price"}
            query = chosen.of_all(columns) if once else chosen.of_entities(["Seen"], columns, tests)
            rows = segments.sql(f"SELECT * FROM ({query}) ORDER BY position, who").to_pylist()
            return [(None if row["who"] is None else names.name(row["who"]), row["price"]) for row in rows]


def test_a_row_stands_there_for_each_entity_and_none_for_nobody() -> None:
    assert selected() == [("customer:1", "5"), ("customer:2", "5"), ("lead:7", "many")]
    assert selected(upto=1) == [("customer:1", "5"), ("customer:2", "5")]


def test_an_event_of_several_names_of_one_entity_stands_there_once() -> None:
    assert selected(groups=[["customer:1", "customer:2", "lead:7"]]) == [("customer:1", "5"), ("customer:1", "many")]
    assert selected(groups=[["customer:9", "lead:7"]])[-1] == ("lead:7", "many")


def test_all_events_are_each_there_once() -> None:
    assert selected(once=True) == [("customer:1", "5"), ("lead:7", "many"), (None, None)]


def test_what_json_writes_otherwise_is_no_number() -> None:
    for text in ("007", "nan", "inf", "1_000", "9007199254740993", "1e999"):
        assert Condition.all_of(f"price={text}") == (Condition("price", "=", text),)
    for text, value in (("-1.5e2", -150.0), (".5", 0.5), ("0", 0.0)):
        assert Condition.all_of(f"price<{text}") == (Condition("price", "<", value),)
    assert selected("price=nan") == []


@pytest.mark.parametrize(("said", "found"), [("price>=5", 2), ("price!=6", 2), ("price=many", 1), ("price=true", 0)])
def test_a_condition_compares_numbers_and_texts(said: str, found: int) -> None:
    assert len(selected(said)) == found


def test_what_is_no_condition_is_none_and_texts_have_no_order() -> None:
    assert Condition.all_of("price>=5 and more") is None
    with pytest.raises(InvalidQuery, match=r"Texts are equal or not.* or write price=many\."):
        selected("price>many")
