"""A replay over columns is the same fold, whoever runs its parts and in whatever order they are done."""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from tests.replay.leads import START, Deadly, LateLead, Lead, Strict, Watched, event, many, segments
from whence import app
from whence.clock import to_iso, to_us
from whence.errors import Cancelled, CannotWrite, FoldFailed, InvalidModel, InvalidQuery, WorkerLost
from whence.history import At, History
from whence.model import Model, on
from whence.query import Query
from whence.replay import Until, processes, replay, score, score_lines
from whence.replay.lines import save
from whence.replay.part import _by_code, run
from whence.replay.whole import _cut, _parts, _stop_file, named_of, sources
from whence.rules import built_in
from whence.scoring import Rule, Scorecard, Threshold, live
from whence.segments.scoring import Scored, score_segments

CARD = Scorecard(
    name="lead",
    kind="lead",
    rules=(
        Rule(on=("Opened",), points=10, at_most=3, half_life="12 hours"),
        Rule(on=("Scored",), points="2.5", expires="1 day"),
        Rule(while_={"campaign": "spring"}, points=5),
    ),
    thresholds=(Threshold(score="score", at=6, stage="warm"), Threshold(score="score", at=15, stage="hot")),
)
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


def lines_of(found: Scored) -> bytes:
    """All that a card came to, crossings among it."""
    return b"".join(score_lines(found))


def test_processes_score_and_cross_as_one_thread_does(tmp_path: Path, pool: Executor) -> None:
    _, found = segments(tmp_path / "segs", many(), size=90)
    with found:
        expected = lines_of(score_segments(found, CARD))
        assert lines_of(score(found, CARD)) == expected
        assert lines_of(score(found, CARD, executor=pool, parts=3)) == expected
        until_us = to_us(START) + 50 * 3_600_000_000
        cut = lines_of(score(found, CARD, until_us, executor=pool, parts=4))
        assert cut == lines_of(score_segments(found, CARD, until_us))
    assert cut != expected


def test_of_a_kind_without_entities_nothing_is_scored(tmp_path: Path) -> None:
    _, found = segments(tmp_path / "segs", [])
    with found:
        assert lines_of(score(found, CARD)) == lines_of(score_segments(found, CARD))


def test_the_lines_of_a_score_say_what_live_says(tmp_path: Path) -> None:
    store, found = segments(tmp_path / "segs", many(), size=90)
    with found:
        origin, *rows = map(json.loads, lines_of(score(found, CARD, parts=3)).splitlines())
    assert origin == {"kind": "lead", "scorecard": "lead", "version": CARD.version, "head": 400}
    assert sum(len(row["crossings"]) for row in rows) > 50
    for row in rows[::5]:
        events = list(store.read(Query.of(tags=[row["entity"]])))
        standing, crossed = live.score(CARD, events), live.crossings(CARD, events)
        assert (row["scores"], row["stage"]) == ({"score": standing.scores["score"]}, standing.stage)
        told = [(c.threshold.stage, c.entered, to_iso(c.at_us), c.event and c.event.position) for c in crossed]
        assert [(c["stage"], c["reached"], c["at"], c["position"]) for c in row["crossings"]] == told


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
        expected, split = (
            lines_of(score_segments(found, CARD)),
            lines_of(score(found, CARD, executor=executor, parts=4)),
        )
    assert b"".join(one.lines()) == b"".join(two.lines())
    assert split == expected


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


