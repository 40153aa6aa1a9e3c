"""Building segments from a store: each a folder of Parquet files, one for every event type, which appears whole.

Their borders lie at fixed positions and their content follows from the events alone, so that built again they are the
same to the byte. A builder that is killed leaves the segments before its own; another one meanwhile waits."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as parquet

from whence.errors import CannotWrite
from whence.events import Recorded
from whence.segments.columns import Rows, table_of, with_uuids
from whence.segments.manifest import SEGMENT_EVENTS, File, Manifest, Segment, digest, empty, load, save, sync
from whence.store import Store

Progress = Callable[[int, int | None], None]
"""Called with how many events of how many are in segments."""

ENTITIES = "entities.parquet"
REPORT_EVENTS = 2**14
_RISING = ("position", "time", "recorded")
_ODD = re.compile(r"[^A-Za-z0-9_-]")


class Codes:
    """The codes of the entities of a kind, numbered by their first position."""

    def __init__(self, kind: str, known: Iterable[str] = ()) -> None:
        self.prefix = f"{kind}:"
        self.by_entity = {entity: code for code, entity in enumerate(known)}

    def collect(self, events: Iterable[Recorded]) -> dict[str, Rows]:
        """The rows of each type, an event for each of its entities; new entities get the next codes.

        The one tag of the kind that nearly every event has is cut out in place.
        """
        prefix, following, by_entity = self.prefix, f"\n{self.prefix}", self.by_entity
        found: dict[str, Rows] = {}
        for event in events:
            try:
                rows = found[event.type]
            except KeyError:
                rows = found[event.type] = Rows()
            text = event.tags_text
            before, cut, name = text.rpartition(following)
            if cut and "\n" not in name and prefix not in before:
                entity = prefix + name
            elif not cut and text.startswith(prefix) and "\n" not in text:
                entity, before = text, ""
            else:
                self._collect_odd(event, rows)
                continue
            code = by_entity.get(entity)
            if code is None:
                code = by_entity[entity] = len(by_entity)
            rows.events.append(event)
            rows.codes.append(code)
            rows.other_tags.append(before or None)
        return found

    def _collect_odd(self, event: Recorded, rows: Rows) -> None:
        """The rows of an event with no tag of the kind, with several, or with tags behind it."""
        names = [tag for tag in event.tags if tag.startswith(self.prefix)]
        for number, name in enumerate(names):
            if number:
                rows.copies.append(len(rows.events))
            rows.events.append(event)
            rows.codes.append(self.by_entity.setdefault(name, len(self.by_entity)))
            rows.other_tags.append("\n".join(tag for tag in event.tags if tag != name) or None)
        if not names:
            rows.events.append(event)
            rows.codes.append(None)
            rows.other_tags.append(event.tags_text or None)


def build(
    store: Store,
    kind: str,
    folder: Path,
    progress: Progress | None = None,
    *,
    segment_events: int = SEGMENT_EVENTS,
) -> Manifest:
    """Build the segments that the store has events enough for, and return the manifest; safe beside writers.

    Segments that are there are kept, lost ones are built again with all that follow. `segment_events` is for a folder
    that is begun. Raises InvalidSegments as load does, and CannotWrite.
    """
    if store.head() < segment_events and not folder.exists():
        return empty(store, kind, segment_events)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            return _build(store, load(folder, store, kind, segment_events), folder, progress)
    except OSError as problem:
        remedy = "Free space, or make the folder writable; the segments before are kept."
        raise CannotWrite(path=folder, problem=problem.strerror, remedy=remedy) from problem


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One builder at a time; the lock ends with its process."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(store: Store, manifest: Manifest, folder: Path, progress: Progress | None) -> Manifest:
    for stray in folder.iterdir():
        if stray.is_dir() and stray.name not in {segment.folder for segment in manifest.segments}:
            shutil.rmtree(stray)
    size = manifest.segment_events
    last = store.head() // size
    if last == len(manifest.segments):
        return manifest
    codes = Codes(manifest.kind, entities_in(folder, manifest))
    with ThreadPoolExecutor(1) as writer:  # compresses one type while the next is put together
        for number in range(len(manifest.segments) + 1, last + 1):
            upto = number * size
            events = store.read(after=upto - size, upto=upto)
            segment = _segment(_told(events, last * size, progress), number, upto, codes, folder, writer)
            manifest = msgspec.structs.replace(manifest, segments=(*manifest.segments, segment))
            save(folder, manifest)
    return manifest


def _segment(
    events: Iterable[Recorded], number: int, upto: int, codes: Codes, folder: Path, writer: ThreadPoolExecutor
) -> Segment:
    """Make one segment's folder, whole or not at all."""
    temporary = folder / f"{number:06}.new"
    temporary.mkdir()
    known = len(codes.by_entity)
    found = codes.collect(events)
    names: list[str] = []
    writing: list[Future[File]] = []
    for type in sorted(found):
        names.append(_file_name(type, names))
        writing.append(writer.submit(_write, temporary / names[-1], table_of(found.pop(type)), type))
    fresh = list(codes.by_entity)[known:]
    code = pa.array(range(known, known + len(fresh)), pa.int32())
    entities = pa.table({"code": code, "entity": pa.array(fresh, pa.string())})
    writing.append(writer.submit(_write, temporary / ENTITIES, entities, None))
    files = tuple(each.result() for each in writing)
    sync(temporary)
    temporary.rename(folder / f"{number:06}")
    sync(folder)
    return Segment(number, upto, len(codes.by_entity), files)


def _told(events: Iterable[Recorded], total: int, progress: Progress | None) -> Iterator[Recorded]:
    for event in events:
        if progress is not None and event.position % REPORT_EVENTS == 0:
            progress(event.position, total)
        yield event


def _file_name(type: str, taken: Sequence[str]) -> str:
    """A type's file: its name, as far as every file system can have it, and unlike the others in more than case."""
    base = _ODD.sub("_", type)[:100]
    others = {name.lower() for name in taken}
    name, number = f"{base}.parquet", 1
    while name.lower() in others or name == ENTITIES:
        number += 1
        name = f"{base}.{number}.parquet"
    return name


def _write(path: Path, table: pa.Table, type: str | None) -> File:
    table = with_uuids(table)
    rising = {name: "DELTA_BINARY_PACKED" for name in _RISING if name in table.column_names}
    if type is not None:
        table = table.replace_schema_metadata({b"whence.type": type.encode()})
    plain = {*rising, "id", "cause"}
    parquet.write_table(
        table,
        path,
        compression="zstd",
        compression_level=3,
        use_dictionary=[name for name in table.column_names if name not in plain],
        column_encoding=rising or None,
        write_statistics=[name for name in table.column_names if name not in ("id", "cause")],
        row_group_size=SEGMENT_EVENTS,
    )
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return File(path.name, type, table.num_rows, path.stat().st_size, digest(path))


def entities_in(folder: Path, manifest: Manifest) -> list[str]:
    """The tags of all entities by code."""
    found: list[Any] = []
    for segment in manifest.segments:
        found += parquet.read_table(folder / segment.folder / ENTITIES, columns=["entity"]).column("entity").to_pylist()
    return found
