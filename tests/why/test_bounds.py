"""Where why has an end: histories of very many decisions, and fields that are gone."""

from __future__ import annotations

import pytest

from whence.errors import InvalidModel
from whence.events import Event, Recorded
from whence.explaining.why import FOLLOWED_EVENTS_MAX, FOLLOWING_EVENTS, Explanation, why, without, without_each
from whence.history import History
from whence.model import on
from whence.query import Basis, Query
from whence.stores.memory import MemoryStore

LEAD = Query.of(tags=["lead:1"])


class Counted:
    kind = "lead"

    def __init__(self) -> None:
        self.n = 0

    @on("Decided")
    def decided(self, event: Recorded) -> None:
        self.n += 1


def decided(count: int) -> History:
    store = MemoryStore()
    for position in range(count):
        store.append([Event("Decided", {}, ["lead:1"])], basis=Basis(LEAD, position, None, ("n",)))
    return History.of(store)


def followed(found: Explanation) -> int:
    """How many decisions are followed in an answer, in all its depths."""
    looked = [each.looked_at for each in found.contributions if each.looked_at is not None]
    return len(looked) + sum(followed(field) for each in looked for field in each.fields)


def test_of_very_many_decisions_the_newest_are_followed_and_the_others_counted() -> None:
    found = why(decided(400), Counted, "lead:1", "n")
    there = [each.looked_at is not None for each in found.contributions]
    assert there == sorted(there)
    assert 10 < sum(there) < 400
    assert found.not_followed == 400 - sum(there)
    assert why(decided(20), Counted, "lead:1", "n").not_followed == 0


def test_following_to_a_great_depth_ends() -> None:
    found = why(decided(16), Counted, "lead:1", "n", depth=16)
    assert followed(found) <= FOLLOWED_EVENTS_MAX / FOLLOWING_EVENTS + 1
    assert found.value == 16


class Kept:
    kind = "lead"

    def __init__(self) -> None:
        self.items = {"a": 1}

    @on("Removed")
    def removed(self, event: Recorded) -> None:
        self.items.pop("a", None)


def removed(times: int) -> History:
    store = MemoryStore()
    for number in range(times):
        store.append([Event("Removed", {}, ["lead:1"], id=f"r{number}")])
    return History.of(store)


def test_an_item_that_is_gone_with_an_event_and_without_it_is_no_mistake() -> None:
    history = removed(2)
    found = why(history, Kept, "lead:1", "items.a")
    each = list(without_each(history, found, Kept))
    assert [(one.value, one.without, one.matters) for one in each] == [(None, None, False)] * len(each)
    one = without(history, Kept, "lead:1", "items.a", "r0")
    assert (one.value, one.without) == (None, None)
    with pytest.raises(InvalidModel, match=r"no such field.*items\.b"):
        without(history, Kept, "lead:1", "items.b", "r0")
