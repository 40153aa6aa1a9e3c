"""Files are followed: every change of one is a change of its document, what cannot be used is recorded as such, and the
last good one stays."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest
import watchfiles

import whence
from tests.packs.settings.conftest import Call
from whence.packs import watching
from whence.packs.settings import Document
from whence.packs.settings.events import Changed, VersionRefused


@pytest.fixture
def db(folder: Path) -> Iterator[whence.Whence]:
    with whence.open() as db:
        yield db


def values(db: whence.Whence, document: str) -> object:
    state = db.history().state(Document, f"settings:{document}")
    return None if state is None else state.values


def test_every_kind_of_file_is_read_and_what_it_says_is_told_apart(db: whence.Whence, folder: Path) -> None:
    config = folder / "config"
    (config / "prompts").mkdir(parents=True)
    (config / "a.json").write_text('{"n": 1, "f": 1.0, "t": true}')
    (config / "b.toml").write_text("n = 1\nday = 2026-01-05\n[mail]\nlimit = 3\n")
    (config / "c.yaml").write_text("n: 1\nflags: [on, off]\nday: 2026-01-05\n1: one\n")
    (config / "prompts/reply.txt").write_text("Be polite.\nOffer a call.\n")
    (config / "picture.png").write_bytes(b"\x89PNG")
    (config / ".hidden.json").write_text("{}")
    found = watching.scan(db, ["config"], by="deploy")
    assert [each.document for each in found] == ["a.json", "b.toml", "c.yaml", "prompts/reply.txt"]
    assert values(db, "a.json") == {"n": 1, "f": 1.0, "t": True}
    assert values(db, "b.toml") == {"n": 1, "day": "2026-01-05", "mail": {"limit": 3}}
    assert values(db, "c.yaml") == {"n": 1, "flags": [True, False], "day": "2026-01-05", "1": "one"}
    assert values(db, "prompts/reply.txt") == "Be polite.\nOffer a call."
    assert watching.scan(db, ["config"]) == []
    (config / "b.toml").write_text("n = 1\nday = 2026-01-05\n[mail]\nlimit = 4\n")
    (seen,) = watching.scan(db, ["config"])
    assert isinstance(seen.said, Changed)
    assert [(each.key, each.value) for each in seen.said.edits] == [("mail.limit", 4)]


def test_an_invalid_version_is_recorded_and_the_last_good_one_stays(call: Call, folder: Path) -> None:
    with (folder / "whence.toml").open("a") as file:
        file.write('[[pack.settings.schema]]\nkey = "flags.json:limit"\ntype = "integer"\nat_most = 10\n')
    path = folder / "flags.json"
    path.write_text('{"limit": 3}')
    assert call("settings", "watch", "flags.json", "--once", "--by", "deploy")[0] == 0
    for text, problem in (('{"limit": ', "Not valid JSON"), ('{"limit": 11}', "above the most, 10")):
        path.write_text(text)
        code, out, _ = call("settings", "watch", "flags.json", "--once")
        assert code == 1
        assert problem in out
        assert "Nothing is new" in call("settings", "watch", "flags.json", "--once")[2]
        code, out, err = call("settings", "show", "--document", "flags.json")
        assert json.loads(out) == {"limit": 3}
        assert "last good version" in err
    logged = [json.loads(line) for line in call("settings", "log", "--how", "refused", "--json")[1].splitlines()]
    assert [each["setting"] for each in logged] == ["flags.json", "flags.json"]
    newest, *_ = call("log", "settings:flags.json", "--type", "settings.VersionRefused", "--json")[1].splitlines()
    refused = json.loads(newest)
    assert refused["data"]["text"] == '{"limit": 11}'
    path.write_text('{"limit": 3}')
    assert call("settings", "watch", "flags.json", "--once")[0] == 0
    assert call("settings", "show", "--document", "flags.json")[2] == ""
    path.unlink()
    assert call("settings", "watch", "flags.json", "--once")[0] == 2


def test_a_file_that_is_gone_from_a_folder_is_said_and_its_values_stay(db: whence.Whence, folder: Path) -> None:
    (folder / "config").mkdir()
    for name in ("a.json", "b.json"):
        (folder / "config" / name).write_text('{"n": 1}')
    watching.scan(db, ["config"])
    (folder / "config/a.json").unlink()
    (seen,) = watching.scan(db, ["config"])
    assert isinstance(seen.said, VersionRefused)
    assert (seen.document, seen.said.problem) == ("a.json", "The file is not there any more.")
    assert values(db, "a.json") == {"n": 1}
    assert watching.scan(db, ["config"]) == []


@contextmanager
def followed(db: whence.Whence, *paths: str) -> Iterator[list[watching.Seen]]:
    """What is seen while files are followed."""
    stop, seen = Flag(), list[watching.Seen]()
    kept = {"by": "deploy", "on_change": seen.append, "stop": stop}
    thread = Thread(target=watching.watch, args=(db, paths), kwargs=kept)
    thread.start()
    try:
        yield seen
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def test_what_is_written_while_it_watches_is_recorded(db: whence.Whence, folder: Path) -> None:
    path = folder / "config/reply.txt"
    path.parent.mkdir()
    path.write_text("Be polite.\n")
    with followed(db, "config") as seen:
        wait_for(lambda: len(seen) == 1)
        for text in ("Be bold.\n", "Be brief.\n"):
            count = len(seen)
            path.write_text(text)
            wait_for(lambda count=count: len(seen) == count + 1)
    found = db.table("settings.log", setting="reply.txt")
    assert [each.after for each in found] == ["Be brief.", "Be bold.", "Be polite."]
    assert {each.who for each in found} == {"deploy"}


def test_what_is_taken_away_and_put_back_is_followed_on(db: whence.Whence, folder: Path) -> None:
    alone, within = folder / "a.json", folder / "config/b.json"
    within.parent.mkdir()
    for path in (alone, within):
        path.write_text('{"n": 1}')
    with followed(db, "a.json", "config") as seen:
        wait_for(lambda: len(seen) == 2)
        alone.unlink()
        shutil.rmtree(within.parent)
        wait_for(lambda: len(seen) == 4)
        within.parent.mkdir()
        for path in (alone, within):
            path.write_text('{"n": 2}')
        wait_for(lambda: values(db, "a.json") == values(db, "b.json") == {"n": 2})
        within.write_text('{"n": 3}')  # in another folder than the one that was followed at first
        wait_for(lambda: values(db, "b.json") == {"n": 3})


@pytest.mark.parametrize("is_followed", [True, False])
def test_what_is_taken_away_unseen_is_recorded(
    db: whence.Whence, folder: Path, monkeypatch: pytest.MonkeyPatch, is_followed: bool
) -> None:
    def lost(*_: Path, **__: Any) -> Iterator[set[Any]]:
        if is_followed:
            yield set()
        alone.unlink()
        if not is_followed:
            raise FileNotFoundError
        yield set()

    alone = folder / "a.json"
    alone.write_text('{"n": 1}')
    monkeypatch.setattr(watchfiles, "watch", lost)
    with followed(db, "a.json") as seen:
        wait_for(lambda: len(seen) == 2, 5)
    assert isinstance(seen[1].said, VersionRefused)


def test_what_is_told_of_a_change_may_fail_with_a_file_that_is_not_there(db: whence.Whence, folder: Path) -> None:
    def tell(seen: watching.Seen) -> None:
        if values(db, seen.document) == {"n": 2}:
            stop.set()
            raise FileNotFoundError("no such hook")
        path.write_text('{"n": 2}')

    path, stop = folder / "a.json", Flag()
    path.write_text('{"n": 1}')
    with pytest.raises(FileNotFoundError, match="no such hook"):
        watching.watch(db, ["a.json"], on_change=tell, stop=stop)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        (b"cafe\xcc\x81.json", r"caf\u00e9\.json"),
        (b"a\nb.json", r"a%0Ab\.json"),
        (b"b\xff.json", r"b%FF\.json"),
        (b"n" * 220 + b".json", r"[0-9a-f]{12}~n{182}\.json"),
    ],
)
def test_a_file_of_any_name_is_recorded(db: whence.Whence, folder: Path, name: bytes, document: str) -> None:
    (folder / "config").mkdir()
    Path(os.fsdecode(os.fsencode(folder / "config") + b"/" + name)).write_text('{"n": 1}')
    (seen,) = watching.scan(db, ["config"])
    assert re.fullmatch(document, seen.document)
    assert values(db, seen.document) == {"n": 1}
    assert watching.scan(db, ["config"]) == []


def test_a_file_is_read_when_all_of_it_is_written(db: whence.Whence, folder: Path) -> None:
    def write() -> None:
        with (folder / "a.txt").open("w") as file:
            for part in ("Be polite. ", "Offer ", "a call."):
                file.write(part)
                file.flush()
                begun.set()
                time.sleep(0.05)

    begun = Flag()
    thread = Thread(target=write)
    thread.start()
    assert begun.wait(20)
    (seen,) = watching.scan(db, ["a.txt"])
    thread.join(20)
    assert isinstance(seen.said, Changed)
    assert values(db, "a.txt") == "Be polite. Offer a call."


def test_two_files_are_never_one_document(call: Call, folder: Path) -> None:
    for name in ("one", "other"):
        (folder / name).mkdir()
        (folder / name / "app.json").write_text(json.dumps({"of": name}))
    code, out, err = call("settings", "watch", "one", "other", "--once")
    assert (code, out) == (2, "")
    assert "Two files would be one document (Document: app.json, Files: one/app.json, other/app.json)" in err
    assert call("settings", "watch", "one", "one/app.json", "--once")[0] == 0


def wait_for(holds: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x: &a [*a]", "A value holds itself"),
        ("x: &a {y: *a}", "A value holds itself"),
        ("day: 2026-02-31", "Not valid YAML"),
        ("[" * 3000, "Too deep"),
        ("a0: &a0 [1, 1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)), "many"),
    ],
)
def test_yaml_that_cannot_be_written_out_is_named_and_watching_goes_on(
    db: whence.Whence, folder: Path, text: str, problem: str
) -> None:
    (folder / "a.yaml").write_text(text)
    (folder / "b.yaml").write_text("same: &s [1]\nagain: *s\n")
    refused, good = watching.scan(db, ["a.yaml", "b.yaml"])
    assert isinstance(refused.said, VersionRefused)
    assert problem in refused.said.problem
    assert isinstance(good.said, Changed)
    assert values(db, "b.yaml") == {"same": [1], "again": [1]}


def test_one_edit_is_one_edit(call: Call, folder: Path) -> None:
    (folder / "a.json").write_text('{"n": 1, "m": 2}')
    assert "a.json  2 edits\n" in call("settings", "watch", "a.json", "--once")[1]
    (folder / "a.json").write_text('{"n": 1, "m": 3}')
    assert "a.json  1 edit\n" in call("settings", "watch", "a.json", "--once")[1]
