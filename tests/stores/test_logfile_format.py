"""What stands in a log file, byte by byte: torn ends, changed bytes, other processes, disks that fill up or fail."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from whence.clock import FixedClock
from whence.errors import (
    CannotWrite,
    CorruptStore,
    IdConflict,
    InvalidEvent,
    NoSuchStore,
    NotAStore,
    OutcomeUnknown,
    StoreBusy,
    StoreClosed,
    StoreError,
    UnknownFormat,
)
from whence.events import Body, Event, Recorded
from whence.query import AppendCondition, Basis, Query
from whence.stores import logfile, logline
from whence.stores.logfile import LogFileStore

APPENDS = [
    [Event("LeadCreated", {"name": "Zoë ✓", "n": 1.0, "m": 1}, ("lead:42",), id="a")],
    [
        Event("EmailOpened", {"z": 1, "a": 2**53 - 1}, ("lead:42", "campaign:spring"), actor="crm"),
        Event("Signed", Body(b"\x00\xff\n", "image/png"), cause="a", correlation="import:1"),
        Event("LeadScored", None, ("lead:42",), version=2, time="2026-01-05T09:00:00.250000Z", meta={"line": 7}),
    ],
    [Event("LeadScored", [1, 1.0, True, "\n\u2028\\"], ("lead:42",)), Event("LeadWon", "x", ("lead:42",))],
]
BASIS = Basis(Query.of(tags=["lead:42"]), 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leads.jsonl"


@pytest.fixture
def opened() -> Iterator[Callable[..., LogFileStore]]:
    """LogFileStore.open, and everything is closed in the end."""
    stores = []

    def open_log(path: Path, **options: object) -> LogFileStore:
        stores.append(LogFileStore.open(path, **options))  # type: ignore[arg-type]
        return stores[-1]

    yield open_log
    for store in stores:
        store.close()


@pytest.fixture
def written(path: Path) -> tuple[bytes, list[Recorded], list[int]]:
    """The bytes of a small log, its events, and the file's size after each append."""
    store = LogFileStore.open(path, create=True, clock=FixedClock("2026-01-06T00:00:00Z"))
    sizes = [path.stat().st_size]
    for number, events in enumerate(APPENDS):
        store.append(events, basis=BASIS if number else None)
        sizes.append(path.stat().st_size)
    events = list(store.read())
    store.close()
    return path.read_bytes(), events, sizes


def events_upto(size: int, sizes: list[int]) -> int:
    """How many events the complete appends within so many bytes have."""
    return sum(len(events) for events, end in zip(APPENDS, sizes[1:], strict=True) if end <= size)


# The lines.


def test_every_line_is_the_envelope_as_json_and_only_the_last_of_an_append_is_sealed(written):
    content, events, _ = written
    lines = [json.loads(line) for line in content.splitlines()]
    assert lines[0]["whence"] == "log"
    assert lines[0]["format"] == 1
    assert [line.pop("append", {}).get("events") for line in lines[1:]] == [1, None, None, 3, None, 2]
    assert [Recorded.from_json(line) for line in lines[1:]] == events
    assert lines[1:] == [event.to_json() for event in events]


def test_the_event_at_a_position_stands_in_the_line_after_it(written):
    content, events, _ = written
    for event in events:
        assert json.loads(content.splitlines()[event.position])["id"] == event.id


def test_data_comes_back_digit_by_digit(path, opened):
    store = opened(path, create=True)
    texts = ['{"b":1.0,"a":1,"c":true}', "1e-7", "9007199254740991", '"é\\n\u2028"', "null", "[]", "-0.0"]
    for text in texts:
        (position,) = store.append([Event("Noted", json.loads(text))])
        (again,) = opened(path).read(after=position - 1)
        assert again == next(iter(store.read(after=position - 1)))
        assert repr(again.data) == repr(json.loads(text))
    assert list(next(iter(store.read())).data) == ["b", "a", "c"]


def test_basis_and_meta_come_back_as_they_were(written, path, opened):
    _, events, _ = written
    again = list(opened(path).read())
    assert again == events
    assert [event.basis for event in again] == [None] + [BASIS] * 5
    assert again[3].meta == {"line": 7}


def test_json_text_of_several_lines_is_refused_because_it_would_break_the_log(path, opened):
    store = opened(path, create=True)
    store.append([Event("Noted", {"a": 1})])
    (event,) = store.read()
    broken = Recorded(2, "x", "Noted", 1, None, "", '{"a":\n1}', None, event.recorded_us)
    with pytest.raises(InvalidEvent, match="line breaks"):
        store.restore([broken])
    assert store.head() == 1


