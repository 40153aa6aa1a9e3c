"""The history of a file in a git repository as versions of a document: each commit of the first parents that touched
it, with its author, its message as the reason, and the time of the commit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from whence.errors import InvalidFile, MissingExtra, NotKnown
from whence.packs.documents.reading import version_in
from whence.packs.documents.recording import Imported, Version, document_of, record

if TYPE_CHECKING:
    from whence.app import Whence

FORMAT = "%x1e%H%x1f%cI%x1f%an%x1f%B"


def import_git(
    db: Whence, path: str | os.PathLike[str], *, document: str | None = None, branch: str = "HEAD"
) -> Imported:
    """Record every version of a file that its repository has, the oldest first, each once: do it again, and what is new
    is added. `document` is by default the file's path in the repository. Raises NotKnown for a file that no commit of
    the branch has, InvalidFile for a folder without a repository, and as record does."""
    root, inside = _place(Path(path))
    name = document or document_of(PurePosixPath(inside))
    return record(db, name, _versions(root, inside, name, branch))


def _versions(root: Path, inside: str, document: str, branch: str) -> Iterator[Version]:
    listed = _git(root, "log", "--first-parent", "--reverse", f"--format={FORMAT}", branch, "--", inside)
    commits = [entry.split("\x1f", 3) for entry in listed.decode("utf-8", errors="replace").split("\x1e")[1:]]
    if not commits:
        raise NotKnown("No commit has this file", file=inside, branch=branch, remedy="Name a file that git log knows.")
    contents = _contents(root, [f"{commit}:{inside}" for commit, *_ in commits])
    for (commit, when, author, message), content in zip(commits, contents, strict=True):
        about: dict[str, Any] = {
            "key": f"git:{commit}:{document}"[:200],
            "time": datetime.fromisoformat(when),
            "who": author,
            "why": message.strip() or None,
            "commit": commit,
            "source": inside,
        }
        yield Version(values={}, **about) if content is None else version_in(inside, content, **about)


def _contents(root: Path, objects: list[str]) -> Iterator[bytes | None]:
    """What each object holds, in one process; None for one that is not there, since the commit takes the file away."""
    out = _git(root, "cat-file", "--batch", given="".join(f"{each}\n" for each in objects).encode())
    start = 0  # of what is said of an object: a line with its id, kind and size, what it holds, and a line's end
    for each in objects:
        end = out.index(b"\n", start)
        header = out[start:end]
        if header.endswith(b"missing"):
            yield None
            start = end + 1
            continue
        _, kind, size = header.split()
        if kind != b"blob":
            raise InvalidFile("This is a folder", path=each.partition(":")[2], remedy="Name one of the files in it.")
        start = end + 1 + int(size)
        yield out[end + 1 : start]
        start += 1


def _place(path: Path) -> tuple[Path, str]:
    """The repository that a file lies in, and its path there."""
    folder = path.absolute().parent
    while not folder.is_dir():
        folder = folder.parent
    root = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel")).strip())
    return root, (path.absolute().parent.resolve() / path.name).relative_to(root.resolve()).as_posix()


def _git(folder: Path, *words: str, given: bytes | None = None) -> bytes:
    try:
        done = subprocess.run(["git", "-C", os.fspath(folder), *words], input=given, capture_output=True)
    except FileNotFoundError:
        raise MissingExtra("Reading a repository needs git", package="git", remedy="Install git.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise InvalidFile(
            "git cannot read this", folder=folder, problem=said[-1] if said else "", remedy="Try git log there."
        )
    return done.stdout
