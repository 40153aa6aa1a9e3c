"""Rows of nearly the largest size cost no more memory than small ones."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from pathlib import Path

import pytest

from whence.files.importer import BATCH_DATA_MAX, import_events
from whence.files.mapping import Mapping
from whence.stores.opening import open_store

ROWS = 100


@pytest.mark.parametrize("name", ["leads.db", "leads.jsonl"])
def test_an_import_of_large_rows_keeps_few_of_them_in_memory(tmp_path: Path, name: str) -> None:
    text = "".join(json.dumps({"n": number, "text": "x" * 900_000}) + "\n" for number in range(ROWS))
    source = io.BytesIO(gzip.compress(text.encode(), 1))
    source.name = "large.jsonl.gz"  # type: ignore[misc]
    del text
    store = open_store(tmp_path / name, create=True)
    tracemalloc.start()
    try:
        report = import_events(store, Mapping.from_table("notes", {"type": {"value": "Noted"}}), source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (report.rows, report.appended) == (ROWS, ROWS)
    assert sum(event.type == "Noted" for event in store.read()) == ROWS
    assert peak < 4 * BATCH_DATA_MAX < ROWS * 900_000
    store.close()
