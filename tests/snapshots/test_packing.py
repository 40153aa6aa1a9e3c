"""States as bytes: each comes back as it was, type by type, and what would not is refused by its name."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import InvalidSnapshot
from whence.model import Model
from whence.rules import from_toml
from whence.snapshots.packing import Packing


class Stage(Enum):
    NEW = "new"
    WON = "won"


class Access(Flag):
    READ = 1
    WRITE = 2


class Place(NamedTuple):
    x: int
    y: Any = None


class Part(msgspec.Struct, frozen=True):
    name: str
    more: Any = None


NOBODY = Part("nobody")
"""What a handler may ask for by `is`."""


class Held:
    NOTHING = Part("nothing")


class Loose(msgspec.Struct, dict=True):
    name: str = ""


class Rounded(msgspec.Struct):
    share: float = 0.0

    def __post_init__(self) -> None:
        self.share = round(self.share, 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Note:
    text: str
    marks: list[int]


class Slotted:
    __slots__ = ("__dict__", "__hidden", "seen")

    def __init__(self) -> None:
        self.__hidden = 3
        self.other = [1]


class Lead:
    kind = "lead"

    def __init__(self) -> None:
        self.value: Any = None

    @cached_property
    def computed(self) -> int:
        return 7


class Odd(Lead):
    def __new__(cls) -> Odd:
        return super().__new__(cls)


PACKING = Packing(Model.of(Lead))
EXACT = [
    None,
    True,
    0,
    -(2**63),
    2**64,
    -(10**40),
    1.0,
    -0.0,
    float("inf"),
    float("nan"),
    "Zoë\n\x00",
    b"\x00\xff",
    Decimal("1.50"),
    Decimal("-Infinity"),
    datetime(2026, 1, 1),
    datetime(2026, 1, 1, 12, 30, 1, 5, UTC),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    date(2026, 1, 1),
    time(9, 30, tzinfo=UTC),
    timedelta(-3, 5, 7),
    UUID(int=5),
    [1, [2.0, (3, "4")]],
    {"b": 1, "a": {"c": None}},
    {1: "a", True + 1: "b", (1, 2): "c", None: "d"},
    {1, 2, 3},
    frozenset({"a"}),
    Counter(a=2, b=1),
    defaultdict(list, {"a": [1]}),
    Stage.WON,
    Place(1, Place(2)),
    Part("a", Part("b", [Stage.NEW])),
    Note("a", [1, 2]),
]


def shown(value: Any) -> Any:
    """All of a value: `==` takes 1 for 1.0 and True, and objects are equal when they are one."""
    if isinstance(value, (list, tuple)):
        return type(value), [shown(each) for each in value]
    if isinstance(value, dict):
        return type(value), [(shown(key), shown(each)) for key, each in value.items()]
    if hasattr(value, "__dict__") and not isinstance(value, Enum):
        return type(value), shown(vars(value))
    return type(value), repr(value)


def lead(value: Any) -> Lead:
    found = Lead()
    found.value = value
    return found


@pytest.mark.parametrize("value", EXACT, ids=repr)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    back = PACKING.unpack(PACKING.pack(lead(value), "lead:1"))
    assert shown(back) == shown(lead(value))
    assert (back.value is not value) or isinstance(value, (Enum, str, int, float, bool, type(None), bytes))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals() | st.dates()
    | st.datetimes(timezones=st.none() | st.just(UTC)) | st.timedeltas() | st.sampled_from(Stage),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each) | st.lists(each).map(tuple)
    | st.builds(Part, st.text(), each) | st.builds(Place, st.integers(), each),
    max_leaves=10,
)  # fmt: skip


@given(value=values)
def test_any_values_come_back_as_they_were(value: Any) -> None:
    packed = packed_or_said(lead(value))
    if isinstance(packed, str):
        assert "twice" in packed or "fold=1" in packed  # hypothesis likes to give one list twice
    else:
        assert shown(PACKING.unpack(packed)) == shown(lead(value))


def packed_or_said(state: Lead) -> bytes | str:
    try:
        return PACKING.pack(state, "lead:1")
    except InvalidSnapshot as problem:
        return str(problem)


def test_attributes_of_every_sort_come_back() -> None:
    model = Model.of_function("lead", Slotted, lambda state, event: state)
    back = Packing(model).unpack(Packing(model).pack(Slotted(), "lead:1"))
    assert (back._Slotted__hidden, back.other, hasattr(back, "seen")) == (3, [1], False)
    found = lead(1)
    assert found.computed == 7
    found.computed = 8
    assert PACKING.unpack(PACKING.pack(found, "lead:1")).computed == 8


class Elsewhere:
    class Within:
        pass


shared: list[int] = [1]
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (threading.Lock, "it holds a value of type lock"),
    (object, "type object"),
    (lambda: lambda: 1, "type function"),
    (lambda: OrderedDict(a=1), "type OrderedDict, which does not stand"),
    (lambda: Elsewhere.Within(), "type Elsewhere.Within, which does not stand"),
    (lambda: bytearray(b"a"), "type bytearray"),
    (lambda: defaultdict(lambda: 1), "type defaultdict"),
    (lambda: datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Vienna")), "ZoneInfo"),
    (lambda: datetime(2026, 1, 1, fold=1), "fold=1"),
    (lambda: "\ud800", "UnicodeEncodeError"),
    (lambda: [shared, shared], "it holds the same list twice"),
    (lambda: Access.READ | Access.WRITE, "without a name"),
    (lambda: Odd(), "type Odd"),
    (lambda: int, "type type"),
]


@pytest.mark.parametrize(("make", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_would_not_come_back_is_refused_by_its_name(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(InvalidSnapshot, match=r"Model: Lead, Entity: lead:7") as refused:
        PACKING.pack(lead(make()), "lead:7")
    assert said in str(refused.value)


def test_what_does_not_come_back_the_same_is_refused() -> None:
    loose, rounded = Loose(), Rounded()
    loose.other = 1  # type: ignore[attr-defined]
    rounded.share = 0.123
    loop = lead(None)
    loop.value = loop
    for state, said in ((loose, "no fields"), (rounded, "as it was"), (lead(loop), "twice")):
        with pytest.raises(InvalidSnapshot, match=said):
            PACKING.pack(state, "lead:1")
    assert PACKING.unpack(PACKING.pack(Loose("a"), "lead:1")) == Loose("a")


def test_a_constant_that_a_handler_may_know_again_is_refused() -> None:
    for constant in (NOBODY, Held.NOTHING):
        with pytest.raises(InvalidSnapshot, match="a constant"):
            PACKING.pack(lead(constant), "lead:1")
    assert PACKING.unpack(PACKING.pack(lead(Part("nobody")), "lead:1")).value == Part("nobody")


def test_rules_may_share_values_since_they_change_none() -> None:
    packing = Packing(from_toml("lead", {}))
    assert packing.unpack(packing.pack({"a": shared, "b": shared}, "lead:1")) == {"a": [1], "b": [1]}


def test_bytes_name_no_class_beyond_the_models_own() -> None:
    packed = PACKING.pack(lead(Part("a")), "lead:1").replace(b"Part", b"Path")
    with pytest.raises(KeyError):
        PACKING.unpack(packed)
