"""What the command says of an import: what was kept, and plainly what was not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
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


CRM = '[import.crm]\ntype = "what"\ntime = "when"\nzone = "UTC"\ntags = ["lead:{lead}"]\n'


def crm(pipeline: Path, *rows: str) -> None:
    """A file with these rows, and its mapping."""
    with (pipeline / "whence.toml").open("a") as config:
        config.write(CRM)
    (pipeline / "crm.csv").write_text("\n".join(["when,what,lead", *rows]) + "\n")


def test_a_preview_checks_every_row_and_ends_with_the_counts(pipeline: Path, whence: Run) -> None:
    crm(pipeline, *["2026-01-05,Called,42"] * 22, *["5.1.2026,Called,42"] * 18)
    done = whence("import", "crm.csv", "--preview")
    assert done.code == 1
    assert done.out.splitlines()[-1] == "40 rows: 22 would be appended, 18 refused (first: line 24)"
    assert done.out.count("Called") == 10
    assert done.err.count("error: line") == 5
    counts = json.loads(whence("import", "crm.csv", "--preview", "--json").out.splitlines()[-1])
    assert counts == {"rows": 40, "would_append": 22, "refused": 18, "first_refused_line": 24}


def test_a_preview_names_the_first_rows_of_each_kind_of_fault_and_counts_the_rest(pipeline: Path, whence: Run) -> None:
    crm(pipeline, *["5.1.2026,Called,42"] * 18, ",Called,42")
    done = whence("import", "crm.csv", "--preview")
    assert done.err.count("error: line") == 6
    assert "and 13 more like these" in done.err
    assert "error: line 20: An empty time" in done.err


@pytest.mark.parametrize("tagged", [True, False])
def test_a_mapping_without_tags_is_remarked_upon(tagged: bool, pipeline: Path, whence: Run) -> None:
    crm(pipeline, "2026-01-05,Called,42")
    if not tagged:
        config = pipeline / "whence.toml"
        config.write_text("\n".join(line for line in config.read_text().splitlines() if not line.startswith("tags")))
    for words in (("--preview",), ()):
        done = whence("import", "crm.csv", *words)
        assert done.code == 0, done.err
        assert ("The mapping crm names no tags" in done.err) is not tagged


def test_a_preview_of_a_header_alone_says_that_there_are_no_rows(pipeline: Path, whence: Run) -> None:
    crm(pipeline)
    done = whence("import", "crm.csv", "--preview")
    assert (done.code, done.out.splitlines()[-1]) == (0, "no rows")


def test_of_many_rows_refused_for_the_same_reason_the_first_are_named_and_the_rest_counted(
    pipeline: Path, whence: Run
) -> None:
    crm(pipeline, *[f"{day % 28 + 1}.1.2026,Called,{day}" for day in range(3000)], ",Called,42")
    done = whence("import", "crm.csv")
    assert done.code == 1
    assert done.err.count("error: line") == 6
    assert "and 2,995 more like these" in done.err
    assert done.out.startswith("3,001 rows: 0 appended, 0 already there, 3,001 refused")
    report = json.loads(whence("import", "crm.csv", "--json").out)
    assert report["refused_count"] == 3001
    assert report["refused"][0]["line"] == 2
    assert report["refused"][-1]["line"] == 3002
    assert "empty time" in report["refused"][-1]["reason"]


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("crn.csv",), "Did you mean crm.csv?"),
        (("nope.xyz",), "Check the path"),
        (("crm.csv", "--mapping", "other"), "Did you mean crm?"),
        (("bad.csv",), "add delimiter"),
        ((".",), "Name a file in it"),
    ],
)
def test_a_wrong_file_or_mapping_makes_no_store_and_says_what_to_do(
    pipeline: Path, whence: Run, words: tuple[str, ...], remedy: str
) -> None:
    crm(pipeline, "2026-01-05,Called,42")
    (pipeline / "bad.csv").write_text("when;what;lead\n2026-01-05;Called;42\n")
    done = whence("import", *words, "--store", "new.db")
    assert done.code == 2
    assert remedy in done.err
    assert not (pipeline / "new.db").exists()


def test_a_file_imported_under_another_name_is_warned_of_with_what_undoes_it(pipeline: Path, whence: Run) -> None:
    crm(pipeline, "2026-01-05,Called,42")
    with (pipeline / "whence.toml").open("a") as config:
        config.write(CRM.replace("crm", "again"))
    whence("import", "crm.csv", "--mapping", "crm")
    done = whence("import", "crm.csv", "--mapping", "again")
    assert "imported before, as the source crm" in done.err
    assert f"--without {done.out.split()[-1]}" in done.err


WAIT = "import sys, time; sys.stdout.write('when,what,lead' + '\\n2026-01-05,Called,42' * 80_000); sys.stdout.flush(); "

HEEDING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from whence.cli import main; "
"""A process whose parent ignores the signal would ignore it, too."""


def test_an_interrupted_import_says_that_it_goes_on(pipeline: Path, whence: Run) -> None:
    crm(pipeline)
    rows = subprocess.Popen([sys.executable, "-c", WAIT + "time.sleep(60)"], stdout=subprocess.PIPE)
    line = [sys.executable, "-c", HEEDING + "main()", "import", "-", "--mapping", "crm"]
    importing = subprocess.Popen(line, stdin=rows.stdout, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: "Called" in whence("types").out)
        importing.send_signal(signal.SIGINT)
        _, said = importing.communicate(timeout=60)
    finally:
        rows.kill()
        importing.kill()
        rows.communicate()
    assert importing.returncode == 130
    assert b"Whatever was appended until now is kept. Import the same file again: it goes on from there." in said
    assert b"Traceback" not in said


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("it did not come to be in a minute")
