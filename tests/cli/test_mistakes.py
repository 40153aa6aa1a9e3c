"""Plausible mistakes: each ends with one clear message on standard error that says what to do, and leaves no trace."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import Run

MAPPING = """
[import.crm]
time = "when"
type = "what"
tags = { lead = "lead" }
zone = "UTC"
"""
ROWS = "when,what,lead,score\n2026-01-05 09:00,Scored,42,60\n2026-01-06 09:00,Scored,42,70\n"


@pytest.fixture
def crm(pipeline: Path) -> Path:
    """A file to import, and its mapping in whence.toml."""
    with (pipeline / "whence.toml").open("a") as file:
        file.write(MAPPING)
    path = pipeline / "crm.csv"
    path.write_text(ROWS)
    return path


def test_a_mistyped_store_path_gets_near_matches(pipeline: Path, whence: Run) -> None:
    done = whence("log", "--store", "whense.db")
    assert done.code == 4
    assert done.err == "error: There is no store here (Path: whense.db).\n  Did you mean whence.db?\n"


def test_a_folder_without_any_store_says_how_to_begin(folder: Path, whence: Run) -> None:
    done = whence("log")
    assert done.code == 2
    assert "--store leads.db" in done.err
    assert "whence init" in done.err


def test_a_column_that_the_file_does_not_have_is_named_with_those_it_has(crm: Path, whence: Run) -> None:
    crm.write_text(ROWS.replace("when,", "date,"))
    done = whence("import", "crm.csv")
    assert done.code == 2, done
    assert "when" in done.err
    assert "date" in done.err


def test_a_bad_date_in_one_row_is_refused_with_its_line_and_the_rest_is_kept(crm: Path, whence: Run) -> None:
    crm.write_text(ROWS + "2026-13-45,Scored,42,80\n")
    done = whence("import", "crm.csv")
    assert done.code == 1, done
    assert "line 4: " in done.err
    assert "2026-13-45" in done.err
    assert (
        len(
            whence(
                "log", "--type", "Scored", "--since", "2026-01-05", "--until", "2026-01-06", "--json"
            ).out.splitlines()
        )
        == 3
    )


def test_a_bad_date_on_the_command_line_gets_examples(pipeline: Path, whence: Run) -> None:
    done = whence("state", "lead:42", "--at", "last tusday")
    assert done.code == 2
    assert "last tuesday" in done.err
    assert "2026-01-09" in done.err


def test_a_mistyped_command_or_option_gets_near_matches(pipeline: Path, whence: Run) -> None:
    command, option = whence("sate"), whence("log", "--sinse", "yesterday")
    assert command.code == option.code == 2
    assert "state" in command.err
    assert "--since" in option.err


def test_an_option_before_the_command_is_told_where_it_stands(pipeline: Path, whence: Run) -> None:
    done = whence("--store", "whence.db", "log")
    assert (done.code, done.out) == (2, "")
    assert "Options stand behind the command: whence log --store" in done.err


def test_a_mistyped_field_gets_near_matches(pipeline: Path, whence: Run) -> None:
    done = whence("why", "lead:42", "scor")
    assert done.code == 2
    assert "score" in done.err


def test_a_mistyped_entity_gets_near_matches(pipeline: Path, whence: Run) -> None:
    done = whence("state", "lead:24")
    assert done.code == 1
    assert "lead:42" in done.err


def test_a_second_writer_that_holds_the_store_is_named_as_busy(
    pipeline: Path, whence: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = (
        "import sqlite3, sys; c = sqlite3.connect('whence.db'); c.execute('begin immediate'); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        done = whence("append", "lead:42", "Called")
        other.stdin.close()
    assert done.code == 4
    assert "Another writer holds the store" in done.err
    assert whence("append", "lead:42", "Called").code == 0


@pytest.mark.parametrize("name", ["file/whence.db", "file/leads.jsonl"])
def test_a_folder_that_cannot_be_written_says_so(name: str, folder: Path, whence: Run) -> None:
    (folder / "file").write_text("a file where a folder should be")
    done = whence("append", "lead:42", "Called", "--store", name)
    assert done.code == 4, done
    assert "There is no such folder" in done.err
    assert "Make the folder first" in done.err


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc, a folder in which even root cannot write")
@pytest.mark.parametrize("name", ["/proc/whence.db", "/proc/leads.jsonl"])
def test_an_unwritable_folder_says_so(name: str, folder: Path, whence: Run) -> None:
    done = whence("append", "lead:42", "Called", "--store", name)
    assert done.code == 4, done
    assert name in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("name", ["notes.db", "notes.jsonl"])
def test_a_file_that_is_no_store_is_left_as_it_is(name: str, folder: Path, whence: Run) -> None:
    (folder / name).write_text("Dear diary,\n" * 100)
    for done in (whence("log", "--store", name), whence("append", "lead:42", "Called", "--store", name)):
        assert done.code == 4, done
        assert name in done.err
    assert (folder / name).read_text() == "Dear diary,\n" * 100


def test_another_programs_database_is_no_store(folder: Path, whence: Run) -> None:
    with sqlite3.connect("other.db") as db:
        db.execute("create table t (x)")
    db.close()
    done = whence("append", "lead:42", "Called", "--store", "other.db")
    assert done.code == 4
    assert "database of something else" in done.err
    assert "whence init" in done.err


def test_a_mapping_that_changed_over_rows_already_there_is_a_named_conflict(crm: Path, whence: Run) -> None:
    assert whence("import", "crm.csv").code == 0
    config = crm.parent / "whence.toml"
    config.write_text(config.read_text().replace('lead = "lead"', 'customer = "lead"'))
    done = whence("import", "crm.csv")
    assert done.code == 3, done
    assert "mapping" in done.err.lower()


def test_a_mapping_that_is_not_there_gets_near_matches(crm: Path, whence: Run) -> None:
    done = whence("import", "crm.csv", "--mapping", "crn")
    assert done.code == 2
    assert "Did you mean crm?" in done.err


def test_a_file_that_is_not_utf8_says_where_and_what_to_do(crm: Path, whence: Run) -> None:
    crm.write_bytes(ROWS.replace("42", "Müller").encode("latin-1"))
    done = whence("import", "crm.csv")
    assert done.code in (1, 2), done
    assert "UTF-8" in done.err + done.out
    assert "encoding" in done.err + done.out


def test_an_empty_file_is_named_as_empty(crm: Path, whence: Run) -> None:
    crm.write_bytes(b"")
    done = whence("import", "crm.csv")
    assert done.code == 2, done
    assert "empty" in done.err.lower()


def test_a_file_that_is_not_there_is_named(crm: Path, whence: Run) -> None:
    done = whence("import", "cmr.csv")
    assert done.code == 2, done
    assert "cmr.csv" in done.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('stroe = "a.db"', ("whence.toml", "stroe", "Did you mean store?")),
        ("store = a.db", ("whence.toml", "line 1")),
        ('store = "a.db"\nstore = "b.db"\n', ("whence.toml", "line 2", "stands twice")),
        ("[model.lead]\n[model.lead]", ("whence.toml", "line 2", "stands twice")),
        ("store = 3", ("whence.toml", "store", "Not text")),
        ('zone = "Europe/Berln"', ("whence.toml", "zone", "Europe/Berlin")),
        ("[model]\norder = 1", ("whence.toml", "model.order", "[model.lead]")),
        ("[import]\ntime = 'x'", ("whence.toml", "import.time", "[import.crm]")),
        ('store = "whence.db"\n[model.lead]\npython = "nowhere:Lead"', ("nowhere", "imported")),
        ('store = "whence.db"\n[model.lead]\npython = "Lead"', ("module:Class",)),
        (
            'store = "whence.db"\n[model.lead]\npython = "broken.py:Lead"',
            ("broken.py", "Line: 2", "NameError: name 'x'"),
        ),
    ],
)
def test_a_mistake_in_the_configuration_names_file_key_and_remedy(
    text: str, words: tuple[str, ...], pipeline: Path, whence: Run
) -> None:
    (pipeline / "broken.py").write_text("class Lead:\n    kind = x\n")
    (pipeline / "whence.toml").write_text(text)
    done = whence("state", "lead:42")
    assert done.code == 2, done
    for word in words:
        assert word in done.err


def test_an_error_is_one_message_without_a_traceback(folder: Path, command: Run) -> None:
    done = command("log", "--store", "nothing.db")
    assert (done.code, done.out) == (4, "")
    assert done.err.count("\n") == 2
    assert done.err.startswith("error: ")


def test_a_configuration_may_begin_with_the_mark_that_editors_on_windows_write(pipeline: Path, whence: Run) -> None:
    path = pipeline / "whence.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert whence("log").code == 0


def test_an_input_that_is_not_json_is_named_with_its_option(pipeline: Path, whence: Run) -> None:
    (pipeline / "case.json").write_text(whence("case", "open", "lead:42", "Rated").out)
    done = whence("case", "answer", "case.json", "rating=A", "--by", "ann", "--input", "not json")
    assert done.code == 2
    assert "Option: --input" in done.err
    assert "Quote it: --input" in done.err


@pytest.mark.parametrize(
    "words", [("lead:42", "9A"), ("lead:42", "A", "--time", "someday"), ("lead:42", "A", "--data", "{")]
)
def test_an_append_that_is_refused_makes_no_store(words: tuple[str, ...], folder: Path, whence: Run) -> None:
    assert whence("append", *words, "--store", "new.db").code == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("value", "fact"), [("123456789012345678901", "loses digits"), ("NaN", "no such number")])
def test_a_value_that_json_cannot_keep_says_how_it_is_text(value: str, fact: str, pipeline: Path, whence: Run) -> None:
    done = whence("append", "lead:42", "Called", f"number={value}")
    assert done.code == 2
    assert fact in done.err
    assert "Field: number" in done.err
    assert "number='\"…\"' makes it text." in done.err
    assert whence("append", "lead:42", "Called", f'number="{value}"').code == 0


def test_a_model_that_leaves_no_fields_says_so(pipeline: Path, whence: Run) -> None:
    (pipeline / "lead.py").write_text('class Lead:\n    kind = "lead"\n')
    done = whence("state", "lead:42", "--model", "lead.py:Lead")
    assert (done.code, done.out) == (0, "")
    assert "The model leaves no fields" in done.err


def test_a_mapping_of_its_own_that_is_not_there_or_no_text_says_what_to_do(crm: Path, whence: Run) -> None:
    done = whence("import", "crm.csv", "--mapping", "nope.toml")
    assert (done.code, "Check the path" in done.err) == (2, True), done.err
    Path("own.toml").write_bytes(b'type = "M\xfcll"\n')
    assert "Save it as UTF-8." in whence("import", "crm.csv", "--mapping", "own.toml").err


def test_a_range_that_ends_before_it_begins_is_named(pipeline: Path, whence: Run) -> None:
    done = whence("log", "--since", "2026-01-10", "--until", "2026-01-06")
    assert (done.code, done.err) == (1, "Nothing matches: --since is later than --until. Exchange the two.\n")
    assert whence("log", "--since", "2026-01-06", "--until", "2026-01-06").code == 0


def test_a_number_that_is_none_is_said_as_one(pipeline: Path, whence: Run) -> None:
    done = whence("log", "--limit", "many")
    assert done.code == 2
    assert "'many' is not a valid integer." in done.err


AT_ONCE = "from whence_command import main; print('ready', flush=True); main()"


def test_ctrl_c_while_the_program_is_still_loaded_is_no_traceback(pipeline: Path) -> None:
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    line = [sys.executable, "-c", heeding + AT_ONCE, "log", "--follow"]
    started = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert started.stdout is not None
        started.stdout.readline()
        time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=60)
    finally:
        started.kill()
    assert (started.returncode, said) == (130, b"interrupted\n")


FULL = Path("/dev/full")
"""A device on which every write fails as on a full disk."""


@pytest.mark.skipif(not FULL.exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize(
    "words",
    [("log",), ("state", "lead:42"), ("export", "-"), ("append", "lead:42", "Called"), ("leads", "pipeline")],
)
def test_an_output_that_cannot_be_written_is_one_message(words: tuple[str, ...], pipeline: Path) -> None:
    line = [sys.executable, "-c", "from whence.cli import main; main()", *words]
    with FULL.open("wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, timeout=120, check=False)
    assert done.returncode == 4
    assert done.stderr.decode() == (
        "error: The output or a working file cannot be written (Problem: No space left on device).\n"
        "  Make room on the disk, or send the output elsewhere. What was recorded before is kept.\n"
    )


def test_what_the_outputs_encoding_lacks_is_escaped_as_json_does(pipeline: Path, whence: Run, command: Run) -> None:
    assert whence("append", "lead:9", "Created", "name=Jürgen", "--by", "me").code == 0
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = command("state", "lead:9", env=ascii_only)
    assert shown.code == 0, shown.err
    assert "J\\u00fcrgen" in shown.out
    told = command("state", "lead:9", "--json", env=ascii_only)
    assert json.loads(told.out)["name"] == "Jürgen"


@pytest.mark.parametrize("closed", [1, 2])
def test_a_closed_output_is_no_failure_and_never_the_stores_file(closed: int, pipeline: Path) -> None:
    line = f"{sys.executable} -c 'from whence.cli import main; main()' append lead:42 Called --by me {closed}>&-"
    done = subprocess.run(line, shell=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    checked = subprocess.run(line.replace("append lead:42 Called --by me", "check"), shell=True, check=False)
    assert checked.returncode == 0
