"""What only the store can refuse is refused row by row; a file that is refused as a whole leaves nothing behind."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from whence.errors import InvalidFile
from whence.events import Event
from whence.files.importer import BATCH_ROWS, ImportReport, import_events
from whence.files.mapping import Mapping
from whence.store import Store
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store


def imported(text: str, store: Store, name: str = "a.csv", on_error: str = "refuse-row", **more: str) -> ImportReport:
    source = io.BytesIO(text.encode())
    source.name = name  # type: ignore[misc]
    mapping = Mapping.from_table("crm", {"type": "kind", **more})
    return import_events(store, mapping, source, on_error=on_error)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["memory", "log.jsonl", "sqlite.db"])
def test_a_type_that_differs_only_in_case_refuses_its_rows_alone(kind: str, tmp_path: Path) -> None:
    store = open_store(":memory:" if kind == "memory" else tmp_path / kind, create=True)
    store.append([Event("Closed")])
    rows = ["Opened,1", "opened,2", "Opened,3", "CLOSED,4", "Closed,5", *[f"Opened,{n}" for n in range(BATCH_ROWS)]]
    report = imported("kind,n\n" + "\n".join([*rows, "opened,6", "Closed,7"]), store)
    assert [line for line, _ in report.refused] == [3, 5, len(rows) + 2]
    assert [reason.split("Write ")[1] for _, reason in report.refused] == ["Opened.", "Closed.", "Opened."]
    assert report.appended == len(rows) - 1
    store.close()


def test_the_first_spelling_in_a_file_is_the_one_that_counts() -> None:
    assert [line for line, _ in imported("kind\nopened\nOpened\nOPENED\nopened\n", MemoryStore()).refused] == [3, 4]


@pytest.mark.parametrize(
    ("text", "more", "line", "reason"),
    [
        ("kind,id,n\nA,1,1\nA,1,2\nA,2,3\n", {"id": "id"}, 3, "other content"),
        ("kind,id,n\n" + "".join(f"A,{n},1\n" for n in range(BATCH_ROWS)) + "A,1,2\n", {"id": "id"}, 2002, "content"),
        ("kind,id,n\nA,1,1\nA,in use,2\n", {"id": "id"}, 3, "other content"),
        ("kind,r\nA,2026-01-02T00:00:00Z\nA,2026-01-01T00:00:00Z\n", {"recorded": "r"}, 3, "falls"),
        ("kind\nA\na\n", {}, 3, "only in case"),
        ("kind\nA\nfirst\n", {}, 3, "only in case"),
        ("kind\nA\nB C!\n", {}, 3, "Not an event type"),
    ],
    ids=["id", "id far away", "id in the store", "recorded", "case", "case in the store", "row"],
)
def test_a_file_refused_as_a_whole_for_anything_writes_nothing(
    text: str, more: dict[str, str], line: int, reason: str
) -> None:
    store = MemoryStore()
    if "recorded" not in more:
        store.append([Event("First", id="in use")])
    before = store.head()
    with pytest.raises(InvalidFile, match=rf"Refused: 1, Line: {line}, Problem: .*{reason}"):
        imported(text, store, on_error="refuse-file", **more)
    assert store.head() == before


@pytest.mark.parametrize("before", [0, 3])
def test_a_good_file_that_might_be_refused_as_a_whole_is_imported(before: int) -> None:
    store = MemoryStore()
    for _ in range(before):
        store.append([Event("A")])
    rows = "kind,n\n" + "".join(f"A,{number % 1500}\n" for number in range(3 * BATCH_ROWS))
    report = imported(rows, store, on_error="refuse-file")
    assert (report.appended, report.already) == (3 * BATCH_ROWS, 0)
    report = imported(rows + "A,last\n", store, on_error="refuse-file")
    assert (report.appended, report.already) == (1, 3 * BATCH_ROWS)


def test_a_stream_keeps_its_name_and_so_its_format_where_it_might_be_refused_as_a_whole() -> None:
    store = MemoryStore()
    report = imported(json.dumps({"kind": "A", "n": 1}), store, "a.jsonl", "refuse-file")
    assert (report.file, report.appended) == ("a.jsonl", 1)
    assert list(store.read())[-1].data["file"] == "a.jsonl"
