"""A file of changes, a JSON object a line, as the versions of a document: for histories that another tool has kept.

    {"time": "2026-01-05T09:00:00Z", "author": "anna", "message": "70 is enough", "commit": "684d06…",
     "changes": [{"op": "replace", "path": "/scoring/threshold", "value": 70}], "state_sha256": "31736a…"}

`op` is add, replace or remove, `path` a JSON pointer (RFC 6901); lists are replaced as a whole. Where `state_sha256`
stands, it is the version that the changes must come to. `committed_at` may stand for `time`. A line is known again by
its commit, the second one of the same commit by that, too; without a commit by itself and all lines before it, so that
the same file may grow, and another file is another history.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from whence import jsonvalue
from whence.clock import to_datetime, to_us
from whence.errors import InvalidEvent, InvalidFile, InvalidTime
from whence.packs.documents.recording import Imported, Version, document_of, id_for, record
from whence.tree import MISSING, Edit, key_of, path_of

if TYPE_CHECKING:
    from whence.app import Whence


REMEDY = 'Write {"time": …, "changes": [{"op": "replace", "path": "/scoring/threshold", "value": 70}]} in each line.'


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
    """A line of the file."""

    changes: list[_Operation]
    time: Any = None
    committed_at: Any = None
    author: str | None = None
    message: str | None = None
    commit: str | None = None
    state_sha256: str | None = None


def import_changes(db: Whence, path: str | os.PathLike[str], *, document: str | None = None) -> Imported:
    """Record the changes of a file (.jsonl, or .jsonl.gz) in its order, each once. `document` is by default the file's
    name. A line that cannot be read, or does not come to the state it names, ends it with InvalidFile naming the line;
    nothing of its batch is recorded."""
    file = Path(path)
    name = document or document_of(Path(file.absolute().name.removesuffix(".gz").removesuffix(".jsonl")))
    return record(db, name, _versions(file, name))


def _versions(file: Path, document: str) -> Iterator[Version]:
    try:
        so_far, commits = hashlib.sha256(document.encode()), Counter[str]()
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                so_far.update(line.strip() + b"\n")
                made = _version(line, file, number)
                if made.commit is None:
                    key = so_far.hexdigest()
                else:
                    commits[made.commit] += 1
                    again = f":{commits[made.commit]}" if commits[made.commit] > 1 else ""
                    key = f"{made.commit}{again}:{document}"
                yield msgspec.structs.replace(made, key=id_for(f"change:{key}"))
    except EOFError:
        raise InvalidFile("The file is cut off", file=file, remedy="Get the whole file and import it again.") from None
    except (OSError, zlib.error) as problem:
        raise InvalidFile("Cannot be read", file=file, problem=getattr(problem, "strerror", None) or problem) from None


def _version(line: bytes, file: Path, number: int) -> Version:
    try:
        said = msgspec.convert(jsonvalue.parse(line), _Line)
        when = said.committed_at if said.time is None else said.time
        return Version(
            edits=tuple(each.edit() for each in said.changes),
            time=None if when is None else to_datetime(to_us(when)),
            who=said.author,
            why=said.message,
            commit=said.commit,
            version=said.state_sha256,
            line=number,
        )
    except msgspec.ValidationError as problem:
        raise InvalidFile("Not a change", file=file, line=number, problem=problem, remedy=REMEDY) from None
    except (InvalidEvent, InvalidTime) as problem:
        facts = {"file": file, "line": number, **problem.facts}
        raise InvalidFile(problem.fact, remedy=problem.remedy or REMEDY, **facts) from None
