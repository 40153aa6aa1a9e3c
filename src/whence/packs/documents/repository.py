"""The history of a file in a git repository as versions of a document: each commit of the first parents that touched
it, with its author, its message as the reason, and the time of the commit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from whence.gitfile import commits_of, place_of
from whence.packs.documents.recording import Imported, Version, document_of, id_for, record

if TYPE_CHECKING:
    from whence.app import Whence


def import_git(
    db: Whence, path: str | os.PathLike[str], *, document: str | None = None, branch: str = "HEAD"
) -> Imported:
    """Record every version of a file that its repository has, the oldest first, each once: do it again, and what is new
    is added. `document` is by default the file's path in the repository. Raises NotKnown for a file that no commit of
    the branch has, InvalidFile for a folder without a repository, and as record does."""
    root, inside = place_of(Path(path))
    name = document or document_of(PurePosixPath(inside))
    return record(db, name, _versions(root, inside, name, branch))


def _versions(root: Path, inside: str, document: str, branch: str) -> Iterator[Version]:
    for each in commits_of(root, inside, branch):
        about: dict[str, Any] = {
            "key": id_for(f"git:{each.hash}:{document}"),
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
