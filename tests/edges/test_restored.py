"""Rows that say when they were recorded keep it, in a store that holds nothing but the beginning of their file; in any
other store the report says that it was not kept."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from whence.clock import FixedClock
from whence.events import IMPORT_STARTED, IMPORTED, Event, Recorded
from whence.files.exporter import export
from whence.files.importer import BATCH_ROWS, ImportReport, import_events, preview
from whence.files.mapping import Mapping
from whence.query import Basis, Query
from whence.store import Store
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store

KINDS = ["memory", "log.jsonl", "sqlite.db"]
ENVELOPES = Mapping.from_table("back", {"format": "whence"})
STORED_AT = Mapping.from_table("crm", {"type": "kind", "recorded": "r", "format": "csv"})
FIRST = "kind,r,n\nA,2020-01-02T00:00:00Z,1\nA,2020-01-03T00:00:00Z,2\n"
GROWN = FIRST + "A,2020-01-04T00:00:00Z,3\n"


@pytest.fixture(params=KINDS)
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Makes an empty store of a kind; all are closed in the end."""
    stores: list[Store] = []

    def make() -> Store:
        path = ":memory:" if request.param == "memory" else tmp_path / f"{len(stores)}-{request.param}"
        stores.append(open_store(path, create=True))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def history(count: int) -> list[Recorded]:
    """Events of two types, each decided on the ones before it, recorded a second apart."""
    clock = FixedClock("2020-01-01T00:00:00Z")
    store = MemoryStore(clock)
    for number in range(count):
        store.append([Event("B" if number % 2 else "A", number)], basis=Basis(Query.of(types=["B"]), number))
        clock.advance(1)
    return list(store.read())


def exported(events: list[Recorded], form: str = "jsonl") -> io.BytesIO:
    out = io.BytesIO()
    export(events, form, out)
    out.seek(0)
    out.name = "a.jsonl"  # type: ignore[misc]
    return out


def import_text(store: Store, text: str) -> ImportReport:
    return import_events(store, STORED_AT, io.BytesIO(text.encode()))


def recorded_days(store: Store) -> list[tuple[int, bool]]:
    """The number of each row, and whether it was recorded when its file says."""
    rows = [event for event in store.read() if event.type == "A"]
    return [(int(event.data["n"]), event.recorded.year == 2020) for event in rows]


