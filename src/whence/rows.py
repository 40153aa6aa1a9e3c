"""The rows of a file or of standard input, plain or gzip, read once from front to back in bounded memory. What a row
means is left to mapping; what becomes of it, to importer."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from whence import jsonvalue
from whence.errors import InvalidEvent, InvalidFile
from whence.mapping import Mapping

LINE_BYTES_MAX = 4 * 1024 * 1024
BLOCK_BYTES = 1024 * 1024
ARRAY_CHARACTERS_MAX = 64 * 1024 * 1024

Given = str | os.PathLike[str] | BinaryIO
"""Where rows come from: a path, "-" for standard input, or a stream of bytes."""


class RawRow(NamedTuple):
    """One row: its first line, the text that identifies it, its cells (or JSON value), and why it is refused, if so."""

    line: int
    raw: str
    value: Any
    problem: str | None = None
    cut_off: bool = False


class Source:
    """A file opened for reading rows: its name, the bytes read of it and in all, and the digest of what was read."""

    def __init__(self, given: Given) -> None:
        self.name, stream, self.bytes_total = _opened(given)
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

    def close(self) -> None:
        self._raw.close()


class Lines:
    """The decoded lines of a stream. Of a line that cannot be used something comes, and `problems` says why."""

    def __init__(self, stream: BinaryIO, encoding: str, name: str, unzipped: _Unzipped | None) -> None:
        self._stream = stream
        self._unzipped = unzipped
        self._encoding = encoding
        self._name = name
        self.number = 0
        self.ended = True  # the last line ended with a line break
        self.problems: dict[int, str] = {}

    def __iter__(self) -> Iterator[str]:
        offset, encoding = 0, self._encoding
        while raw := self._line():
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
                    f"Not {encoding.upper()} (Byte: {offset + problem.start}). "
                    'Save the file as UTF-8, or name its encoding in the mapping: encoding = "cp1252".'
                )
                text = raw.decode(encoding, "replace" if encoding != "utf-8" else "surrogateescape")
            offset += len(raw)
            if "\0" in text:
                self.problems[self.number] = "A NUL byte is no text. Is this the right file? Export it again as text."
                text = text.replace("\0", "\ufffd")
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

    def _line(self) -> bytes:
        return self._stream.readline(LINE_BYTES_MAX)

    def _first(self, raw: bytes) -> bytes:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InvalidFile("This file is UTF-16", file=self._name, remedy="Save it as UTF-8.")
        return raw.removeprefix(b"\xef\xbb\xbf")

    def _skip(self, raw: bytes) -> bytes:
        while raw and not raw.endswith(b"\n"):
            raw = self._line()
        self.problems[self.number] = f"A line of more than {LINE_BYTES_MAX} bytes. An event has at most 1 MiB."
        return b"-\n" if raw else b"-"


def csv_rows(lines: Lines, mapping: Mapping, name: str) -> tuple[list[str], Iterator[RawRow]]:
    """The header and the rows of a CSV file. Raises InvalidFile when it is empty or its header is no text."""
    split = (
        _spaced(lines) if mapping.delimiter == "spaces" else csv.reader(lines, delimiter=mapping.delimiter, strict=True)
    )
    if mapping.columns is not None:
        return list(mapping.columns), _csv_rows(split, lines, len(mapping.columns))
    try:
        header = next((cells for cells in split if cells), None)
    except csv.Error as problem:
        raise InvalidFile("The header is not CSV", file=name, line=lines.number, problem=problem) from None
    if header is None:
        raise InvalidFile(
            "The file is empty", file=name, problem=lines.torn or "no header", remedy="Is it the right one?"
        )
    if unusable := lines.take_problem(0):
        raise InvalidFile("The header is not text", file=name, line=lines.number, problem=unusable)
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
            cut_off = "unexpected end" in str(problem)
            said = "The file ends inside quotes" if cut_off else f"Not CSV: {problem}"
            yield RawRow(first, "", None, lines.take_problem(first) or f"{said}. Mend the row.", cut_off)
            first = lines.number + 1
    if lines.torn:
        yield RawRow(first, "", None, lines.torn, True)


def _odd_row(lines: Lines, first: int, cells: list[str], width: int) -> RawRow:
    problem = lines.take_problem(first)
    cut_off = len(cells) < width and not lines.ended
    if problem is None and len(cells) == width:
        return RawRow(first, "\0".join(cells), cells)
    said = "The line is cut off: " if cut_off else ""
    problem = problem or f"{said}{len(cells)} columns instead of {width}. Mend the row, or check the delimiter."
    return RawRow(first, "", None, problem, cut_off)


def _spaced(lines: Lines) -> Iterator[list[str]]:
    return (line.split() for line in lines)


def json_rows(lines: Lines, name: str) -> Iterator[RawRow]:
    """The rows of a JSON lines file, blank lines left out. Raises InvalidFile when it is empty."""
    number = 0
    for number, line in enumerate(lines, 1):
        raw = line.strip()
        if not raw:
            continue
        problem = lines.take_problem(number)
        if problem is None:
            yield _parsed(number, raw, not lines.ended)
        else:
            yield RawRow(number, "", None, problem, not lines.ended)
    if lines.torn:
        yield RawRow(number + 1, "", None, lines.torn, True)
    elif number == 0:
        raise InvalidFile("The file is empty", file=name, remedy="Is it the right one?")


def envelope_rows(lines: Lines, mapping: Mapping, name: str) -> Iterator[RawRow]:
    """The JSON in the column `envelope` of a CSV file that Whence exported. Raises InvalidFile when it is not there."""
    csv.field_size_limit(LINE_BYTES_MAX)
    header, rows = csv_rows(lines, mapping, name)
    if "envelope" not in header:
        raise InvalidFile("No column envelope", file=name, remedy="Describe the file with a mapping for CSV instead.")
    place = header.index("envelope")
    for row in rows:
        yield row if row.problem else _parsed(row.line, row.value[place], False)


def batch_rows(lines: Lines, name: str) -> Iterator[RawRow]:
    """The objects of a JSON lines file, or of one JSON array: with an object a line, or as a whole up to 64 MiB."""
    numbered = enumerate(lines, 1)
    number, first = next(((number, line) for number, line in numbered if line.strip()), (0, ""))
    if not number:
        raise InvalidFile(
            "The file is empty", file=name, problem=lines.torn or "no line", remedy="Is it the right one?"
        )
    if not first.lstrip().startswith("["):
        yield _parsed(number, first.strip(), not lines.ended)
        yield from _object_lines(numbered, lines)
    elif first.strip() == "[":
        yield from _object_lines(numbered, lines)
    else:
        yield from _whole(first, numbered, name)
    if lines.torn:
        yield RawRow(lines.number + 1, "", None, lines.torn, True)


def _object_lines(numbered: Iterator[tuple[int, str]], lines: Lines) -> Iterator[RawRow]:
    for number, line in numbered:
        raw = line.strip().removesuffix(",")
        problem = lines.take_problem(number)
        if problem is not None:
            yield RawRow(number, "", None, problem, not lines.ended)
        elif raw and raw != "]":
            yield _parsed(number, raw, not lines.ended)


def _whole(first: str, numbered: Iterator[tuple[int, str]], name: str) -> Iterator[RawRow]:
    parts, size = [first], len(first)
    for _, line in numbered:
        parts.append(line)
        size += len(line)
        if size > ARRAY_CHARACTERS_MAX:
            remedy = "Write an object a line, as JSON lines."
            raise InvalidFile("A JSON array too large to read as a whole", file=name, remedy=remedy)
    try:
        for value in jsonvalue.parse("".join(parts)):
            yield RawRow(1, "", value)
    except InvalidEvent as problem:
        raise InvalidFile("Not a JSON array", file=name, problem=problem) from None


def _parsed(line: int, raw: str, cut_off: bool) -> RawRow:
    try:
        return RawRow(line, raw, jsonvalue.parse(raw))
    except InvalidEvent as problem:
        return RawRow(line, "", None, str(problem), cut_off)


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


def _opened(given: Given) -> tuple[str, BinaryIO, int | None]:
    if given == "-":
        return "-", sys.stdin.buffer, None
    if not isinstance(given, (str, os.PathLike)):
        name = getattr(given, "name", "-")
        return name if isinstance(name, str) else "-", given, None
    path = Path(given)
    try:
        stream = path.open("rb", buffering=0)
        return path.name, stream, os.fstat(stream.fileno()).st_size
    except OSError as problem:
        raise InvalidFile("The file cannot be read", file=path, problem=problem.strerror) from None
