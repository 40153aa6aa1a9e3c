"""The event that broke a rule: what halving answers is a true change, what the scan answers is the first one."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import log2
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import FoldFailed, InvalidModel
from whence.events import Event, Recorded
from whence.explaining.bisect import Bisection, bisect, first_breach
from whence.expression import Expression
from whence.history import At, History
from whence.model import Model, on
from whence.query import Query
from whence.rules import built_in, from_toml
from whence.stores.memory import MemoryStore

START = datetime(2026, 1, 1, tzinfo=UTC)


class Moved(msgspec.Struct, frozen=True):
    by: int


class Pile:
    kind = "pile"

    def __init__(self) -> None:
        self.height = 0
        self.moves: list[int] = []

    @on(Moved)
    def moved(self, event: Moved) -> None:
        self.height += event.by
        self.moves.append(event.by)


class PileByTime(Pile):
    order = "occurred"


MODELS = [Model.of(Pile), Model.of(PileByTime)]
RULE = "height < 4"

moves = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-3, 3), st.integers(0, 8), st.booleans()), min_size=0, max_size=30
)
"""An entity, by how much it is moved, the minute of that, and whether the event is one of another type."""


def history_of(moves: Sequence[tuple[str, int, int, bool]]) -> History:
    store = MemoryStore()
    for entity, by, minute, other in moves:
        time = START + timedelta(minutes=minute)
        store.append([Event("Looked" if other else "Moved", {"by": by}, [f"pile:{entity}"], time=time)])
    return History.of(store)


def in_order(history: History, model: Model) -> list[Recorded]:
    return list(history.events(order=model.order))


def broken_after(model: Model, events: Sequence[Recorded]) -> list[set[str]]:
    """The entities that are broken before the first event, and after each, folded anew each time."""
    found: list[set[str]] = [set()]
    for count in range(1, len(events) + 1):
        entities = {tag for event in events[:count] for tag in event.tags}
        states = {e: model.fold([event for event in events[:count] if e in event.tags]) for e in entities}
        found.append({entity for entity, state in states.items() if state.height >= 4})
    return found


def check_breach(model: Model, events: Sequence[Recorded], answer: Bisection, broken: Sequence[set[str]]) -> int:
    """That a breach is what it says; the number of events before it, in the model's order."""
    breach = answer.breach
    assert breach is not None
    index = next(i for i, event in enumerate(events) if event.position == breach.recorded.position)
    assert breach.entity in broken[index + 1] - broken[index]
    mine = [event for event in events[: index + 1] if breach.entity in event.tags]
    assert breach.after == model.fields(model.fold(mine))
    assert breach.before == (model.fields(model.fold(mine[:-1])) if mine[:-1] else None)
    return index


@pytest.mark.parametrize("model", MODELS, ids=repr)
@given(moves=moves, good=st.none() | st.integers(0, 30), about=st.sampled_from(["pile", "pile:a"]))
def test_halving_finds_a_true_change_and_the_scan_the_first(
    model: Model, moves: Any, good: int | None, about: str
) -> None:
    history = history_of(moves)
    events = in_order(history, model)
    mine = [event for event in events if about == "pile" or about in event.tags]
    broken = broken_after(model, mine)
    run = [event.position <= (good or 0) for event in mine]
    start = run.index(False) if False in run else len(run)
    if model.order == "occurred":  # times of the same minute stay together
        beyond = min((event.time for event in mine if event.position > (good or 0)), default=None)
        start = sum(event.time < beyond for event in mine) if beyond else len(mine)
    at = None if good is None else At(position=good)
    start = 0 if good is None else start

    halved = bisect(history, model, about, RULE, good=at)
    scanned = first_breach(history, model, about, RULE, good=at)

    assert set(halved.broken_before) == set(scanned.broken_before) == broken[start]
    if broken[start]:
        assert halved.breach is scanned.breach is None
        return
    first = next((index for index in range(start, len(mine)) if broken[index + 1]), None)
    if first is None:
        assert scanned.breach is None
    else:
        assert check_breach(model, mine, scanned, broken) == first
    assert set(halved.broken) == broken[-1]
    assert (halved.breach is not None) == bool(broken[-1])
    if halved.breach is not None:
        index = check_breach(model, mine, halved, broken)
        assert index >= start
        assert not broken[index] & broken[-1]
    assert halved.replays <= (log2(len(mine)) if mine else 0) + 5


