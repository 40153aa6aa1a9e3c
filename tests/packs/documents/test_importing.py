"""Histories that git or another tool has kept: what is no history of a file is refused by its place."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import pytest

from tests.packs.settings.conftest import Call


@pytest.fixture
def repository(folder: Path) -> Path:
    place = folder / "repo"
    (place / "config").mkdir(parents=True)
    for number in (1, 2):
        (place / "config/a.json").write_text(f'{{"n": {number}}}')
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", f"to {number}"]):
            by = ["-c", "user.name=carla", "-c", "user.email=carla@example.com"]
            subprocess.run(["git", *by, *words], cwd=place, check=True)
    return place


def test_one_version_is_counted_as_one(call: Call) -> None:
    Path("flags.jsonl").write_text(
        '{"time": "2026-01-05T09:00:00Z", "changes": [{"op": "add", "path": "/n", "value": 1}]}\n'
    )
    assert call("settings", "import", "flags.jsonl")[1] == "1 version recorded\n"


def test_a_file_of_no_changes_is_named_with_what_a_line_is(call: Call) -> None:
    Path("mail.txt").write_text("Dear lead.\n")
    code, _, err = call("settings", "import", "mail.txt")
    assert (code, "File: mail.txt, Line: 1" in err, '"changes": [' in err) == (2, True, True)


def test_a_file_of_settings_in_place_of_its_changes_is_told_how_it_is_read(call: Call) -> None:
    Path("b.yaml").write_text("limit: 3\n")
    code, _, err = call("settings", "import", "b.yaml")
    assert code == 2
    assert "For a file of settings itself say --git, or use whence settings watch FOLDER --once." in err


def test_of_a_renamed_file_each_name_is_a_document_with_its_own_part(call: Call, repository: Path) -> None:
    by = ["-c", "user.name=carla", "-c", "user.email=carla@example.com"]
    for words in (["mv", "config/a.json", "config/b.json"], ["commit", "-qm", "renamed"]):
        subprocess.run(["git", *by, *words], cwd=repository, check=True)
    assert call("settings", "import", "repo/config/a.json", "--git")[1].startswith("3 versions recorded")
    assert call("settings", "import", "repo/config/b.json", "--git")[1] == "1 version recorded\n"
    logged = [json.loads(line) for line in call("settings", "log", "--json")[1].splitlines()]
    assert {(each["setting"], each["after"]) for each in logged} == {
        ("config/a.json:n", 1),
        ("config/a.json:n", 2),
        ("config/a.json:n", None),
        ("config/b.json:n", 2),
    }


def test_each_commit_of_a_file_is_a_version(call: Call, repository: Path) -> None:
    assert call("settings", "import", "repo/config/a.json", "--git")[1] == "2 versions recorded\n"
    assert call("settings", "get", "config/a.json:n", "--csv")[1].splitlines() == ["setting,value", "config/a.json:n,2"]


def test_a_folder_of_a_repository_is_no_file(call: Call, repository: Path) -> None:
    code, _, err = call("settings", "import", "repo/config", "--git")
    assert code == 2
    assert "This is a folder (Path: config).\n  Name one of the files in it." in err
    assert call("log")[1] == ""


def test_a_list_of_changes_that_is_cut_off_is_said(call: Call, folder: Path) -> None:
    whole = gzip.compress(b'{"changes": [{"op": "add", "path": "/a", "value": 1}]}\n' * 9)
    (folder / "cut.jsonl.gz").write_bytes(whole[:-12])
    (folder / "broken.jsonl.gz").write_bytes(whole[:10] + b"\xff" * 20)
    assert "The file is cut off (File: cut.jsonl.gz)" in call("settings", "import", "cut.jsonl.gz")[2]
    assert "Cannot be read (File: broken.jsonl.gz" in call("settings", "import", "broken.jsonl.gz")[2]
    assert "Is a directory" in call("settings", "import", ".")[2]
    assert call("log")[1] == ""


def change_to(value: int, **said: str) -> str:
    return json.dumps({**said, "changes": [{"op": "add", "path": "/n", "value": value}]}) + "\n"


def test_another_file_of_a_document_is_more_of_its_history_and_the_same_one_may_grow(call: Call) -> None:
    january, february = change_to(1) + change_to(2), change_to(3) + change_to(4)
    Path("jan.jsonl").write_text(january)
    Path("feb.jsonl").write_text(february)
    assert call("settings", "import", "jan.jsonl", "--document", "flags")[1] == "2 versions recorded\n"
    assert call("settings", "import", "feb.jsonl", "--document", "flags")[1] == "2 versions recorded\n"
    Path("feb.jsonl").write_text(february + change_to(3))
    assert call("settings", "import", "feb.jsonl", "--document", "flags")[1] == (
        "1 version recorded, 2 were there already\n"
    )
    assert call("settings", "get", "flags:n", "--csv")[1].splitlines()[1] == "flags:n,3"


def test_each_line_of_one_commit_is_a_version(call: Call) -> None:
    Path("a.jsonl").write_text("".join(change_to(value, commit="684d06") for value in (1, 2, 3)))
    assert call("settings", "import", "a.jsonl")[1] == "3 versions recorded\n"
    assert call("settings", "import", "a.jsonl")[1] == "0 versions recorded, 3 were there already\n"


def test_documents_of_long_names_are_told_apart(call: Call) -> None:
    Path("a.jsonl").write_text(change_to(1, commit="684d06" * 6))
    for name in ("x" * 190, "x" * 191):
        assert call("settings", "import", "a.jsonl", "--document", name)[1] == "1 version recorded\n"


def test_a_branch_without_a_repository_is_refused(call: Call) -> None:
    Path("a.jsonl").write_text(change_to(1))
    code, _, err = call("settings", "import", "a.jsonl", "--branch", "main")
    assert (code, "say --git" in err) == (2, True)
