"""A real file of feature flags and its 983 commits: every state to the hash, what was in force at any time, who did
what, and the way back. The answers were computed independently: ../shared/data/README.md."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import whence
from whence import jsonvalue
from whence.errors import InvalidFile
from whence.packs import changes, documents, rollback
from whence.packs.settings import Document
from whence.tree import at, path_of, version_of

DATA = Path(__file__).parents[4] / "shared/data/ddg_android_flags"
CHANGES = DATA / "android_override_changes.jsonl.gz"
STEPS = "android:features.history.features.storeHistory.rollout.steps"

pytestmark = pytest.mark.skipif(not CHANGES.exists(), reason="the data are not there: ../shared/data")


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    with gzip.open(CHANGES) as file:
        return [json.loads(line) for line in file]


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[whence.Whence]:
    with whence.open(tmp_path_factory.mktemp("flags") / "flags.db", create=True) as db:
        assert documents.import_changes(db, CHANGES, document="android") == documents.Imported(983, 5, 0, 0)
        yield db


def test_every_commit_comes_to_the_state_whose_hash_is_known(flags: whence.Whence, lines: list[dict[str, Any]]) -> None:
    model = whence.Model.of(Document)
    state, hashes = model.initial(), []
    for event in flags.history().events():
        state = model.apply(state, event)
        hashes.append(version_of(state.values))
        assert state.version == hashes[-1]
    assert hashes == [line["state_sha256"] for line in lines]
    assert sum(len(event.data["edits"]) for event in flags.history().events()) == 1578
    assert len({event.actor for event in flags.history().events()}) == 54


@pytest.mark.parametrize(
    ("moment", "commits", "features", "enabled", "version"),
    [
        ("2024-06-10T00:00:00Z", 216, 36, 33, ""),
        ("2026-01-01T00:00:00Z", 702, 77, 70, "ff9d016b8d9d3ed5"),
    ],
)
def test_what_was_in_force_then(
    flags: whence.Whence, moment: str, commits: int, features: int, enabled: int, version: str
) -> None:
    state = flags.state("settings:android", at=moment, model=Document)
    assert state is not None
    found = state["values"]["features"]
    assert (state["changes"], len(found)) == (commits, features)
    assert sum(each.get("state") == "enabled" for each in found.values()) == enabled
    assert state["version"].startswith(version)


def test_how_a_rollout_came_to_100_percent(flags: whence.Whence) -> None:
    found = flags.table("settings.log", setting=STEPS)[::-1]
    assert [(each.after[0]["percent"], f"{each.time:%m-%d}") for each in found] == [
        (0.5, "04-30"),
        (50, "05-02"),
        (25, "06-06"),
        (50, "06-18"),
        (100, "06-27"),
    ]
    assert {each.who for each in found} == {"author-017"}
    assert flags.table("settings.get", at="2024-06-10T00:00:00Z", setting=STEPS)[0].value == [{"percent": 25}]
    (blamed,) = flags.table("settings.blame", setting=STEPS)
    assert (blamed.value, blamed.who, blamed.position) == ([{"percent": 100}], "author-017", 227)


def test_commits_that_do_something_else_than_they_say(flags: whence.Whence) -> None:
    found = flags.table("settings.claims", setting="*rollout*")
    assert [(each.commit[:8], each.says, each.sets) for each in found] == [
        ("16c7c2d0", ["5"], [10]),
        ("d15dcb63", ["10"], [20]),
    ]
    assert len(flags.table("settings.claims", setting="*rollout*", all=True)) == 190


def test_returns_to_an_earlier_state_and_changes_of_nothing(flags: whence.Whence) -> None:
    assert len(flags.table("settings.versions", returns=True)) == 15
    assert [each.position for each in flags.table("settings.versions", empty=True)][::-1] == [235, 287, 458, 752, 888]


def test_1_and_1_0_are_told_apart(flags: whence.Whence) -> None:
    change = next(each for each in changes.changes(flags.history()) if each.position == 185)
    assert len(change.differences) == 3
    assert change.returns_to is None


def test_rolling_back_the_last_ten_changes_gives_exactly_the_earlier_state(
    tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    with whence.open(tmp_path / "flags.db", create=True) as db:
        documents.import_changes(db, CHANGES, document="android")
        preview = rollback.rollback(db, "android", last=10, preview=True)
        assert db.store.head() == 983
        done = rollback.rollback(db, "android", last=10, by="on-call")
        state = db.state("settings:android", model=Document)
        assert state is not None
        assert state["version"] == version_of(state["values"]) == done.version == preview.version
        assert done.version == lines[972]["state_sha256"]
        assert len(done.undone) == 10
        assert documents.import_changes(db, CHANGES, document="android") == documents.Imported(0, 0, 0, 983)
        (newest, *_) = db.table("settings.versions", returns=True)
        assert (newest.position, newest.same_as) == (984, 973)


def test_changes_that_do_not_come_to_the_state_they_name_are_refused(
    tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    broken = tmp_path / "broken.jsonl"
    lost = [line for line in lines[:40] if line["seq"] != 17]
    broken.write_text("".join(json.dumps(line) + "\n" for line in lost))
    with whence.open(tmp_path / "flags.db", create=True) as db, pytest.raises(InvalidFile, match="Line: 17"):
        documents.import_changes(db, broken)


def test_the_history_of_a_file_in_a_git_repository_is_the_same(
    tmp_path: Path, lines: list[dict[str, Any]], flags: whence.Whence
) -> None:
    repository, file = tmp_path / "repository", "overrides/android-override.json"
    commits(repository, file, lines[:300])
    with whence.open(tmp_path / "flags.db", create=True) as db:
        done = documents.import_git(db, repository / file, document="android")
        assert (done.recorded, done.empty, done.refused) == (300, 2, 0)
        assert documents.import_git(db, repository / file, document="android").known == 300
        for ours, theirs in zip(db.history().events(), flags.history().events(), strict=False):
            assert (ours.time, ours.actor, ours.data["version"]) == (theirs.time, theirs.actor, theirs.data["version"])
            assert in_order(ours.data["edits"]) == in_order(theirs.data["edits"])


def in_order(edits: list[dict[str, Any]]) -> list[bytes]:
    return sorted(map(jsonvalue.canonical, edits))


def commits(repository: Path, file: str, lines: list[dict[str, Any]]) -> None:
    """A repository with these states of a file as its commits."""
    told = [b"feature done\n"]
    state: Any = {}
    for number, line in enumerate(lines):
        for change in line["changes"]:
            state = changed(state, change)
        content = json.dumps(state, indent=number % 3).encode()  # laid out another way each time
        message = line["message"].encode()
        when = whence.Event("X", time=line["committed_at"]).time
        assert when is not None
        stamp = f"{int(when.timestamp())} +0000".encode()
        told += [
            b"commit refs/heads/main\n",
            b"author %s <a@b.c> %s\n" % (line["author"].encode(), stamp),
            b"committer %s <a@b.c> %s\n" % (line["author"].encode(), stamp),
            b"data %d\n%s\n" % (len(message), message),
            b"M 100644 inline %s\ndata %d\n%s\n" % (file.encode(), len(content), content),
        ]
    told.append(b"done\n")
    subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repository, input=b"".join(told), check=True)


def changed(state: Any, change: dict[str, Any]) -> Any:
    """The state after one of the file's own operations, applied without the code under test."""
    state = json.loads(json.dumps(state))
    *outer, last = change["path"].split("/")[1:]
    inner = state
    for part in outer:
        inner = inner[part.replace("~1", "/").replace("~0", "~")]
    if change["op"] == "remove":
        del inner[last.replace("~1", "/").replace("~0", "~")]
    else:
        inner[last.replace("~1", "/").replace("~0", "~")] = change["value"]
    return state


def test_a_key_in_the_state_is_found_by_its_name(flags: whence.Whence) -> None:
    state = flags.state("settings:android", model=Document)
    assert state is not None
    assert at(state["values"], path_of("features.history.state")) == "enabled"
