"""What is exported comes back whole, in every format; an import that was killed goes on where it stopped."""

from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whence.errors import InvalidEvent
from whence.events import Body, Event
from whence.files.exporter import export
from whence.files.importer import ImportReport, import_events
from whence.files.intake import Copies
from whence.files.mapping import Mapping
from whence.jsonvalue import DEPTH_MAX
from whence.query import Basis, Query
from whence.store import Store
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store

FORMATS = {
    "jsonl": ("whence", "a.jsonl"),
    "csv": ("whence", "a.csv"),
    "cloudevents": ("cloudevents", "a.json"),
    "cloudevents-lines": ("cloudevents", "a.jsonl"),
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.builds(
    Event,
    type=st.sampled_from(["Opened", "lead.Scored"]),
    data=JSON | st.builds(Body, st.binary(max_size=20), st.just("image/png")),
    tags=st.sampled_from([(), ("lead:42",), ("lead:é 4", "owner:a b")]),
    version=st.integers(1, 3),
    time=st.none() | st.integers(-(10**15), 10**15),
    actor=st.none() | TEXT.filter(bool),
    cause=st.none() | st.just("an id"),
    correlation=st.none() | TEXT.filter(bool),
    meta=st.none() | st.dictionaries(TEXT, JSON, min_size=1, max_size=2),
)


STORES = ["memory", "log.jsonl", "sqlite.db"]


def export_of(store: Store, form: str) -> io.BytesIO:
    out = io.BytesIO()
    export(store.read(), form, out)
    out.seek(0)
    out.name = FORMATS[form][1]  # type: ignore[attr-defined]
    return out


def import_back(store: Store, form: str, source: io.BytesIO) -> ImportReport:
    return import_events(store, Mapping.from_table("back", {"format": FORMATS[form][0]}), source)


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=20, deadline=None)
@given(events=st.lists(EVENTS, min_size=1, max_size=4), there=st.integers(0, 5))
def test_every_envelope_comes_back_whole_also_where_some_are_there(
    form: str, kind: str, events: list[Event], there: int
) -> None:
    store = MemoryStore()
    store.append(events, basis=Basis(Query.all(), 0))
    with tempfile.TemporaryDirectory() as folder:
        again = open_store(":memory:" if kind == "memory" else Path(folder) / kind, create=True)
        again.restore(list(store.read())[:there])
        report = import_back(again, form, export_of(store, form))
        assert report.refused == []
        assert report.already == min(there, len(events))
        assert list(again.read()) == list(store.read())
        again.close()


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=20, deadline=None)
@given(events=st.lists(EVENTS, min_size=1, max_size=4))
def test_every_event_comes_back_with_its_content_into_a_store_that_holds_others(form: str, events: list[Event]) -> None:
    store, again = MemoryStore(), MemoryStore()
    store.append(events)
    again.append([Event("Other")])
    assert import_back(again, form, export_of(store, form)).recorded_not_kept == len(events)
    there = [event for event in again.read() if event.type in ("Opened", "lead.Scored")]
    assert [event.to_event() for event in there] == [event.to_event() for event in store.read()]


@pytest.mark.parametrize("on_error", ["refuse-row", "refuse-file"])
def test_a_file_comes_through_a_pipe(on_error: str) -> None:
    code = (
        "from whence.files.importer import import_events; from whence.files.mapping import Mapping;"
        "from whence.stores.memory import MemoryStore; store = MemoryStore();"
        "mapping = Mapping.from_table('rows', {'type': 'kind', 'format': 'csv'});"
        f"report = import_events(store, mapping, '-', on_error={on_error!r});"
        "print(report.file, report.rows, report.appended, report.bytes)"
    )
    content = b"kind,n\n" + b"".join(b"Seen,%d\n" % number for number in range(30_000))
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        for start in range(0, len(content), 5_000):  # so that lines break in the middle of a block
            process.stdin.write(content[start : start + 5_000])
            process.stdin.flush()
        said = process.communicate()[0].decode().split()
    assert said == ["-", "30000", "30000", str(len(content))]


def test_counts_of_equal_rows_that_do_not_fit_in_memory_are_kept_on_disk() -> None:
    chance = random.Random(7)
    rows = [str(chance.randrange(30)) for _ in range(500)]
    whole, spilled = Copies("rows", 1_000), Copies("rows", 5)
    ids = [whole.id_of(row) for row in rows]
    assert [spilled.id_of(row) for row in rows] == ids
    assert len(set(ids)) == len(rows)
    chance.shuffle(rows)
    shuffled = Copies("rows", 7)
    assert {shuffled.id_of(row) for row in rows} == set(ids)


def test_an_import_whose_counts_do_not_fit_in_memory_knows_its_rows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store, mapping = MemoryStore(), Mapping.from_table("rows", {"type": "kind"})
    content = b"kind,n\n" + b"".join(b"Seen,%d\n" % (number % 300) for number in range(2_500))
    import_events(store, mapping, io.BytesIO(content))
    monkeypatch.setattr("whence.files.intake.COUNTS_IN_MEMORY", 50)
    report = import_events(store, mapping, io.BytesIO(content + b"Seen,1\n"))
    assert (report.already, report.appended) == (2_500, 1)


@pytest.mark.parametrize("form", FORMATS)
def test_the_deepest_value_that_is_taken_can_be_exported_and_imported(form: str) -> None:
    deepest: Any = 1
    for level in range(DEPTH_MAX - 1):
        deepest = [deepest] if level % 2 else {"a": deepest}
    deepest = {"a": deepest}
    store, out, again = MemoryStore(), io.BytesIO(), MemoryStore()
    store.append([Event("Nested", deepest, meta=deepest)])
    with pytest.raises(InvalidEvent, match="nested too deeply"):
        store.append([Event("Nested", [deepest])])
    export(store.read(), form, out)
    out.seek(0)
    out.name = FORMATS[form][1]  # type: ignore[attr-defined]
    report = import_events(again, Mapping.from_table("back", {"format": FORMATS[form][0]}), out)
    assert report.refused == []
    assert list(again.read()) == list(store.read())


def test_a_killed_import_run_again_ends_with_exactly_the_rows(tmp_path: Path) -> None:
    path, db = tmp_path / "rows.csv", tmp_path / "rows.db"
    path.write_text("kind,n\n" + "".join(f"Seen,{number}\n" for number in range(60_000)))
    mapping = Mapping.from_table("rows", {"type": "kind"})
    code = (
        "from whence.files.importer import import_events; from whence.files.mapping import Mapping;"
        "from whence.stores.opening import open_store;"
        f"mapping = Mapping.from_table('rows', {{'type': 'kind'}}); store = open_store({str(db)!r}, create=True);"
        f"import_events(store, mapping, {str(path)!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    while not db.exists() or _head(db) < 5_000:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    store = open_store(db)
    report = import_events(store, mapping, path)
    assert 5_000 <= report.already < 60_000
    assert report.appended + report.already == 60_000
    seen = sorted(int(event.data["n"]) for event in store.read() if event.type == "Seen")
    assert seen == list(range(60_000))
    store.close()


def _head(db: Path) -> int:
    store = open_store(db)
    try:
        return store.head()
    finally:
        store.close()
