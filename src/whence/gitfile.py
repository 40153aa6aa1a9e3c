"""A file in a git repository as its commits, by the program `git`. What becomes of them is left to whoever asks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from whence.errors import InvalidFile, MissingExtra, NotKnown

_FORMAT = "%x1e%H%x1f%cI%x1f%an%x1f%B"


class Commit(NamedTuple):
    """A commit that touched a file: its full hash, when it was made, and what the file held; None where it was gone."""

    hash: str
    time: datetime
    author: str
    message: str
    content: bytes | None


def commits_of(root: Path, inside: str, branch: str = "HEAD") -> Iterator[Commit]:
    """The commits among the first parents of a branch that touched a file, given by its path in the repository, the
    oldest first; times are with the offset that the commit has. Raises NotKnown where none has it, InvalidFile for a
    folder and where git cannot read the repository or the branch, and MissingExtra without git."""
    listed = _git(root, "log", "--first-parent", "--reverse", f"--format={_FORMAT}", branch, "--", inside)
    commits = [entry.split("\x1f", 3) for entry in listed.decode("utf-8", errors="replace").split("\x1e")[1:]]
    if not commits:
        raise NotKnown("No commit has this file", file=inside, branch=branch, remedy="Name a file that git log knows.")
    contents = _contents(root, [f"{commit}:{inside}" for commit, *_ in commits])
    for (commit, when, author, message), content in zip(commits, contents, strict=True):
        yield Commit(commit, datetime.fromisoformat(when), author, message.strip(), content)


def place_of(path: Path) -> tuple[Path, str]:
    """The repository that a file lies in, and its path there, also of a file that is gone. Raises InvalidFile where
    there is none, and MissingExtra without git."""
    folder = path.absolute().parent
    while not folder.is_dir():
        folder = folder.parent
    root = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel")).strip())
    return root, (path.absolute().parent.resolve() / path.name).relative_to(root.resolve()).as_posix()


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
