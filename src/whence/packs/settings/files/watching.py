"""Files and folders that are followed: each change of one is recorded as a change of its document. A version that
cannot be used is recorded as such, and the last good one stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import InvalidFile, MissingExtra
from whence.packs.settings.events import TYPES, Changed, VersionRefused
from whence.packs.settings.files.reading import ENDINGS, version_in
from whence.packs.settings.files.recording import Version, observe
from whence.query import Query

if TYPE_CHECKING:
    from whence.app import Whence

TEXT_ENDINGS = (".txt", ".md", ".prompt", ".jinja", ".j2", ".tmpl")
SETTLED_MS = 200
"""A file is read when nothing was written to it for so long: editors write in steps."""
SIZE_MAX = 900_000
"""A larger file is no settings: an event has room for a megabyte."""


class Seen(msgspec.Struct, frozen=True):
    """A change of a document that was recorded."""

    document: str
    said: Changed | VersionRefused


def scan(
    db: Whence, paths: Sequence[str | os.PathLike[str]], *, by: str | None = None, why: str | None = None
) -> list[Seen]:
    """Record how the files, and those in the folders, stand now: what is as it was recorded is no change. In folders
    these are JSON, YAML, TOML and texts (.txt, .md, .prompt …). A document that was recorded from one of the folders
    and whose file is gone is recorded as a version that cannot be used.

    Raises InvalidFile for a path that is not there.
    """
    found: list[Seen] = []
    for given in paths:
        path = Path(given)
        if not path.exists():
            raise InvalidFile("There is no such file", path=path, remedy="Name a file or a folder.")
        root, source = path if path.is_dir() else path.parent, path.as_posix()
        there = dict(_documents(path))
        gone = [each for each in _recorded(db, source) if each not in there]
        for name, file in [*there.items(), *((name, root / name) for name in gone)]:
            said = observe(db, name, _version(name, file, who=by, why=why, source=source))
            if said is not None:
                found.append(Seen(name, said))
    return found


def watch(
    db: Whence,
    paths: Sequence[str | os.PathLike[str]],
    *,
    by: str | None = None,
    why: str | None = None,
    on_change: Callable[[Seen], None] | None = None,
    stop: Flag | None = None,
) -> None:
    """Follow files and folders until `stop` is set, or for ever: first as scan does, then each time something is
    written. `on_change` is told every change that was recorded. Raises MissingExtra without watchfiles, and as scan."""
    try:
        import watchfiles
    except ImportError:
        remedy = 'pip install "whence[settings]" (or: pip install watchfiles), or call with --once from a timer.'
        raise MissingExtra("Following files needs watchfiles", package="watchfiles", remedy=remedy) from None
    folders = {path if path.is_dir() else path.parent for path in map(Path, paths)}

    def look() -> None:
        for each in scan(db, paths, by=by, why=why):
            if on_change is not None:
                on_change(each)

    ending = stop or Flag()
    followed = watchfiles.watch(
        *folders, debounce=SETTLED_MS, step=50, rust_timeout=200, yield_on_timeout=True, stop_event=ending
    )
    look()
    for changes in followed:
        if changes:
            look()


def _documents(path: Path) -> Iterator[tuple[str, Path]]:
    """The files that are settings, each with the name of its document: the path within the folder."""
    if not path.is_dir():
        yield path.name, path
        return
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(path).parts)
        if not hidden and file.is_file() and file.suffix.lower() in (*ENDINGS, *TEXT_ENDINGS):
            yield file.relative_to(path).as_posix(), file


def _recorded(db: Whence, source: str) -> list[str]:
    """The documents that were recorded last from a path."""
    changes = db.history().events(Query.of(types=TYPES))
    found = {event.data["settings"]: event.data.get("source") for event in changes}
    return [name for name, last in found.items() if last == source]


def _version(name: str, file: Path, **about: Any) -> Version:
    """The version that a file is now."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return Version(problem="The file is not there any more.", **about)
    except OSError as problem:
        return Version(problem=f"It cannot be read: {problem.strerror}.", **about)
    if len(content) > SIZE_MAX:
        return Version(problem=f"It is too large: {len(content):,} bytes.", **about)
    return version_in(name, content, **about)
