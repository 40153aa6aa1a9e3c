"""Cells, fields and tables as they are printed."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import Run

from whence.cell import harmless
from whence.cli import run
from whence.cli.screen import Column, failure, fitting, json_lines, note, pair, shown, styled, table

COLUMNS = [Column("name"), Column("value", right=True)]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_text_that_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == "'" + cell


@pytest.mark.parametrize(
    ("cell", "text"), [(-5, "-5"), (-0.5, "-0.5"), ("-5", "-5"), ("+49.5", "+49.5"), ("-1e3", "-1e3")]
)
def test_a_number_is_no_formula_and_stays_as_it_is(cell: Any, text: str) -> None:
    assert harmless(cell) == text


@pytest.mark.parametrize(
    ("cell", "text"), [(None, ""), (True, "true"), ("plain", "plain"), ("a=b", "a=b"), ([1], "[1]")]
)
def test_other_cells_are_plain(cell: Any, text: str) -> None:
    assert harmless(cell) == text


def test_control_characters_cannot_reach_the_terminal() -> None:
    assert shown("a\x1b[31mred\nb") == "a\\x1b[31mred\\nb"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("spring", "k=spring"),
        (60, "k=60"),
        ("60", 'k="60"'),
        ("two words", 'k="two words"'),
        ("", 'k=""'),
        (None, "k=null"),
    ],
)
def test_a_field_is_shown_as_append_takes_it(value: Any, text: str) -> None:
    assert pair("k", value) == text


def test_a_piped_table_is_aligned_complete_and_without_colour(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("a", 1), ("b" * 200, 22)]
    assert table(COLUMNS, rows, "screen", cut=True) == 2
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.startswith("name")
    assert header.endswith(" value")
    assert first.endswith("      1")
    assert second == "b" * 200 + "     22"


def test_csv_has_a_header_and_makes_cells_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    assert table(COLUMNS, [("=1", -5), ("a,b", None)], "csv") == 2
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [["name", "value"], ["'=1", "-5"], ["a,b", ""]]


def test_a_header_of_csv_is_as_harmless_as_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    table([Column("=HYPERLINK(1)")], [(1,)], "csv")
    assert capsys.readouterr().out == "'=HYPERLINK(1)\n1\n"


def test_no_message_and_no_json_sends_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    failure("an id e\x1b[31mvil", "Write \x9b31m.")
    note("\x1b[2J")
    styled("\x1b]0;title\x07", "red")
    json_lines([{"a\x9b": "\x7f\u202e😀\U000e0001"}])
    out, err = capsys.readouterr()
    assert (out + err).replace("\n", "").isprintable()
    assert json.loads(out.splitlines()[1]) == {"a\x9b": "\x7f\u202e😀\U000e0001"}
    assert err == "error: an id e\\x1b[31mvil\n  Write \\x9b31m.\n\\x1b[2J\n"


def test_json_is_one_object_a_line_with_the_values_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert table(COLUMNS, [("=1", -5), ("é", None)], "json") == 2
    assert capsys.readouterr().out == '{"name": "=1", "value": -5}\n{"name": "é", "value": null}\n'
    assert json_lines([]) == 0


def test_a_column_is_narrowed_from_the_widest_on_but_never_a_number() -> None:
    columns = [Column("n", right=True), Column("time", least=19), Column("text")]
    assert fitting(columns, [9, 20, 100], 80) == [9, 20, 47]
    assert fitting(columns, [9, 20, 100], 40) == [9, 19, 8]
    assert fitting(columns, [1, 2, 3], 80) == [1, 2, 3]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [80, 200])
def test_a_terminal_shows_every_column_of_the_log_in_colour_and_no_line_is_too_long(
    pipeline: Path, columns: int
) -> None:
    long = "note=" + "x" * 300
    assert run(["append", "lead:42", "WebinarAttendedOnline", "campaign:spring", long, "--by", "scoring"]) == 0
    out = in_terminal(columns, "log")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert out != "\n".join(plain)
    assert max(map(len, plain)) <= columns
    shown_words = " ".join(plain)
    for word in ("WebinarAttended", "scoring", "lead:42", "note=xxx", "2026-01-12 09:30:00*", "score=80"):
        assert word in shown_words
    assert any(line.split()[:1] == ["7"] for line in plain)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_shows_a_line_for_each_entity_and_names_the_columns_it_has_no_room_for(pipeline: Path) -> None:
    fields = [f"field_{number}=a{number}{'x' * 40}" for number in range(20)]
    assert run(["append", "lead:1234567890", "Filled", *fields]) == 0
    plain = re.sub(r"\x1b\[[0-9;]*m|\r", "", in_terminal(80, "states", "lead", "--where", f"field_0=a0{'x' * 40}"))
    lines = [line for line in plain.splitlines() if "lead:" in line]
    assert len(lines) == 1
    assert lines[0].startswith("lead:1234567890  a0x")
    assert len(lines[0]) <= 80
    assert "field_19 (choose columns, widen the terminal, or use --json)" in " ".join(plain.split())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_pages_the_log_as_git_does(pipeline: Path, whence: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PAGED" in in_terminal(80, "log", PAGER="sed s/^/PAGED/")
    assert "PAGED" in in_terminal(80, "states", "lead", PAGER="sed s/^/PAGED/")
    assert "PAGED" not in in_terminal(80, "state", "lead:42", PAGER="sed s/^/PAGED/")
    for other in ("cat", "", "no-such-pager"):
        out = in_terminal(80, "log", PAGER="sed s/^/PAGED/", WHENCE_PAGER=other)
        assert "Scored" in out
        assert "PAGED" not in out
    monkeypatch.setenv("PAGER", "sed s/^/PAGED/")
    assert "PAGED" not in whence("log").out


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_pager_that_is_closed_early_is_no_error(pipeline: Path) -> None:
    assert run(["append", "lead:42", "Noted", "note=" + "x" * 300_000]) == 0
    for form in ((), ("--json",), ("--csv",)):
        out = in_terminal(80, "log", *form, PAGER="head -n 1")
        assert len(out.splitlines()) == 1, form
        assert "Traceback" not in out


def in_terminal(columns: int, *arguments: str, **environment: str) -> str:
    """What the program prints in a terminal of that width, without a pager unless the environment names one."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    line = [sys.executable, "-c", "from whence.cli import main; main()", *arguments]
    plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    plain |= {"TERM": "xterm-256color", "PAGER": "cat", **environment}
    program = subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs, env=plain)
    os.close(theirs)
    parts: list[bytes] = []
    while part := _read(ours):
        parts.append(part)
    os.close(ours)
    assert program.wait() == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says EIO when the program has closed its side
        return b""
