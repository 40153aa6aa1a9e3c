"""What only asks leaves every file as it was, also one that it must not write; beside a writer, the events so far."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from running import Run

from tests.cli.test_experimenting import CARDS
from whence.events import Event
from whence.stores.opening import open_store

ASKED = [
    "experiment lead --candidate v2 --outcome Scored",
    "experiment lead --candidate v2 --stop 'LeadCreated source=web'",
    "grid lead --card v2 --vary opened=60,70 --outcome Scored --within '1 day'",
    "score lead:42",
    "score lead",
    "sql 'select count(*) from events'",
    "state lead:42",
    "states lead",
    "at 2026-01-10 lead:42",
    "diff lead 2026-01-06",
    "why lead:42 score",
    "without lead:42 score @5",
    "trace @1",
    "bisect lead '(score or 0) < 70'",
    "cases write --type Scored",
    "log",
    "du",
    "check",
]


@pytest.fixture
def carded(pipeline: Path) -> Path:
    path = pipeline / "whence.toml"
    path.write_text(path.read_text() + CARDS)
    return pipeline


def hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file, by its name."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("words", ASKED)
def test_no_file_is_changed_added_or_gone(carded: Path, whence: Run, words: str) -> None:
    before = hashes(carded)
    done = whence(*shlex.split(words))
    assert done.code in (0, 1), done.err
    assert hashes(carded) == before


def test_a_file_that_must_not_be_written_is_asked_all_the_same(carded: Path) -> None:
    """As one whom the file's mode binds: root is not, unless it lays down that capability."""
    bound = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write any file, and there is no setpriv to lay that down")
        bound = ["setpriv", "--bounding-set", "-dac_override"]
    (store,) = carded.glob("*.db")
    store.chmod(0o444)
    before = hashes(carded)[store.name]

    def run(*words: str) -> tuple[int, str]:
        line = [*bound, sys.executable, "-c", "from whence.cli import main; main()", *words]
        done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    for words in (("experiment", "lead", "--candidate", "v2"), ("score", "lead:42"), ("state", "lead:42"), ("log",)):
        code, said = run(*words)
        assert code == 0, said
    code, said = run("append", "lead:42", "EmailOpened")
    assert code != 0
    assert "cannot be written" in said
    assert hashes(carded)[store.name] == before


@pytest.mark.parametrize("words", [("experiment", "lead", "--candidate", "v2"), ("sql", "select count(*) from events")])
def test_beside_a_writer_the_events_up_to_the_head_stay_as_they_were(
    carded: Path, command: Run, words: tuple[str, ...]
) -> None:
    (path,) = carded.glob("*.db")
    done, more = threading.Event(), threading.Event()

    def digest(upto: int) -> str:
        with closing(open_store(path)) as store:
            lines = (repr(event.to_json()).encode() for event in store.read(upto=upto))
            return hashlib.sha256(b"\n".join(lines)).hexdigest()

    def write() -> None:
        with closing(open_store(path)) as writer:
            while not done.is_set():
                writer.append([Event("EmailOpened", {"campaign": "spring"}, ["lead:42"])])
                more.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert more.wait(10)
        with closing(open_store(path)) as store:
            head = store.head()
        before = digest(head)
        asked = command(*words)
    finally:
        done.set()
        thread.join()
    assert asked.code == 0, asked.err
    assert digest(head) == before
    with closing(open_store(path)) as store:
        assert store.head() > head
