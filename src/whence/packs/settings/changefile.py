"""A file of changes, a JSON object a line, as the versions of a document: for histories that another tool has kept.

    {"time": "2026-01-05T09:00:00Z", "author": "anna", "message": "70 is enough", "commit": "684d06…",
     "changes": [{"op": "replace", "path": "/scoring/threshold", "value": 70}], "state_sha256": "31736a…"}

`op` is add, replace or remove, `path` a JSON pointer (RFC 6901); lists are replaced as a whole. Where `state_sha256`
stands, it is the version that the changes must come to. `committed_at` may stand for `time`.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from whence import jsonvalue
from whence.clock import to_datetime, to_us
from whence.errors import InvalidEvent, InvalidFile, InvalidTime
from whence.packs.settings.recording import Imported, Version, record
from whence.packs.settings.tree import Edit, key_of, path_of

if TYPE_CHECKING:
    from whence.app import Whence

OPERATIONS = ("add", "replace", "remove")


def import_changes(db: Whence, path: str | os.PathLike[str], *, document: str | None = None) -> Imported:
    """Record the changes of a file (.jsonl, or .jsonl.gz) in its order, each once. `document` is by default the file's
    name. A line that cannot be read, or does not come to the state it names, ends it with InvalidFile naming the line;
    nothing of its batch is recorded."""
    file = Path(path)
    name = document or file.name.removesuffix(".gz").removesuffix(".jsonl")
    return record(db, name, _versions(file, name))


def _versions(file: Path, document: str) -> Iterator[Version]:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _version(line, number, document)
    except OSError as problem:
        raise InvalidFile("Cannot be read", file=file, problem=problem.strerror or problem) from None


def _version(line: bytes, number: int, document: str) -> Version:
    try:
        said = jsonvalue.parse(line)
        if not isinstance(said, dict) or not isinstance(said.get("changes"), list):
            raise InvalidFile("Not a change", line=number, remedy='Write {"time": …, "changes": […]}.')
        when = said.get("time", said.get("committed_at"))
        commit = said.get("commit")
        return Version(
            edits=tuple(_edit(each, number) for each in said["changes"]),
            key=f"change:{commit}:{document}"[:200] if commit else f"change:{number}:{document}"[:200],
            time=None if when is None else to_datetime(to_us(when)),
            who=_text(said, "author", number),
            why=_text(said, "message", number),
            commit=_text(said, "commit", number),
            version=_text(said, "state_sha256", number),
            line=number,
        )
    except (InvalidEvent, InvalidTime) as problem:
        raise InvalidFile(problem.fact, line=number, remedy=problem.remedy, **problem.facts) from None


def _edit(said: Any, line: int) -> Edit:
    path = said.get("path") if isinstance(said, dict) else None
    if not isinstance(path, str) or said.get("op") not in OPERATIONS or (path and not path.startswith("/")):
        remedy = 'Write {"op": "replace", "path": "/scoring/threshold", "value": 70}.'
        raise InvalidFile("Not an operation on a value", line=line, operation=repr(said)[:80], remedy=remedy)
    if said["op"] != "remove" and "value" not in said:
        raise InvalidFile("An operation without a value", line=line, path=path, remedy="Give it, or use remove.")
    return Edit(key_of(path_of(path)), said["op"], said.get("value"))


def _text(said: dict[str, Any], name: str, line: int) -> str | None:
    value = said.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidFile("Not text", line=line, field=name, value=repr(value)[:80], remedy="Write it in quotes.")
    return msgspec.convert(value, str | None)
