"""What changed in all entities of a kind is what comparing each entity's two states gives, in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import whence
from whence.clock import FixedClock
from whence.compare import Change, diff
from whence.errors import FoldFailed, NotKnown
from whence.events import Event
from whence.explaining.difference import Changed, Difference, difference
from whence.history import At, History
from whence.model import Model, on
from whence.rules import built_in
from whence.store import Store
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store


class Seen:
    """Changes its list in place, so that a state that is not copied would show what came later."""

    kind = "lead"

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.last: Any = None

    @on("A")
    def saw(self, event: Any) -> None:
        self.seen.append(event.data)
        self.last = event.data


class SeenInTime(Seen):
    order = "occurred"


class Strict:
    """Raises on what is not its next number."""

    kind = "lead"
    order = "occurred"

    def __init__(self) -> None:
        self.number = 0

    @on("A")
    def counted(self, event: Any) -> None:
        if event.time_us < self.number:
            raise ValueError("goes back in time")
        self.number = event.time_us


MODELS = [Model.of(Seen), Model.of(SeenInTime), Model.of(Strict), built_in("lead")]
HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.sets(st.sampled_from(["lead:1", "lead:2", "lead:12", "b:1", "xlead:1"])),
        st.integers(0, 9),
        st.integers(0, 2),
    ),
    max_size=30,
)
MOMENTS = st.one_of(
    st.builds(At),
    st.builds(lambda n: At(position=n), st.integers(0, 30)),
    st.builds(lambda us: At(occurred_us=us), st.integers(-1, 9)),
    st.builds(lambda us: At(recorded_us=us), st.integers(0, 30)),
)


def stored(happenings: list[Any]) -> MemoryStore:
    """Events at the times given, recorded at rising times from 0 on."""
    clock = FixedClock("1970-01-01T00:00:00Z")
    store = MemoryStore(clock)
    recorded_us = 0
    for number, (type, tags, time, pause) in enumerate(happenings):
        recorded_us += pause if number else 0  # so that something is known at any time asked for
        clock.set(recorded_us)
        store.append([Event(type, {"n": number}, tuple(tags), time=time)])
    return store


def brute_force(history: History, model: Model, before: At, after: At) -> Difference:
    """The same by folding everything twice."""
    first, second = (history.at(moment).states(model) for moment in (before, after))
    both = {tag: None for event in history.events() for tag in event.entities("lead") if tag in first or tag in second}
    changed = []
    for entity in both:
        one, two = (None if entity not in side else model.fields(side[entity]) for side in (first, second))
        how: Any = "new" if one is None else "gone" if two is None else "changed"
        changes = diff(one or {}, two or {})
        if changes or how != "changed":
            changed.append(Changed(entity, how, changes))
    return Difference("lead", len(both), changed)


@pytest.mark.parametrize("model", MODELS, ids=repr)
@given(happenings=HAPPENINGS, before=MOMENTS, after=MOMENTS)
def test_between_any_two_moments_it_is_what_folding_twice_gives(
    model: Model, happenings: list[Any], before: At, after: At
) -> None:
    history = History.of(stored(happenings))
    found = difference(history, model, before, after)
    expected = brute_force(history, model, before, after)
    by_name = {each.entity: each for each in found.changed}
    assert by_name == {each.entity: each for each in expected.changed}
    assert found.known == expected.known


@pytest.fixture(params=["memory", "log.jsonl", "sqlite.db"])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    clock = FixedClock("2026-01-05T09:00:00Z")
    path = ":memory:" if request.param == "memory" else tmp_path / request.param
    store = open_store(path, create=True, clock=clock)
    store.append([Event("Scored", {"score": 60}, ("lead:42",)), Event("Scored", {"score": 10}, ("lead:7",))])
    clock.set("2026-01-08T09:00:00Z")
    store.append([Event("Scored", {"score": 80}, ("lead:42",)), Event("Created", None, ("lead:9",))])
    store.append([Event("Scored", {"score": 20}, ("lead:7",), time="2026-01-04T00:00:00Z")])
    yield store
    store.close()


def test_the_changed_the_new_and_the_total_are_given(story: Store) -> None:
    told: list[Any] = []
    with whence.Whence(story) as db:
        found = db.changes("lead", "2026-01-06", progress=lambda *done: told.append(done))
    shown = [
        (each.entity, each.how, [(c.before, c.after) for c in each.changes if c.field == "score"])
        for each in found.changed
    ]
    assert shown == [("lead:42", "changed", [(60, 80)]), ("lead:9", "new", [])]
    assert (found.known, found.count("changed"), found.count("new"), found.count("gone")) == (3, 1, 1, 0)
    assert told[-1] == (5, 5)


def test_by_the_recorded_clock_what_came_late_is_a_change(story: Store) -> None:
    with whence.Whence(story) as db:
        recorded = db.at("2026-01-06", clock="recorded")
        assert [each.entity for each in db.changes("lead", recorded).changed] == ["lead:42", "lead:7", "lead:9"]
        with pytest.raises(NotKnown, match="nothing was recorded yet"):
            db.changes("lead", db.at("2026-01-01", clock="recorded"))


def test_backwards_what_is_new_is_gone(story: Store) -> None:
    with whence.Whence(story) as db:
        found = db.changes("lead", "@5", "@2")
    assert {each.entity: each.how for each in found.changed} == {
        "lead:42": "changed",
        "lead:7": "changed",
        "lead:9": "gone",
    }


def test_a_new_entity_without_a_field_is_new_all_the_same() -> None:
    store = MemoryStore()
    store.append([Event("B", None, ("lead:1",))])
    assert difference(History.of(store), Seen, At(position=0), At()).changed == [
        Changed("lead:1", "new", [Change("seen", None, [])])
    ]
    model = Model.of_function("lead", {}, lambda state, event: state)
    assert difference(History.of(store), model, At(position=0), At()).changed == [Changed("lead:1", "new", [])]


def test_a_branch_is_compared_as_it_is() -> None:
    store = stored([("A", {"lead:1"}, 0, 0), ("A", {"lead:1"}, 1, 0), ("A", {"lead:2"}, 2, 0)])
    branch = History.of(store).insert(Event("A", {"n": 9}, ("lead:3",), time=1), after=2)
    found = difference(branch, SeenInTime, At(occurred_us=0), At(occurred_us=1))
    assert {each.entity: each.how for each in found.changed} == {"lead:1": "changed", "lead:3": "new"}


class Uncopied:
    kind = "lead"

    def __init__(self) -> None:
        self.count = 0
        self._numbers = (number for number in range(1, 9))  # which cannot be copied

    @on("A")
    def saw(self, event: Any) -> None:
        self.count = next(self._numbers)

    @on("C")
    def failed(self, event: Any) -> None:
        raise ValueError("C")


def test_a_state_that_cannot_be_copied_is_folded_twice() -> None:
    store = stored([("A", {"lead:1"}, 0, 0), ("A", {"lead:2"}, 0, 0), ("A", {"lead:1"}, 0, 0)])
    found = difference(History.of(store), Uncopied, At(position=1), At())
    assert [(each.entity, each.changes) for each in found.changed] == [
        ("lead:1", [Change("count", 1, 2)]),
        ("lead:2", [Change("count", None, 1)]),
    ]


def test_a_fold_that_fails_is_named() -> None:
    store = stored([("A", {"lead:1"}, 0, 0), ("A", {"lead:1"}, 0, 0), ("C", {"lead:1"}, 0, 0)])
    with pytest.raises(FoldFailed, match=r"Position: 3, Handler: Uncopied\.failed, Problem: ValueError: C"):
        difference(History.of(store), Uncopied, At(position=1), At())