def test_a_restore_that_broke_off_is_gone_on_with(new_store: Callable[[], Store]) -> None:
    events, store = history(3 * BATCH_ROWS // 2), new_store()
    store.restore(events[:3])
    report = import_events(store, ENVELOPES, exported(events))
    assert (report.already, report.appended, report.recorded_not_kept) == (3, len(events) - 3, 0)
    assert list(store.read()) == events


def test_an_export_imported_again_adds_nothing(new_store: Callable[[], Store]) -> None:
    events, store = history(10), new_store()
    import_events(store, ENVELOPES, exported(events))
    report = import_events(store, ENVELOPES, exported(events))
    assert (report.already, report.appended, report.recorded_not_kept) == (10, 0, 0)
    assert list(store.read()) == events


def test_a_grown_export_is_gone_on_with(new_store: Callable[[], Store]) -> None:
    events, store = history(10), new_store()
    import_events(store, ENVELOPES, exported(events[:6]))
    assert import_events(store, ENVELOPES, exported(events)).recorded_not_kept == 0
    assert list(store.read()) == events


@pytest.mark.parametrize("form", ["jsonl", "cloudevents"])
def test_an_export_into_another_history_is_recorded_now_and_the_report_says_so(
    new_store: Callable[[], Store], form: str
) -> None:
    events, store = history(4), new_store()
    store.append([Event("Other")])
    mapping = ENVELOPES if form == "jsonl" else Mapping.from_table("back", {"format": "cloudevents"})
    report = import_events(store, mapping, exported(events, form))
    assert (report.appended, report.recorded_not_kept) == (4, 4)
    there = [event for event in store.read() if event.type in "AB"]
    assert [event.id for event in there] == [event.id for event in events]
    assert {event.basis for event in there} == {None}
    assert all(event.recorded.year != 2020 for event in there)
    done = [event for event in store.read() if event.type == IMPORTED]
    assert done[0].data["recorded_not_kept"] == 4


def test_an_export_of_some_events_is_numbered_anew_with_the_bases_moved_along(new_store: Callable[[], Store]) -> None:
    some, store = [event for event in history(10) if event.type == "B"], new_store()
    report = import_events(store, ENVELOPES, exported(some))
    assert report.recorded_not_kept == 0
    assert [(event.position, event.basis and event.basis.position) for event in store.read()] == [
        (1, 0), (2, 1), (3, 2), (4, 3), (5, 4),
    ]  # fmt: skip
    assert [event.recorded for event in store.read()] == [event.recorded for event in some]


def test_an_export_of_some_events_that_broke_off_is_gone_on_with(new_store: Callable[[], Store]) -> None:
    some = [event for event in history(10) if event.type == "B"]
    whole, broken = new_store(), new_store()
    import_events(whole, ENVELOPES, exported(some))
    broken.restore(list(whole.read())[:2])
    assert import_events(broken, ENVELOPES, exported(some)).already == 2
    assert list(broken.read()) == list(whole.read())


def test_an_id_that_comes_twice_in_an_export_refuses_its_row_alone(new_store: Callable[[], Store]) -> None:
    events, store = history(10), new_store()
    values = [event.to_json() for event in events]
    values[4]["id"] = values[1]["id"]
    content = "\n".join(map(json.dumps, [*values, values[2]])).encode()
    report = import_events(store, ENVELOPES, io.BytesIO(content))
    assert [line for line, _ in report.refused] == [5]
    assert (report.appended, report.already) == (9, 1)
    bases = [event.basis.position for event in store.read() if event.basis]
    assert bases == list(range(9))


def test_a_recorded_column_is_kept_in_an_empty_store_and_the_import_is_noted_at_the_end(
    new_store: Callable[[], Store],
) -> None:
    store = new_store()
    report = import_text(store, FIRST)
    assert recorded_days(store) == [(1, True), (2, True)]
    rows, own = list(store.read())[:2], list(store.read())[2:]
    assert [event.type for event in own] == [IMPORT_STARTED, IMPORTED]
    assert {event.correlation for event in (*rows, *own)} == {f"import:{report.import_id}"}
    assert (import_text(store, FIRST).already, store.head()) == (2, 4)


def test_a_recorded_column_that_is_not_kept_is_counted(new_store: Callable[[], Store]) -> None:
    store = new_store()
    store.append([Event("Other")])
    assert import_text(store, FIRST).recorded_not_kept == 2
    assert recorded_days(store) == [(1, False), (2, False)]


def test_what_a_file_grew_by_after_its_import_was_noted_is_counted_as_not_kept(new_store: Callable[[], Store]) -> None:
    store = new_store()
    import_text(store, FIRST)
    report = import_text(store, GROWN)
    assert (report.already, report.appended, report.recorded_not_kept) == (2, 1, 1)
    assert recorded_days(store) == [(1, True), (2, True), (3, False)]


@pytest.mark.parametrize("stored", [1, 2, 3])
def test_a_recorded_column_is_gone_on_with_after_a_crash_and_noted_once(
    new_store: Callable[[], Store], stored: int
) -> None:
    whole, broken = new_store(), new_store()
    report = import_text(whole, GROWN)
    broken.restore(list(whole.read())[:stored])
    again = import_text(broken, GROWN)
    assert (again.already, again.appended, again.recorded_not_kept) == (stored, 3 - stored, 0)
    assert list(broken.read())[:3] == list(whole.read())[:3]
    assert [event.type for event in broken.read()][3:] == [IMPORT_STARTED, IMPORTED]
    assert again.import_id == report.import_id


def test_a_row_without_a_recorded_time_or_one_that_falls_is_refused_alone(new_store: Callable[[], Store]) -> None:
    store = new_store()
    text = GROWN.replace("A,2020-01-03", "A,2019-01-03")
    seen = preview(STORED_AT, io.BytesIO(text.encode()))
    assert (seen.rows, seen.refused, seen.first_refused_line) == (3, 1, 3), "a preview says the same"
    assert "falls" in str(seen.problems[0].problem)
    for _ in range(2):
        assert [line for line, _ in import_text(store, text).refused] == [3]
        assert recorded_days(store) == [(1, True), (3, True)]


def test_other_spellings_of_a_type_are_refused_alone_where_times_are_restored(new_store: Callable[[], Store]) -> None:
    store = new_store()
    report = import_text(store, FIRST + "a,2020-01-04T00:00:00Z,3\nA,2020-01-05T00:00:00Z,4\n")
    assert [line for line, _ in report.refused] == [4]
    assert recorded_days(store) == [(1, True), (2, True), (4, True)]


@pytest.mark.parametrize("mapping", ["{'format': 'whence'}", "{'type': 'kind', 'recorded': 'r'}"])
def test_two_who_restore_the_same_file_at_once_end_with_one_history(tmp_path: Path, mapping: str) -> None:
    count = 4 * BATCH_ROWS
    if "whence" in mapping:
        path = tmp_path / "all.jsonl"
        path.write_bytes(exported(history(count)).getvalue())
    else:
        path = tmp_path / "all.csv"
        rows = (f"A,2020-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z,{n}\n" for n in range(count))
        path.write_text("kind,r,n\n" + "".join(rows))
    both(tmp_path / "one.db", path, mapping)
    store = open_store(tmp_path / "one.db")
    rows_there = [event for event in store.read() if event.type in "AB"]
    assert len({event.id for event in rows_there}) == len(rows_there) == count
    assert all(event.recorded.year == 2020 for event in rows_there)
    assert [event.type for event in store.read()].count(IMPORT_STARTED) == (0 if "whence" in mapping else 1)
    store.close()


def both(db: Path, path: Path, mapping: str) -> list[list[int]]:
    """Two processes import a file into one store at once; what they appended, found and refused."""
    code = (
        "from whence.files.importer import import_events; from whence.files.mapping import Mapping;"
        "from whence.stores.opening import open_store;"
        f"store = open_store({str(db)!r}, create=True); input();"
        f"report = import_events(store, Mapping.from_table('m', {mapping}), {str(path)!r});"
        "print(report.appended, report.already, report.refused_count)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    importers = [subprocess.Popen([sys.executable, "-c", code], **pipes) for _ in range(2)]  # type: ignore[call-overload]
    for importer in importers:
        importer.stdin.write("\n")
        importer.stdin.flush()
    said = [importer.communicate(timeout=120)[0] for importer in importers]
    assert [importer.returncode for importer in importers] == [0, 0]
    return [[int(each) for each in line.split()] for line in said]


def test_two_who_import_the_same_table_at_once_append_each_row_once(tmp_path: Path) -> None:
    count = 8 * BATCH_ROWS
    path = tmp_path / "rows.csv"
    path.write_text("kind,n\n" + "".join(f"Seen,{number % 12_000}\n" for number in range(count)))
    reports = both(tmp_path / "one.db", path, "{'type': 'kind'}")
    assert [sum(report) for report in reports] == [count, count]
    store = open_store(tmp_path / "one.db")
    seen = sorted(int(event.data["n"]) for event in store.read() if event.type == "Seen")
    assert seen == sorted(number % 12_000 for number in range(count))
    assert sum(appended for appended, _, _ in reports) == count
    store.close()
