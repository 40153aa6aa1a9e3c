"""One segment: its events collected by type, then written as a folder of Parquet files, whole or not at all. Which
entity has which code, and the order of segments, are left to building."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as parquet

from whence.events import Recorded
from whence.segments.columns import Rows, table_of, with_uuids
from whence.segments.manifest import SEGMENT_EVENTS, File, digest, sync
from whence.store import Store

ENTITIES = "entities.parquet"
_RISING = ("entity", "position", "time", "recorded")
"""Rows are by entity, and by position within one."""
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
            if "\n" not in text and text.startswith(prefix):
                entity, before = text, ""
            else:
                before, cut, name = text.rpartition(following)
                if not cut or "\n" in name or prefix in before:
                    self._collect_odd(event, rows)
                    continue
                entity = prefix + name
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


class Collect(msgspec.Struct, frozen=True):
    """Asks for the entities of a segment, in the order of their first positions in it."""

    number: int


class Write(msgspec.Struct, frozen=True):
    """Asks for the files of the segment collected last. `codes` are those of its entities, as they were told; `fresh`
    the entities that no segment before had, whose codes begin with `known`."""

    codes: Sequence[int]
    known: int
    fresh: Sequence[str]


class Maker:
    """Makes one segment after the other: answers Collect with a list of entities, then Write with a list of files."""

    def __init__(self, store: Store, kind: str, folder: Path, segment_events: int) -> None:
        self._store, self._kind, self._folder, self._size = store, kind, folder, segment_events
        self._number = 0
        self._found: dict[str, Rows] = {}

    def answer(self, request: Collect | Write) -> list[str] | list[File]:
        """Do what is asked. Raises what reading the store raises, and OSError."""
        return self._collect(request.number) if isinstance(request, Collect) else self._write(request)

    def _collect(self, number: int) -> list[str]:
        codes, upto = Codes(self._kind), number * self._size
        self._number = number
        self._found = codes.collect(self._store.read(after=upto - self._size, upto=upto))
        return list(codes.by_entity)

    def _write(self, request: Write) -> list[File]:
        """Each type is compressed while the next is put together."""
        name = f"{self._number:06}"
        temporary = self._folder / f"{name}.new"
        temporary.mkdir()
        codes = pa.array(request.codes, pa.int32())
        names: list[str] = []
        writing: list[Future[File]] = []
        with ThreadPoolExecutor(1) as writer:
            for type in sorted(self._found):
                names.append(_file_name(type, names))
                table = table_of(self._found.pop(type), codes)
                writing.append(writer.submit(_write, temporary / names[-1], table, type))
            code = pa.array(range(request.known, request.known + len(request.fresh)), pa.int32())
            entities = pa.table({"code": code, "entity": pa.array(request.fresh, pa.string())})
            writing.append(writer.submit(_write, temporary / ENTITIES, entities, None))
        files = [each.result() for each in writing]
        sync(temporary)
        temporary.rename(self._folder / name)
        sync(self._folder)
        return files


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
    rises = ("code",) if type is None else _RISING
    rising = {name: "DELTA_BINARY_PACKED" for name in table.column_names if name in rises}
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
