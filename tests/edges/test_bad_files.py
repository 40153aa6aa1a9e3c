"""Files as they come: each fault is named with its line and what to do, and what is good around it is kept."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import re
import zlib

import pytest

from whence.errors import IdConflict, InvalidConfig, InvalidFile
from whence.files.importer import ImportReport, import_events, preview
from whence.files.mapping import Mapping
from whence.stores.memory import MemoryStore

TABLE = {"type": "kind", "time": "at", "tags": ["lead:{lead}"]}
HEADER = b"kind,at,lead,note\n"
GOOD = b"Opened,2026-01-05T09:00:00Z,42,x\n"


def imported(content: bytes, store: MemoryStore | None = None, **changes: object) -> ImportReport:
    return import_events(store or MemoryStore(), Mapping.from_table("crm", {**TABLE, **changes}), io.BytesIO(content))


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidFile, match="empty"):
        imported(content)


def test_a_header_alone_is_no_rows() -> None:
    assert imported(HEADER).rows == 0


def test_a_wrong_column_names_the_near_one() -> None:
    with pytest.raises(InvalidConfig, match="Did you mean lead"):
        imported(HEADER + GOOD, tags=["lead:{leed}"])


def test_a_wrong_column_names_the_mapping_which_may_be_that_of_another_file() -> None:
    with pytest.raises(InvalidConfig, match="Mapping: crm, Key: tags, Column: leed"):
        imported(HEADER + GOOD, tags=["lead:{leed}"])


@pytest.mark.parametrize(("sign", "written"), [(";", ";"), ("\t", r"\\t"), ("|", r"\|")])
def test_a_header_that_something_else_separates_says_which_delimiter_to_add(sign: str, written: str) -> None:
    with pytest.raises(InvalidConfig, match=f'one column with .* in it: add delimiter = "{written}"'):
        imported((HEADER + GOOD).replace(b",", sign.encode()))


def test_a_column_of_numbers_that_is_not_there_is_no_fixed_text() -> None:
    with pytest.raises(InvalidConfig, match="The columns are kind, at, lead, note") as refused:
        imported(HEADER + GOOD, numbers=["amount"])
    assert "fixed text" not in refused.value.remedy


@pytest.mark.parametrize("form", ["DD.MM.YYYY", "%d.%m.%Q", "%d.%m.%Y %", "%H:%M:%H"])
def test_a_form_that_no_time_can_have_is_refused_before_the_first_row(form: str) -> None:
    with pytest.raises(InvalidConfig, match=r"Write it with % signs.*31\.12\.2025 14:30"):
        imported(HEADER + GOOD, time_format=["%Y-%m-%dT%H:%M:%SZ", form])


def test_a_delimiter_that_the_file_does_not_have_is_named_too() -> None:
    with pytest.raises(InvalidConfig, match='one column with , in it: write delimiter = ","'):
        imported(HEADER + GOOD, delimiter=";")


@pytest.mark.parametrize("rest", [b"", b"damaged", gzip.compress(HEADER)[10:14]])
def test_a_compressed_file_that_is_damaged_from_the_start_is_not_said_to_be_empty(rest: bytes) -> None:
    with pytest.raises(InvalidFile, match="damaged or cut off before its first row"):
        imported(gzip.compress(b"")[:10] + rest)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"Opened,2026-01-05T09:00:00,42,x\n", "zone"),
        (b"Opened,05.01.2026,42,x\n", 'time_format = "%d.%m.%Y"'),
        (b"Opened,05.01.2026 09:00,42,x\n", 'time_format = "%d.%m.%Y %H:%M"'),
        (b"Opened,,42,x\n", "empty time"),
        (b",2026-01-05T09:00:00Z,42,x\n", "empty type"),
        (b"Opened,2026-01-05T09:00:00Z,42\n", "3 columns instead of 4"),
        (b"Opened,2026-01-05T09:00:00Z,42,\xff\n", r"Byte: \d+"),
        (b"Opened,2026-01-05T09:00:00Z,4\x002,x\n", "NUL"),
        (b"Opened,2026-01-05T09:00:00Z,e\xcc\x81,x\n", "NFC"),
        (b'Opened,2026-01-05T09:00:00Z,42,"a"b\n', "Not CSV"),
        (b"Opened,2026-01-05T09:00:00Z,42," + b"x" * 100_000_000 + b"\n", "more than"),
    ],
    ids=["zone", "form of a day", "form", "no time", "no type", "short", "bytes", "nul", "nfc", "quotes", "long"],
)
def test_a_bad_row_is_refused_by_line_and_the_good_ones_around_it_are_kept(row: bytes, reason: str) -> None:
    report = imported(HEADER + GOOD + row + GOOD)
    assert report.appended == 2
    [(line, said)] = report.refused
    assert line == 3
    assert re.search(reason, said), said


def test_quoted_line_breaks_keep_the_line_numbers_right() -> None:
    report = imported(HEADER + b'Opened,2026-01-05T09:00:00Z,42,"a\nb\nc"\nOpened,,1,x\n')
    assert report.refused[0][0] == 5


def test_a_file_that_says_it_is_utf_8_is_not_read_in_another_encoding() -> None:
    with pytest.raises(InvalidFile, match=r"This file is UTF-8 .*Encoding: cp1252.*take encoding out"):
        imported(b"\xef\xbb\xbf" + HEADER + GOOD, encoding="cp1252")


def test_a_byte_order_mark_and_dos_line_breaks_are_no_part_of_the_row() -> None:
    store = MemoryStore()
    assert imported(HEADER + GOOD, store).appended == 1
    marked = b"\xef\xbb\xbf" + (HEADER + GOOD).replace(b"\n", b"\r\n")
    assert imported(marked, store).already == 1


@pytest.mark.parametrize("layout", ["csv", "jsonl"])
def test_a_compressed_file_that_is_cut_off_keeps_the_whole_rows_before_and_no_part_of_one(layout: str) -> None:
    chance = random.Random(7)
    notes = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=400)) for _ in range(500)]
    line = "Opened,{}\n" if layout == "csv" else '{{"kind": "Opened", "note": "{}"}}\n'
    whole = gzip.compress((("kind,note\n" if layout == "csv" else "") + "".join(map(line.format, notes))).encode())
    mapping = Mapping.from_table("notes", {"type": "kind", "format": layout})
    for cut in range(len(whole) // 2, len(whole) // 2 + 700, 23):
        there = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(whole[:cut])
        lines = there.count(b"\n")
        store = MemoryStore()
        report = import_events(store, mapping, io.BytesIO(whole[:cut]))
        kept = [event.data["note"] for event in store.read() if event.type == "Opened"]
        assert kept == notes[: lines - (layout == "csv")]
        [(refused, reason)] = report.refused
        assert refused == report.cut_off_line == lines + 1
        assert "cut off" in reason


def test_a_cell_in_quotes_may_be_as_large_as_an_event() -> None:
    store = MemoryStore()
    imported(HEADER + b'Opened,2026-01-05T09:00:00Z,42,"' + b"Opened,x\n" * 50_000 + b'"\n' + GOOD, store)
    assert [len(event.data["note"]) for event in store.read() if event.type == "Opened"] == [450_000, 1]


def test_after_a_cell_that_never_ends_nothing_is_invented() -> None:
    store = MemoryStore()
    fakes = b"Opened,2026-01-05T09:00:00Z,7,fake\n" * 200_000
    content = HEADER + GOOD + b'Opened,2026-01-05T09:00:00Z,42,"' + fakes + b'"\n' + GOOD
    report = imported(content, store)
    assert [event.tags for event in store.read() if event.type == "Opened"] == [("lead:42",)]
    [(line, reason)] = report.refused
    assert line == report.cut_off_line == 3
    assert "nothing is read from here on" in reason
    assert report.digest == hashlib.sha256(content).hexdigest()


def test_quotes_that_never_close_name_all_lines_that_they_hold() -> None:
    report = imported(HEADER + GOOD + b'Opened,2026-01-05T09:00:00Z,42,"x\n' + 3 * GOOD)
    [(line, reason)] = report.refused
    assert (report.appended, line, report.cut_off_line) == (1, 3, 3)
    assert reason == "Its quotes never close, so lines 3 to 6 cannot be read. Close them, or get the whole file."


def test_quotes_that_close_in_a_later_row_name_all_lines_that_they_hold() -> None:
    quoted = b'Opened,2026-01-05T09:00:00Z,7,"y, z"\n'
    report = imported(HEADER + b'Opened,2026-01-05T09:00:00Z,42,"x\n' + GOOD + quoted + GOOD)
    [(line, reason)] = report.refused
    assert (report.appended, line) == (1, 2)
    assert "lines 2 to 4, none of which is read" in reason


def test_a_file_with_line_breaks_of_old_says_how_to_export_it() -> None:
    with pytest.raises(InvalidFile, match="line break"):
        imported((HEADER + GOOD).replace(b"\n", b"\r"))


def test_binary_junk_and_repeated_columns_are_refused() -> None:
    with pytest.raises(InvalidFile, match=r"not text \(File: [^()]*, Line: 1\)\. A NUL byte"):
        imported(b"\x00\x01\x02\n\x03")
    with pytest.raises(InvalidConfig, match="twice"):
        imported(b"kind,at,lead,lead\n")


def test_a_changed_mapping_is_a_conflict_that_names_both() -> None:
    store = MemoryStore()
    imported(HEADER + GOOD, store)
    with pytest.raises(IdConflict, match=r"Mapping then: [0-9a-f]{12}, Mapping now: [0-9a-f]{12}"):
        imported(HEADER + GOOD, store, tags=["person:{lead}"])


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"tags": ["person:{lead}"]}, "tags"),
        ({"numbers": ["note"]}, "data, numbers or decimal"),
        ({"types": {"Opened": "Begun"}, "actor": "lead"}, "type or types, actor"),
        ({"time_format": "%Y-%d-%mT%H:%M:%S%z"}, "time, time_format or zone"),
    ],
)
def test_a_changed_mapping_names_the_keys_to_look_at(changes: dict[str, object], keys: str) -> None:
    store, content = MemoryStore(), HEADER + b"Opened,2026-01-05T09:00:00Z,42,1\n"
    imported(content, store)
    with pytest.raises(IdConflict, match=f"Look at: {keys}"):
        imported(content, store, **changes)


def test_the_same_file_under_another_source_is_reported() -> None:
    store = MemoryStore()
    assert imported(HEADER + GOOD, store).imported_before_as is None
    assert imported(HEADER + GOOD * 2, store).imported_before_as is None
    report = imported(HEADER + GOOD, store, source="other")
    assert (report.appended, report.imported_before_as) == (1, "crm")
    assert imported(HEADER + GOOD, store, source="other").imported_before_as is None


def test_a_file_refused_as_a_whole_writes_nothing() -> None:
    store = MemoryStore()
    with pytest.raises(InvalidFile, match="Line: 3"):
        import_events(
            store, Mapping.from_table("crm", TABLE), io.BytesIO(HEADER + GOOD + b"x\n"), on_error="refuse-file"
        )
    assert store.head() == 0


def test_a_preview_shows_events_and_problems() -> None:
    found = preview(Mapping.from_table("crm", TABLE), io.BytesIO(HEADER + GOOD + b"Opened,,1,x\n"))
    [good], [bad] = found.events, found.problems
    assert good.event is not None
    assert good.event.tags == ("lead:42",)
    assert bad.line == 3
    assert bad.problem is not None


def test_a_preview_counts_every_row_of_the_file() -> None:
    found = preview(Mapping.from_table("crm", TABLE), io.BytesIO(HEADER + GOOD * 30 + b"Opened,,1,x\n" * 20 + GOOD))
    assert (found.rows, found.refused, found.first_refused_line) == (51, 20, 32)
    assert (len(found.events), len(found.problems)) == (10, 5)


def test_a_report_keeps_some_of_each_kind_of_refusal_and_counts_all_of_it() -> None:
    bad = b"".join(b"Opened,0%d.01.2026,1,x\n" % (number % 9 + 1) for number in range(1500))
    report = imported(HEADER + bad + b"Opened,,1,x\n" * 7)
    assert list(report.refused_kinds.values()) == [1500, 7]
    assert report.refused_count == 1507
    assert [line for line, _ in report.refused[1000:]] == [1502, 1503, 1504, 1505, 1506]
