"""What lies at the edge of what a store can be asked or given, and what one caller's mistake does to others."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from whence.admission import rows_of
from whence.errors import InvalidQuery, OutcomeUnknown, StoreClosed
from whence.events import Event
from whence.query import AppendCondition, Query, QueryItem
from whence.store import Store
from whence.stores.opening import open_store
from whence.stores.sqlite import SQLiteStore
from whence.stores.sqlite.group import Request


@pytest.fixture(params=(":memory:", "events.jsonl", "events.db"))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = request.param
    opened = open_store(url if url == ":memory:" else tmp_path / url, create=True)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path / "events.db", create=True)
    yield opened
    opened.close()


def many(count: int) -> list[Event]:
    return [Event("Seen", tags=(f"lead:{number % 3000}",)) for number in range(count)]


@pytest.mark.parametrize("given", [{"after": -1}, {"upto": -1}, {"limit": -1}, {"after": "1"}])
def test_a_read_between_impossible_positions_is_refused(store: Store, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuery):
        store.read(**given)


def test_a_query_of_very_many_items_is_answered(store: Store) -> None:
    for _ in range(3):
        store.append(many(3000))
    query = Query(tuple(QueryItem(tags=(f"lead:{number}",)) for number in range(2500)))
    assert sum(1 for _ in store.read(query)) == 7500
    assert [*store.append([Event("Last", tags=("lead:2999",))], AppendCondition(query, after=store.head()))] == [9001]


def test_a_query_of_too_many_tags_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="too many tags"):
        Query(tuple(QueryItem(tags=(f"lead:{number}",)) for number in range(30_001)))


def test_types_that_share_a_hash_are_not_read_twice(sqlite: SQLiteStore) -> None:
    sqlite.append([Event("T2f21989b6d"), Event("T4646036c97")])
    for _ in range(9):
        sqlite.append(many(1000))  # so that both are in a run
    assert [event.position for event in sqlite.read(Query.of(types=["T2f21989b6d", "T4646036c97"]), upto=100)] == [1, 2]


def test_a_closed_store_answers_nothing(store: Store) -> None:
    store.close()
    for ask in (store.head, store.identity, lambda: store.positions_of([b"x" * 16]), lambda: store.read()):
        with pytest.raises(StoreClosed):
            ask()


def test_a_path_that_says_sqlite_is_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:odd.jsonl", create=True).close()
    assert open_store("sqlite:odd.jsonl").settings()["store"] == "sqlite"


def test_what_one_caller_gave_fails_no_other_in_its_group(sqlite: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that only fails within the transaction; every kind that is known is refused before."""
    settle = sqlite._settle

    def failing(group: list[Request]) -> None:
        settle(group)
        if any(row.type == "Bad" for request in group for row in request.rows):
            raise OverflowError("too large")

    monkeypatch.setattr(sqlite, "_settle", failing)
    group = [Request(_rows(type), None, None) for type in ("Good", "Bad", "Better")]
    sqlite._commit(group)
    assert [type(request.error) for request in group] == [type(None), OverflowError, type(None)]
    assert [event.type for event in sqlite.read()] == ["Good", "Better"]


def test_the_writer_connects_again_after_a_commit_of_unknown_outcome(
    sqlite: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = sqlite._writer.execute

    def failing(sql: str, *bindings: Any) -> Any:
        if sql == "COMMIT":
            raise apsw.IOError("the disk went away")
        return execute(sql, *bindings)

    monkeypatch.setattr(sqlite._writer, "execute", failing)
    with pytest.raises(OutcomeUnknown):
        sqlite.append([Event("Seen", id="one")])
    sqlite.append([Event("Seen", id="one")])
    assert [event.id for event in sqlite.read()] == ["one"]


def test_a_thread_that_is_interrupted_anywhere_leaves_nobody_waiting(sqlite: SQLiteStore) -> None:
    """An interrupt is raised at each line that an append runs in group commit, one after the other."""
    line = 0
    while True:
        line += 1
        if not _interrupted_at(line, sqlite):
            break
        other = threading.Thread(target=lambda: sqlite.append([Event("After")]), daemon=True)
        other.start()
        other.join(10)
        assert not other.is_alive(), f"an interrupt at line event {line} left the next append waiting"
    assert line > 20


def _interrupted_at(wanted: int, store: SQLiteStore) -> bool:
    """Whether an append was interrupted at its so-manieth line in group.py, or the next outside of the lock."""
    seen = 0

    def tracer(frame: Any, event: str, argument: Any) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.endswith("group.py"):
            return None
        if event == "line":
            seen += 1
            if seen >= wanted and not store._group._lock.locked():  # the lock itself is let go of without fail
                sys.settrace(None)
                raise KeyboardInterrupt
        return tracer

    sys.settrace(tracer)
    try:
        store.append([Event("Interrupted")])
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def _rows(type: str) -> list[Any]:
    return rows_of([Event(type)])
