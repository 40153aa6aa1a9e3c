"""Models that nobody thought of: source code put together at random, once as a class with handlers and once as a pure
function over a frozen state. Both are made as if they stood in a file, since explanations read their source."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from whence.events import Event
from whence.model import Model

TYPES = ("Alpha", "Beta", "Gamma")
KEYS = ("a", "b", "c")
FIELDS = ("n", "m", "f", "d", "d.a", "d.b", "l", "sub", "sub.a", "s", "s.a", "s.b", "e", "twice")

CONDITIONS = st.sampled_from(
    [
        "self.f", "not self.f", "self.n > 3", "self.m < self.n", "x > 2", "k in self.d", "len(self.l) > 1",
        "self.s.a < 4", "k in self.e", "self.twice > 4", "sum(self.d.values()) % 2",
    ]
)  # fmt: skip

SIMPLE = st.sampled_from(
    [
        "self.n += x", "self.n = x", "self.m = self.n + 1", "self.m += self.n if self.f else x", "self.m -= 1",
        "self.f = self.n > 3", "self.f = x % 2 == 0", "self.f = not self.f", "self.d[k] = self.d.get(k, 0) + x",
        "self.d.pop(k, None)", "self.d[k] = self.n", "self.d = {}", "self.n = sum(self.d.values())",
        "self.d.update(a=x)", "self.l.append(x)", "self.l.append(self.m)", "self.m = len(self.l)",
        "self.l = self.l[-2:]", "self.l.clear()", "self.l.sort()", "self.l.extend([x, self.n])",
        "self.m = self.l[-1] if self.l else 0", "self.sub.setdefault(k, []).append(self.n)", "self.sub.pop(k, None)",
        "self.n += len(self.sub.get(k, ()))", "self.s.a += x", "self.s.b = self.s.a * 2", "self.s = Inner(x, self.m)",
        "self.s.tags.append(k)", "self.m = len(self.s.tags)", "self.e.add(k)", "self.e.discard(k)",
        "self.f = k in self.e", "self.n = len(self.e)", "self.n, self.m = self.m, self.n", "self.helper(x)",
        "self.m = self.twice", "held = self.l; held.append(self.n)", "held = self.n; self.m = held + x",
        "for key in sorted(self.d): self.m += self.d[key]", "for key, value in self.d.items(): self.n = value",
        "self.n = max(self.n, self.m)", "self.d |= {k: self.m}", "self.l += [self.s.b]", "del self.l[:1]",
        "self.sub = {key: value for key, value in self.sub.items() if key != k}", "setattr(self, 'n', self.m)",
        "self.m = getattr(self, 'n')", "self.n = min((self.n, x), key=lambda value: (value, self.f))",
    ]
)  # fmt: skip


def indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _branch(parts: tuple[str, list[list[str]], list[list[str]]]) -> list[str]:
    condition, body, other = parts
    lines = [f"if {condition}:", *indented([line for each in body for line in each])]
    return lines + (["else:", *indented([line for each in other for line in each])] if other else [])


STATEMENTS = st.recursive(
    SIMPLE.map(lambda line: [line]) | CONDITIONS.map(lambda condition: [f"if {condition}: return"]),
    lambda inner: st.tuples(CONDITIONS, st.lists(inner, min_size=1, max_size=2), st.lists(inner, max_size=1)).map(
        _branch
    ),
    max_leaves=3,
)
BODIES = st.lists(STATEMENTS, min_size=1, max_size=4).map(lambda parts: [line for part in parts for line in part])

FUNCTIONAL = st.sampled_from(
    [
        "return replace(state, n=state.n + x)", "return replace(state, n=x)", "return replace(state, m=state.n)",
        "return replace(state, m=state.m + 1, n=state.n - x)", "return replace(state, l=(*state.l, x))",
        "return replace(state, l=(), m=len(state.l))", "return replace(state, d={**state.d, k: state.d.get(k, 0) + x})",
        "return replace(state, n=sum(state.d.values()))", "return replace(state, f=not state.f)",
        "return Frozen(n=state.n, m=x)", "return replace(state, f=state.n > 3) if state.m > 1 else state",
        "return helped(state, x)", "state = replace(state, n=state.n * 2)", "state = replace(state, m=len(state.l))",
        "state = helped(state, state.n)", "return state",
    ]
)  # fmt: skip
FUNCTIONAL_CONDITIONS = st.sampled_from(["state.f", "state.n > 3", "x > 2", "k in state.d", "len(state.l) > 1"])
FUNCTIONAL_FIELDS = ("n", "m", "f", "l", "d", "d.a")
FUNCTIONAL_BODIES = st.lists(
    st.tuples(st.none() | FUNCTIONAL_CONDITIONS, FUNCTIONAL).map(
        lambda parts: [parts[1]] if parts[0] is None else [f"if {parts[0]}:", f"    {parts[1]}"]
    ),
    min_size=1,
    max_size=3,
).map(lambda parts: [*(line for part in parts for line in part), "return state"])

CLASS = """
class Inner:
    def __init__(self, a=0, b=0):
        self.a, self.b, self.tags = a, b, []


class Thing:
    kind = "thing"
    f = False

    def __init__(self):
        self.n, self.m = 0, 1
        self.d, self.l, self.sub, self.e, self.s = {"a": 1}, [1], {}, set(), Inner()

    @property
    def twice(self):
        return self.n * 2

    def helper(self, by):
        if by > 1:
            self.n += self.m
        self.s.a = by
"""

FUNCTION = """
class Frozen(msgspec.Struct, frozen=True):
    n: int = 0
    m: int = 1
    f: bool = False
    l: tuple = ()
    d: dict = msgspec.field(default_factory=lambda: {"a": 1})


def helped(state, by):
    return replace(state, m=state.m + by)


def apply(state, event):
    x, k = event.data["x"], event.data["k"]
    match event.type:
"""

_numbers = itertools.count()


def made(source: str) -> dict[str, Any]:
    """The names that a source defines, its lines kept where inspect looks for them."""
    name = f"<random model {next(_numbers)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    names: dict[str, Any] = {"__name__": "random_model"}
    exec(compile(source, name, "exec"), names)
    return names


@st.composite
def class_models(draw: st.DrawFn) -> tuple[Model, str]:
    """A class model and its source."""
    lines = ["from whence.model import on", CLASS]
    for type in TYPES:
        body = ['x, k = event.data["x"], event.data["k"]', *draw(BODIES)]
        lines += [f'    @on("{type}")', f"    def on_{type}(self, event):", *indented(indented(body)), ""]
    source = "\n".join(lines)
    return Model.of(made(source)["Thing"]), source


@st.composite
def function_models(draw: st.DrawFn) -> tuple[Model, str]:
    """A model from a pure function over a frozen state, and its source."""
    lines = ["import msgspec", "from msgspec.structs import replace", FUNCTION.rstrip()]
    for type in TYPES[:2]:
        lines += [f'        case "{type}":', *indented(indented(indented(draw(FUNCTIONAL_BODIES))))]
    lines += ["    return state"]
    source = "\n".join(lines)
    names = made(source)
    return Model.of_function("thing", names["Frozen"](), names["apply"]), source


EVENTS = st.lists(
    st.builds(
        lambda type, x, k, of: Event(type, {"x": x, "k": k}, of),
        st.sampled_from(TYPES),
        st.integers(0, 5),
        st.sampled_from(KEYS),
        st.sampled_from([["thing:1"], ["thing:1"], ["thing:2"], ["thing:1", "thing:2"]]),
    ),
    min_size=1,
    max_size=14,
)
