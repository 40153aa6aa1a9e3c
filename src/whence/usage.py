"""What takes the space in a store: by event type and by kind of tag, and the log beside its segments and
snapshots. It reads the store from end to end and keeps nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from whence.segments.manifest import beside, folders, load
from whence.snapshots.folder import SnapshotFolder
from whence.store import Store

REPORT_EVENTS = 10_000

Progress = Callable[[int, int | None], None]


class Share(msgspec.Struct):
    """How many events there are of something, and their bytes as they are stored: of data, of the rest of the envelope,
    and in segments (None where there are none)."""

    name: str
    events: int = 0
    data_bytes: int = 0
    envelope_bytes: int = 0
    segment_bytes: int | None = None

    @property
    def bytes(self) -> int:
        """Of data and envelope."""
        return self.data_bytes + self.envelope_bytes


class Usage(msgspec.Struct, frozen=True):
    """What takes the space. `log_bytes` is the size of the store's files, its index and free pages too; an event with
    tags of several kinds counts for each of them, and without tags for none. `segment_bytes` is all that lies in the
    folders of segments, `snapshot_bytes` the same of snapshots."""

    events: int
    log_bytes: int
    segment_bytes: int
    snapshot_bytes: int
    types: tuple[Share, ...]
    kinds: tuple[Share, ...]


def usage(store: Store, progress: Progress | None = None) -> Usage:
    """What takes the space in a store and in the segments beside it, each list with the largest first."""
    types: dict[str, Share] = {}
    kinds: dict[str, Share] = {}
    reading = store.read()
    for event in reading:
        data = _bytes(event.raw_data)
        envelope = (
            16
            + 8
            + sum(
                _bytes(part)
                for part in (
                    event.tags_text,
                    event.actor,
                    event.raw_cause,
                    event.correlation,
                    event.basis_text,
                    event.meta_text,
                )
            )
        )
        envelope += 0 if event.given_time_us is None else 8
        names = {tag.partition(":")[0] for tag in event.tags}
        for share in (
            types.get(event.type) or types.setdefault(event.type, Share(event.type)),
            *(kinds.get(name) or kinds.setdefault(name, Share(name)) for name in names),
        ):
            share.events += 1
            share.data_bytes += data
            share.envelope_bytes += envelope
        if progress and event.position % REPORT_EVENTS == 0:
            progress(event.position, reading.head)
    path, segments, snapshots = getattr(store, "path", None), beside(store), SnapshotFolder(store).folder
    for name, size in _in_segments(store).items():
        if name in types:
            types[name].segment_bytes = size
    return Usage(
        reading.head,
        0 if path is None else sum(_size(f"{path}{ending}") for ending in ("", "-wal")),
        0 if segments is None else _folder_size(segments),
        0 if snapshots is None else _folder_size(snapshots),
        tuple(sorted(types.values(), key=lambda share: -share.bytes)),
        tuple(sorted(kinds.values(), key=lambda share: -share.bytes)),
    )


def _bytes(part: str | bytes | None) -> int:
    return 0 if part is None else len(part) if isinstance(part, bytes) else len(part.encode())


def _size(path: str | Path) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _folder_size(folder: Path) -> int:
    return sum(_size(path) for path in folder.rglob("*") if path.is_file())


def _in_segments(store: Store) -> dict[str, int]:
    """The bytes of each type in the segments of all kinds."""
    found: dict[str, int] = {}
    for folder in folders(store):
        for segment in load(folder, store, folder.name).segments:
            for file in segment.files:
                if file.type is not None:
                    found[file.type] = found.get(file.type, 0) + file.bytes
    return found