class Named(msgspec.Struct, frozen=True):
    name: str


class Parcel:
    """A model whose fields depend on different event types, one of them on two."""

    kind = "pile"

    def __init__(self) -> None:
        self.weight = 0
        self.named = 0
        self.label = ""
        self.heavy_named = 0
        self.gross = self.net = self.tare = 0

    @on(Moved)
    def moved(self, event: Moved) -> None:
        self.weight += event.by

    @on("Weighed")
    def weighed(self, event: Recorded) -> None:
        self.tare = event.data["tare"]

    @on("Packed")
    def packed(self, event: Recorded) -> None:
        self.gross = self.net + 1
        self.net = self.weight - self.tare

    @on(Named)
    def renamed(self, event: Named) -> None:
        self.label = event.name
        self.named += 1
        if self.weight > 2:
            self.heavy_named += 1

    @property
    def heavy(self) -> bool:
        return self.weight > 3


@pytest.mark.parametrize(
    "rule", ["weight < 4", "height < 4", "named < 4", "heavy_named < 2", "not heavy", "len(fields) > 9", "named"]
)
@given(events=st.lists(st.tuples(st.sampled_from("abc"), st.integers(-2, 3) | st.text("xyz", max_size=2)), max_size=30))
def test_folding_only_the_types_that_a_rule_depends_on_finds_the_same_entities(rule: str, events: Any) -> None:
    store = MemoryStore()
    for entity, value in events:
        event = Event("Moved", {"by": value}) if isinstance(value, int) else Event("Named", {"name": value})
        store.append([msgspec.structs.replace(event, tags=(f"pile:{entity}",))])
    history, asked = History.of(store), Expression.parse(rule)
    for model in (Model.of(Parcel), from_toml("pile", tomllib.loads(TABLE))):
        if asked.names <= model.fields(model.initial()).keys():
            broken = {e for e, state in history.states(model).items() if not asked.holds(model.fields(state))}
            assert set(bisect(history, model, "pile", rule).broken) == broken


def test_only_the_types_that_fields_depend_on_are_looked_at() -> None:
    model = Model.of(Parcel)
    assert model.only({"weight"}).types == ("Moved",)
    assert model.only({"label"}).types == ("Named",)
    assert set(model.only({"heavy_named"}).types or ()) == {"Moved", "Named"}
    assert set(model.only({"gross"}).types or ()) == {"Moved", "Weighed", "Packed"}, "what it is made of counts as well"
    assert model.only({"heavy"}) is model, "a property reads what it likes"


TABLE = """
order = "position"
built_in = false
fields = { height = 0, named = 0 }
rule = [
  { on = "Moved", add = { height = "$by" } },
  { on = "Named", set = { label = "$name" }, count = "named" },
  { on = ["Moved", "Named"], last = { touched = "$type" } },
]
"""


def test_rules_in_toml_say_which_types_a_field_depends_on() -> None:
    model = from_toml("pile", tomllib.loads(TABLE))
    assert model.only({"height"}).types == ("Moved",)
    assert model.only({"named", "label"}).types == ("Named",)
    assert set(model.only({"touched"}).types or ()) == {"Moved", "Named"}
    whole = from_toml("pile", tomllib.loads(TABLE.replace("false", "true", 1)))
    assert whole.only({"height"}) is whole, "the built-in fields depend on every type"


def history_with(*events: Event) -> History:
    store = MemoryStore()
    store.append(list(events))
    return History.of(store)


