"""A store so naive that it is plainly right, and the events, queries and conditions to compare another with it. It is
a list that is searched from one end to the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from whence.events import Event
from whence.query import AppendCondition, Query, QueryItem

TYPES = ["A", "B", "C.d"]
TAGS = ["k:1", "k:2", "l:1", "l:ä"]


class Oracle:
    """The appended events in order; the position is the place in the list, counted from 1."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def refuses(self, condition: AppendCondition | None) -> bool:
        """Whether an event beyond `after`, or any where there is none, matches the condition."""
        if condition is None:
            return False
        newer = self.events[condition.after or 0 :]
        return any(selects(condition.fail_if_events_match, event) for event in newer)

    def positions(
        self, query: Query, after: int, upto: int | None, limit: int | None, backwards: bool
    ) -> Sequence[int]:
        found = [
            position
            for position, event in enumerate(self.events, 1)
            if after < position and (upto is None or position <= upto) and selects(query, event)
        ]
        return (found[::-1] if backwards else found)[:limit]


def selects(query: Query, event: Event) -> bool:
    """The standard's sentence, written out again: any item, whose types include it and whose tags it all carries."""
    return query.is_all or any(
        (not item.types or event.type in item.types) and set(item.tags) <= set(event.tags) for item in query.items
    )


def events() -> st.SearchStrategy[Event]:
    json = st.none() | st.booleans() | st.integers(-100, 100) | st.text(max_size=5)
    return st.builds(Event, st.sampled_from(TYPES), json, st.lists(st.sampled_from(TAGS), max_size=4).map(tuple))


def queries() -> st.SearchStrategy[Query]:
    types = st.lists(st.sampled_from([*TYPES, "Never"]), max_size=3).map(tuple)
    tags = st.lists(st.sampled_from([*TAGS, "k:none"]), max_size=3).map(tuple)
    items = st.tuples(types, tags).filter(any).map(lambda sides: QueryItem(types=sides[0], tags=sides[1]))
    return st.just(Query.all()) | st.lists(items, min_size=1, max_size=3).map(lambda chosen: Query(tuple(chosen)))


def steps() -> st.SearchStrategy[list[tuple[list[Event], AppendCondition | None]]]:
    """Appends to make one after another, some with conditions."""
    after = st.none() | st.integers(0, 12)
    conditions = st.none() | st.builds(AppendCondition, queries(), after)
    return st.lists(st.tuples(st.lists(events(), min_size=1, max_size=4), conditions), max_size=8)


def windows() -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of `read` other than the query."""
    return st.fixed_dictionaries(
        {
            "after": st.integers(0, 12),
            "upto": st.none() | st.integers(0, 15),
            "limit": st.none() | st.integers(0, 5),
            "backwards": st.booleans(),
        }
    )
