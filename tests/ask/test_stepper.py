"""Walking through an entity's events: each step is the same fold, forwards, backwards and by jumps."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import FoldFailed, InvalidModel, InvalidQuery
from whence.events import Event
from whence.explaining.stepper import KEPT_EVERY, Stepper
from whence.history import History
from whence.model import Model, on
from whence.rules import built_in
from whence.stores.memory import MemoryStore


class Account:
    kind = "account"

    def __init__(self) -> None:
        self.balance = 0
        self.entries: list[int] = []

    @on("Booked")
    def booked(self, event: Any) -> None:
        self.entries.append(event.data["amount"])
        self.balance += event.data["amount"]
        if event.data["amount"] == 13:
            raise ValueError("unlucky")


def walk_of(*amounts: int | None, model: Any = Account) -> Stepper:
    """A walk through bookings; None is an event of another type."""
    store = MemoryStore()
    store.append([Event("Opened", {}, ["account:2"])])
    for amount in amounts:
        event = Event("Looked", {"at": 1}) if amount is None else Event("Booked", {"amount": amount}, actor="bank")
        store.append([Event(event.type, event.data, ["account:1"], actor=event.actor)])
    return Stepper(History.of(store), model, "account:1")


def test_a_step_shows_the_state_before_and_after_and_what_changed() -> None:
    walk = walk_of(5, None, 7)
    assert walk.here is None
    first, second, third = walk
    assert (first.number, first.total, first.recorded.position) == (1, 3, 2)
    assert (first.before, first.after) == ({"balance": 0, "entries": []}, {"balance": 5, "entries": [5]})
    assert second.changes == []
    assert [(change.field, change.before, change.after) for change in third.changes] == [
        ("balance", 5, 12),
        ("entries", [5], [5, 7]),
    ]
    assert walk.forward() is None
    assert walk.here == third


def test_back_ends_before_the_first_event() -> None:
    walk = walk_of(5, 7)
    walk.to_number(2)
    assert walk.back() is not None
    assert walk.back() is None
    assert walk.back() is None
    assert walk.number == 0
    step = walk.forward()
    assert step is not None
    assert step.after["balance"] == 5


moves = st.lists(st.integers(0, 260) | st.sampled_from(["forward", "back", "run"]), max_size=15)


@given(count=st.integers(0, 250), moves=moves)
def test_wherever_a_walk_goes_the_state_is_that_of_a_fold(count: int, moves: list[Any]) -> None:
    walk = walk_of(*range(100, 100 + count))
    for move in moves:
        if move == "run":
            walk.run(until=lambda state: state.balance % 7 == 0)
        elif isinstance(move, str):
            getattr(walk, move)()
        else:
            walk.to(move)
        if walk.here is not None:
            state = walk.model.fold(walk.events[: walk.number])
            assert walk.here.after == walk.model.fields(state)
            before = walk.model.fold(walk.events[: walk.number - 1])
            assert walk.here.before == walk.model.fields(before)


def test_a_step_back_in_a_long_walk_folds_few_events() -> None:
    folded = 0

    def apply(state: int, event: Any) -> int:
        nonlocal folded
        folded += 1
        return state + 1

    walk = walk_of(*[1] * 1050, model=Model.of_function("account", 0, apply))
    walk.to_number(1050)
    folded = 0
    for number in range(1049, 1000, -1):
        step = walk.back()
        assert step is not None
        assert step.number == number
        assert step.after == {"value": number}
    assert folded <= 49 * 2 * KEPT_EVERY


def test_it_stops_at_a_type_a_field_or_a_rule() -> None:
    walk = walk_of(5, None, 7, 0)
    step = walk.run(type="Looked")
    assert step is not None
    assert step.number == 2
    step = walk.run(field="balance")
    assert step is not None
    assert step.number == 3
    walk.to(0)
    step = walk.run(until="balance > 4 and len(entries) == 2")
    assert step is not None
    assert step.number == 3
    assert walk.run(until="balance > 100") is None
    assert walk.number == 3, "it stays where it is"


def test_what_it_cannot_stop_at_is_said() -> None:
    walk = walk_of(5)
    with pytest.raises(InvalidQuery, match="Nothing to stop at"):
        walk.run()
    with pytest.raises(InvalidModel, match="Did you mean balance"):
        walk.run(field="balanc")
    with pytest.raises(InvalidModel, match="Did you mean balance"):
        walk.run(until="balanc > 5")
    with pytest.raises(InvalidModel, match=r"Entity: account:1, Position: 2"):
        walk.run(until="balance > 'x'")


def test_a_walk_goes_up_to_an_event_that_cannot_be_folded_and_back_again() -> None:
    walk = walk_of(5, 13, 7)
    walk.forward()
    for _ in range(2):
        with pytest.raises(FoldFailed, match="unlucky"):
            walk.forward()
    assert walk.number == 1
    assert walk.here is not None
    assert walk.here.after == {"balance": 5, "entries": [5]}
    walk.to(0)
    step = walk.run(field="balance")
    assert step is not None
    assert step.after == {"balance": 5, "entries": [5]}


def test_a_notebook_gets_a_table_in_which_nothing_is_markup() -> None:
    store = MemoryStore()
    store.append([Event("Noted", {"note": "<b>&"}, ["account:1"], actor="<i>")])
    step = Stepper(History.of(store), built_in("account"), "account:1").forward()
    assert step is not None
    shown = step._repr_html_()
    assert "&lt;b&gt;&amp;" in shown
    assert "by &lt;i&gt;" in shown
    assert "<i>" not in shown


def test_a_state_that_cannot_be_copied_is_said() -> None:
    class Locked(Account):
        def __init__(self) -> None:
            super().__init__()
            self._lock = threading.Lock()

    with pytest.raises(FoldFailed, match=r"A value cannot be copied .*lock"):
        walk_of(1, model=Locked)


def test_it_stops_at_a_field_that_is_gone_at_the_end() -> None:
    def apply(state: dict[str, Any], event: Any) -> dict[str, Any]:
        return {"offer": 1} if event.type == "Offered" else {}

    store = MemoryStore()
    store.append([Event(type, {}, ["account:1"]) for type in ("Opened", "Offered", "Withdrawn")])
    model = Model.of_function("account", {}, apply)
    for named in ({"field": "offer"}, {"until": "offer == 1"}):
        step = Stepper(History.of(store), model, "account:1").run(**named)
        assert step is not None
        assert step.number == 2
    with pytest.raises(InvalidModel, match="Did you mean offer"):
        Stepper(History.of(store), model, "account:1").run(field="ofer")


@pytest.mark.parametrize("number", [-1, 3])
def test_a_step_that_there_is_not_is_said(number: int) -> None:
    with pytest.raises(InvalidQuery, match="one from 0 to 2"):
        walk_of(1, 2).to_number(number)


def test_a_walk_to_where_a_rule_holds_copies_few_states(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = walk_of(*[1] * 1000)
    copies: list[Any] = []
    copied = walk.model.copied
    monkeypatch.setattr(walk.model, "copied", lambda value: copies.append(value) or copied(value))
    step = walk.run(until="balance == 1000")
    assert step is not None
    assert step.number == 1000
    assert len(copies) < 20
