"""What handlers may do to a state that a trace cannot see, or that tells a state that takes note from an ordinary one:
an explanation stays sufficient, or there is a clear error."""

from __future__ import annotations

import bisect
import collections
import copy
import dataclasses
import functools
import gc
import heapq
import json
import pickle
import threading
import types
from array import array
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import pytest

from whence.compare import same
from whence.errors import FoldFailed
from whence.events import Event
from whence.explaining.why import Explanation, value_of, why
from whence.history import History
from whence.model import Model, on
from whence.stores.memory import MemoryStore


def told(model: Any, field: str, *events: tuple[str, Any]) -> Explanation:
    """The explanation of a field after these events, which is checked to be sufficient."""
    store = MemoryStore()
    store.append([Event(type, data, ["thing:1"]) for type, data in events])
    history = History.of(store)
    found = why(history, model, "thing:1", field)
    made = Model.of(model)
    assert same(found.value, _plain(value_of(made, history.state(made, "thing:1"), field)))
    named = {event.position for event in found.events}
    others = [event.id for event in history.events() if event.position not in named]
    alone = history.drop(*others).state(made, "thing:1")
    assert same(_plain(value_of(made, made.initial() if alone is None else alone, field)), found.value)
    return found


def _plain(value: Any) -> Any:
    return None if repr(value) == "MISSING" else value


def named(model: Any, field: str, *events: tuple[str, Any]) -> list[int]:
    return [event.position for event in told(model, field, *events).events]


ABC = [("A", 3), ("B", 1), ("A", 2), ("B", 5), ("C", 4)]


Handler = Callable[..., None]


def thing(
    a: Handler | None = None, b: Handler | None = None, c: Handler | None = None, **first: Callable[[], Any]
) -> Any:
    """A model with these handlers of A, B and C, and these fields."""

    def begin(self: Any) -> None:
        for name, make in first.items():
            setattr(self, name, make())

    given = {"A": a, "B": b, "C": c}
    handlers = {f"on_{type}": on(type)(handler) for type, handler in given.items() if handler is not None}
    return type("Thing", (), {"kind": "thing", "__init__": begin, **handlers})


def count(self: Any, event: Any) -> None:
    self.n += 1


def test_changes_by_c_functions_are_found() -> None:
    def push(self: Any, event: Any) -> None:
        heapq.heappush(self.heap, event.data)

    def insort(self: Any, event: Any) -> None:
        bisect.insort(self.sorted, event.data)

    def least(self: Any, event: Any) -> None:
        self.n = heapq.heappop(self.heap)

    model = thing(push, insort, least, heap=list, sorted=list, n=int)
    assert named(model, "heap", *ABC) == [1, 3, 5]
    assert named(model, "sorted", *ABC) == [2, 4]
    assert set(named(model, "n", *ABC)) >= {3, 5}


def test_copies_and_pickles_of_parts_are_of_the_same_class_and_tell_what_they_are_made_of() -> None:
    def put(self: Any, event: Any) -> None:
        self.d["x"] = event.data

    def passed(self: Any, event: Any) -> None:
        for way in (copy.copy, copy.deepcopy, lambda part: pickle.loads(pickle.dumps(part))):
            made = way(self.d)
            assert type(made) is dict
            self.copies = [*self.copies, made]

    model = thing(put, passed, None, d=dict, copies=list)
    assert named(model, "copies", *ABC) == [1, 2, 3, 4]
    assert named(model, "d", *ABC) == [1, 3]


class Point:
    def __init__(self, x: int = 0) -> None:
        self.x = x


@dataclasses.dataclass
class Pair:
    one: int = 0
    tags: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Spot:
    x: int = 0


class Inner(msgspec.Struct):
    x: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        self.seen += 1


class Triple(NamedTuple):
    x: int
    tags: list[int]


@pytest.mark.parametrize("made", [Point, Pair, Spot, Inner, lambda: Triple(1, [])])
def test_objects_within_a_state_copy_and_compare_as_ever(made: Callable[[], Any]) -> None:
    def passed(self: Any, event: Any) -> None:
        assert self.part.__class__ is type(made())
        assert isinstance(self.part, type(made()))
        for way in (copy.copy, copy.deepcopy, lambda part: pickle.loads(pickle.dumps(part))):
            assert type(way(self.part)) is type(made())
        if type(made()).__eq__ is not object.__eq__:
            assert self.part == made()
            assert made() == self.part
            assert self.part == copy.copy(self.part)
        self.n += 1

    model = thing(None, passed, count, part=made, n=int)
    found = told(model, "n", *ABC)
    assert (found.precision, [event.position for event in found.events]) != ("events", [])
    assert [event.position for event in found.events] == [2, 4, 5]


