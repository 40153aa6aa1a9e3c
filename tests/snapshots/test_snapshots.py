"""Snapshots: with and without them every answer is the same, and one that does not belong is not used."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import whence
from whence.checking.drift import verify_snapshots
from whence.config import Config
from whence.errors import InvalidSnapshot, WhenceError
from whence.events import Event, Recorded
from whence.explaining.bisect import bisect
from whence.history import At, History, Reached
from whence.model import Model, on
from whence.rules import built_in, from_toml
from whence.snapshots import folder as folders
from whence.snapshots.folder import SnapshotFolder, places
from whence.snapshots.packing import Packing
from whence.stores.memory import MemoryStore
from whence.stores.sqlite import SQLiteStore

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="module")
def _near_places() -> Iterator[None]:
    """Places every four events, so that a short history has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folders, "STEP_MIN", 4)
        yield


class Moved(msgspec.Struct, frozen=True):
    by: int


class Pile:
    """A class model that reads data alone."""

    kind = "pile"

    def __init__(self) -> None:
        self.height = 0
        self.moves: list[tuple[int, Decimal]] = []
        self._last = 0

    @on(Moved)
    def moved(self, event: Moved) -> None:
        self.height += event.by * (2 if self._last < 0 else 1)
        self._last = event.by
        self.moves.append((event.by, Decimal(event.by) / 8))


class PileByTime(Pile):
    """The same in the order of time, which fails in some orders."""

    order = "occurred"

    @on("Looked")
    def looked(self, event: Recorded) -> None:
        if self.height < -2:
            raise ValueError(f"nothing to look at {event.time}")
        self.seen = event.time


class Heap(msgspec.Struct):
    kind = "pile"
    height: int = 0
    types: set[str] = msgspec.field(default_factory=set)

    @on("Moved", "Looked")
    def touched(self, event: Recorded) -> None:
        self.height += event.data["by"] if event.type == "Moved" else 0
        self.types.add(event.type)


class Level(msgspec.Struct, frozen=True):
    height: int = 0
    before: tuple[int, ...] = ()


def lifted(level: Level, event: Recorded) -> Level:
    if event.type != "Moved":
        return level
    return Level(level.height + event.data["by"], (*level.before[-2:], level.height))


def table(**more: Any) -> dict[str, Any]:
    rules = [
        {"on": "Moved", "add": {"height": "$by"}, "first": {"since": "$time"}, "last": {"seen": "$time"}},
        {"on": "Looked", "count": "looks", "add": {"share": "0.1"}},
    ]
    return {"fields": {"height": 0}, "rule": rules} | more


MODELS = [
    *map(Model.of, (Pile, PileByTime, Heap)),
    Model.of_function("pile", Level(), lifted),
    Model.of_function("pile", Level(), lifted, order="occurred", name="by time"),
    Model.of_function("pile", 0, lambda height, event: height + event.data["by"], name="number"),
    from_toml("pile", table(built_in=False)),
    from_toml("pile", table(order="position")),
    built_in("pile"),
]

moves = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "ab"]), st.integers(-3, 3), st.integers(0, 40), st.booleans()),
    max_size=40,
)
"""The entities, by how much they are moved, the minute of that, and whether the event is one of another type."""


def append(store: Any, moves: Sequence[tuple[str, int, int, bool]]) -> None:
    for number, (entities, by, minute, other) in enumerate(moves):
        at = START + timedelta(minutes=minute if number % 3 else number)  # most in order, some late
        tags = [f"pile:{entity}" for entity in entities]
        store.append([Event("Looked" if other else "Moved", {"by": by}, tags, time=at)])


def outcome(model: Model, ask: Callable[[], Any]) -> Any:
    """What an answer is to the byte: the states in their order, or the error in its words."""
    try:
        found = ask()
    except WhenceError as problem:
        return type(problem), str(problem)
    if isinstance(found, dict):
        pack = Packing(model).pack
        return [(entity, pack(state, entity), model.fields(state)) for entity, state in found.items()]
    return found


