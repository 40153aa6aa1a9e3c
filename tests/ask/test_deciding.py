"""Decisions are guarded: here by the loop, outside in two steps."""

from __future__ import annotations

import importlib
import json
import pickle
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from whence.case import Case, answer_case, open_case
from whence.decide import execute
from whence.dependence import fields_read
from whence.errors import ConditionFailed, IdConflict, InvalidEvent, InvalidFile
from whence.events import Event, Recorded
from whence.explaining.why import why
from whence.history import History
from whence.model import on
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


class Lead:
    kind = "lead"

    def __init__(self) -> None:
        self.opened = 0
        self.stage = "new"
        self._seen = 0

    @property
    def is_warm(self) -> bool:
        return self.opened > 1 and self._seen > 0

    @on("Opened")
    def was_opened(self, event: Recorded) -> None:
        self.opened += 1

    @on("Seen")
    def was_seen(self, event: Recorded) -> None:
        self._seen += 1

    @on("Staged")
    def was_staged(self, event: Recorded) -> None:
        self.stage = event.data


def _stage_warm(lead: Lead) -> Event | None:
    return Event("Staged", "warm", ("lead:1",)) if lead.is_warm else None


def _of_lead(*types: str) -> MemoryStore:
    store = MemoryStore()
    store.append([Event(type, "cold", ("lead:1",)) for type in types])
    return store


def _reads(decide: Any, model: Any = Lead, entity: str = "lead:1") -> tuple[str, ...] | None:
    store = _of_lead("Opened", "Opened", "Seen", "Staged")
    (position,) = execute(store, entity, model, decide).positions
    basis = next(iter(store.read(after=position - 1))).basis
    assert basis is not None
    return basis.reads


def test_a_decision_is_handed_the_very_state() -> None:
    states: list[Any] = []

    def decide(lead: Lead) -> None:
        states.append(lead)
        assert type(lead) is Lead
        assert type(pickle.loads(pickle.dumps(lead))) is Lead
        lead.opened += 1

    execute(_of_lead("Opened"), "lead:1", Lead, decide)
    assert vars(states[0])["opened"] == 2
    given: list[type] = []
    execute(_of_lead("Opened"), "lead:1", built_in("lead"), lambda lead: given.append(type(lead)))
    assert given == [dict]


def test_the_basis_names_the_fields_that_a_decision_may_read() -> None:
    other = Event("Other", None, ("lead:1",))

    class Desk:
        def decide(self, lead: Lead, by: int = 0) -> Event:
            return Event("Given", lead.stage, ("lead:1",))

    def several(lead: Lead) -> Iterator[Event]:
        if lead.opened:
            yield Event("Given", lead.stage, ("lead:1",))

    assert _reads(_stage_warm) == ("_seen", "opened")
    assert _reads(lambda lead: other if lead.stage else None) == ("stage",)
    assert _reads(lambda _: other) == ()
    assert _reads(Desk().decide) == ("stage",)
    assert _reads(partial(Desk.decide, Desk())) == ("stage",)
    assert _reads(several) == ("opened", "stage")
    assert _reads(lambda lead: other if lead["data"] or lead.get("x") else None, built_in("lead")) == ("data", "x")


def test_what_is_read_on_the_way_to_a_call_counts() -> None:
    other = Event("Other", None, ("lead:1",))
    by_stage = {"cold": lambda by: other if by else None}

    def chosen(lead: Lead) -> Event | None:
        return by_stage[lead.stage](1)

    def later(lead: Lead) -> Event | None:
        opened = lambda: lead.opened  # noqa: E731 - how some write it
        return other if opened() else None

    def opened_of(lead: Lead) -> Iterator[int]:
        yield lead.opened

    def helped(lead: Lead) -> Event | None:
        return next((other for count in opened_of(lead) if count), None)

    assert _reads(chosen) == ("stage",)
    assert _reads(later) == ("opened",)
    assert _reads(helped) == ("opened",)
    assert _reads(lambda lead: (lambda it=lead: other if it.stage else None)()) is None


def test_a_decision_whose_source_does_not_say_names_no_fields() -> None:
    other = Event("Other", None, ("lead:1",))
    assert _reads(lambda lead: other if vars(lead)["stage"] else None) is None
    assert _reads(lambda lead: other if getattr(lead, "st" + "age") else None) is None
    assert _reads(eval("lambda lead: other if lead.stage else None", {"other": other})) is None
    assert _reads(lambda lead: other if {**lead} else None, built_in("lead")) is None


def test_what_a_decision_looked_at_is_narrowed_to_what_made_the_fields_it_read() -> None:
    store = _of_lead("Staged", "Opened", "Seen", "Opened", "Staged")
    execute(store, "lead:1", Lead, _stage_warm)
    (made,) = why(History.of(store), Lead, "lead:1", "stage").contributions
    assert made.looked_at is not None
    assert made.looked_at.narrowed
    assert [event.position for event in made.looked_at.events] == [2, 3, 4]


def test_where_the_model_lost_a_field_that_was_read_all_that_the_decision_saw_is_told() -> None:
    class Renamed:
        kind = "lead"

        @on("Staged")
        def was_staged(self, event: Recorded) -> None:
            self.stage = event.data

    store = _of_lead("Opened", "Seen", "Opened")
    execute(store, "lead:1", Lead, _stage_warm)
    (made,) = why(History.of(store), Renamed, "lead:1", "stage").contributions
    assert made.looked_at is not None
    assert not made.looked_at.narrowed
    assert [event.position for event in made.looked_at.events] == [1, 2, 3]


def test_a_file_that_is_another_now_does_not_say_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "desk_of_old.py"
    file.write_text("def decide(lead):\n    return None if lead.opened else lead\n\nchoose = lambda lead: lead['x']\n")
    monkeypatch.syspath_prepend(tmp_path)
    desk = importlib.import_module("desk_of_old")
    file.write_text("def decide(lead):\n    return None if lead.stage else 1\n\nchoose = lambda lead: lead['y']\n")
    assert fields_read(desk.decide, Lead) is None
    assert fields_read(desk.choose, dict) is None