def test_a_struct_is_made_ready_once() -> None:
    def replaced(self: Any, event: Any) -> None:
        self.part = msgspec.structs.replace(self.part, x=event.data)

    model = thing(replaced, None, None, part=Inner)
    assert told(model, "part.seen", *ABC).value == 3
    assert named(model, "part.seen", *ABC) == [1, 3]


def test_writing_past_the_attributes_is_found() -> None:
    def by_vars(self: Any, event: Any) -> None:
        vars(self)["n"] = event.data

    def by_update(self: Any, event: Any) -> None:
        self.__dict__.update(m=event.data)

    def by_object(self: Any, event: Any) -> None:
        object.__setattr__(self, "k", event.data)

    model = thing(by_vars, by_update, by_object, n=int, m=int, k=int)
    assert 3 in named(model, "n", *ABC)
    assert 4 in named(model, "m", *ABC)
    assert 5 in named(model, "k", *ABC)


def test_an_overridden_setattr_and_a_descriptor_keep_their_meaning() -> None:
    class Positive:
        def __set_name__(self, owner: type, name: str) -> None:
            self.name = "_" + name

        def __get__(self, thing: Any, owner: type) -> Any:
            return self if thing is None else getattr(thing, self.name, 0)

        def __set__(self, thing: Any, value: int) -> None:
            setattr(thing, self.name, max(value, 0))

    class Thing:
        kind = "thing"
        amount = Positive()

        def __init__(self) -> None:
            self.items = ()

        def __setattr__(self, name: str, value: Any) -> None:
            object.__setattr__(self, name, list(value) if name == "items" else value)

        @on("A")
        def a(self, event: Any) -> None:
            self.items = (*self.items, event.data)

        @on("B")
        def b(self, event: Any) -> None:
            self.amount = event.data

        @on("C")
        def c(self, event: Any) -> None:
            self.items.append(event.data)  # type: ignore[attr-defined]

    assert told(Thing, "items", *ABC).value == [3, 2, 4]
    assert named(Thing, "items", *ABC) == [1, 3, 5]
    assert named(Thing, "amount", *ABC) == [4]


def test_what_is_part_of_itself_is_explained() -> None:
    def ring(self: Any, event: Any) -> None:
        self.part.x = event.data
        self.part.next = self.part

    def listed(self: Any, event: Any) -> None:
        self.ring.append(self.ring)

    model = thing(ring, listed, None, part=Point, ring=list)
    assert named(model, "part", *ABC) == [3]
    assert named(model, "part.x", *ABC) == [3]
    assert named(model, "ring", *ABC) == [2, 4]


def test_what_an_event_held_may_be_kept_and_changed() -> None:
    def keep(self: Any, event: Any) -> None:
        self.kept = self.also = event.data

    def more(self: Any, event: Any) -> None:
        self.kept.append(event.data)

    model = thing(keep, more, None, kept=list, also=list)
    assert named(model, "also", ("A", [1]), ("B", 2), ("C", 3), ("B", 4)) == [1, 2, 4]
    assert told(model, "also", ("A", [1]), ("B", 2), ("C", 3), ("B", 4)).value == [1, 2, 4]


class Caseless(dict[str, int]):
    def __getitem__(self, key: str) -> int:
        return super().__getitem__(key.lower())

    def __setitem__(self, key: str, value: int) -> None:
        super().__setitem__(key.lower(), value)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(str(key).lower())

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self else default  # noqa: SIM401 - this is get


class Scores(list[int]):
    def total(self) -> int:
        return sum(self)


class Bag(collections.UserDict[str, int]):
    pass