# Torn ends.


def test_cut_anywhere_a_reader_sees_exactly_the_complete_appends_and_changes_nothing(written, path, opened):
    content, events, sizes = written
    for size in range(sizes[0], len(content)):
        path.write_bytes(content[:size])
        store = LogFileStore.open(path)
        expected = events_upto(size, sizes)
        assert list(store.read()) == events[:expected], size
        assert store.head() == expected
        assert ("unfinished append" in store.settings()) == (size not in sizes), size
        assert list(store.problems()) == []
        store.close()
        assert path.read_bytes() == content[:size]


def test_cut_anywhere_a_writer_sets_the_torn_part_aside_and_goes_on(written, path):
    content, events, sizes = written
    for size in range(sizes[0], len(content)):
        path.write_bytes(content[:size])
        store = LogFileStore.open(path)
        expected = events_upto(size, sizes)
        assert list(store.append([Event("After", id="after")])) == [expected + 1]
        assert list(store.read())[:-1] == events[:expected]
        torn = path.with_name(path.name + ".torn-1")
        assert torn.exists() == (size not in sizes)
        if torn.exists():
            assert torn.read_bytes() == content[max(end for end in sizes if end <= size) : size]
            assert torn.name in store.settings()["unfinished appends set aside"]
            torn.unlink()
        store.close()
        again = LogFileStore.open(path)
        assert again.head() == expected + 1
        assert list(again.problems()) == []
        again.close()


def test_cut_within_its_first_line_it_is_no_log(written, path):
    content, _, sizes = written
    for size in range(sizes[0]):
        path.write_bytes(content[:size])
        with pytest.raises(NotAStore):
            LogFileStore.open(path)


def test_a_torn_end_left_while_the_store_is_open_is_set_aside_before_the_next_append(written, path, opened):
    content, events, _ = written
    store = opened(path)
    with path.open("ab") as log:
        log.write(b'{"position":7,"id":"half')
    assert store.head() == 6
    assert list(store.read()) == events
    assert list(store.append([Event("After")])) == [7]
    assert path.with_name("leads.jsonl.torn-1").read_bytes() == b'{"position":7,"id":"half'
    assert path.read_bytes().startswith(content)
    assert [event.type for event in opened(path).read(after=6)] == ["After"]


def test_a_second_torn_end_gets_a_file_of_its_own(written, path, opened):
    store = opened(path)
    for number in (1, 2):
        with path.open("ab") as log:
            log.write(b'{"posi')
        store.append([Event("After")])
        assert path.with_name(f"leads.jsonl.torn-{number}").read_bytes() == b'{"posi'


def test_zeros_that_a_power_failure_left_are_a_torn_end(written, path, opened):
    content, events, sizes = written
    for first, last in ((sizes[2], len(content)), (sizes[2] + 40, len(content)), (sizes[2], len(content) - 60)):
        path.write_bytes(content[:first] + bytes(last - first) + content[last:])
        store = opened(path)
        assert list(store.read()) == events[:4]
        assert list(store.append([Event("After")])) == [5]


def test_zeros_over_an_append_that_others_follow_are_no_torn_end(written, path):
    content, _, sizes = written
    for first, last in ((sizes[1], sizes[2]), (sizes[1] + 9, sizes[2] + 40), (sizes[2] - 5, sizes[2] + 5)):
        path.write_bytes(content[:first] + bytes(last - first) + content[last:])
        with pytest.raises(CorruptStore):
            LogFileStore.open(path)


# Changed bytes.


@pytest.mark.parametrize("change", [lambda b: b ^ 1, lambda b: b ^ 0x20, lambda b: 10, lambda b: 0, lambda b: 0xFF])
def test_a_changed_byte_is_found_wherever_it_is(written, path, change, monkeypatch):
    monkeypatch.setattr(logfile, "SECOND_LOOKS", 0)  # nobody else writes here
    content, events, sizes = written
    for place, byte in enumerate(content):
        if change(byte) == byte:
            continue
        path.write_bytes(content[:place] + bytes([change(byte)]) + content[place + 1 :])
        try:
            store = LogFileStore.open(path)
        except StoreError:
            continue
        seen = list(store.read())
        reported = "unfinished append" in store.settings()
        store.close()
        assert seen == events[: len(seen)], place
        assert reported, place
        assert place >= sizes[2], "only the last append can be taken for torn"


