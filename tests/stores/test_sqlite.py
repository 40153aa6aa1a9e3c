"""The SQLite store sits the exam that every store sits: as it is, and with an index that merges all the time."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.exam import counts, small
from whence.admission import rows_of
from whence.clock import Clock
from whence.errors import ConditionFailed, IdConflict, StoreError
from whence.events import Event
from whence.query import AppendCondition, Basis, Query, QueryItem
from whence.store import Store
from whence.stores.sqlite import SQLiteStore
from whence.stores.sqlite.group import Request
from whence.stores.sqlite.snapshot import Snapshot
from whence.testing import DurableStoreSuite


class TestSQLiteStore(DurableStoreSuite):
    races = counts.RACES
    tailed_events = counts.TAILED_EVENTS

    def open(self, folder: Path, clock: Clock | None = None) -> Store:
        return SQLiteStore.open(folder / "leads.db", create=True, clock=clock)


class TestSQLiteStoreThatMergesAllTheTime(TestSQLiteStore):
    @pytest.fixture(autouse=True)
    def small_sizes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        small.shrink(small.FOR_HISTORIES, monkeypatch.setattr)

    def test_a_few_appends_make_runs_of_several_levels(self, tmp_path: Path) -> None:
        store = SQLiteStore.open(tmp_path / "leads.db", create=True)
        unfinished = set()
        for number in range(40):
            store.append([Event("A", number, (f"n:{number % 3}",))])
            unfinished.add(any(run.merges_into is not None for run in store._writer.runs))
        assert unfinished == {True, False}
        assert max(run.level for run in store._writer.runs) >= 2
        assert [event.position for event in store.read(Query.of(tags=["n:1"]))] == list(range(2, 41, 3))
        assert list(store.problems()) == []
        store.close()


def test_who_asked_for_the_head_keeps_no_old_view_of_the_file(tmp_path: Path) -> None:
    """A connection that is given back in the middle of a statement reads the file as it was then, for whoever uses it
    next."""
    store = SQLiteStore.open(tmp_path / "leads.db", create=True)
    store.append([Event("A")])
    assert store.head() == 1
    with store._connection():  # so that the head is asked on another connection, which is the next to be lent
        assert store.head() == 1
        assert store.head() == 1
    store.append([Event("A")])
    reading = store.read()
    with store._connection():
        assert [event.position for event in reading] == [1, 2] == list(range(1, reading.head + 1))
    store.close()


def test_in_one_commit_each_append_is_checked_against_those_before_it(tmp_path: Path) -> None:
    def event(id: str, data: int = 0) -> Event:
        return Event("A", data, ("k:1",), id=id)

    store = SQLiteStore.open(tmp_path / "leads.db", create=True)
    never = AppendCondition(Query.of(tags=["k:1"]))
    first, partly, other, refused, again, last = group = [
        Request(rows_of(events), condition, None)
        for events, condition in [
            ([event("a"), event("b")], never),
            ([event("b"), event("c")], None),  # half of it is there
            ([event("a", data=1)], None),  # there with other content
            ([event("d")], never),
            ([event("a"), event("b")], never),  # a retry
            ([event("c"), event("d")], None),  # what the refused ones did not leave behind
        ]
    ]
    store._commit(group)
    assert (list(first.positions), list(again.positions), list(last.positions)) == ([1, 2], [1, 2], [3, 4])
    assert [type(request.error) for request in group] == [
        type(None),
        IdConflict,
        IdConflict,
        ConditionFailed,
        type(None),
        type(None),
    ]
    assert "Absent: 1" in str(partly.error)
    assert "other content" in str(other.error)
    assert refused.positions == ()
    assert [event.id for event in store.read()] == ["a", "b", "c", "d"]
    assert list(store.problems()) == []
    store.close()


def test_items_of_queries_are_kept_once_and_forgotten_with_what_did_not_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = QueryItem(tags=("lead:1",)), QueryItem(tags=("lead:2",))
    bases = [Basis(Query(items), 0) for items in ((one,), (one, other), (other, one))]
    store = SQLiteStore.open(tmp_path / "leads.db", create=True)
    with monkeypatch.context() as full:
        full.setattr(Snapshot, "write_out", _disk_is_full)
        with pytest.raises(StoreError):
            store.append([Event("A", 0)], basis=bases[2])
    for basis in bases:
        store.append([Event("A", 0)], basis=basis)
    assert [event.basis for event in store.read()] == bases
    kept = store._writer.execute("SELECT json FROM query_item ORDER BY number").fetchall()
    assert kept == [('{"tags":["lead:1"]}',), ('{"tags":["lead:2"]}',)]
    store.close()


def _disk_is_full(snapshot: Snapshot) -> None:
    raise apsw.FullError
