"""Decisions are guarded: here by the loop, outside in two steps."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from whence.case import Case, answer_case, open_case
from whence.decide import execute
from whence.errors import ConditionFailed, IdConflict, InvalidEvent, InvalidFile
from whence.events import Event
from whence.query import Query
from whence.rules import built_in
from whence.stores.memory import MemoryStore
from whence.stores.sqlite import SQLiteStore

MODEL = built_in("account")


def _withdraw(amount: int) -> Any:
    def decide(account: dict[str, Any]) -> list[Event]:
        balance = account.get("balance", 0)
        return [Event("Withdrawn", {"balance": balance - amount}, ("account:1",))] if balance >= amount else []

    return decide


def test_of_many_who_decide_at_once_each_sees_the_one_before(tmp_path: Path) -> None:
    store = SQLiteStore.open(tmp_path / "bank.db", create=True)
    store.append([Event("Opened", {"balance": 10}, ("account:1",))])
    decided: list[int] = []

    def take() -> None:
        decided.extend(execute(store, "account:1", MODEL, _withdraw(1), attempts_max=200).positions)

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(decided) == 10
    assert [event.data["balance"] for event in store.read()] == list(range(10, -1, -1))
    store.close()


def test_the_basis_is_stored_with_what_was_decided() -> None:
    store = MemoryStore()
    store.append([Event("Opened", {"balance": 10}, ("account:1",)), Event("Other")])
    (position,) = execute(store, "account:1", MODEL, _withdraw(3)).positions
    basis = next(iter(store.read(after=position - 1))).basis
    assert basis is not None
    assert (basis.query, basis.position) == (Query.of(tags=["account:1"]), 2)


def test_a_decision_on_no_events_is_guarded_too() -> None:
    store = MemoryStore()

    def decide(account: dict[str, Any]) -> list[Event]:
        assert account == {}
        store.append([Event("Opened", {"balance": 1}, ("account:1",))])
        return [Event("Opened", {"balance": 2}, ("account:1",))]

    with pytest.raises(ConditionFailed) as failed:
        execute(store, "account:1", MODEL, decide, attempts_max=1)
    assert failed.value.facts["attempts"] == 1
    assert store.head() == 1


def test_several_entities_are_decided_on_together() -> None:
    store = MemoryStore()
    store.append([Event("Opened", {"balance": 5}, ("account:1",)), Event("Opened", {"balance": 0}, ("account:2",))])

    def transfer(accounts: dict[str, Any]) -> list[Event]:
        return [
            Event("Moved", {"balance": accounts["account:1"]["balance"] - 5}, ("account:1",)),
            Event("Moved", {"balance": accounts["account:2"]["balance"] + 5}, ("account:2",)),
        ]

    execute(store, ["account:1", "account:2"], MODEL, transfer)
    assert [event.data["balance"] for event in store.read()] == [5, 0, 0, 5]


def test_to_decide_nothing_appends_nothing() -> None:
    store = MemoryStore()
    assert execute(store, "account:1", MODEL, _withdraw(1)).positions == ()
    assert store.head() == 0


@pytest.fixture
def asked() -> tuple[MemoryStore, Case]:
    store = MemoryStore()
    store.append([Event("Opened", {"balance": 10}, ("account:1",))])
    return store, open_case(store, MODEL, "account:1", "Rated")


def test_a_case_is_plain_json_and_comes_back_the_same(asked: tuple[MemoryStore, Case]) -> None:
    _, case = asked
    assert Case.from_json(json.loads(json.dumps(case.to_json()))) == case
    assert case.state["balance"] == 10
    with pytest.raises(InvalidFile):
        Case.from_json({"id": "x"})


def test_an_answer_is_appended_with_what_was_given_and_its_basis(asked: tuple[MemoryStore, Case]) -> None:
    store, case = asked
    answered = answer_case(store, case, {"rating": "A"}, actor="model", input={"q": 1}, model="m-1", prompt="rate")
    event = list(store.read())[-1]
    assert (answered.position, answered.stale) == (2, False)
    assert event.data == {"rating": "A", "case": {"id": case.id, "input": {"q": 1}, "model": "m-1", "prompt": "rate"}}
    assert event.basis is not None
    assert event.basis.position == 1


def test_answering_twice_is_answering_once_and_another_answer_is_refused(asked: tuple[MemoryStore, Case]) -> None:
    store, case = asked
    first = answer_case(store, case, {"rating": "A"}, actor="model")
    assert answer_case(store, case, {"rating": "A"}, actor="model") == first
    with pytest.raises(IdConflict, match="another answer"):
        answer_case(store, case, {"rating": "B"}, actor="model")
    assert store.head() == 2


def test_a_stale_answer_is_kept_marked_and_not_asked_for_again(asked: tuple[MemoryStore, Case]) -> None:
    store, case = asked
    store.append([Event("Withdrawn", {"balance": 0}, ("account:1",))])
    stale = answer_case(store, case, {"rating": "A"}, actor="model")
    assert stale.stale
    assert answer_case(store, case, {"rating": "A"}, actor="model") == stale
    assert [event.type for event in store.read()] == ["Opened", "Withdrawn", "Rated.Stale"]


def test_the_same_question_is_the_same_case_until_something_happens(asked: tuple[MemoryStore, Case]) -> None:
    store, case = asked
    store.append([Event("Opened", {"balance": 3}, ("account:2",))])
    assert open_case(store, MODEL, "account:1", "Rated").id == case.id
    store.append([Event("Withdrawn", {"balance": 0}, ("account:1",))])
    assert open_case(store, MODEL, "account:1", "Rated").id != case.id


def test_an_answered_case_says_so_when_it_is_opened_again(asked: tuple[MemoryStore, Case]) -> None:
    store, case = asked
    answered = answer_case(store, case, {"rating": "A"}, actor="model")
    again = open_case(store, MODEL, "account:1", "Rated")
    assert (again.id, again.answered) == (case.id, answered.position)


def test_the_answer_to_another_question_is_news(asked: tuple[MemoryStore, Case]) -> None:
    store, case = asked
    other = open_case(store, MODEL, "account:1", "Enriched")
    answer_case(store, other, {"size": 20}, actor="model")
    assert answer_case(store, case, {"rating": "A"}, actor="model").stale
    again = open_case(store, MODEL, "account:1", "Rated")
    assert (again.id != case.id, again.answered) == (True, None)
    assert not answer_case(store, again, {"rating": "B"}, actor="model").stale


def test_a_case_that_was_altered_is_refused(asked: tuple[MemoryStore, Case]) -> None:
    store, case = asked
    for change in ({"position": "2"}, {"query": {"items": []}}, {"more": 1}):
        with pytest.raises(InvalidFile):
            Case.from_json(case.to_json() | change)
    with pytest.raises(InvalidEvent, match="case"):
        answer_case(store, case, {"case": 1}, actor="model")
