"""Building segments from a store: each a folder of Parquet files, one for every event type, which appears whole.

Their borders lie at fixed positions and their content follows from the events alone, so that built again they are the
same to the byte, however many processes make them. A builder that is killed leaves the segments before its own; another
one meanwhile waits."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as parquet

from whence.errors import CannotWrite
from whence.segments.manifest import SEGMENT_EVENTS, File, Manifest, Segment, empty, load, save
from whence.segments.segment import ENTITIES, Collect, Write
from whence.segments.workers import makers
from whence.store import Store

Progress = Callable[[int, int | None], None]
"""Called with how many events of how many are in segments."""


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
        with _locked(folder) as lock:
            return _build(store, load(folder, store, kind, segment_events), folder, lock, progress)
    except OSError as problem:
        remedy = "Free space, or make the folder writable; the segments before are kept."
        raise CannotWrite(path=folder, problem=problem.strerror, remedy=remedy) from problem


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """One builder at a time; the lock ends with its process and those that inherited its descriptor."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _build(store: Store, manifest: Manifest, folder: Path, lock: int, progress: Progress | None) -> Manifest:
    """Each maker in turn is asked for the entities of a segment, then to write it with their codes; meanwhile the
    others are at the segments that follow."""
    for stray in folder.iterdir():
        if stray.is_dir() and stray.name not in {segment.folder for segment in manifest.segments}:
            shutil.rmtree(stray)
    size, first = manifest.segment_events, len(manifest.segments) + 1
    last = store.head() // size
    if last < first:
        return manifest
    codes = {entity: code for code, entity in enumerate(entities_in(folder, manifest))}
    entities: list[int] = []  # after each segment
    with makers(store, manifest.kind, folder, size, lock, last + 1 - first) as all_makers:
        count = len(all_makers)
        for number in range(first, min(first + count, last + 1)):
            all_makers[number % count].ask(Collect(number))
        for number in range(first, last + 1 + count):
            maker = all_makers[number % count]
            if first <= number - count <= last:
                files: list[File] = maker.answer()
                done, known = number - count, entities[number - count - first]
                manifest = _with(manifest, Segment(done, done * size, known, tuple(files)), folder)
                if progress is not None:
                    progress(done * size, last * size)
            if number <= last:
                found: list[str] = maker.answer()
                known = len(codes)
                numbers = [codes.setdefault(entity, len(codes)) for entity in found]
                entities.append(len(codes))
                fresh = [entity for entity, code in zip(found, numbers, strict=True) if code >= known]
                maker.ask(Write(numbers, known, fresh))
                if number + count <= last:
                    maker.ask(Collect(number + count))
    return manifest


def _with(manifest: Manifest, segment: Segment, folder: Path) -> Manifest:
    """The manifest with one more segment, saved."""
    manifest = msgspec.structs.replace(manifest, segments=(*manifest.segments, segment))
    save(folder, manifest)
    return manifest


def entities_in(folder: Path, manifest: Manifest) -> list[str]:
    """The tags of all entities by code."""
    found: list[Any] = []
    for segment in manifest.segments:
        with parquet.ParquetFile(folder / segment.folder / ENTITIES) as file:  # read_table would import pandas
            found += file.read(["entity"], use_threads=False).column("entity").to_pylist()
    return found
