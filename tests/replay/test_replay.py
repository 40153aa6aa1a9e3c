"""A replay over columns is the same fold, whoever runs its parts and in whatever order they are done."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from tests.replay.leads import START, LateLead, Lead, Strict, Watched, event, many, segments
from whence.clock import to_us
from whence.errors import Cancelled, FoldFailed, InvalidModel
from whence.history import At, History
from whence.model import Model, on
from whence.replay import Until, replay, score
from whence.rules import built_in
from whence.scoring import Rule, Scorecard
from whence.segments.scoring import score_segments

CARD = Scorecard(name="lead", kind="lead", rules=(Rule(on=("Opened",), points=10, at_most=3),))
MODELS = [Lead, LateLead, Watched, built_in("lead")]

DATA = st.one_of(
    st.fixed_dictionaries({"score": st.floats(-100, 80) | st.integers(-9, 80)}, optional={"by": st.none() | st.text()}),
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["Scored", "Opened", "Ignored"]),
        DATA,
        st.lists(st.integers(1, 4), max_size=2, unique=True),
        st.none() | st.integers(0, 9),
    ),
    max_size=14,
)


def told(number: int, type: str, data: Any, leads: list[int], hours: int | None) -> Any:
    if type == "Opened":
        data = {"campaign": str(data.get("by")), "times": number}
    return event(number, type, data, *leads, hours=hours, version=2 if type == "Scored" else 1)


def fields_of(states: dict[str, Any], model: Any) -> dict[str, Any]:
    return {entity: Model.of(model).fields(state) for entity, state in states.items()}


@settings(max_examples=40, deadline=None)
@given(
    EVENTS, st.sampled_from(MODELS), st.integers(1, 4), st.none() | st.integers(0, 14), st.none() | st.integers(0, 9)
)
def test_a_replay_is_the_very_fold_of_a_history(
    given_events: Any, model: Any, parts: int, position: int | None, hour: int | None
) -> None:
    events = [told(n, *each) for n, each in enumerate(given_events, 1)]
    with tempfile.TemporaryDirectory() as folder:
        store, found = segments(Path(folder) / "segs", events, size=3)
        cut_us = None if hour is None else to_us(START) + hour * 3_600_000_000
        history = History.of(store)
        history = history if position is None else history.at(At(position=position))
        history = history if cut_us is None else history.at(At(occurred_us=cut_us))
        expected = fields_of(history.states(model), model)
        with found:
            replayed = replay(found, Model.of(model), until=Until(position, cut_us), parts=parts)
    assert (replayed.states, list(replayed.states)) == (expected, list(expected))
    assert replayed.head == history.head


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize("model", MODELS)
def test_processes_give_the_bytes_of_one_thread(tmp_path: Path, pool: Executor, model: Any) -> None:
    _, found = segments(tmp_path / "segs", many(), size=90)
    with found:
        one = replay(found, Model.of(model))
        two = replay(found, Model.of(model), executor=pool, parts=5)
    assert b"".join(one.lines()) == b"".join(two.lines())
    assert len(one.states) > 30


def same_standings(one: Any, other: Any) -> bool:
    names = ("entity", "at_us", "scores_micro", "groups_micro")
    return all(np.array_equal(getattr(one.standings, n), getattr(other.standings, n)) for n in names)


def test_processes_score_as_one_thread_does(tmp_path: Path, pool: Executor) -> None:
    _, found = segments(tmp_path / "segs", many(), size=90)
    with found:
        expected, split = score_segments(found, CARD), score(found, CARD, executor=pool, parts=3)
    assert same_standings(expected, split)
    assert expected.standings.scores_micro.any()


def test_a_dask_cluster_gives_the_bytes_of_one_thread(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    _, found = segments(tmp_path / "segs", many(), size=90)
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with (
        found,
        distributed.LocalCluster(host="127.0.0.1", local_directory=str(tmp_path), **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        one, two = replay(found, Model.of(Lead)), replay(found, Model.of(Lead), executor=executor, parts=4)
        expected, split = score_segments(found, CARD), score(found, CARD, executor=executor, parts=4)
    assert b"".join(one.lines()) == b"".join(two.lines())
    assert same_standings(expected, split)


@pytest.mark.parametrize("in_processes", [False, True])
def test_a_handler_that_raises_names_the_event(tmp_path: Path, pool: Executor, in_processes: bool) -> None:
    events = [*many(9), event(99, "Scored", {"score": 91.5}, 3, version=2)]
    _, found = segments(tmp_path / "segs", events)
    with found, pytest.raises(FoldFailed) as caught:
        replay(found, Model.of(Strict), executor=pool if in_processes else None)
    assert caught.value.facts["position"] == 10
    assert caught.value.facts["handler"] == "Strict.scored"


class Waiting(Executor):
    """An executor that never begins anything."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, *_: Any, **__: Any) -> Future[Any]:  # type: ignore[override]
        self.futures.append(Future())
        return self.futures[-1]


def test_a_cancelled_replay_begins_nothing_more_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    _, found = segments(tmp_path / "segs", many(), size=90)
    cancel, executor = threading.Event(), Waiting()
    cancel.set()
    with found:
        with pytest.raises(Cancelled):
            replay(found, Model.of(Lead), executor=executor, parts=3, cancel=cancel)
        with pytest.raises(Cancelled):
            replay(found, Model.of(Lead), cancel=cancel)
    assert len(executor.futures) >= 3
    assert all(future.cancelled() for future in executor.futures)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_progress_ends_with_all_events(tmp_path: Path) -> None:
    _, found = segments(tmp_path / "segs", many(), size=90)
    said: list[tuple[int, int | None]] = []
    with found:
        replay(found, Model.of(Lead), parts=3, progress=lambda done, total: said.append((done, total)))
    assert said == sorted(said)
    assert said[0][0] == 0
    assert said[-1][0] == said[-1][1]


def test_a_model_that_no_process_can_import_is_refused(tmp_path: Path, pool: Executor) -> None:
    class Inner:
        kind = "lead"

        @on("Scored")
        def scored(self, event: Any) -> None: ...

    _, found = segments(tmp_path / "segs", many(20))
    with found, pytest.raises(InvalidModel, match="cannot import"):
        replay(found, Model.of(Inner), executor=pool)