def test_a_rule_may_be_a_function_of_the_state() -> None:
    history = history_of([("a", 2, 0, False), ("a", 3, 1, False), ("a", -5, 2, False), ("a", 9, 3, False)])
    found = first_breach(history, Pile, "pile:a", lambda pile: pile.height < 4)
    assert found.breach is not None
    assert found.breach.recorded.position == 2
    assert [(change.field, change.before, change.after) for change in found.breach.changes] == [
        ("height", 2, 5),
        ("moves", [2], [2, 3]),
    ]


def test_a_branch_is_searched_like_any_history() -> None:
    history = history_of([("a", 3, 0, False), ("a", 3, 1, False), ("b", 1, 2, False)])
    _, second = history.events(Query.of(tags=["pile:a"]))
    assert bisect(history, Pile, "pile", RULE).breach is not None
    assert bisect(history.alter(second.id, data={"by": 0}), Pile, "pile", RULE).breach is None
    assert bisect(history.drop(second.id), Pile, "pile", RULE).breach is None
    added = history.drop(second.id).insert(Event("Moved", {"by": 9}, ["pile:b"]), after=3)
    for model in MODELS:
        found = bisect(added, model, "pile", RULE)
        assert found.breach is not None
        assert (found.breach.entity, found.breach.after["height"]) == ("pile:b", 10)


def test_a_typo_is_said_and_a_field_that_only_some_have_is_none_in_the_rest() -> None:
    model = built_in("lead")
    history = history_with(
        Event("Scored", {"score": 5}, ["lead:1"]),
        Event("Scored", {"score": 7, "discount": 9}, ["lead:2"]),
    )
    for search in (bisect, first_breach):
        for about in ("lead", "lead:1"):
            with pytest.raises(InvalidModel, match="Did you mean score"):
                search(history, model, about, "scor < 7")
        assert search(history, model, "lead:1", "discount is None").breach is None
        found = search(history, model, "lead", "discount is None")
        assert found.breach is not None
        assert found.breach.entity == "lead:2"


def test_a_rule_that_fails_names_the_entity_and_the_position() -> None:
    history = history_with(
        Event("Scored", {"score": 5}, ["lead:1"]),
        Event("Looked", {}, ["lead:2"]),
    )
    for search in (bisect, first_breach):
        with pytest.raises(InvalidModel) as failed:
            search(history, built_in("lead"), "lead", "score < 7")
        assert (failed.value.facts["entity"], failed.value.facts["position"]) == ("lead:2", 2)
        assert "score or 0" in failed.value.remedy
        with pytest.raises(InvalidModel, match=r"lead:2.*KeyError"):
            search(history, built_in("lead"), "lead", lambda state: state["score"] < 7)


def test_a_million_events_would_take_few_replays() -> None:
    store = MemoryStore()
    store.append([Event("Moved", {"by": 0}, ["pile:a"]) for _ in range(6000)])
    store.append([Event("Moved", {"by": 9}, ["pile:a"])])
    store.append([Event("Moved", {"by": 0}, ["pile:a"]) for _ in range(3000)])
    found = bisect(History.of(store), Pile, "pile", RULE)
    assert found.breach is not None
    assert found.breach.recorded.position == 6001
    assert found.replays <= 2 * log2(9001)


def test_what_other_entities_do_is_not_folded_when_one_is_asked_about() -> None:
    class Lead:
        kind = "lead"
        score = 0

        @on("Scored")
        def scored(self, event: Recorded) -> None:
            self.score += event.data["score"]

    store = MemoryStore()
    store.append([Event("Scored", {"score": 60}, ["lead:1"]), Event("Scored", {"score": "many"}, ["lead:2"])])
    for search in (bisect, first_breach):
        breach = search(History.of(store), Model.of(Lead), "lead:1", "score < 50").breach
        assert breach is not None
        assert breach.recorded.position == 1


def test_a_state_that_cannot_be_copied_is_said() -> None:
    class Locked(Pile):
        def __init__(self) -> None:
            super().__init__()
            self._lock = threading.Lock()

    history = history_of([("a", 1, 0, False), ("a", 2, 0, False)])
    with pytest.raises(FoldFailed, match=r"A value cannot be copied .*lock"):
        bisect(history, Locked, "pile", "height < 3")
