"""Files and folders that are followed: each change of one is recorded as a change of its document. A version that
cannot be used is recorded as such, and the last good one stays.

    config/mail.json                   of the document mail.json, where `config` is followed
    {"limit": 4}                       settings.Changed: limit = 4
    {"limit": 4,                       settings.VersionRefused: what is wrong with it; limit stays 4
    the file is taken away             settings.VersionRefused: The file is not there any more.
    {"limit": 5}                       settings.Changed: limit = 5
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from whence.errors import InvalidFile, MissingExtra
from whence.grammar import tag_value_of
from whence.packs.documents.recording import Version, observe
from whence.packs.settings.events import TYPES, Changed, VersionRefused
from whence.query import Query
from whence.treefile import ENDINGS

if TYPE_CHECKING:
    from whence.app import Whence

Found = TypeVar("Found")
TEXT_ENDINGS = (".txt", ".md", ".prompt", ".jinja", ".j2", ".tmpl")
SETTLED_MS = 200
"""A file is read when nothing was written to it for so long: editors write in steps."""
SETTLING_MAX = 10
"""So many times it is waited for."""
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
    these are JSON, YAML, TOML and texts (.txt, .md, .prompt …). A document that was recorded from one of the paths and
    whose file is gone is recorded as a version that cannot be used.

    Raises InvalidFile for a path that is not there, and for two files that would be one document.
    """
    followed = list(map(Path, paths))
    for path in followed:
        if not path.exists():
            raise InvalidFile("There is no such file", path=path, remedy="Name a file or a folder.")
    return list(_look(db, followed, by, why))


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
    written, also where one is taken away and put back. `on_change` is told every change that was recorded. Raises
    MissingExtra without watchfiles, and as scan."""
    try:
        import watchfiles
    except ImportError:
        remedy = 'pip install "whence[settings]" (or: pip install watchfiles), or call with --once from a timer.'
        raise MissingExtra("Following files needs watchfiles", package="watchfiles", remedy=remedy) from None
    followed, ending = list(map(Path, paths)), stop or Flag()

    def tell(found: Iterable[Seen]) -> None:
        for each in found:
            if on_change is not None:
                on_change(each)

    tell(scan(db, paths, by=by, why=why))
    while not ending.is_set():  # each time one of the folders is another or is gone, they are followed anew
        places = _places(followed)
        if not places:
            tell(_while_there(_look(db, followed, by, why)))
            while not ending.wait(SETTLED_MS / 1000) and not _places(followed):
                pass  # until one is put back
            continue
        written = watchfiles.watch(
            *places, debounce=SETTLED_MS, step=50, rust_timeout=SETTLED_MS, yield_on_timeout=True, stop_event=ending
        )
        for number, changes in enumerate(_while_there(written)):
            if changes or number == 0:  # at first for what was written before it was followed
                tell(_while_there(_look(db, followed, by, why)))
            if _places(followed) != places:
                break


def _while_there(found: Iterable[Found]) -> Iterator[Found]:
    """What is found until a file is taken away at this moment. What is done with it may raise anything."""
    with suppress(FileNotFoundError):
        yield from found


def _look(db: Whence, paths: Sequence[Path], by: str | None, why: str | None) -> Iterator[Seen]:
    """Record how the files stand now. Raises InvalidFile, before anything is recorded, for two of one document."""
    there: dict[str, tuple[Path, str]] = {}
    for path in paths:
        for name, file in _documents(path):
            other, _ = there.setdefault(name, (file, path.as_posix()))
            if other.resolve() != file.resolve():
                facts = {"document": name, "files": f"{other}, {file}"}
                raise InvalidFile("Two files would be one document", **facts, remedy="Name the folder above both.")
    recorded_from = {path.as_posix(): path for path in paths}
    gone = {
        name: (recorded_from[source] / name, source)
        for name, source in _recorded(db).items()
        if source in recorded_from and name not in there
    }
    for name, (file, source) in (there | gone).items():
        said = observe(db, name, _version(file, who=by, why=why, source=source))
        if said is not None:
            yield Seen(name, said)


def _places(paths: Iterable[Path]) -> dict[Path, int]:
    """The folders to follow for those that are there, each with what tells it from another under its name."""
    found: dict[Path, int] = {}
    for path in paths:
        with suppress(FileNotFoundError):
            path.stat()
            folder = path if path.is_dir() else path.parent
            found[folder] = folder.stat().st_ino
    return found


def _documents(path: Path) -> Iterator[tuple[str, Path]]:
    """The files that are settings, each with the name of its document: the path within the folder."""
    if path.is_file():
        yield tag_value_of(Path(path.name)), path
        return
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(path).parts)
        if not hidden and file.is_file() and file.suffix.lower() in (*ENDINGS, *TEXT_ENDINGS):
            yield tag_value_of(file.relative_to(path)), file


def _recorded(db: Whence) -> dict[str, str | None]:
    """From which path each document was recorded last."""
    changes = db.history().events(Query.of(types=TYPES))
    return {event.data["settings"]: event.data.get("source") for event in changes}


def _settle(file: Path) -> None:
    """Wait until nothing was written to a file for a while, but not for ever."""
    for _ in range(SETTLING_MAX):
        left_s = file.stat().st_mtime + SETTLED_MS / 1000 - time.time()
        if not 0 < left_s <= SETTLED_MS / 1000:  # later than that it is another clock's
            return
        time.sleep(left_s)


def _version(file: Path, **about: Any) -> Version:
    """The version that a file is now, when nobody writes to it."""
    try:
        _settle(file)
        content = file.read_bytes()
    except FileNotFoundError:
        return Version(problem="The file is not there any more.", **about)
    except OSError as problem:
        return Version(problem=f"It cannot be read: {problem.strerror}.", **about)
    if len(content) > SIZE_MAX:
        return Version(problem=f"It is too large: {len(content):,} bytes.", **about)
    return Version.in_file(file.name, content, **about)
