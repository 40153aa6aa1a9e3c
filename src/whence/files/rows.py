"""The rows of a file or of standard input, plain or gzip, read once from front to back in bounded memory. What a row
means is left to mapping; what becomes of it, to importer."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import os
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from whence import jsonvalue
from whence.errors import InvalidEvent, InvalidFile
from whence.files.mapping import Mapping

LINE_BYTES_MAX = 4 * 1024 * 1024
LINES_AHEAD_MAX = 1000
BLOCK_BYTES = 1024 * 1024
ARRAY_BYTES_MAX = 64 * 1024 * 1024
NO_END = "The array is cut off: it does not end with ]. Get the whole file."

_START = re.compile(r"\s*\[\s*(\]\s*)?")  # the group: the array is empty
_AFTER = re.compile(r"\s*(?:,|(\]))\s*")  # the group: the array ends
_DECODER = json.JSONDecoder(strict=False)

Given = str | os.PathLike[str] | BinaryIO
"""Where rows come from: a path, "-" for standard input, or a stream of bytes."""


class RawRow(msgspec.Struct, gc=False):
    """One row: its first line, the text that identifies it, its cells (or JSON value), and why it is refused, if so."""

    line: int
    raw: str
    value: Any
    problem: str | None = None
    cut_off: bool = False


class Source:
    """A file opened for reading rows: its name, the bytes read of it and in all, and the digest of what was read."""

    def __init__(self, given: Given, name: str | None = None) -> None:
        stream, self.bytes_total = _opened(given)
        self.name = name or name_of(given)
        self._raw = _Counted(stream, owned=isinstance(given, (str, os.PathLike)) and given != "-")
        buffered = io.BufferedReader(self._raw, BLOCK_BYTES)
        self._lines: BinaryIO = buffered
        self._unzipped: _Unzipped | None = None
        if buffered.peek(2)[:2] == b"\x1f\x8b":
            self._unzipped = _Unzipped(gzip.GzipFile(fileobj=buffered))
            self._lines = io.BufferedReader(self._unzipped, BLOCK_BYTES)

    @property
    def bytes_read(self) -> int:
        return self._raw.count

    @property
    def digest(self) -> str:
        """The SHA-256 of the file as it lies there; complete when all rows were read."""
        return self._raw.hash.hexdigest()

    def format(self, mapping: Mapping) -> str:
        """The mapping's format, else what the file's name ends in, else CSV."""
        ending = self.name.lower().removesuffix(".gz")
        return mapping.format or ("jsonl" if ending.endswith((".jsonl", ".ndjson", ".json")) else "csv")

    def lines(self, encoding: str) -> Lines:
        return Lines(self._lines, encoding, self.name, self._unzipped)

    def content(self) -> bytes:
        """All of the file, unzipped, for those who read it as a whole. Raises InvalidFile where it ends early."""
        found = self._lines.read()
        if self._unzipped is not None and self._unzipped.torn:
            raise InvalidFile(self._unzipped.torn.partition(".")[0], file=self.name, remedy="Get it again.")
        return found

    def close(self) -> None:
        self._raw.close()


class Lines:
    """The decoded lines of a stream. Of a line that cannot be used something comes, and `problems` says why."""

    def __init__(self, stream: BinaryIO, encoding: str, name: str, unzipped: _Unzipped | None) -> None:
        self._stream = stream
        self._unzipped = unzipped
        self._encoding = encoding
        self._name = name
        self._ahead: list[bytes] = []  # lines that were looked at and are still to come, the next one last
        self._bytes = 0
        self.number = 0
        self.ended = True  # the last line ended with a line break
        self.problems: dict[int, str] = {}

    def __iter__(self) -> Iterator[str]:
        encoding, readline = self._encoding, self._stream.readline
        while raw := self._ahead.pop() if self._ahead else readline(LINE_BYTES_MAX):
            self._bytes += len(raw)
            self.number += 1
            if self.number == 1:
                raw = self._first(raw)
            if len(raw) >= LINE_BYTES_MAX:
                raw = self._skip(raw)
            self.ended = raw.endswith(b"\n")
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError as problem:
                self.problems[self.number] = (
                    f"Not {encoding.upper()} (Byte: {self._bytes - len(raw) + problem.start}). "
                    'Save the file as UTF-8, or name its encoding in the mapping: encoding = "cp1252".'
                )
                text = raw.decode(encoding, "replace" if encoding != "utf-8" else "surrogateescape")
            if "\0" in text:
                self.problems[self.number] = "A NUL byte is no text. Is this the right file? Export it again as text."
                text = text.replace("\0", "\ufffd")
            if not self.ended and self.torn:
                self.problems[self.number] = self.torn
            yield text

    @property
    def torn(self) -> str | None:
        """Why the stream itself ended early, if it did."""
        return None if self._unzipped is None else self._unzipped.torn

    def take_problem(self, first: int) -> str | None:
        """Why a row from line `first` to the current one cannot be used, or None."""
        if not self.problems:
            return None
        found = [self.problems.pop(line) for line in sorted(self.problems) if first <= line <= self.number]
        return found[0] if found else None

    def ahead(self) -> list[bytes]:
        """The first two lines that are not blank, stripped, or as many as there are. They are still to come."""
        read, found = list[bytes](), list[bytes]()
        while len(found) < 2 and len(read) < LINES_AHEAD_MAX and (raw := self._stream.readline(LINE_BYTES_MAX)):
            read.append(raw)
            if text := raw.removeprefix(codecs.BOM_UTF8).strip():
                found.append(text)
        self._ahead = read[::-1]
        return found

    def text(self) -> str:
        """All lines as one text, an undecodable byte as a lone surrogate. Raises InvalidFile beyond 64 MiB."""
        raw = b"".join(reversed(self._ahead)) + self._stream.read(ARRAY_BYTES_MAX)
        if len(raw) > ARRAY_BYTES_MAX:
            remedy = "Write an object a line, as JSON lines."
            raise InvalidFile("A JSON array too large to read as a whole", file=self._name, remedy=remedy)
        return self._first(raw).decode(self._encoding, "surrogateescape")

    def pass_by(self) -> None:
        """Read what is left without looking at it."""
        while self._stream.read(BLOCK_BYTES):
            pass

    def _first(self, raw: bytes) -> bytes:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InvalidFile("This file is UTF-16", file=self._name, remedy="Save it as UTF-8.")
        if raw.startswith(codecs.BOM_UTF8) and self._encoding != "utf-8":
            remedy = "It begins with the mark of UTF-8: take encoding out of the mapping."
            raise InvalidFile("This file is UTF-8", file=self._name, encoding=self._encoding, remedy=remedy)
        return raw.removeprefix(codecs.BOM_UTF8)

    def _skip(self, raw: bytes) -> bytes:
        while raw and not raw.endswith(b"\n"):
            raw = self._ahead.pop() if self._ahead else self._stream.readline(LINE_BYTES_MAX)
            self._bytes += len(raw)
        self.problems[self.number] = f"A line of more than {LINE_BYTES_MAX} bytes. An event has at most 1 MiB."
        return b"-\n" if raw else b"-"


def csv_rows(lines: Lines, mapping: Mapping, name: str) -> tuple[list[str], Iterator[RawRow]]:
    """The header and the rows of a CSV file. Raises InvalidFile when it is empty or its header is no text."""
    csv.field_size_limit(LINE_BYTES_MAX)
    split = (
        _spaced(lines) if mapping.delimiter == "spaces" else csv.reader(lines, delimiter=mapping.delimiter, strict=True)
    )
    if mapping.columns is not None:
        return list(mapping.columns), _csv_rows(split, lines, len(mapping.columns))
    try:
        header = next((cells for cells in split if cells), None)
    except csv.Error as problem:
        remedy = "Export it again as CSV in UTF-8, with a line break (LF or CRLF) after each row."
        raise InvalidFile(
            "The header is not CSV", file=name, problem=str(problem).split(" - ")[0], remedy=remedy
        ) from None
    if header is None and lines.torn is None:
        raise InvalidFile("The file is empty", file=name, problem="no header", remedy="Is it the right one?")
    unusable = lines.take_problem(0)
    if header is None or (unusable and unusable == lines.torn):
        said = "The compressed file is damaged or cut off before its first row"
        raise InvalidFile(said, file=name, remedy="Get it again.")
    if unusable:
        raise InvalidFile("The header is not text", file=name, line=lines.number, remedy=unusable)
    return header, _csv_rows(split, lines, len(header))


def _csv_rows(split: Iterator[list[str]], lines: Lines, width: int) -> Iterator[RawRow]:
    first = lines.number + 1
    while True:
        try:
            for cells in split:
                if len(cells) == width and not lines.problems:
                    yield RawRow(first, "\0".join(cells), cells)
                elif cells:
                    yield _odd_row(lines, first, cells, width)
                first = lines.number + 1
            break
        except csv.Error as problem:
            row = _broken_row(lines, first, str(problem))
            yield row
            if row.cut_off:
                return lines.pass_by()
            first = lines.number + 1
    if lines.torn and lines.ended:
        yield RawRow(first, "", None, lines.torn, True)


def _odd_row(lines: Lines, first: int, cells: list[str], width: int) -> RawRow:
    problem = lines.take_problem(first)
    cut_off = not lines.ended and (len(cells) < width or lines.torn is not None)
    if problem is None and len(cells) == width:
        return RawRow(first, "\0".join(cells), cells)
    said = "The line is cut off: " if cut_off else ""
    problem = problem or f"{said}{len(cells)} columns instead of {width}. Mend the row, or check the delimiter."
    return RawRow(first, "", None, problem, cut_off)


def _broken_row(lines: Lines, first: int, problem: str) -> RawRow:
    """A row that is no CSV; cut off when nobody can say where the next one begins."""
    unusable = lines.take_problem(first)
    over = f"lines {first} to {lines.number}" if lines.number > first else ""
    if "unexpected end" in problem:
        said = f"Its quotes never close, so {over or 'it'} cannot be read. Close them, or get the whole file."
        return RawRow(first, "", None, lines.torn or unusable or said, True)
    if "field limit" in problem:
        said = f"A cell of more than {LINE_BYTES_MAX} characters: nothing is read from here on. Is a quote missing?"
        return RawRow(first, "", None, said, True)
    mend = f"Its quotes hold {over}, none of which is read: close them" if over else "Mend the row"
    return RawRow(first, "", None, unusable or f"Not CSV: {problem}. {mend}.")


def _spaced(lines: Lines) -> Iterator[list[str]]:
    return (line.split() for line in lines)


def json_rows(lines: Lines, name: str) -> Iterator[RawRow]:
    """The rows of a JSON lines file, blank lines left out. Raises InvalidFile when it is empty."""
    number = 0
    for number, line in enumerate(lines, 1):
        raw, problem = line.strip(), lines.take_problem(number)
        if raw or problem:
            yield _json_row(number, raw, problem, not lines.ended)
    if lines.torn and lines.ended:
        yield RawRow(number + 1, "", None, lines.torn, True)
    elif number == 0:
        raise InvalidFile("The file is empty", file=name, remedy="Is it the right one?")


def envelope_rows(lines: Lines, mapping: Mapping, name: str) -> Iterator[RawRow]:
    """The JSON in the column `envelope` of a CSV file that Whence exported. Raises InvalidFile when it is not there."""
    header, rows = csv_rows(lines, mapping, name)
    if "envelope" not in header:
        raise InvalidFile("No column envelope", file=name, remedy="Describe the file with a mapping for CSV instead.")
    place = header.index("envelope")
    return (row if row.problem else _json_row(row.line, row.value[place]) for row in rows)


def batch_rows(lines: Lines, name: str) -> Iterator[RawRow]:
    """The objects of a JSON lines file, or of one JSON array: with an object a line, as Whence exports it, or laid out
    in any other way up to 64 MiB. Raises InvalidFile when there is nothing, or too much."""
    first, second = (*lines.ahead(), b"", b"")[:2]
    if not first.startswith(b"["):
        return json_rows(lines, name)
    an_object_a_line = second.startswith(b"{") and second.endswith((b"}", b"},", b"}]"))
    return _array_lines(lines) if first == b"[" and (an_object_a_line or second in (b"", b"]")) else _array(lines)


def _array_lines(lines: Lines) -> Iterator[RawRow]:
    """The objects between a line `[` and a line `]`, so that a fault in one line leaves the others readable."""
    opened = closed = cut_off = False
    number = 0
    for number, line in enumerate(lines, 1):
        raw, problem = line.strip().removesuffix(","), lines.take_problem(number)
        if not opened:
            opened = bool(raw)
            continue
        if closed and raw:
            problem = "This comes after the end of the array. Write an object a line, without [ and ]."
        elif raw == "]" or raw.endswith("}]"):
            closed, raw = True, raw[:-1]
        if raw or problem:
            row = _json_row(number, raw, problem, not lines.ended)
            cut_off = row.cut_off
            yield row
    if not cut_off and (lines.torn or not closed):
        yield RawRow(number + 1, "", None, lines.torn or NO_END, True)


def _array(lines: Lines) -> Iterator[RawRow]:
    """The values of an array that lies there in any way, up to its first fault."""
    text, line, counted = lines.text(), 1, 0
    sign, said = _START.match(text), "there is something else than a comma or ]"
    while sign is not None and not sign[1]:
        at = sign.end()
        line, counted = line + text.count("\n", counted, at), at
        try:
            end = _DECODER.raw_decode(text, at)[1]
        except (json.JSONDecodeError, RecursionError) as problem:
            sign, said = None, getattr(problem, "msg", "nested too deeply")
            break
        yield _json_row(line, text[at:end])
        sign = _AFTER.match(text, end)
    if sign is None or sign.end() < len(text) or lines.torn:
        cut_off = lines.torn or (None if text.rstrip().endswith("]") else NO_END)
        reason = f"No JSON array from here on, so the rest is not read: {said}. Write an object a line, as JSON lines."
        yield RawRow(line, "", None, cut_off or reason, cut_off is not None)


def _json_row(line: int, raw: str, problem: str | None = None, at_end: bool = False) -> RawRow:
    """The row that a JSON text is; where it is refused `at_end` of a file without a line break, it is cut off."""
    if problem is None:
        try:
            return RawRow(line, raw, jsonvalue.parse(raw))
        except InvalidEvent as refused:
            problem = str(refused)
    return RawRow(line, "", None, problem, at_end)


class _Unzipped(io.RawIOBase):
    """What can be unpacked of a gzip stream; where that ends too early, `torn` says why."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed = packed
        self.torn: str | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._packed.read1(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
            self.torn = (
                f"The compressed file is cut off or damaged ({problem}). Get it again; what came before is read."
            )
            return 0
        buffer[: len(block)] = block
        return len(block)


class _Counted(io.RawIOBase):
    """A stream of bytes that counts and hashes what is read of it."""

    def __init__(self, stream: BinaryIO, owned: bool) -> None:
        self._stream = stream
        self._owned = owned
        self.count = 0
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block
        self.count += len(block)
        self.hash.update(block)
        return len(block)

    def close(self) -> None:
        if not self.closed and self._owned:
            self._stream.close()
        super().close()


def name_of(given: Given) -> str:
    """A path's last part or a stream's own name; `-` where there is none."""
    if isinstance(given, (str, os.PathLike)):
        return Path(given).name
    name = getattr(given, "name", "-")
    return name if isinstance(name, str) else "-"


def _opened(given: Given) -> tuple[BinaryIO, int | None]:
    if given == "-":
        return sys.stdin.buffer, None
    if not isinstance(given, (str, os.PathLike)):
        return given, None
    path = Path(given)
    try:
        stream = path.open("rb", buffering=0)
        return stream, os.fstat(stream.fileno()).st_size
    except OSError as problem:
        raise InvalidFile(
            "The file cannot be read", file=path, problem=problem.strerror, remedy=_path_remedy(path)
        ) from None


def _path_remedy(path: Path) -> str:
    """What to do about a path that cannot be opened: the names near it, where there are some."""
    with suppress(OSError):
        if path.exists():
            return "Name a file in it." if path.is_dir() else "Check who may read it."
        if near := get_close_matches(path.name, [each.name for each in path.parent.iterdir()], 3):
            return f"Did you mean {' or '.join(str(path.parent / name) for name in near)}?"
    return f"Check the path, as seen from {Path.cwd()}; - is standard input."
