"""Histories that others have kept, as versions of a document: the changes of a file, which whence.changefile reads, and
the commits of a file in a git repository, which whence.gitfile reads."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from whence.changefile import changes_in
from whence.gitfile import commits_of, place_of
from whence.grammar import id_of, tag_value_of
from whence.packs.documents.recording import Imported, Version, record

if TYPE_CHECKING:
    from whence.app import Whence


def import_changes(db: Whence, path: str | os.PathLike[str], *, document: str | None = None) -> Imported:
    """Record the changes of a file (.jsonl, or .jsonl.gz) in its order, each once. `document` is by default the file's
    name. A line that cannot be read, or does not come to the state it names, ends it with InvalidFile naming the line;
    nothing of its batch is recorded."""
    file = Path(path)
    name = document or tag_value_of(Path(file.absolute().name.removesuffix(".gz").removesuffix(".jsonl")))
    return record(db, name, _lines(file, name))


def _lines(file: Path, document: str) -> Iterator[Version]:
    """The changes of a file as versions. A line is known again by its commit, the second one of the same commit by
    that, too; without a commit by itself and all lines before it, so that the same file may grow, and another file is
    another history."""
    so_far, commits = hashlib.sha256(document.encode()), Counter[str]()
    for each in changes_in(file):
        so_far.update(each.line + b"\n")
        if each.commit is None:
            key = so_far.hexdigest()
        else:
            commits[each.commit] += 1
            again = f":{commits[each.commit]}" if commits[each.commit] > 1 else ""
            key = f"{each.commit}{again}:{document}"
        yield Version(
            edits=each.edits,
            key=id_of(f"change:{key}"),
            time=each.time,
            who=each.author,
            why=each.message,
            commit=each.commit,
            version=each.version,
            line=each.number,
        )


def import_git(
    db: Whence, path: str | os.PathLike[str], *, document: str | None = None, branch: str = "HEAD"
) -> Imported:
    """Record every version of a file that its repository has, the oldest first, each once: do it again, and what is new
    is added. `document` is by default the file's path in the repository. Raises NotKnown for a file that no commit of
    the branch has, InvalidFile for a folder without a repository, and as record does."""
    root, inside = place_of(Path(path))
    name = document or tag_value_of(PurePosixPath(inside))
    return record(db, name, _commits(root, inside, name, branch))


def _commits(root: Path, inside: str, document: str, branch: str) -> Iterator[Version]:
    """Each commit of the first parents that touched the file, with its author, its message as the reason, and the time
    of the commit."""
    for each in commits_of(root, inside, branch):
        about: dict[str, Any] = {
            "key": id_of(f"git:{each.hash}:{document}"),
            "time": each.time,
            "who": each.author,
            "why": each.message or None,
            "commit": each.hash,
            "source": inside,
        }
        if each.content is None:
            yield Version(values={}, **about)
        else:
            yield Version.in_file(inside, each.content, **about)
