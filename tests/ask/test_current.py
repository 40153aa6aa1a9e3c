"""The states that are kept: always as of their head, whoever appends, and begun anew where that is quicker."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
import pytest

from whence import Codec, Tag, current, on
from whence.current import States
from whence.stores.memory import MemoryStore


class Added(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "jar.Added"
    jar: Annotated[str, Tag]
    count: int


class Jar:
    kind = "jar"
    codec = Codec(Added)

    def __init__(self) -> None:
        self.count = 0

    @on(Added)
    def added(self, event: Added) -> None:
        self.count += event.count


def append(store: MemoryStore, jar: str, count: int) -> None:
    store.append([Jar.codec.event(Added(jar, count))])


def test_what_others_append_is_caught_up_with() -> None:
    store = MemoryStore()
    append(store, "a", 1)
    states = States(store, [Jar])
    states.catch_up()
    append(store, "b", 5)
    assert (states.of("jar:a").count, states.of("jar:b").count, states.head) == (1, 0, 1)
    states.catch_up()
    assert {id: each.count for id, each in states.of_kind("jar", ["a", "b", "c"]).items()} == {"a": 1, "b": 5, "c": 0}


def test_what_was_just_appended_is_folded_only_where_nothing_lies_between() -> None:
    store = MemoryStore()
    states = States(store, [Jar])
    states.look_up(["jar:a"])
    made = [(Added("a", 1), Jar.codec.event(Added("a", 1)))]
    states.take(made, store.append([event for _, event in made]))
    assert (states.of("jar:a").count, states.head) == (1, 1)
    append(store, "a", 10)
    states.take(made, store.append([Jar.codec.event(Added("a", 1))]))
    assert (states.of("jar:a").count, states.head) == (1, 1)
    states.catch_up(if_behind=True)
    assert (states.of("jar:a").count, states.head) == (12, 3)


def test_far_behind_it_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "GAP_MAX", 1)
    store = MemoryStore()
    states = States(store, [Jar])
    before = states.of("jar:a")
    for _ in range(3):
        append(store, "a", 1)
    states.catch_up()
    assert (before.count, states.of("jar:a").count) == (0, 3)


def test_a_copy_is_changed_by_no_later_event() -> None:
    store = MemoryStore()
    states = States(store, [Jar])
    copy = states.copy_of("jar:a")
    append(store, "a", 1)
    states.catch_up()
    assert (copy.count, states.of("jar:a").count) == (0, 1)