@pytest.mark.parametrize("kind", [dict, Caseless, Bag, collections.Counter, collections.OrderedDict])
def test_subclasses_of_dicts_work_as_ever(kind: Any) -> None:
    def put(self: Any, event: Any) -> None:
        self.d["Key"] = self.d.get("Key", 0) + event.data

    def drop(self: Any, event: Any) -> None:
        self.n = self.d["Key"]
        self.d.pop("Other", None)

    model = thing(put, drop, None, d=kind, n=int)
    assert told(model, "n", *ABC).value == 5
    assert named(model, "n", *ABC) in ([1, 3, 4], [1, 2, 3, 4])
    assert set(named(model, "d", *ABC)) >= {1, 3}


def test_to_look_at_a_counter_is_no_change_of_it() -> None:
    def add(self: Any, event: Any) -> None:
        self.counter.update([event.data])

    def look(self: Any, event: Any) -> None:
        self.best = self.counter.most_common(1)
        self.n = self.counter.total()

    model = thing(add, look, counter=collections.Counter, best=list, n=int)
    assert named(model, "counter", *ABC) == [1, 3]
    assert named(model, "best", *ABC) == named(model, "n", *ABC) == [1, 3, 4]


def test_methods_of_a_subclass_of_list_are_found() -> None:
    def add(self: Any, event: Any) -> None:
        self.scores.append(event.data)

    def total(self: Any, event: Any) -> None:
        self.n = self.scores.total()

    model = thing(add, total, None, scores=Scores, n=int)
    assert told(model, "n", *ABC).value == 5
    assert set(named(model, "n", *ABC)) >= {1, 3, 4}


def test_containers_that_are_combined_are_both_read() -> None:
    def left(self: Any, event: Any) -> None:
        self.l.append(event.data)
        self.e.add(event.data)
        self.d[str(event.data)] = 1

    def right(self: Any, event: Any) -> None:
        self.k.append(event.data)
        self.f.add(event.data)
        self.g[str(event.data)] = 2

    def both(self: Any, event: Any) -> None:
        self.sum = self.l + self.k
        self.front = [0] + self.l  # noqa: RUF005
        self.union = self.e | self.f
        self.set = set(self.e)
        self.merged = self.d | self.g
        self.equal = self.l == self.k
        self.pairs = (self.e == self.f, self.d == self.g)
        self.plain = {1: 2} | self.d

    model = thing(left, right, both, l=list, k=list, e=set, f=set, d=dict, g=dict, sum=list, front=list, union=set,
                  set=set, merged=dict, equal=bool, pairs=tuple, plain=dict)  # fmt: skip
    for field in ("sum", "union", "merged", "equal", "pairs"):
        assert named(model, field, *ABC) == [1, 2, 3, 4, 5], field
    assert named(model, "front", *ABC) == [1, 3, 5]
    assert named(model, "set", *ABC) == [1, 3, 5]
    assert named(model, "plain", *ABC) == [1, 3, 5]


