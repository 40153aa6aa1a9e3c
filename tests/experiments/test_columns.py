"""An experiment over columns is the very experiment that asks entity by entity: the same bytes, with segments and
without."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")
pytest.importorskip("numba")

from tests.experiments.leads import STORY, V1, V2, day, happened
from tests.scoring.entities import at
from tests.scoring.test_agreement import cards, histories
from whence import app
from whence.errors import NotKnown
from whence.events import Recorded
from whence.experiments import Experiment, Run, asking, experiment, save
from whence.history import At, History, Inserted
from whence.scoring import Scorecard
from whence.segments.building import build
from whence.segments.reading import Segments
from whence.stores.memory import MemoryStore
from whence.stores.sqlite import SQLiteStore


@pytest.fixture(autouse=True)
def _at_once() -> Iterator[None]:
    """However few events there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "AT_ONCE_EVENTS", 0)
        yield


def one_by_one(*given: Any, **options: Any) -> Experiment:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "AT_ONCE_EVENTS", 10**9)
        return experiment(*given, **options)


def in_segments(history: History, store: Any, size: int, *sides: Any, **options: Any) -> Experiment:
    with tempfile.TemporaryDirectory() as folder:
        build(store, "lead", Path(folder), segment_events=size)
        with Segments.open_built(store, "lead", folder) as segments:
            return experiment(history, *sides, segments=segments, **options)


@settings(max_examples=24, deadline=None)
@given(
    cards(),
    cards(),
    histories(),
    st.integers(1, 12),
    st.none() | st.integers(0, 40).map(at),
    st.none() | st.integers(1, 12),
    st.sampled_from(["1 hour", "2 days", "9 days"]),
    st.integers(-30, 60),
)
def test_columns_come_to_what_one_by_one_comes_to(
    one: Scorecard,
    other: Scorecard,
    events: list[Recorded],
    size: int,
    cut_us: int | None,
    position: int | None,
    age: str,
    threshold: int,
) -> None:
    store = MemoryStore()
    store.restore(event for event in events if not isinstance(event, Inserted))
    history = History.of(store)
    history = history if position is None else history.upto(position)
    history = history if cut_us is None else history.at(At(occurred_us=cut_us))
    type = next((event.type for event in history.events() if list(event.entities("lead"))), None)
    options: Any = {"kind": "lead", "outcome": type, "within": "2 days", "age": age, "threshold": threshold}
    options |= {"samples": 3, "by": "x"}
    expected = one_by_one(history, one, other, **options)
    assert experiment(history, one, other, **options).to_json() == expected.to_json()
    assert in_segments(history, store, size, one, other, **options).to_json() == expected.to_json()


def test_a_changed_past_is_read_from_its_events() -> None:
    store = MemoryStore()
    store.append(STORY)
    history = History.of(store)
    first, second, third = list(history.events())[:3]
    past = history.drop(first.id).alter(second.id, time=day(4)).insert(happened(4, 3, "Opened"), after=third.position)
    past = past.insert(happened("new", 3, "Opened"), after=third.position)
    options: Any = {"kind": "lead", "outcome": "Won", "samples": 5, "past": past}
    expected = one_by_one(history, V1, V2, **options)
    assert in_segments(history, store, 4, V1, V2, **options).to_json() == expected.to_json()
    assert expected.past_events == expected.events + 1
    assert experiment(history, V1, V2, **options).to_json() == expected.to_json()


def test_an_outcome_that_nobody_had_is_refused_in_columns_too() -> None:
    store = MemoryStore()
    store.append(STORY)
    with pytest.raises(NotKnown, match="this outcome"):
        in_segments(History.of(store), store, 4, V1, V2, kind="lead", outcome="Lost")


def test_what_is_kept_is_the_same_with_segments_beside_the_store_and_without(tmp_path: Path) -> None:
    def kept(name: str) -> dict[str, bytes]:
        with app.open(tmp_path / "leads.db") as db:
            found = db.experiment("lead", V2, V1, outcome="Won", by="source", samples=20)
        save(found, tmp_path / name, Run(0, 0))
        return {path.name: path.read_bytes() for path in (tmp_path / name).iterdir() if path.name != "run.json"}

    with app.open(tmp_path / "leads.db", create=True) as db:
        db.append(STORY)
    without = kept("without")
    with closing(SQLiteStore.open(str(tmp_path / "leads.db"))) as store:
        build(store, "lead", tmp_path / "leads.db.segments" / "lead", segment_events=5)
    segments = sorted(path for path in (tmp_path / "leads.db.segments").rglob("*") if path.is_file())
    assert kept("with") == without
    assert segments == sorted(path for path in (tmp_path / "leads.db.segments").rglob("*") if path.is_file())
