"""What people do wrong with a path, a file or a folder: each is answered by what is the case and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from whence.errors import CannotWrite, NoSuchStore, NotAStore, StoreBusy, StoreError
from whence.events import Event
from whence.stores.opening import open_store

NAMES = ["leads.jsonl", "leads.db"]
OTHER_WRITER = """
import sys
from whence.stores.opening import open_store
store = open_store(sys.argv[1])
if hasattr(store, "_exclusive"):
    with store._exclusive():
        print("holding", flush=True)
        sys.stdin.read()
else:
    store._writer.execute("BEGIN IMMEDIATE")
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=NAMES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def make(path: Path) -> None:
    store = open_store(path, create=True)
    store.append([Event("LeadCreated", None, ("lead:42",))])
    store.close()


def test_a_mistyped_path_is_no_new_store_and_names_what_lies_near(path):
    make(path)
    wrong = path.with_stem("laeds")
    with pytest.raises(NoSuchStore, match=f"Did you mean.*{path.name}"):
        open_store(wrong)
    assert not wrong.exists()


def test_a_folder_that_is_not_there_is_named(path):
    with pytest.raises(NoSuchStore):
        open_store(path.parent / "none" / path.name)
    with pytest.raises(CannotWrite, match=r"no such folder.*none.*Make the folder first"):
        open_store(path.parent / "none" / path.name, create=True)
    assert not (path.parent / "none").exists()


def test_a_folder_is_no_store(path):
    path.mkdir()
    for create in (False, True):
        with pytest.raises(NotAStore, match="folder"):
            open_store(path, create=create)


@pytest.mark.parametrize(
    "content", [b"type,time\nLeadCreated,2026-01-05\n", b'{"type":"x"}\n', b"\xff\xfe\x00", b"PK\x03\x04" * 500]
)
def test_a_file_that_is_no_store_is_left_as_it_is(path, content):
    path.write_bytes(content)
    for create in (False, True):
        with pytest.raises(NotAStore, match=r"leads.*\. .*whence"):
            open_store(path, create=create)
    assert path.read_bytes() == content


def test_an_empty_file_is_a_store_only_when_one_is_to_be_made(path):
    path.touch()
    with pytest.raises(NotAStore, match="empty"):
        open_store(path)
    make(path)
    store = open_store(path)
    assert store.head() == 1
    store.close()


def test_one_kind_of_store_under_the_name_of_the_other_is_refused(tmp_path):
    make(tmp_path / "leads.jsonl")
    make(tmp_path / "leads.db")
    os.rename(tmp_path / "leads.jsonl", tmp_path / "log.db")
    os.rename(tmp_path / "leads.db", tmp_path / "sqlite.jsonl")
    for name in ("log.db", "sqlite.jsonl"):
        with pytest.raises(NotAStore):
            open_store(tmp_path / name)


@pytest.fixture
def other_writer(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the right to write for as long as it lives."""
    make(path)
    command = [sys.executable, "-c", OTHER_WRITER, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_waits_and_then_names_the_file_while_readers_go_on(path, other_writer, monkeypatch):
    monkeypatch.setattr("whence.stores.logfile.BUSY_TIMEOUT_S", 0.2)
    monkeypatch.setattr("whence.stores.sqlite.connection.BUSY_TIMEOUT_MS", 200)
    store = open_store(path)
    with pytest.raises(StoreBusy, match=path.name) as refused:
        store.append([Event("LeadWon")])
    assert refused.value.remedy
    assert [event.type for event in store.read()] == ["LeadCreated"]
    other_writer.communicate()
    assert list(store.append([Event("LeadWon")])) == [2]
    store.close()


def test_a_folder_that_cannot_be_written_is_named(path):
    path.parent.chmod(0o555)
    code = f"""
import os
from whence.events import Event
from whence.errors import StoreError
from whence.stores.opening import open_store
import whence.stores.logfile, whence.stores.sqlite
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    open_store({str(path)!r}, create=True)
except StoreError as problem:
    print(type(problem).__name__, problem)
"""
    for parent in (*path.parents,)[1:4]:
        if os.getuid() == 0:  # pytest keeps its folders to itself
            parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    path.parent.chmod(0o755)
    assert done.stdout.startswith("CannotWrite"), done.stdout + done.stderr
    assert path.name in done.stdout
    assert "writable" in done.stdout


def test_every_refusal_says_what_to_do(path):
    def refusal() -> StoreError:
        with pytest.raises(StoreError) as refused:
            open_store(path)
        return refused.value

    assert refusal().remedy
    path.touch()
    assert refusal().remedy
    path.write_bytes(b"something else\n")
    assert refusal().remedy
