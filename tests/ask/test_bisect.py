"""The event that broke a rule: what halving answers is a true change, what the scan answers is the first one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import log2
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.bisect import Bisection, bisect, first_breach
from whence.events import Event, Recorded
from whence.history import At, History
from whence.model import Model, on
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