def test_partial_decorated_and_nameless_handlers_are_explained() -> None:
    def by(self: Any, event: Any, times: int = 1) -> None:
        self.n += event.data * times

    def doubled(handler: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(handler)
        def twice(self: Any, event: Any) -> None:
            handler(self, event)
            handler(self, event)

        return twice

    def wrapped(handler: Callable[..., None]) -> Callable[..., None]:
        def inner(*args: Any) -> None:
            handler(*args)

        return inner

    model = thing(doubled(by), wrapped(by), lambda self, event: setattr(self, "m", event.data), n=int, m=int)
    assert named(model, "n", *ABC) == [1, 2, 3, 4]
    assert [each.added for each in told(model, "n", *ABC).contributions] == [6, 1, 4, 5]
    assert named(model, "m", *ABC) == [5]
    partial = thing(functools.partial(by, times=3), n=int)
    assert told(partial, "n", *ABC).value == 15


def test_a_fold_that_fails_says_where() -> None:
    def fail(self: Any, event: Any) -> None:
        self.n += 1
        raise ValueError("no")

    with pytest.raises(FoldFailed, match="no"):
        told(thing(count, fail, None, n=int), "n", *ABC)


def test_what_a_handler_catches_is_explained() -> None:
    def attempt(self: Any, event: Any) -> None:
        try:
            self.n += 1
            self.d["x"] += 1
        except KeyError:
            self.d["x"] = 0

    model = thing(attempt, None, count, d=dict, n=int)
    assert named(model, "d", *ABC) == [1, 3]
    assert named(model, "n", *ABC) == [1, 3, 5]


def test_parts_may_be_keys_and_in_sets() -> None:
    def remember(self: Any, event: Any) -> None:
        self.spot = Spot(event.data)
        self.seen.add(self.spot)
        self.by[self.spot] = event.data

    def ask(self: Any, event: Any) -> None:
        self.n = self.by.get(Spot(2), 0)
        self.was = self.spot in self.seen and Spot(3) in self.seen

    model = thing(remember, ask, None, spot=Spot, seen=set, by=dict, n=int, was=bool)
    assert told(model, "n", *ABC).value == 2
    assert set(named(model, "n", *ABC)) >= {3, 4}
    assert told(model, "was", *ABC).value is True
    assert set(named(model, "was", *ABC)) >= {1, 3, 4}


def test_a_handler_that_looks_at_exact_types_is_explained_all_the_same() -> None:
    def strict(self: Any, event: Any) -> None:
        self.n += 1 if type(self.d) is dict else 100

    def refusing(self: Any, event: Any) -> None:
        if type(self.d) is not dict:
            raise TypeError("only a dict")
        self.m = event.data

    model = thing(strict, refusing, count, d=dict, n=int, m=int)
    assert told(model, "n", *ABC).value == 3
    assert set(named(model, "n", *ABC)) >= {1, 3, 5}
    assert told(model, "m", *ABC).value == 5


def test_parts_that_are_encoded_are_read() -> None:
    def put(self: Any, event: Any) -> None:
        self.d["x"] = event.data
        self.l.append({"y": event.data})

    def encode(self: Any, event: Any) -> None:
        self.text = json.dumps([self.d, self.l])
        self.bytes = msgspec.json.encode(self.d)
        self.listed = msgspec.json.encode(self.l)

    model = thing(put, encode, None, d=dict, l=list, text=str, bytes=bytes, listed=bytes)
    assert named(model, "text", *ABC) == [1, 3, 4]
    assert set(named(model, "bytes", *ABC)) >= {3, 4}
    assert set(named(model, "listed", *ABC)) >= {1, 3, 4}
    assert told(model, "bytes", *ABC).precision != "events"


def test_what_takes_no_note_is_explained() -> None:
    def change(self: Any, event: Any) -> None:
        self.array.append(event.data)
        self.bytes += bytes([event.data])
        self.space.x = event.data

    model = thing(change, None, count, array=lambda: array("q"), bytes=bytearray, space=types.SimpleNamespace, n=int)
    assert named(model, "array", *ABC) == [1, 3]
    assert named(model, "bytes", *ABC) == [1, 3]
    assert set(named(model, "space", *ABC)) >= {3}


def test_numbers_that_are_none_and_slots_are_compared() -> None:
    class Slotted:
        __slots__ = ("x",)

        def __init__(self) -> None:
            self.x = 0

    def change(self: Any, event: Any) -> None:
        self.nan = float("nan")
        self.slotted.x += 1
        self.queue.append(Slotted())
        self.error = ValueError(event.data)

    model = thing(change, None, None, nan=float, slotted=Slotted, queue=lambda: collections.deque(maxlen=2), error=int)
    assert named(model, "nan", *ABC) == [3]
    assert named(model, "slotted", *ABC) == [1, 3]
    assert named(model, "queue", *ABC) == [1, 3]
    assert named(model, "error", *ABC) == [3]


def test_what_is_no_value_is_said() -> None:
    def change(self: Any, event: Any) -> None:
        self.n += 1

    model = thing(change, None, None, lock=threading.Lock, n=int, rows=lambda: iter([1]))
    assert named(model, "n", *ABC) == [1, 3]
    with pytest.raises(FoldFailed, match="cannot be copied"):
        told(model, "lock", *ABC)


def test_a_state_that_leaks_from_one_fold_to_the_next_is_said() -> None:
    class Thing:
        kind = "thing"
        shared: list[int] = []  # noqa: RUF012 - the mistake

        @on("A")
        def a(self, event: Any) -> None:
            self.shared.append(event.data)

    with pytest.raises(FoldFailed, match="another value"):
        told(Thing, "shared", *ABC)


def test_a_state_that_changes_its_class_is_explained() -> None:
    class Draft:
        kind = "thing"
        n = 0

        @on("A")
        def a(self, event: Any) -> None:
            assert self.__class__ in (Draft, Final)
            self.__class__ = Final

        @on("B")
        def b(self, event: Any) -> None:
            self.n += event.data if self.__class__ is Final else 0

    class Final(Draft):
        pass

    assert told(Draft, "n", *ABC).value == 6
    assert set(named(Draft, "n", *ABC)) >= {1, 2, 4}


def test_names_that_are_made_up_are_explained() -> None:
    class Thing:
        kind = "thing"

        def __init__(self) -> None:
            self.inner = {"x": 0}

        def __getattr__(self, name: str) -> Any:
            try:
                return self.__dict__["inner"][name]
            except KeyError:
                raise AttributeError(name) from None

        @on("A")
        def a(self, event: Any) -> None:
            self.inner["x"] = self.x + event.data

    assert named(Thing, "x", *ABC) == [1, 3]
    assert named(Thing, "inner.x", *ABC) == [1, 3]


def test_a_long_list_is_explained_in_time() -> None:
    def queue(self: Any, event: Any) -> None:
        self.l.append({"x": event.data})
        self.l[-1] = {"x": event.data + 1}
        self.part.tags += [event.data]

    model = thing(queue, None, None, l=list, part=Pair)
    assert len(named(model, "l", *[("A", 1)] * 2000)) == 2000
    assert len(named(model, "part", *[("A", 1)] * 2000)) == 2000


def test_a_class_is_not_told_of_the_subclass_that_takes_note() -> None:
    registered: list[type] = []

    class Registered:
        def __init_subclass__(cls) -> None:
            registered.append(cls)

    class Thing(Registered):
        kind = "thing"
        n = 0

        @on("A")
        def a(self, event: Any) -> None:
            self.n += 1

    assert named(Thing, "n", *ABC) == [1, 3]
    assert registered == [Thing]


def test_nothing_of_an_explanation_is_held_afterwards() -> None:
    class Thing:
        kind = "thing"

        def __init__(self) -> None:
            self.part = Point()

        @on("A")
        def a(self, event: Any) -> None:
            self.part.x = event.data

    assert named(Thing, "part.x", *ABC) == [3]
    gc.collect()
    assert Thing.__subclasses__() == Point.__subclasses__() == []


def test_a_wide_table_that_is_read_whole_at_every_event_is_explained_in_time() -> None:
    def add(self: Any, event: Any) -> None:
        key = event.data % 200
        self.by[key] = event.data if key < 100 else self.by.get(key, 0) + 1
        self.count = len(self.seen)
        self.seen.add(event.data)

    def total(self: Any, event: Any) -> None:
        self.total = sum(self.by.values())
        self.average = self.total / len(self.by)

    model = thing(add, total, by=dict, total=int, average=int, count=int, seen=set)
    events = [each for number in range(1000) for each in (("A", number), ("B", None))]
    found = told(model, "average", *events).events
    added = {event.data for event in found if event.type == "A"}
    overwritten = {number for number in range(200, 800) if number % 200 < 100}
    assert added == set(range(1000)) - overwritten
    assert [event.position for event in found if event.type == "B"] == [2000]
    assert len(named(model, "count", *events)) == 1000


class Amount:
    """A value that counts as immutable: it is its own copy."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __copy__(self) -> Amount:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Amount:
        return self


NO_AMOUNT = Amount(0)


class Account:
    kind = "thing"

    def __init__(self) -> None:
        self.balance = NO_AMOUNT

    @on("A")
    def added(self, event: Any) -> None:
        self.balance = Amount(self.balance.value + event.data)


def test_a_value_that_is_its_own_copy_keeps_its_class() -> None:
    assert named(Account, "balance", *ABC) == [1, 3]
    assert type(NO_AMOUNT) is Amount


@pytest.mark.parametrize("amount", ["1E+2000", "NaN", "sNaN", "Infinity"])
def test_a_number_that_cannot_be_added_up_exactly_is_set(amount: str) -> None:
    class Balance:
        kind = "thing"

        def __init__(self) -> None:
            self.balance = Decimal(1)

        @on("A")
        def given(self, event: Any) -> None:
            self.balance = Decimal(event.data)

        @on("B")
        def doubled(self, event: Any) -> None:
            self.balance = self.balance.copy_negate()

    for events in ([("A", amount)], [("A", amount), ("B", 0)], [("A", amount), ("A", "2")]):
        assert [each.role for each in told(Balance, "balance", *events).contributions][-1:] != ["added"]