def test_a_changed_line_is_named(written, path):
    content, _, _ = written
    lines = content.splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:1], lines[1].replace(b"Zo", b"Zi"), *lines[2:]]))
    with pytest.raises(CorruptStore, match=r"checksum.*Line: 2.*git"):
        LogFileStore.open(path)
    path.write_bytes(b"".join([*lines[:2], lines[2].replace(b"crm", b"you"), *lines[3:]]))
    with pytest.raises(CorruptStore, match="Lines: 3 to 5"):
        LogFileStore.open(path)


def test_a_changed_last_append_is_not_taken_for_a_torn_one(written, path):
    content, _, _ = written
    path.write_bytes(content.replace(b"LeadWon", b"LeadOwn"))
    with pytest.raises(CorruptStore, match="Lines: 6 to 7"):
        LogFileStore.open(path)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: [*lines[:3], b"\n", *lines[3:]], "Line: 4"),
        (lambda lines: [*lines[:3], *lines[4:]], "position 4 where 3 comes next.*Line: 4"),
        (lambda lines: [*lines[:3], lines[3], *lines[3:]], "position 3 where 4 comes next.*Line: 5"),
        (lambda lines: [*lines[:2], b"<<<<<<< HEAD\n", *lines[2:]], "merge.*Line: 3"),
        (lambda lines: [*lines, lines[-1]], "position 6 where 7 comes next.*Line: 8"),
        (lambda lines: [*lines, b"note to self\n"], "not an event.*Line: 8"),
        (lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], "gitattributes"),
    ],
)
def test_an_edit_or_a_merge_by_hand_is_named_with_its_line(written, path, edit, message):
    content, _, _ = written
    path.write_bytes(b"".join(edit(content.splitlines(keepends=True))))
    with pytest.raises(CorruptStore, match=message):
        LogFileStore.open(path)


def test_a_line_that_is_changed_while_the_log_is_open_is_found_on_reading_and_on_checking(written, path, opened):
    store = opened(path)
    with path.open("r+b") as log:
        log.seek(written[2][1])
        log.write(b"X")
    with pytest.raises(CorruptStore, match="Line: 3"):
        list(store.read())
    assert any("Line: 3" in problem for problem in store.problems())


def test_checking_tells_of_promises_that_checksums_do_not_cover(path, opened):
    opened(path, create=True)
    events = [
        Recorded(n, id, "Noted", 1, None, "", "1", None, us) for n, id, us in ((1, "a", 5), (2, "b", 4), (3, "a", 6))
    ]
    with path.open("ab") as log:
        log.write(logline.sealed(events))
    later, earlier = list(opened(path).problems())
    assert "Line 2" in later
    assert "later one" in later
    assert "Line 3" in earlier
    assert "recorded before" in earlier


# What is no log, or no longer the log.


def test_what_is_no_log_is_refused_with_a_remedy(path, tmp_path):
    with pytest.raises(NoSuchStore, match="whence init"):
        LogFileStore.open(path)
    with pytest.raises(NotAStore, match="folder"):
        LogFileStore.open(tmp_path)
    with pytest.raises(CannotWrite, match="no such folder"):
        LogFileStore.open(tmp_path / "none" / "leads.jsonl", create=True)
    with pytest.raises(NotAStore, match="device"):
        LogFileStore.open("/dev/null", create=True)
    path.write_bytes(b"")
    with pytest.raises(NotAStore, match="empty"):
        LogFileStore.open(path)
    for content in (b'{"type":"x"}\n', b"\xff\xfe", b"id,type\n1,a\n", b"SQLite format 3\0" * 300):
        path.write_bytes(content)
        for create in (False, True):
            with pytest.raises(NotAStore, match="whence init"):
                LogFileStore.open(path, create=create)
        assert path.read_bytes() == content


def test_an_empty_file_becomes_a_log_when_one_is_asked_for(path, opened):
    path.touch()
    assert opened(path, create=True).head() == 0
    assert opened(path).head() == 0


def test_a_newer_format_is_refused_by_its_number(written, path):
    path.write_bytes(written[0].replace(b'"format":1', b'"format":2', 1))
    with pytest.raises(UnknownFormat, match="Format: 2"):
        LogFileStore.open(path)


def test_identity_and_origin_are_kept(path, opened):
    identity = opened(path, create=True, origin="where it came from").identity()
    assert identity.origin == "where it came from"
    assert opened(path).identity() == identity
    assert opened(path, create=True, origin="elsewhere").identity() == identity