def questions(history: History, model: Model, moment: int, good: int | None) -> Iterator[Callable[[], Any]]:
    """What may be asked of all entities, at several moments."""
    minute_us = round((START + timedelta(minutes=moment)).timestamp() * 1_000_000)
    for at in (At(), At(position=moment), At(occurred_us=minute_us)):
        yield partial(history.at(at).states, model)
    rule = "value < 4" if model.name == "number" else "height < 4"
    for about in ("pile", "pile:a"):
        yield partial(bisect, history, model, about, rule, good=None if good is None else At(position=good))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.name} {model.order}")
@given(moves=moves, later=moves, moment=st.integers(0, 45), good=st.none() | st.integers(0, 60))
@example(
    moves=[("a", 0, 0, False)] * 2 + [("b", 0, 40, False), ("b", 0, 0, True), ("a", 0, 15, True), ("a", -3, 0, False)],
    later=[("b", -3, 0, False)],
    moment=0,
    good=None,
)
def test_every_answer_is_the_same_with_and_without_snapshots(
    model: Model, moves: Any, later: Any, moment: int, good: int | None
) -> None:
    with TemporaryDirectory() as home:
        store = MemoryStore()
        folder, at_once = (SnapshotFolder(store, Path(home, name)) for name in ("going on", "at once"))
        append(store, moves)
        outcome(model, lambda: folder.make(History.of(store), model))
        append(store, later)
        plain, quick = History.of(store), History.of(store, folder)
        for _ in range(2):
            for ask, ask_again in zip(*(questions(each, model, moment, good) for each in (plain, quick)), strict=True):
                assert outcome(model, ask) == outcome(model, ask_again)
            made = outcome(model, lambda: folder.make(plain, model))
        assert all(not each.drifts and not each.problem for each in verify_snapshots(plain, model, folder))
        if isinstance(made, list):
            at_once.make(plain, model)
            assert contents(folder) == contents(at_once)


def contents(folder: SnapshotFolder) -> dict[str, bytes]:
    return {kept.path.name: kept.path.read_bytes() for kept in folder.files()}


def test_places_are_four_to_eight_even_steps_that_stay_when_a_history_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "STEP_MIN", 2**13)
    assert places(8_192) == []
    assert places(1_000_000) == [131_072 * n for n in range(1, 8)]
    for head in range(100_000, 5_000_000, 77_777):
        assert 4 <= len(places(head)) <= 8
        assert {place for place in places(2 * head) if place < head} <= set(places(head))


# What is not used.


def text_of(kept: Sequence[folders.Kept]) -> list[tuple[int, str]]:
    return [(each.position, each.problem) for each in kept]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[whence.Whence]:
    with whence.open(tmp_path / "piles.db", create=True, config=Config(Path())) as db:
        append(db.store, [("a", 1, 0, False), ("b", 2, 1, False)] * 5)
        yield db


def spied(db: whence.Whence, model: Any = Pile) -> Reached | None:
    """What a fold of all would go on from."""
    return db.history().begun(Model.of(model))


def test_states_begin_at_the_newest_snapshot_that_fits(db: whence.Whence) -> None:
    assert spied(db) is None
    assert text_of(db.snapshot("pile", model=Pile)) == [(4, ""), (8, ""), (10, "")]
    append(db.store, [("c", 1, 2, False)])
    begun = spied(db)
    assert begun is not None
    assert (begun.position, begun.states["pile:b"].height) == (10, 10)
    earlier = [db.history(at).begun(Model.of(Pile)) for at in ("@9", "@4")]
    assert [each.position for each in earlier if each] == [8, 4]
    assert db.history("@3").begun(Model.of(Pile)) is None
    assert db.history("2026-01-01T00:00:30Z").begun(Model.of(Pile)) is None  # something in each happened later
    assert db.history().drop(db.event(2).id).begun(Model.of(Pile)) is None


def test_going_on_makes_the_new_ones_and_removes_those_at_places_that_are_none_any_more(db: whence.Whence) -> None:
    db.snapshot("pile", model=Pile)
    append(db.store, [("c", 1, 2, False)] * 40)
    assert [kept.position for kept in db.snapshot("pile", model=Pile)] == [8, 16, 24, 32, 40, 48, 50]


def test_a_builder_with_an_older_head_leaves_the_newer_snapshot(db: whence.Whence) -> None:
    older = db.history()
    append(db.store, [("c", 1, 2, False)] * 2)
    db.snapshot("pile", model=Pile)
    made = db._snapshots.make(older, Model.of(Pile))
    assert [kept.position for kept in made] == [4, 8, 10, 12]


