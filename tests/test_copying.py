"""A history moved to another store is the same history; without a wrong import it is as if that had never been."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from whence.clock import FixedClock
from whence.copying import copy
from whence.errors import NotKnown, StoreError
from whence.events import IMPORT_STARTED, Body, Event, Recorded
from whence.files.importer import import_events
from whence.files.mapping import Mapping
from whence.query import Basis, Query
from whence.store import Store
from whence.stores.logfile import LogFileStore
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store

KINDS = ["memory", "log.jsonl", "sqlite.db"]
IMPORT = "5f0c"


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    """Makes an empty store of a kind; all are closed in the end."""
    stores: list[Store] = []

    def make(kind: str, clock: FixedClock | None = None) -> Store:
        path = ":memory:" if kind == "memory" else tmp_path / f"{len(stores)}-{kind}"
        stores.append(open_store(path, create=True, clock=clock))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def fill(store: Store, clock: FixedClock) -> list[Recorded]:
    """A history with everything that an envelope can carry, and an import in the middle of it."""
    query = Query.of(tags=["lead:42"])
    store.append([Event("LeadCreated", {"b": 1.0, "a": 1}, ("lead:42",), time="2026-01-05T09:00:00.25Z", id="first")])
    clock.advance(1)
    store.append([Event(IMPORT_STARTED, {"file": "x.csv"}, id=IMPORT)])
    store.append([Event("Visited", n, ("lead:42",), correlation=f"import:{IMPORT}") for n in range(3)])
    clock.advance(1)
    store.append([Event("LeadScored", 80, ("lead:42",), cause="first", actor="model")], basis=Basis(query, 5, "v2"))
    store.append([Event("Signed", Body(b"\x00\xff", "image/png"), version=3, meta={"line": 7})], basis=Basis(query, 1))
    store.append([Event("LeadScored", 10, ("lead:42",), correlation="else")], basis=Basis(query, 3))
    return list(store.read())


@pytest.mark.parametrize("source_kind", KINDS)
@pytest.mark.parametrize("target_kind", KINDS)
def test_a_copy_has_the_same_envelopes(new_store, source_kind, target_kind):
    clock = FixedClock("2026-01-06T00:00:00Z")
    source, target = new_store(source_kind, clock), new_store(target_kind)
    events = fill(source, clock)
    assert copy(source, target) == len(events)
    assert list(target.read()) == events
    assert [event.to_json() for event in target.read()] == [event.to_json() for event in events]
    assert list(target.problems()) == []
    assert target.identity().store_id != source.identity().store_id


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_that_was_interrupted_goes_on(new_store, kind):
    clock = FixedClock("2026-01-06T00:00:00Z")
    source, target = MemoryStore(clock), new_store(kind)
    events = fill(source, clock)
    target.restore(events[:3])
    assert copy(source, target) == len(events) - 3
    assert list(target.read()) == events
    assert copy(source, target) == 0
    source.append([Event("Later")])
    assert copy(source, target) == 1
    assert list(target.read()) == list(source.read())


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_that_holds_something_else_is_refused_and_left_as_it_is(new_store, kind):
    clock = FixedClock("2026-01-06T00:00:00Z")
    source, target = MemoryStore(clock), new_store(kind)
    fill(source, clock)
    target.append([Event("LeadCreated", id="first")])
    before = list(target.read())
    with pytest.raises(StoreError, match=r"something else.*Position: 1.*new store"):
        copy(source, target)
    assert list(target.read()) == before


def test_a_target_that_is_longer_is_refused(new_store):
    clock = FixedClock("2026-01-06T00:00:00Z")
    source, target = MemoryStore(clock), MemoryStore(clock)
    target.restore(fill(source, clock))
    target.append([Event("Own")])
    with pytest.raises(StoreError, match="Position: 9"):
        copy(source, target)


def test_a_store_is_not_copied_onto_itself(new_store, tmp_path):
    with LogFiles(tmp_path / "a.jsonl") as (one, other), pytest.raises(StoreError, match="onto itself"):
        copy(one, other)


class LogFiles:
    """One log file, opened twice."""

    def __init__(self, path: Path) -> None:
        self.stores = [LogFileStore.open(path, create=True), LogFileStore.open(path)]

    def __enter__(self) -> list[LogFileStore]:
        return self.stores

    def __exit__(self, *problem: object) -> None:
        for store in self.stores:
            store.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [f"import:{IMPORT}", IMPORT])
def test_without_an_import_it_is_as_if_that_had_never_been(new_store, kind, name):
    clock = FixedClock("2026-01-06T00:00:00Z")
    source, target = new_store(kind, clock), new_store(kind)
    events = fill(source, clock)
    assert copy(source, target, without=name) == 4
    kept = list(target.read())
    expected = [event for event in events if event.type not in (IMPORT_STARTED, "Visited")]
    assert [event.position for event in kept] == [1, 2, 3, 4]
    assert [event.id for event in kept] == [event.id for event in expected]
    assert [event.recorded for event in kept] == [event.recorded for event in expected]
    for new, old in zip(kept, expected, strict=True):
        assert new.to_event() == old.to_event()
    assert list(source.read()) == events
    assert list(target.problems()) == []


def test_a_basis_points_to_the_last_event_kept_at_or_before_it(new_store):
    clock = FixedClock("2026-01-06T00:00:00Z")
    source, target = MemoryStore(clock), MemoryStore()
    fill(source, clock)
    copy(source, target, without=f"import:{IMPORT}")
    query = Query.of(tags=["lead:42"])
    assert [event.basis for event in target.read()] == [None, Basis(query, 1, "v2"), Basis(query, 1), Basis(query, 1)]


def test_a_basis_before_everything_that_was_kept_is_on_nothing(new_store):
    source, target = MemoryStore(), MemoryStore()
    source.append([Event("Wrong")])
    source.append([Event("Decided")], basis=Basis(Query.all(), 1))
    assert copy(source, target, without=lambda event: event.type == "Wrong") == 1
    (decided,) = target.read()
    assert decided.position == 1
    assert decided.basis == Basis(Query.all(), 0)


def test_a_copy_without_an_import_goes_on_when_it_was_interrupted(new_store):
    clock = FixedClock("2026-01-06T00:00:00Z")
    source, target, whole = MemoryStore(clock), MemoryStore(), MemoryStore()
    fill(source, clock)
    copy(source, whole, without=IMPORT)
    target.restore(list(whole.read())[:2])
    assert copy(source, target, without=IMPORT) == 2
    assert list(target.read()) == list(whole.read())
    with pytest.raises(StoreError, match="something else"):
        copy(source, target)


def test_an_import_that_is_not_there_is_named_and_nothing_is_written(new_store):
    clock = FixedClock("2026-01-06T00:00:00Z")
    source, target = MemoryStore(clock), MemoryStore()
    fill(source, clock)
    for name in ("import:typo", "else", "first"):
        with pytest.raises(NotKnown, match=rf"Sought: {name}, Known: import:{IMPORT}\)"):
            copy(source, target, without=name)
    assert target.head() == 0


def test_what_is_called_as_an_import_but_is_none_stays(new_store):
    source, target = MemoryStore(), MemoryStore()
    source.append([Event("Planned", id="quarter4"), Event("Sold", correlation="quarter4")])
    with pytest.raises(NotKnown, match="Known: none"):
        copy(source, target, without="quarter4")
    source.append([Event(IMPORT_STARTED, id="quarter4-rows"), Event("Sold", correlation="quarter4-rows")])
    assert copy(source, target, without="quarter4-rows") == 3


def test_an_import_is_left_out_with_the_events_that_frame_it(new_store):
    source, target = MemoryStore(), MemoryStore()
    source.append([Event("Before")])
    report = import_events(source, Mapping.from_table("crm", {"type": "what"}), io.BytesIO(b"what\nA\nB\n"))
    source.append([Event("After")])
    assert copy(source, target, without=f"import:{report.import_id}") == 2
    assert [event.type for event in target.read()] == ["Before", "After"]


def test_progress_is_told_up_to_the_head(new_store):
    source, target = MemoryStore(), MemoryStore()
    for _ in range(3):
        source.append([Event("Counted") for _ in range(5000)])
    told: list[tuple[int, int | None]] = []
    copy(source, target, progress=lambda done, total: told.append((done, total)))
    assert told == [(10_000, 15_000), (15_000, 15_000)]