def test_a_file_that_is_replaced_cut_or_removed_while_open_is_not_gone_on_with(written, path, opened):
    content, _, sizes = written
    store = opened(path)
    path.with_name("other").write_bytes(content)
    os.replace(path.with_name("other"), path)
    for use in (store.head, lambda: store.append([Event("X")]), lambda: store.read()):
        with pytest.raises(CorruptStore, match="replaced"):
            use()
    store = opened(path)
    os.truncate(path, sizes[1])
    with pytest.raises(CorruptStore, match="was cut"):
        store.append([Event("X")])
    path.write_bytes(content)
    store = opened(path)
    path.unlink()
    with pytest.raises(CorruptStore, match="gone"):
        store.append([Event("X")])
    assert not path.exists()


# Disks that are full, failing or read-only.


def test_a_full_disk_leaves_no_trace_of_the_append(written, path, opened):
    content, events, _ = written
    store = opened(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) + 100, limits[1]))
    try:
        with pytest.raises(CannotWrite, match=r"leads\.jsonl"):
            store.append([Event("Large", "x" * 5000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == content
    assert list(store.read()) == events
    assert list(store.append([Event("Small")])) == [7]
    assert [entry.name for entry in path.parent.iterdir()] == ["leads.jsonl"]


def test_a_part_that_could_not_be_taken_back_is_set_aside_by_the_next_append(written, path, opened, monkeypatch):
    store = opened(path)
    write = os.pwrite

    def half(fd: int, content: memoryview, offset: int) -> int:
        if len(content) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, content[: len(content) // 2], offset)

    def fail(*arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", half)
        patched.setattr(os, "ftruncate", fail)
        with pytest.raises(CannotWrite, match="space"):
            store.append([Event("Large", "x" * 5000)])
    assert store.head() == 6
    assert list(store.append([Event("Small")])) == [7]
    assert path.with_name("leads.jsonl.torn-1").stat().st_size > 100
    assert opened(path).head() == 7


def test_after_a_failed_sync_nothing_is_promised_until_the_store_is_opened_again(written, path, opened, monkeypatch):
    store = opened(path)

    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OutcomeUnknown, match="Open the store again"):
            store.append([Event("Perhaps", id="perhaps")])
    for use in (store.head, lambda: store.append([Event("Perhaps", id="perhaps")]), lambda: store.wait(0, 0)):
        with pytest.raises(OutcomeUnknown):
            use()
    assert list(opened(path).append([Event("Perhaps", id="perhaps")])) == [7]


def test_what_a_dead_writer_did_not_sync_is_synced_before_it_is_shown(written, path, opened, monkeypatch):
    content, _, sizes = written
    path.write_bytes(content[: sizes[1]])
    store = opened(path)
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(path.stat().st_size))
    with path.open("ab") as log:
        log.write(content[sizes[1] :])
    assert store.head() == 6
    assert synced == [len(content)]


AS_NOBODY = """
import os
from whence.events import Event
from whence.errors import CannotWrite
from whence.stores.logfile import LogFileStore
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""


@pytest.fixture
def as_reader(path: Path) -> Iterator[Callable[[str], str]]:
    """Runs code as a user who may read the file and its folder and write neither; gives what it prints."""
    folder = path.parent

    def run(code: str) -> str:
        path.chmod(0o444)
        folder.chmod(0o555)
        for parent in (*folder.parents,)[:3]:
            if os.getuid() == 0:  # pytest keeps its folders to itself
                parent.chmod(parent.stat().st_mode | 0o011)
        command = [sys.executable, "-c", AS_NOBODY + code]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    folder.chmod(0o755)


def test_a_file_that_cannot_be_written_is_read_and_says_so_on_append(written, path, as_reader):
    printed = as_reader(
        f"""
for create in (False, True):
    store = LogFileStore.open({str(path)!r}, create=create)
    print(store.head(), len(list(store.read())), store.settings()["writable"])
    try:
        store.append([Event("X")])
    except CannotWrite as problem:
        print(problem)
try:
    LogFileStore.open({str(path.with_name("new.jsonl"))!r}, create=True)
except CannotWrite as problem:
    print(problem)
""",
    )
    assert printed.count("6 6 no") == 2
    assert printed.count("reading only") == 2
    assert "new.jsonl" in printed
    assert "writable" in printed


# Several writers and readers.

WRITER = """
import sys
from whence.events import Event
from whence.stores.logfile import LogFileStore
path, name, appends = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = LogFileStore.open(path, create=True)
for number in range(appends):
    store.append([Event("Counted", number, (f"writer:{name}",), id=f"{name}-{number}-{part}") for part in range(3)])
"""


def start_writer(path: Path, name: str, appends: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, str(appends)])


def test_processes_append_to_one_log_and_a_reader_beside_them_misses_nothing(path, opened):
    writers = [start_writer(path, name, 60) for name in "abc"]
    store = opened(path, create=True)
    seen: list[Recorded] = []
    while len(seen) < 540:
        assert store.wait(len(seen), timeout_s=30) > len(seen)
        seen.extend(store.read(after=len(seen)))
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert [event.position for event in seen] == list(range(1, 541))
    assert len({event.id for event in seen}) == 540
    for event in seen[::3]:  # an append is one piece
        assert [part.id[:-2] for part in seen[event.position - 1 : event.position + 2]] == [event.id[:-2]] * 3
    assert list(store.read()) == seen == list(opened(path).read())
    assert list(store.problems()) == []


def test_an_append_sees_what_other_stores_appended_before_it(path, opened):
    one, other = opened(path, create=True), opened(path)
    one.append([Event("LeadCreated", 1, ("lead:42",), id="a")])
    assert list(other.append([Event("LeadCreated", 1, ("lead:42",), id="a")])) == [1]
    with pytest.raises(IdConflict):
        other.append([Event("LeadCreated", 2, ("lead:42",), id="a")])
    condition = AppendCondition(fail_if_events_match=Query.of(tags=["lead:42"]), after=1)
    assert list(other.append([Event("LeadWon", None, ("lead:42",))], condition)) == [2]
    assert one.head() == 2
    assert [event.type for event in one.read(Query.of(tags=["lead:42"]))] == ["LeadCreated", "LeadWon"]


def test_recorded_never_falls_between_two_stores_with_different_clocks(path, opened):
    ahead = opened(path, create=True, clock=FixedClock("2026-01-02T00:00:00Z"))
    behind = opened(path, clock=FixedClock("2026-01-01T00:00:00Z"))
    ahead.append([Event("A")])
    behind.append([Event("B")])
    first, second = ahead.read()
    assert first.recorded == second.recorded


def test_of_many_who_make_the_log_at_once_all_get_the_same(path, opened):
    barrier = threading.Barrier(8)
    stores: list[LogFileStore] = []

    def make() -> None:
        barrier.wait()
        stores.append(opened(path, create=True))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({store.identity().store_id for store in stores}) == 1
    for store in stores:
        store.append([Event("Made")])
    assert stores[0].head() == 8


def test_a_writer_that_holds_the_lock_too_long_is_named_and_readers_do_not_wait_for_it(written, path, opened):
    store = opened(path)
    store.busy_timeout_s = 0.05
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreBusy, match=r"leads\.jsonl"):
            store.append([Event("X")])
        assert len(list(store.read())) == 6
    assert list(store.append([Event("X")])) == [7]


def test_threads_share_one_store(path, opened):
    store = opened(path, create=True)

    def count(name: str) -> None:
        for number in range(40):
            store.append([Event("Counted", number, (f"thread:{name}",))])
            assert len(list(store.read(Query.of(tags=[f"thread:{name}"])))) == number + 1

    threads = [threading.Thread(target=count, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.head() == 160
    assert list(store.problems()) == []


def test_a_reading_goes_on_page_by_page_and_stops_when_the_store_is_closed(path, opened):
    store = opened(path, create=True)
    store.append([Event("Counted", number) for number in range(2500)])
    reading = iter(store.read())
    assert next(reading).data == 0
    store.append([Event("Counted", 2500)])
    assert sum(1 for _ in reading) == 2499
    reading = iter(store.read(backwards=True))
    assert next(reading).data == 2500
    store.close()
    with pytest.raises(StoreClosed):
        list(reading)


def test_large_events_are_read_in_pages_of_few(path, opened):
    store = opened(path, create=True)
    store.append([Event("Large", "x" * 1_000_000) for _ in range(12)])
    assert [len(page) for page in store._pages(range(1, 13))] == [4, 4, 4]
    assert [event.position for event in opened(path).read()] == list(range(1, 13))


def test_a_type_that_differs_only_in_case_is_refused(written, path, opened):
    store = opened(path)
    with pytest.raises(InvalidEvent, match="LeadWon"):
        store.append([Event("leadwon")])
    with pytest.raises(InvalidEvent, match="only in case"):
        store.append([Event("New"), Event("NEW")])
    assert store.head() == 6


def test_a_store_opened_before_a_fork_is_refused_after_it(written, path, opened):
    store = opened(path)
    store._process += 1  # what a forked child finds
    with pytest.raises(StoreError, match="fork"):
        store.append([Event("X")])
    store._process -= 1