def test_a_snapshot_of_other_code_is_not_used_and_goes_when_others_are_made(db: whence.Whence) -> None:
    class Other(Pile):
        name = "Pile"
        step = 3

    db.snapshot("pile", model=Pile)
    assert spied(db, Other) is None
    problems = {problem for _, problem in text_of(db.snapshots("pile", model=Other))}
    assert problems == {"the model's code has changed"}
    assert text_of(db.snapshot("pile", model=Other)) == [(4, ""), (8, ""), (10, "")]
    assert spied(db) is None
    assert len(db.snapshots("pile", model=Other)) == 3


def test_snapshots_of_two_models_stand_side_by_side(db: whence.Whence) -> None:
    db.snapshot("pile", model=Pile)
    db.snapshot("pile", model=Heap)
    assert len(db.snapshots("pile", model=Pile)) == 6
    assert all(spied(db, model) for model in (Pile, Heap))
    assert db.drop_snapshots("pile") == 6
    assert db.snapshots("pile") == []


def test_two_functions_of_one_code_have_snapshots_of_their_own(db: whence.Whence) -> None:
    def higher(state: int, event: Recorded) -> int:
        return state + 1

    one, other = (Model.of_function("pile", 0, higher, name=name) for name in ("one", "other"))
    db.snapshot("pile", model=one)
    db.snapshot("pile", model=other)
    assert all(spied(db, model) for model in (one, other))


def test_a_snapshot_of_another_store_is_not_used(db: whence.Whence, tmp_path: Path) -> None:
    db.snapshot("pile", model=Pile)
    db.copy(tmp_path / "copy.db")
    os.rename(tmp_path / "piles.db.snapshots", tmp_path / "copy.db.snapshots")
    with whence.open(tmp_path / "copy.db", config=Config(Path())) as other:
        assert spied(other) is None
        assert {problem for _, problem in text_of(other.snapshots("pile"))} == {"it belongs to another store"}
        promise = other.check()[-1]
        assert promise.name == "snapshots are this store's, and undamaged"
        assert promise.count == 3
        assert "it belongs to another store" in promise.problems[0]


@pytest.mark.parametrize("position", [b"-4", b"0", b"5", b"400"])
def test_a_snapshot_whose_last_event_the_store_does_not_hold_is_not_used(db: whence.Whence, position: bytes) -> None:
    db.snapshot("pile", model=Pile)
    path = db.snapshots("pile")[0].path
    _, of, states = path.read_bytes().split(b"\n", 2)
    changed = of.replace(b'"position":4', b'"position":' + position)
    path.write_bytes(folders._digest(changed + b"\n" + states) + b"\n" + changed + b"\n" + states)
    assert ("the store does not hold its last event") in {each.problem for each in db.snapshots("pile")}


@pytest.mark.parametrize("damage", ["cut", "emptied", "flipped", "garbage", "no text", "renamed"])
def test_a_damaged_snapshot_is_passed_over_named_and_made_again(db: whence.Whence, damage: str) -> None:
    whole = db.snapshot("pile", model=Pile)
    path, plain = whole[-1].path, whole[-1].path.read_bytes()
    if damage == "renamed":
        os.rename(path, path.with_name("other.snapshot"))
        path = path.with_name("other.snapshot")
    else:
        flipped = plain[:-1] + bytes([plain[-1] ^ 1])
        no_text = plain.replace(b'"pile"', b'"p\xffle"')
        path.write_bytes(
            {"cut": plain[:-9], "emptied": b"", "flipped": flipped, "garbage": b"x\n{]\ny", "no text": no_text}[damage]
        )
    begun = spied(db)
    assert begun is not None
    assert begun.position == (10 if damage == "renamed" else 8)
    assert len(db.states("pile", model=Pile)) == 2
    for read in (False, True):
        problem = next(each.problem for each in db.snapshots("pile", model=Pile, read=read) if each.path == path)
        assert (problem == "") == (damage == "renamed")
    assert (db.check()[-1].count == 0) == (damage == "renamed")
    assert text_of(db.snapshot("pile", model=Pile))[-1] == (10, "")
    assert db.check()[-1].holds


