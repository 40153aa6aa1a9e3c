"""init, check and copy on real stores."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from pathlib import Path

import pytest
from running import Run


def test_init_writes_a_commented_file_and_an_empty_store(folder: Path, whence: Run) -> None:
    done = whence("init", "--zone", "Europe/Berlin")
    assert done.code == 0
    text = (folder / "whence.toml").read_text()
    assert tomllib.loads(text) == {"store": "whence.db", "zone": "Europe/Berlin"}
    assert "# [import.crm]" in text
    assert "# [model.lead]" in text
    assert whence("log").err.startswith("Nothing matches: the store is empty.")


def test_what_init_has_commented_out_works_when_the_signs_are_taken_away(folder: Path, whence: Run) -> None:
    whence("init")
    path = folder / "whence.toml"
    path.write_text(
        "\n".join(line.removeprefix("# ") if is_code(line) else line for line in path.read_text().splitlines())
    )
    (folder / "crm.csv").write_text("when,what,lead,owner,score\n2026-01-05 09:00,Scored,42,ann,60\n")
    assert whence("import", "crm.csv").code == 0
    assert whence("state", "lead:42").code == 0
    assert whence("check").code == 0


def is_code(line: str) -> bool:
    return line.startswith(("# [", '# "')) or (line.startswith("# ") and " = " in line)


def test_init_leaves_what_is_there_alone(pipeline: Path, whence: Run) -> None:
    before = (pipeline / "whence.toml").read_bytes()
    done = whence("init", "--store", "other.db")
    assert done.code == 0
    assert "Left as it is" in done.out
    assert "6 events" in done.out
    assert (pipeline / "whence.toml").read_bytes() == before
    assert not (pipeline / "other.db").exists()
    assert done.err == '--store other.db was not used: whence.toml says store = "whence.db".\n'
    assert whence("init", "--store", "whence.db").err == ""
    assert whence("init", "--zone", "Asia/Tokyo").err == (
        '--zone Asia/Tokyo was not used: whence.toml says zone = "UTC".\n'
    )


def test_a_file_that_names_no_store_says_what_to_add_and_no_store_is_made(folder: Path, whence: Run) -> None:
    (folder / "whence.toml").touch()
    for words in (("init",), ("log",)):
        done = whence(*words)
        assert (done.code, done.out) == (2, ""), words
        assert "The configuration names no store" in done.err
        assert 'Add store = "whence.db" to it' in done.err
    assert [path.name for path in folder.iterdir()] == ["whence.toml"]
    (folder / "whence.toml").write_text('store = "whence.db"')
    assert whence("init").code == 0
    assert whence("append", "lead:42", "Called").code == 0


@pytest.mark.parametrize("name", ["empty.db", "empty.jsonl"])
def test_a_store_made_in_an_empty_file_is_said_to_be_made(name: str, folder: Path, whence: Run) -> None:
    (folder / name).touch()
    done = whence("log", "--store", name)
    assert done.code == 4
    assert "The file is empty" in done.err
    assert "Make a store in it with whence init" in done.err
    done = whence("append", "lead:42", "Called", "--store", name)
    assert (done.code, done.err) == (0, f"Made a new store: {name}\n")
    assert whence("init", "--store", name).out.splitlines()[1] == f"The store is there, with 1 event: {name}"
    assert whence("copy", name, "one.db").out == "Copied 1 event to one.db.\n"


def test_an_init_that_can_make_no_store_leaves_no_file_that_blocks_the_next_one(folder: Path, whence: Run) -> None:
    done = whence("init", "--store", "missing/leads.db")
    assert done.code == 4
    assert "There is no such folder" in done.err
    assert not list(folder.iterdir())
    assert whence("init", "--store", "leads.db").code == 0


@pytest.mark.parametrize("name", ['we"ird.db', "back\\slash.db", "it's üb.jsonl"])
def test_a_store_with_an_odd_name_is_named_as_it_is(name: str, folder: Path, whence: Run) -> None:
    assert whence("init", "--store", name).code == 0
    assert tomllib.loads((folder / "whence.toml").read_text("utf-8"))["store"] == name
    assert (folder / name).is_file()


def test_the_nearest_file_counts_from_a_folder_below(
    pipeline: Path, whence: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pipeline / "below" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(pipeline / "below" / "deeper")
    assert len(whence("log", "--json").out.splitlines()) == 6


def test_the_option_wins_over_the_environment_and_that_over_the_file(
    pipeline: Path, whence: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whence("append", "lead:1", "A", "--store", "one.db")
    whence("append", "lead:2", "B", "--store", "two.db")
    monkeypatch.setenv("WHENCE_STORE", "one.db")
    assert whence("log").out.count("lead:1") == 1
    assert whence("log", "--store", "two.db").out.count("lead:2") == 1


def test_check_says_that_a_sound_store_keeps_every_promise(pipeline: Path, whence: Run) -> None:
    done = whence("check")
    assert done.code == 0
    assert [line[:5] for line in done.out.splitlines()[:5]] == ["ok   "] * 5
    report = json.loads(whence("check", "--json").out)
    assert report["sound"]
    assert report["events"] == 6
    assert {"store", "sqlite", "synchronous"} <= report["settings"].keys()


def test_check_ends_with_one_and_says_what_is_wrong_with_a_store_that_lost_an_event(
    pipeline: Path, whence: Run
) -> None:
    whence("copy", "whence.db", "bad.jsonl")
    with sqlite3.connect(pipeline / "whence.db") as db:
        db.execute("delete from event where position = 3")
    db.close()
    done = whence("check")
    assert done.code == 1
    assert "NOT  positions are 1, 2, 3" in done.out
    assert "after 2 comes 4" in done.out
    assert "whence copy" in done.err


@pytest.mark.parametrize("target", ["leads.jsonl", "other.db", "sqlite:third.db"])
def test_copy_keeps_positions_and_ids_and_notes_the_origin(target: str, pipeline: Path, whence: Run) -> None:
    done = whence("copy", "whence.db", target)
    assert (done.code, done.err) == (0, f"Made a new store: {target}\n")
    assert done.out == f"Copied 6 events to {target}.\n"
    assert whence("log", "--json", "--store", target).out == whence("log", "--json").out
    report = json.loads(whence("check", "--json", "--store", target).out)
    original = json.loads(whence("check", "--json").out)
    assert report["sound"]
    assert report["origin"] == original["store_id"] != report["store_id"]
    assert whence("copy", "whence.db", target).out == f"Copied 0 events to {target}.\n"


def test_copy_without_an_import_that_is_not_there_makes_no_store(pipeline: Path, whence: Run) -> None:
    done = whence("copy", "whence.db", "better.db", "--without", "import:none")
    assert done.code == 1
    assert "There is no such import" in done.err
    assert "whence log --type whence.ImportStarted" in done.err
    assert not (pipeline / "better.db").exists()


@pytest.mark.parametrize(
    "line",
    [
        *("log", "show @1", "state lead:1", "states lead", "at now", "diff lead:1 @1", "why lead:1 x", "types"),
        *("export", "check", "case open lead:1 Q"),
    ],
)
def test_only_writing_commands_create_a_store(line: str, folder: Path, whence: Run) -> None:
    done = whence(*line.split(), "--store", "mistyped.db")
    assert done.code == 4, done
    assert "There is no store here" in done.err
    assert list(folder.iterdir()) == []


IMPURE = """
import time
from whence import on

