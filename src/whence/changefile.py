"""A file of changes, a JSON object a line: the history of a tree of values that another tool has kept.

    {"time": "2026-01-05T09:00:00Z", "author": "anna", "message": "70 is enough", "commit": "684d06…",
     "changes": [{"op": "replace", "path": "/scoring/threshold", "value": 70}], "state_sha256": "31736a…"}

`op` is add, replace or remove, `path` a JSON pointer (RFC 6901); lists are replaced as a whole. Where `state_sha256`
stands, it is the version that the changes must come to. `committed_at` may stand for `time`. What becomes of a line is
left to whoever asks.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from whence import jsonvalue
from whence.clock import to_datetime, to_us
from whence.errors import InvalidEvent, InvalidFile, InvalidTime
from whence.tree import MISSING, Edit, key_of, path_of

REMEDY = 'Write {"time": …, "changes": [{"op": "replace", "path": "/scoring/threshold", "value": 70}]} in each line.'


class FiledChange(NamedTuple):
    """A line: its number from 1 and the line itself; the edits; when, by whom and why they were made; the commit that
    they are of; and the version that they must come to. What a line does not say is None."""

    number: int
    line: bytes
    edits: tuple[Edit, ...]
    time: datetime | None
    author: str | None
    message: str | None
    commit: str | None
    version: str | None


class _Operation(msgspec.Struct):
    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = MISSING

    def __post_init__(self) -> None:
        if self.path and not self.path.startswith("/"):
            raise ValueError(f"no JSON pointer, {self.path!r}")
        if self.value is MISSING and self.op != "remove":
            raise ValueError(f"{self.op} without a value")

    def edit(self) -> Edit:
        return Edit(key_of(path_of(self.path)), self.op, None if self.value is MISSING else self.value)


class _Line(msgspec.Struct):
    changes: list[_Operation]
    time: Any = None
    committed_at: Any = None
    author: str | None = None
    message: str | None = None
    commit: str | None = None
    state_sha256: str | None = None


def changes_in(file: Path) -> Iterator[FiledChange]:
    """The changes of a file (.jsonl, or .jsonl.gz) in its order; empty lines are passed over. Raises InvalidFile for a
    file that cannot be read, and for a line that is no change, with its number."""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _change(line, file, number)
    except EOFError:
        raise InvalidFile("The file is cut off", file=file, remedy="Get the whole file and import it again.") from None
    except (OSError, zlib.error) as problem:
        raise InvalidFile("Cannot be read", file=file, problem=getattr(problem, "strerror", None) or problem) from None


def _change(line: bytes, file: Path, number: int) -> FiledChange:
    try:
        said = msgspec.convert(jsonvalue.parse(line), _Line)
        when = said.committed_at if said.time is None else said.time
        return FiledChange(
            number=number,
            line=line.strip(),
            edits=tuple(each.edit() for each in said.changes),
            time=None if when is None else to_datetime(to_us(when)),
            author=said.author,
            message=said.message,
            commit=said.commit,
            version=said.state_sha256,
        )
    except msgspec.ValidationError as problem:
        raise InvalidFile("Not a change", file=file, line=number, problem=problem, remedy=REMEDY) from None
    except (InvalidEvent, InvalidTime) as problem:
        facts = {"file": file, "line": number, **problem.facts}
        raise InvalidFile(problem.fact, remedy=problem.remedy or REMEDY, **facts) from None