def test_a_format_of_tomorrow_and_one_of_another_kind_are_not_used(db: whence.Whence) -> None:
    path = db.snapshot("pile", model=Pile)[0].path
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":9'))
    os.makedirs(path.parent.parent / "heap")
    os.rename(path.with_name(db.snapshots("pile")[1].path.name), path.parent.parent / "heap" / "1.snapshot")
    problems = {each.problem for kind in ("pile", "heap") for each in db.snapshots(kind)}
    assert {"it is in another format, 9", "it is of another kind"} <= problems


def test_a_store_in_memory_and_a_kind_without_entities_have_none(db: whence.Whence) -> None:
    assert db.snapshot("heap") == []
    with (
        whence.open(":memory:", create=True, config=Config(Path())) as memory,
        pytest.raises(InvalidSnapshot, match="no place"),
    ):
        memory.snapshot("pile")


# Verifying.


def test_verifying_names_what_differs_in_a_snapshot(db: whence.Whence) -> None:
    model, history = Model.of(Pile), db.history()
    db.snapshot("pile", model=Pile)
    wrong = history.upto(8).states(model)
    wrong["pile:a"].height = 99
    wrong["pile:b"]._last = 7
    wrong["pile:c"] = wrong["pile:b"]
    db._snapshots._write(model, Reached(8, wrong, {}), 0)
    found = db.verify_snapshots("pile", model=Pile)
    assert [each.position for each in found if each.drifts] == [8]
    drifts = [(each.what, each.entity, each.field, each.stored, each.replayed) for each in found[1].drifts]
    assert drifts == [
        ("differs", "pile:a", "height", 99, 4),
        ("differs", "pile:b", "a private attribute", None, None),
        ("only stored", "pile:c", None, None, None),
    ]


# Builders.


def filled(path: Path, events: int) -> None:
    store = SQLiteStore.open(path, create=True)
    store.append([Event("Moved", {"by": 1}, [f"pile:{number % 50}"]) for number in range(events)])
    store.close()


def _build(path: Path, started: Any) -> None:
    folders.STEP_MIN = 4  # it is not patched in this process
    with whence.open(path, config=Config(Path())) as db:
        started.set()
        while True:
            db.snapshot("pile", model=Pile)
            db.drop_snapshots("pile")


@pytest.mark.parametrize("wait_s", [0.0, 0.05, 0.1, 0.2])
def test_a_builder_that_is_killed_leaves_only_whole_snapshots(tmp_path: Path, wait_s: float) -> None:
    path = tmp_path / "piles.db"
    filled(path, 3000)
    spawn = multiprocessing.get_context("spawn")
    started = spawn.Event()
    builder = spawn.Process(target=_build, args=(path, started))
    builder.start()
    assert started.wait(60)
    time.sleep(wait_s)
    assert builder.pid
    os.kill(builder.pid, signal.SIGKILL)
    builder.join()
    with whence.open(path, config=Config(Path())) as db:
        assert all(not each.problem for each in db.snapshots("pile", model=Pile))
        assert list(db._snapshots.problems()) == []
        made = db.snapshot("pile", model=Pile)
        assert {each.name for each in made[0].path.parent.iterdir()} == {"lock", *(each.path.name for each in made)}
        assert all(each.drifts == () for each in db.verify_snapshots("pile", model=Pile))


def test_two_builders_and_a_writer_at_once_leave_whole_snapshots(tmp_path: Path) -> None:
    path = tmp_path / "piles.db"
    filled(path, 500)
    problems: list[BaseException] = []

    def run(work: Callable[[whence.Whence], object]) -> None:
        try:
            with whence.open(path, config=Config(Path())) as db:
                for _ in range(5):
                    work(db)
        except BaseException as problem:
            problems.append(problem)

    works: list[Callable[[whence.Whence], object]] = [
        lambda db: db.snapshot("pile", model=Pile),
        lambda db: db.snapshot("pile", model=Pile),
        lambda db: append(db.store, [("a", 1, 0, False)] * 20),
        lambda db: db.states("pile", model=Pile),
    ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with whence.open(path, config=Config(Path())) as db:
        db.snapshot("pile", model=Pile)
        found = db.verify_snapshots("pile", model=Pile)
        assert found[-1].position == db.store.head() == 600
        assert all(each.drifts == () and not each.problem for each in found)