def test_a_replay_removes_what_killed_ones_left_and_nothing_of_a_running_one(
    tmp_path: Path, pool: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    _, found = segments(tmp_path / "segs", many(60), size=20)
    left = tmp_path / "tmp" / "whence-replay-of-a-killed-one"
    left.mkdir()
    (left / "stop.0").write_text("20")
    os.utime(left, (0, 0))
    with found, _stop_file() as running:
        replay(found, Model.of(Lead), executor=pool)
        assert list((tmp_path / "tmp").iterdir()) == [running.parent]
    assert list((tmp_path / "tmp").iterdir()) == []


@given(st.lists(st.tuples(st.integers(0, 2**31 - 1), st.sampled_from([-(2**62), -1, 0, 1, 2**62 - 1]))))
def test_rows_are_ordered_by_code_and_then_by_what_is_told_however_far_apart(rows: list[tuple[int, int]]) -> None:
    codes, then = np.array([code for code, _ in rows], np.int32), np.array([each for _, each in rows], np.int64)
    assert _by_code(codes, then).tolist() == sorted(range(len(rows)), key=lambda row: rows[row])


def test_an_entity_with_most_events_leaves_the_other_parts_as_they_were(tmp_path: Path) -> None:
    events = [event(place, "Opened", {"times": place}, lead) for place, lead in enumerate([*range(8), *[3] * 40], 1)]
    _, found = segments(tmp_path / "segs", events, size=20)
    with found:
        cut = [(part.first, part.last) for part in _cut(found, sources(found), None, 8)]
        alone = [(part.first, part.last) for part in _cut(found, sources(found), None, 1)]
    assert cut == [(0, 4), (4, 8)]
    assert alone == [(0, 8)]


def test_each_worker_has_as_many_parts() -> None:
    asked = [(9, 2), (2**17, 2), (2**21 + 9, 1), (2**22 + 9, 2)]
    assert [_parts(*each) for each in asked] == [1, 2, 2, 4]


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


# What goes wrong with processes.


def test_a_killed_worker_ends_a_replay_with_a_clear_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    _, found = segments(tmp_path / "segs", many(60), size=20)
    others = {child.pid for child in multiprocessing.active_children()}
    with found, pytest.raises(WorkerLost) as caught, processes(2) as pool:
        replay(found, Model.of(Deadly), executor=pool, parts=3)
    assert "take fewer processes" in caught.value.remedy
    assert list((tmp_path / "tmp").iterdir()) == []
    assert {child.pid for child in multiprocessing.active_children()} <= others


def test_a_block_that_is_interrupted_ends_its_processes() -> None:
    asked: list[Future[None]] = []

    def interrupted() -> None:
        with processes(1) as pool:
            asked.append(pool.submit(time.sleep, 60))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert asked[0].done()


def test_so_many_processes_are_one_word_in_python(tmp_path: Path) -> None:
    with app.open(tmp_path / "leads.db", create=True) as db:
        db.append(many(80))
        one = db.replay_states("lead", model=Lead)
        two = db.replay_states("lead", model=Lead, processes=2)
        assert b"".join(one.lines()) == b"".join(two.lines())
        assert lines_of(db.replay_scores("lead", card=CARD, processes=1)) == lines_of(db.scores("lead", card=CARD))
        with pytest.raises(InvalidQuery, match="its own processes"):
            db.replay_states("lead", model=Lead, processes=2, executor=Waiting())
        with pytest.raises(InvalidQuery, match="Not a number of processes"):
            db.replay_states("lead", model=Lead, processes=0)


def test_a_worker_says_how_far_it_is_before_it_is_done(tmp_path: Path, pool: Executor, monkeypatch: Any) -> None:
    from whence.replay import part as module
    from whence.replay.part import done_file

    _, found = segments(tmp_path / "segs", many(), size=90)
    said: list[tuple[int, int | None]] = []
    with found:
        replay(found, Model.of(Lead), executor=pool, parts=2, progress=lambda done, all: said.append((done, all)))
        monkeypatch.setattr(module, "CHUNK_EVENTS", 50)
        (part,) = _cut(found, sources(found), None, 1)
        named = msgspec.structs.replace(part, model=named_of(Model.of(Lead)), stop=str(tmp_path / "stop"))
        run(named)
    assert said[-1][0] == said[-1][1]
    assert int(Path(done_file(named.stop, named.first)).read_text()) > 300


def test_lines_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"one\n"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(broken(), tmp_path / "states.jsonl")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CannotWrite, match="No such file"):
        save([b"one\n"], tmp_path / "none" / "states.jsonl")
