"""What a folder of segments holds: which store and kind they are of, and each segment's range, files and digests. A
segment counts once it stands in the manifest, which is replaced as a whole; what is in its files is left to columns."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from whence.errors import InvalidSegments
from whence.store import Identity, Store

FORMAT = 1
"""The number of the layout; a folder with another number is refused."""
SEGMENT_EVENTS = 2**17
"""A segment holds so many positions, unless its folder was begun with another number."""
NAME = "manifest.json"


class File(msgspec.Struct, frozen=True):
    """One Parquet file: the table of a type, or with `type` None the entities that are new in its segment."""

    name: str
    type: str | None
    rows: int
    bytes: int
    sha256: str


class Segment(msgspec.Struct, frozen=True):
    """A segment: its number from 1, its last position and its files. `entities` is how many there are up to it."""

    number: int
    last: int
    entities: int
    files: tuple[File, ...]

    @property
    def folder(self) -> str:
        return f"{self.number:06}"

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


class Manifest(msgspec.Struct, frozen=True):
    """The segments of one kind of entity, from the first position on, each of as many events."""

    format: int
    store_id: str
    epoch: int
    kind: str
    segment_events: int
    segments: tuple[Segment, ...] = ()

    @property
    def head(self) -> int:
        """The last position that is in a segment."""
        return self.segments[-1].last if self.segments else 0


def beside(store: Store) -> Path | None:
    """The folder beside a store's file in which each kind has a folder of segments; None for a store in memory."""
    path = getattr(store, "path", None)
    return None if path is None else Path(f"{path}.segments")


def folders(store: Store) -> list[Path]:
    """The folders of segments beside a store, by kind."""
    place = beside(store)
    return [] if place is None else sorted(path.parent for path in place.glob(f"*/{NAME}"))


def empty(store: Store, kind: str, segment_events: int = SEGMENT_EVENTS) -> Manifest:
    """The manifest of a store's segments before the first one."""
    identity = store.identity()
    return Manifest(FORMAT, identity.store_id, identity.epoch, kind, segment_events)


def load(folder: Path, store: Store, kind: str, segment_events: int = SEGMENT_EVENTS) -> Manifest:
    """The manifest in a folder, or one without segments where there is none.

    Only the segments before the first one of which a file is missing or of another size count, so that what is lost is
    built again. Raises InvalidSegments for a manifest of another store or kind, and for one that cannot be read.
    """
    try:
        found = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except FileNotFoundError:
        return empty(store, kind, segment_events)
    except (msgspec.DecodeError, msgspec.ValidationError) as problem:
        raise InvalidSegments(folder=folder, problem=problem, remedy=AGAIN) from problem
    _refuse_foreign(found, store.identity(), kind, folder)
    whole: list[Segment] = []
    for number, segment in enumerate(found.segments, 1):
        if segment.number != number or not _is_there(folder, segment):
            break
        whole.append(segment)
    if whole and whole[-1].last > store.head():
        raise InvalidSegments("These segments hold events that the store does not", folder=folder, remedy=AGAIN)
    return msgspec.structs.replace(found, segments=tuple(whole))


def _refuse_foreign(found: Manifest, identity: Identity, kind: str, folder: Path) -> None:
    if found.format != FORMAT:
        raise InvalidSegments("Segments in another format", folder=folder, format=found.format, remedy=AGAIN)
    if (found.store_id, found.epoch) != (identity.store_id, identity.epoch):
        facts = {"of": found.store_id, "store": identity.store_id}
        raise InvalidSegments("These segments belong to another store", folder=folder, **facts, remedy=AGAIN)
    if found.kind != kind:
        raise InvalidSegments("These segments are of another kind", folder=folder, kind=found.kind, remedy=AGAIN)


def _is_there(folder: Path, segment: Segment) -> bool:
    place = folder / segment.folder
    for file in segment.files:
        try:
            if (place / file.name).stat().st_size != file.bytes:
                return False
        except OSError:
            return False
    return True


def save(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest, durably. What it names is on disk already."""
    temporary = folder / f"{NAME}.new"
    with temporary.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / NAME)
    sync(folder)


def sync(folder: Path) -> None:
    """Make durable which files a folder has."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damaged(folder: Path, manifest: Manifest) -> Iterator[str]:
    """The files whose content is not what the manifest says. Reads all of them."""
    for segment in manifest.segments:
        for file in segment.files:
            if digest(folder / segment.folder / file.name) != file.sha256:
                yield f"{segment.folder}/{file.name}"


def problems(store: Store) -> Iterator[str]:
    """What is wrong with the segments beside a store, of every kind. Reads all of their files; a lost one is built
    again and no problem."""
    for folder in folders(store):
        try:
            for name in damaged(folder, load(folder, store, folder.name)):
                yield f"{folder / name} is damaged: delete it, and it is built again"
        except InvalidSegments as problem:
            yield str(problem)


AGAIN = "Delete that folder: segments are built again from the store."
