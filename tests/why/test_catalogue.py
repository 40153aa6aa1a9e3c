"""Models whose right answers are known: `why` names exactly these events, not more. Each case is a model, a history
and, for each field asked, the events that made it; events are named by letters in the order of their positions."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec
import pytest

from whence.clock import to_datetime
from whence.codec import Codec, Tag, Upcast
from whence.events import Event, Recorded
from whence.explaining.why import why
from whence.history import History
from whence.model import Model, ModelLike, on
from whence.rules import built_in, from_toml
from whence.stores.memory import MemoryStore

ENTITY = "thing:1"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Case(NamedTuple):
    """`history` is a line of events, `Type` or `Type=number` or `Type=number/key`; `named` the letters by field."""

    model: ModelLike
    history: str
    named: dict[str, str]


CASES: dict[str, Case] = {}
SUPERSETS: dict[str, Case] = {}
"""Those for which `why` names more than the value needs; docs/how-why-knows.md says of each why that is so."""


def case(history: str, **named: str) -> Callable[[Any], Any]:
    """Mark a class, or a function that makes a model, as a case named after it. `__` in a field stands for a dot."""
    return _marked(CASES, history, named)


def superset(history: str, **named: str) -> Callable[[Any], Any]:
    """As `case`, for one of SUPERSETS: what stands in brackets is named without need, `(a)c`."""
    return _marked(SUPERSETS, history, named)


def _marked(cases: dict[str, Case], history: str, named: dict[str, str]) -> Callable[[Any], Any]:
    def marked(model: Any) -> Any:
        made = model if isinstance(model, type) else model()
        cases[model.__name__] = Case(made, history, {field.replace("__", "."): said for field, said in named.items()})
        return model

    return marked


def event(word: str, number: int) -> Event:
    """`Add=5/x` on the entity; `Add=5/x@3` happened on the third day instead of the day of its place."""
    word, _, day = word.partition("@")
    type, _, value = word.partition("=")
    amount, _, key = value.partition("/")
    data = {"n": int(amount or 0), "k": key or "x"}
    return Event(type, data, [ENTITY], id=LETTERS[number], time=to_datetime(0) + timedelta(days=int(day or number)))


def history_of(line: str) -> History:
    store = MemoryStore()
    store.append([event(word, number) for number, word in enumerate(line.split())])
    return History.of(store)


class Thing:
    kind = "thing"


# Numbers and last values.


@case("Add Other Add Add", n="acd", last="d")
class CounterAndLastValueInOneHandler(Thing):
    n = 0

    def __init__(self) -> None:
        self.last: Any = None

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.n += 1
        self.last = event.time


@case("Add=5 Set=60 Add=5 Other Add=10", n="bce", highest="abce")
class SumThatIsSetAnew(Thing):
    def __init__(self) -> None:
        self.n = self.highest = 0

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.n += event.data["n"]
        self.highest = max(self.highest, self.n)

    @on("Set")
    def was_set(self, event: Recorded) -> None:
        self.n = event.data["n"]


@case("Set=80 Set=80", n="b")
class TheSameValueTwice(Thing):
    n = 0

    @on("Set")
    def was_set(self, event: Recorded) -> None:
        self.n = event.data["n"]


@case("Add=1 Add=2 Reset Add=3 Add=4", balance="cde", resets="c")
class RunningBalanceWithReset(Thing):
    def __init__(self) -> None:
        self.balance, self.resets = Decimal(0), 0

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.balance += Decimal(event.data["n"]) / 10

    @on("Reset")
    def reset(self, event: Recorded) -> None:
        self.balance = Decimal(0)
        self.resets = self.resets + 1


@case("Left=1 Right=2 Swap Left=5", left="d", right="ac")
class TwoFieldsSwapped(Thing):
    left = right = 0

    @on("Left")
    def set_left(self, event: Recorded) -> None:
        self.left = event.data["n"]

    @on("Right")
    def set_right(self, event: Recorded) -> None:
        self.right = event.data["n"]

    @on("Swap")
    def swapped(self, event: Recorded) -> None:
        kept = self.left
        self.left = self.right
        self.right = kept


# Branches.


@case("Add=1 Open Add=2 Close Add=3 Open Add=4", n="bcfg", is_open="f")
class FlagThatGatesASum(Thing):
    is_open = False
    n = 0

    @on("Open")
    def opened(self, event: Recorded) -> None:
        self.is_open = True

    @on("Close")
    def closed(self, event: Recorded) -> None:
        self.is_open = False

    @on("Add")
    def added(self, event: Recorded) -> None:
        if self.is_open:
            self.n += event.data["n"]


@case("Add=1 Block Add=2", n="a", tries="ac")
class EarlyReturn(Thing):
    blocked = False
    n = tries = 0

    @on("Block")
    def block(self, event: Recorded) -> None:
        self.blocked = True

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.tries += 1
        if self.blocked:
            return
        self.n += event.data["n"]


@case("Add Add Add Add", hot="abc", n="abcd")
class ThresholdReachedOnce(Thing):
    hot = False
    n = 0

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.n += 1
        if self.n == 3:
            self.hot = True


@case("Move=1 Move=3 Move=2 Move=3", stage="acd")
class StagesWithAllowedMoves(Thing):
    stage = 0

    @on("Move")
    def moved(self, event: Recorded) -> None:
        if event.data["n"] == self.stage + 1:
            self.stage = event.data["n"]


@case("See See=1 See=2", since="a", last="c")
class FirstWins(Thing):
    def __init__(self) -> None:
        self.since: int | None = None
        self.last: int | None = None

    @on("See")
    def seen(self, event: Recorded) -> None:
        if self.since is None:
            self.since = event.data["n"]
        self.last = event.data["n"]


@case("Pay=1/x Pay=1/x Pay=2/y", total="ac", seen="ac")
class EachOnlyOnce(Thing):
    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.total = 0

    @on("Pay")
    def paid(self, event: Recorded) -> None:
        if event.data["k"] in self.seen:
            return
        self.seen.add(event.data["k"])
        self.total += event.data["n"]


# Containers.


@case("Add=1/x Add=2/y Add=3/x Other", by="abc", by__x="ac", by__y="b", total="abc")
class SumByKey(Thing):
    def __init__(self) -> None:
        self.by: dict[str, int] = {}

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.by[event.data["k"]] = self.by.get(event.data["k"], 0) + event.data["n"]

    @property
    def total(self) -> int:
        return sum(self.by.values())


@superset("Add=1/x Add=2/y Drop=0/x Add=3/z", by="(a)b(c)d", by__y="b")
class KeysComeAndGo(Thing):
    def __init__(self) -> None:
        self.by: dict[str, int] = {}

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.by[event.data["k"]] = event.data["n"]

    @on("Drop")
    def dropped(self, event: Recorded) -> None:
        self.by.pop("x", None)


@superset("Add=1/x Add=2/y Add=3/x", nested__x__n="ac", nested__y__last="b", nested__x__last="(a)c")
class DictsInDicts(Thing):
    def __init__(self) -> None:
        self.nested: dict[str, dict[str, int]] = {}

    @on("Add")
    def added(self, event: Recorded) -> None:
        inner = self.nested.setdefault(event.data["k"], {"n": 0, "last": 0})
        inner["n"] += 1
        inner["last"] = event.data["n"]


@case("Add=1 Add=2 Note Clear Add=3", items="de", notes="c")
class ListThatIsCleared(Thing):
    def __init__(self) -> None:
        self.items: list[int] = []
        self.notes = 0

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.items.append(event.data["n"])

    @on("Note")
    def noted(self, event: Recorded) -> None:
        self.notes += 1

    @on("Clear")
    def cleared(self, event: Recorded) -> None:
        self.items = []


@case("Add=1 Add=2 Count Add=3", count="abc", items="abd")
class LengthOfAList(Thing):
    def __init__(self) -> None:
        self.items: list[int] = []
        self.count = 0

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.items.append(event.data["n"])

    @on("Count")
    def counted(self, event: Recorded) -> None:
        self.count = len(self.items)


@case("Add=1/x Add=1/y Add=1/x", counts__x="ac", counts__y="b", lists__x="ac")
class CounterAndDefaultdict(Thing):
    def __init__(self) -> None:
        self.counts: collections.Counter[str] = collections.Counter()
        self.lists: collections.defaultdict[str, list[int]] = collections.defaultdict(list)

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.counts[event.data["k"]] += 1
        self.lists[event.data["k"]].append(event.data["n"])


@case("Add=1/x Add=2/y Add=3/x", by__x="ac")
class AliasOfAList(Thing):
    def __init__(self) -> None:
        self.by: dict[str, list[int]] = {"x": [], "y": []}

    @on("Add")
    def added(self, event: Recorded) -> None:
        mine = self.by[event.data["k"]]
        mine.append(event.data["n"])


# Objects within the state.


@dataclasses.dataclass
class Address:
    city: int = 0
    street: int = 0


@case("Move=1 Street=2 Move=3", address__city="c", address__street="b", address="bc")
class NestedDataclass(Thing):
    def __init__(self) -> None:
        self.address = Address()

    @on("Move")
    def moved(self, event: Recorded) -> None:
        self.address.city = event.data["n"]

    @on("Street")
    def street(self, event: Recorded) -> None:
        self.address.street = event.data["n"]


class Stats(msgspec.Struct):
    opened: int = 0
    last: int = 0


@case("Open=1 Other Open=2", opened="ac", last="c")
class MutableStruct(msgspec.Struct):
    kind: ClassVar[str] = "thing"
    opened: int = 0
    last: int = 0

    @on("Open")
    def was_opened(self, event: Recorded) -> None:
        self.opened += 1
        self.last = event.data["n"]


@superset("Open=1 Open=2", stats__opened="ab", stats__last="(a)b")
class NestedStruct(Thing):
    def __init__(self) -> None:
        self.stats = Stats()

    @on("Open")
    def was_opened(self, event: Recorded) -> None:
        self.stats.opened += 1
        self.stats.last = event.data["n"]


# Methods, properties, inheritance.


@case("Add=1 Name=2 Add=3", n="ac", label="b", level="ac")
class HelpersAndProperties(Thing):
    def __init__(self) -> None:
        self.n = self.label = 0

    @property
    def level(self) -> str:
        return "high" if self.n > 3 else "low"

    def _grow(self, by: int) -> None:
        self.n += by

    @on("Add")
    def added(self, event: Recorded) -> None:
        self._grow(event.data["n"])

    @on("Name")
    def named(self, event: Recorded) -> None:
        self.label = event.data["n"]


@case("Add=1 Twice=2 Name=1", n="ab", label="c")
class Inherited(HelpersAndProperties):
    @on("Twice")
    def twice(self, event: Recorded) -> None:
        for _ in range(2):
            self._grow(event.data["n"])


@case("Add=1 Other=7 Add=2", events="abc", n="ac", shown="ac")
class EveryEventAndPrivateFields(Thing):
    def __init__(self) -> None:
        self.events = self.n = 0
        self._kept = 0

    @on()
    def every(self, event: Recorded) -> None:
        self.events += 1
        if event.type == "Add":
            self.n += event.data["n"]
            self._kept = self.n

    @property
    def shown(self) -> int:
        return self._kept


class Scored(msgspec.Struct, frozen=True):
    n: int
    k: str


class Renamed(msgspec.Struct, frozen=True):
    key: str
    event_version: ClassVar[int] = 2


@case("Scored=60 Renamed=1/x Scored=80", score="c", name="b", scorings="ac", when="c")
class TypedAndUpcast(Thing):
    codec = Codec(
        Scored, Renamed, upcasts=[Upcast("Renamed", from_version=1, function=lambda data: {"key": data["k"]})]
    )

    def __init__(self) -> None:
        self.score = self.scorings = 0
        self.name = ""
        self.when: Any = None

    @on(Scored)
    def scored(self, event: Scored, recorded: Recorded) -> None:
        self.score = event.n
        self.scorings += 1
        self.when = recorded.time

    @on(Renamed)
    def renamed(self, event: Renamed) -> None:
        self.name = event.key


# Statements of all kinds.


@case("Add=1 Add=2 Sum Other", total="abc")
class LoopAndComprehension(Thing):
    def __init__(self) -> None:
        self.items: list[int] = []
        self.total = 0

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.items += [event.data["n"]]

    @on("Sum")
    def summed(self, event: Recorded) -> None:
        self.total = 0
        for item in self.items:
            if item < 0:
                break
            self.total += item


@case("Add=1 Limit=5 Add=9 Add=2", n="abd", refused="bc")
class WalrusAndTry(Thing):
    limit = 100
    n = refused = 0

    @on("Limit")
    def limited(self, event: Recorded) -> None:
        self.limit = event.data["n"]

    @on("Add")
    def added(self, event: Recorded) -> None:
        if (by := event.data["n"]) > self.limit:
            self.refused += 1
        else:
            self.n += by


# Functions over states that do not change.


class Frozen(msgspec.Struct, frozen=True):
    n: int = 0
    last: int = 0
    items: tuple[int, ...] = ()


@case("Add=1 Set=5 Add=2 Other", n="bc", last="c", items="ac")
def match_and_replace() -> Model:
    def apply(state: Frozen, event: Recorded) -> Frozen:
        by = event.data["n"]
        match event.type:
            case "Add":
                return msgspec.structs.replace(state, n=state.n + by, last=by, items=(*state.items, by))
            case "Set":
                return msgspec.structs.replace(state, n=by)
        return state

    return Model.of_function("thing", Frozen(), apply)


@dataclasses.dataclass(frozen=True)
class FrozenData:
    n: int = 0
    last: int = 0


@case("Add=1 Set=5 Add=2", n="bc", last="c")
def dataclass_with_ifs() -> Model:
    def apply(state: FrozenData, event: Recorded) -> FrozenData:
        if event.type == "Set":
            return dataclasses.replace(state, n=event.data["n"])
        if event.type != "Add":
            return state
        return dataclasses.replace(state, n=state.n + event.data["n"], last=event.data["n"])

    return Model.of_function("thing", FrozenData(), apply)


@case("Add=1 Set=5 Add=2", n="bc", last="c")
def dict_merge() -> Model:
    def apply(state: dict[str, int], event: Recorded) -> dict[str, int]:
        if event.type == "Add":
            return {**state, "n": state["n"] + event.data["n"], "last": event.data["n"]}
        return state | {"n": event.data["n"]} if event.type == "Set" else state

    return Model.of_function("thing", {"n": 0, "last": 0}, apply)


class Pair(NamedTuple):
    n: int = 0
    last: int = 0


@case("Add=1 Set=5 Add=2", n="bc", last="c")
def named_tuple() -> Model:
    def apply(state: Pair, event: Recorded) -> Pair:
        if event.type == "Add":
            return state._replace(n=state.n + event.data["n"], last=event.data["n"])
        return state._replace(n=event.data["n"])

    return Model.of_function("thing", Pair(), apply)


@case("Add=1 Set=5 Add=2", n="bc", last="c")
def constructor() -> Model:
    def added(state: Frozen, by: int) -> Frozen:
        return Frozen(n=state.n + by, last=by)

    def apply(state: Frozen, event: Recorded) -> Frozen:
        if event.type == "Add":
            return added(state, event.data["n"])
        return Frozen(event.data["n"], last=state.last)

    return Model.of_function("thing", Frozen(), apply)


@case("Add Other Add", value="ac")
def a_number_as_state() -> Model:
    def apply(state: int, event: Recorded) -> int:
        return state + 1 if event.type == "Add" else state

    return Model.of_function("thing", 0, apply)


# Without Python.


@case("Add=1/x Other=2/y Add=3/x", n="c", k="c", events__Add__count="ac", events__Other__last="b")
def the_built_in_model() -> Model:
    return built_in("thing")


@case("Set=60/x Add=5/x Seen=0/x Add=7/y Seen=0/y", score="abd", seen="ce", first="a", last="d", big="d")
def rules_in_toml() -> Model:
    rules = [
        {"on": "Set", "set": {"score": "$n"}, "first": {"first": "$n"}},
        {"on": "Add", "add": {"score": "$n"}, "last": {"last": "$n"}},
        {"on": "Add", "when": {"k": "y"}, "set": {"big": True}},
        {"on": "Seen", "count": "seen"},
    ]
    return from_toml("thing", {"built_in": False, "rule": rules, "fields": {"score": 0}})


# Order and several entities.


@case("Set=1@5 Set=2@1 Add=3@6 Add=4@2", n="ac")
class AsThingsHappened(Thing):
    """In the order of time: Set=2, Add=4, Set=1, Add=3."""

    order = "occurred"
    n = 0

    @on("Set")
    def was_set(self, event: Recorded) -> None:
        self.n = event.data["n"]

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.n += event.data["n"]


class Moved(msgspec.Struct, frozen=True):
    thing: Annotated[list[int], Tag]
    n: int


class Holder(Thing):
    n = 0

    @on(Moved)
    def moved(self, event: Moved) -> None:
        self.n += event.n


def test_an_event_of_several_entities_counts_for_each_of_them() -> None:
    store, codec = MemoryStore(), Codec(Moved)
    store.append([codec.event(Moved(of, 5), id=id) for id, of in (("a", [1, 2]), ("b", [2]), ("c", [1]))])
    assert [event.id for event in why(History.of(store), Holder, "thing:1", "n").events] == ["a", "c"]
    assert [event.id for event in why(History.of(store), Holder, "thing:2", "n").events] == ["a", "b"]


def test_sums_of_decimals_and_floats_are_exact() -> None:
    class Sums(Thing):
        def __init__(self) -> None:
            self.money, self.rate = Decimal("0.10"), 0.1

        @on("Add")
        def added(self, event: Recorded) -> None:
            self.money += Decimal("0.20")
            self.rate += 0.2

    history = history_of("Add Add Add")
    for field, start in (("money", Decimal("0.10")), ("rate", Decimal("0.1"))):
        found = why(history, Sums, ENTITY, field)
        added = [each.added for each in found.contributions if each.added is not None]
        assert start + sum(added, Decimal(0)) == Decimal(str(found.value))


@superset("Add=1/x Add=2/y Add=3/x", by__x="a(b)c")
class ATableMadeAnew(Thing):
    def __init__(self) -> None:
        self.by: dict[str, int] = {}

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.by = {**self.by, event.data["k"]: event.data["n"] + self.by.get(event.data["k"], 0)}


@superset("Add=1 Add=2 Add=3", newest="(ab)c")
class OneItemOfAList(Thing):
    def __init__(self) -> None:
        self.items: list[int] = []

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.items.append(event.data["n"])

    @property
    def newest(self) -> int:
        return self.items[-1] if self.items else 0


@superset("Add=1 Set=2 Add=3", n="bc", last="(b)c")
def a_table_of_functions() -> Model:
    def added(state: Frozen, event: Recorded) -> Frozen:
        return msgspec.structs.replace(state, n=state.n + event.data["n"], last=event.data["n"])

    def was_set(state: Frozen, event: Recorded) -> Frozen:
        return msgspec.structs.replace(state, n=event.data["n"])

    functions = {"Add": added, "Set": was_set}
    return Model.of_function("thing", Frozen(), lambda state, event: functions[event.type](state, event))


@superset("Add=1 Add=2 Other", first="a(b)", best="ab")
class LeastAndMost(Thing):
    """`min` reads the value there was, so that each event is read by the next, whichever is less."""

    def __init__(self) -> None:
        self.first, self.best = 99, 0

    @on("Add")
    def added(self, event: Recorded) -> None:
        self.first = min(self.first, event.data["n"])
        self.best = max(self.best, event.data["n"])


def _named(one: Case) -> dict[str, tuple[str, str]]:
    """For each field the events that `why` names, and those that were said to be named."""
    history, model = history_of(one.history), Model.of(one.model)
    named = {}
    for field, said in one.named.items():
        found = why(history, model, ENTITY, field)
        named[field] = "".join(event.id for event in found.events), said
    return named


@pytest.mark.parametrize("name", CASES)
def test_why_names_exactly_the_events_that_made_the_value(name: str) -> None:
    for field, (found, said) in _named(CASES[name]).items():
        assert found == said, field


@pytest.mark.parametrize("name", SUPERSETS)
def test_where_why_names_more_it_is_known_what(name: str) -> None:
    for field, (found, said) in _named(SUPERSETS[name]).items():
        assert found == said.replace("(", "").replace(")", ""), field


def test_the_documentation_lists_where_why_names_more() -> None:
    page = Path(__file__).parents[2].joinpath("docs/how-why-knows.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(SUPERSETS)


def test_there_are_at_least_thirty_cases() -> None:
    assert len(CASES) >= 30