class Lead:
    kind = "lead"
    tags = []

    @on("Scored")
    def scored(self, event):
        self.age = time.time()
        self.tags.append("x")
"""


def test_check_names_what_makes_a_model_impure(pipeline: Path, whence: Run) -> None:
    (pipeline / "lead.py").write_text(IMPURE)
    done = whence("check", "--model", "lead.py:Lead")
    assert done.code == 1
    assert "Lead.scored calls time.time()  lead.py:11\n       Read event.time instead" in done.out
    assert "NOT  begins each entity with the same state" in done.out
    assert "ok   leaves the events as they are" in done.out
    assert done.out.endswith("on a sample of 6 events of 2 entities; a check, not a sandbox\n")
    with (pipeline / "whence.toml").open("a") as config:
        config.write('[model.lead]\npython = "lead.py:Lead"\n[model.campaign]\n')
    reports = [json.loads(line) for line in whence("check", "--models", "--json").out.splitlines()]
    assert [(each["named"], each["pure"]) for each in reports] == [("lead", False), ("campaign", True)]
    assert reports[0]["findings"][0]["problem"] == "calls time.time()"


def test_check_of_a_pure_model_ends_with_zero(pipeline: Path, whence: Run) -> None:
    (pipeline / "lead.py").write_text(IMPURE.replace("time.time()", "event.time").replace("tags = []", "tags = list()"))
    assert whence("check", "--model", "lead.py:Lead").code == 1
    (pipeline / "lead.py").write_text(IMPURE.replace("time.time()", "event.time").replace("self.tags.append", "str"))
    done = whence("check", "--model", "lead.py:Lead")
    assert (done.code, done.out.count("ok  ")) == (0, 4)


def test_a_mistyped_kind_is_not_called_pure(pipeline: Path, whence: Run) -> None:
    done = whence("check", "--model", "leed")
    assert (done.code, done.out, done.err) == (1, "", "There is no leed here. Did you mean lead?\n")


def test_a_model_that_no_event_was_run_through_is_not_called_stable(folder: Path, whence: Run) -> None:
    (folder / "lead.py").write_text("class Lead:\n    kind = 'lead'\n")
    assert whence("init").code == 0
    done = whence("check", "--model", "lead.py:Lead")
    assert done.code == 0
    assert done.out.count("ok  ") == 1
    assert "read, not run: there is no event" in done.out


def test_a_file_alone_is_no_model_and_no_models_are_said(pipeline: Path, whence: Run) -> None:
    done = whence("check", "--model", "crm.py")
    assert (done.code, done.out) == (2, "")
    assert "Name its class too: crm.py:Lead." in done.err
    done = whence("check", "--models")
    assert (done.code, done.out) == (1, "")
    assert "There is no [model.KIND] in whence.toml" in done.err


def test_init_of_what_is_named_like_a_store_says_how_to_name_a_store(folder: Path, whence: Run) -> None:
    for given, remedy in (("leads.db", "whence init --store leads.db"), ("a/b.jsonl", "whence init a --store b.jsonl")):
        done = whence("init", given)
        assert (done.code, done.out) == (2, "")
        assert remedy in done.err
    assert list(folder.iterdir()) == []
