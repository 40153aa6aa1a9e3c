"""What the command says of an import: what was kept, and plainly what was not."""

from __future__ import annotations

import json
from pathlib import Path

from running import Run


def test_an_export_goes_into_a_new_store_whole_and_into_another_with_a_note(pipeline: Path, whence: Run) -> None:
    assert whence("export", "all.jsonl").code == 0
    (pipeline / "back.toml").write_text('format = "whence"\n')
    fresh = whence("import", "all.jsonl", "--mapping", "back.toml", "--store", "fresh.db")
    assert fresh.code == 0
    assert "not kept" not in fresh.err
    assert "import:" not in fresh.out
    assert whence("log", "--json", "--store", "fresh.db").out == whence("log", "--json").out
    whence("append", "lead:9", "Other", "--store", "other.db")
    other = whence("import", "all.jsonl", "--mapping", "back.toml", "--store", "other.db")
    assert other.code == 0
    assert "The recorded time and the basis of 6 events were not kept" in other.err
    assert "import:" in other.out


def test_the_report_as_json_counts_what_was_not_kept(pipeline: Path, whence: Run) -> None:
    (pipeline / "old.csv").write_text("kind,r\nSigned,2020-01-02T00:00:00Z\n")
    (pipeline / "old.toml").write_text('type = "kind"\nrecorded = "r"\n')
    report = json.loads(whence("import", "old.csv", "--mapping", "old.toml", "--json").out)
    assert report["recorded_not_kept"] == 1
    assert report["import_id"] is not None
