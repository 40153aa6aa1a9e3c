"""Questions in SQL over the segments of a kind and the newest events together, as one fixed history: one view for each
event type and two for all, through DuckDB. What the columns are is left to columns, and how segments come about to
building.

| view | a row for each |
|---|---|
| the type's name, `"LeadScored"` | event of that type: its envelope and the fields of its data |
| `events` | event: its envelope |
| `entity_events` | event and entity of the kind that it concerns: its envelope |

The envelope is `position`, `type`, `entity` (a tag; of several the first), `time`, `recorded`, `id`, `version`,
`actor`, `cause`, `correlation`, `tags`, `meta`. Times are in UTC. A field of one of these names, such as `time`, has
the column `data_time`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as parquet

from whence.errors import InvalidQuery
from whence.segments.ahead import ahead
from whence.segments.arrays import integers
from whence.segments.building import Progress, build, entities_in
from whence.segments.columns import ENVELOPE, JSON, KIND, TYPES, Rows, is_wanted, table_of, with_uuids
from whence.segments.manifest import Manifest, empty, load
from whence.segments.segment import ENTITIES, Codes
from whence.store import Store

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars

_OPTIONAL: dict[str, str] = {
    "id": "UUID",
    "id_text": "VARCHAR",
    "version": "INTEGER",
    "actor": "VARCHAR",
    "cause": "UUID",
    "cause_text": "VARCHAR",
    "correlation": "VARCHAR",
    "other_tags": "VARCHAR",
    "meta": "VARCHAR",
    "rest": "VARCHAR",
    "time": "TIMESTAMPTZ",
    "copy": "BOOLEAN",
}
"""The columns of the envelope that a table need not have, and what they are in SQL."""
_ENVELOPE = """s.position, {type} AS type, n.entity, make_timestamp(epoch_us(coalesce(s.time, s.recorded))) AS time,
    make_timestamp(epoch_us(s.recorded)) AS recorded,
    coalesce(s.id::VARCHAR, s.id_text) AS id, coalesce(s.version, 1) AS version, s.actor,
    coalesce(s.cause::VARCHAR, s.cause_text) AS cause, s.correlation,
    list_sort(list_filter([n.entity] || coalesce(string_split(s.other_tags, chr(10)), []), lambda tag: tag IS NOT NULL))
        AS tags,
    s.meta::JSON AS meta"""
READERS = 2
FILES_AHEAD = 8
"""So many files are read before they are asked for."""
_RESERVED = frozenset({*ENVELOPE, "type", "tags"})


class Segments:
    """A store's history up to `head`, to be asked in SQL. Made with `Segments.open`; a context manager.

    The segments up to `built` are files; the events after them were read from the store when it was opened. It is used
    by one thread at a time; what it returns does not depend on it any more.
    """

    def __init__(self, folder: Path | None, manifest: Manifest, store: Store) -> None:
        self.folder = folder or Path()
        self.kind = manifest.kind
        self.built = manifest.head
        self._manifest = manifest
        reading = store.read(after=manifest.head)
        self.head = reading.head
        known = entities_in(self.folder, manifest)
        codes = Codes(manifest.kind, known)
        self._newest = codes.collect(reading)
        self._entities = list(codes.by_entity)
        self._fresh = self._entities[len(known) :]
        self.kept: tuple[Any, ...] | None = None
        """What was asked last of the rows, and what came of it: they do not change."""
        self._files: dict[str, list[Path]] = {}
        for type, path in self.files():
            self._files.setdefault(type, []).append(path)
        self.types: tuple[str, ...] = tuple(sorted(self._files.keys() | self._newest.keys()))
        self._views: duckdb.DuckDBPyConnection | None = None

    @classmethod
    def open(
        cls, store: Store, kind: str, folder: str | os.PathLike[str], progress: Progress | None = None
    ) -> Segments:
        """The segments of a kind (`lead`) in a folder, after those that are missing were built.

        Raises InvalidSegments for a folder of another store, CannotWrite.
        """
        return cls(Path(folder), build(store, kind, Path(folder), progress), store)

    @classmethod
    def open_built(cls, store: Store, kind: str, folder: str | os.PathLike[str] | None) -> Segments:
        """As open, but writing nothing: events that are in no segment yet are held in memory, without a folder all."""
        place = None if folder is None else Path(folder)
        return cls(place, empty(store, kind) if place is None else load(place, store, kind), store)

    def __enter__(self) -> Segments:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.kept = None
        if self._views is not None:
            self._views.close()

    # Asking.

    def sql(self, query: str, *values: Any) -> pa.Table:
        """What a SELECT gives, as an Arrow table. Each `?` stands for one of the values.

        Raises InvalidQuery for what DuckDB refuses, with what it says, and for a statement that is no SELECT.
        """
        import duckdb  # here, since who scores or replays asks no SQL

        try:
            statements = self._db.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                remedy = "Ask one SELECT at a time: the views are fixed, and nothing is written."
                raise InvalidQuery("Not one SELECT", given=query[:80], remedy=remedy)
            return self._db.sql(query, params=values or None).to_arrow_table()
        except duckdb.Error as problem:
            remedy = f"The views are {self._views_text()}; whence sql --schema lists their columns."
            said = " ".join(str(problem).split())
            raise InvalidQuery("DuckDB refuses this", problem=said, remedy=remedy) from problem

    def schema(self) -> list[tuple[str, str, str]]:
        """The columns of every view: the view, the column and its type in SQL."""
        views = [_view(type) for type in self.types] + ["events", "entity_events"]
        return [
            (view, name, kind)
            for view in views
            for name, kind, *_ in self._db.execute(f"DESCRIBE {_quoted(view)}").fetchall()
        ]

    def _views_text(self) -> str:
        shown = [*(_quoted(_view(type)) for type in self.types[:12]), *(["…"] if len(self.types) > 12 else [])]
        return ", ".join([*shown, "events and entity_events"])

    def to_arrow(self, type: str | None = None) -> pa.Table:
        """The events of a type with their fields, or all with their envelopes, by position."""
        if type is not None and type not in self.types:
            raise InvalidQuery("No event has this type", type=type, remedy=f"There are {', '.join(self.types[:20])}.")
        return self.sql(f"SELECT * FROM {'events' if type is None else _quoted(_view(type))} ORDER BY position")

    def to_pandas(self, type: str | None = None) -> pandas.DataFrame:
        """As to_arrow, as a pandas data frame; pandas has to be installed."""
        return self.to_arrow(type).to_pandas()

    def to_polars(self, type: str | None = None) -> polars.DataFrame:
        """As to_arrow, as a polars data frame; polars has to be installed."""
        import polars

        found = polars.from_arrow(self.to_arrow(type))
        assert isinstance(found, polars.DataFrame)
        return found

    # The tables, for those who compute with them.

    def entities(self) -> Sequence[str]:
        """The tags of the entities, by code."""
        return self._entities

    def tables(self, fields: Collection[str], envelope: Collection[str]) -> Iterator[tuple[str, pa.Table]]:
        """The tables as they are kept, one or more for a type, with some fields of the data and columns of the
        envelope, as far as they have them; without `recorded` where it is asked for beside `time` and each row has
        one. Texts of the data may be dictionaries, as they are in the files."""

        def read(of: tuple[str, Path]) -> tuple[str, pa.Table]:
            type, path = of
            with pa.memory_map(str(path)) as content:
                file = parquet.ParquetFile(content)
                wanted = [field for field in file.schema_arrow if is_wanted(field, fields, envelope)]
                names = [field.name for field in wanted]
                if "time" in names and _is_full(file, "time"):
                    names = [name for name in names if name != "recorded"]
                texts = [field.name for field in wanted if field.type == TYPES[str] and field.name not in ENVELOPE]
                if texts:
                    file = parquet.ParquetFile(content, metadata=file.metadata, read_dictionary=texts)
                return type, file.read(names, use_threads=False)

        yield from ahead(read, self.files(), threads=READERS, most=FILES_AHEAD)
        for type, rows in self._newest.items():
            yield type, table_of(rows, fields=fields, envelope=envelope)

    def files(self) -> Iterator[tuple[str, Path]]:
        """The files of the segments with the type that each is of, in the order of positions."""
        for segment in self._manifest.segments:
            place = self.folder / segment.folder
            for file in segment.files:
                if file.type is not None:
                    yield file.type, place / file.name

    def newest(self) -> Mapping[str, Rows]:
        """The events of each type that are in no segment yet."""
        return self._newest

    def rows_of(self, type: str) -> str:
        """The view, in SQL, of a type's rows as they are kept: `entity` is a code, times have a zone, and there is no
        join with the entities' names. An event of several entities stands there for each, marked as a `copy` after the
        first. Raises InvalidQuery for a type that no event has."""
        if type not in self.types:
            raise InvalidQuery("No event has this type", type=type, remedy=f"There are {', '.join(self.types[:20])}.")
        return f"kept.rows_{self.types.index(type)}"

    @property
    def entity_count(self) -> int:
        """How many entities there are; their codes are smaller."""
        return len(self._entities)

    def register(self, name: str, table: pa.Table) -> None:
        """Have a table of one's own beside the views, by this name, as long as this is open."""
        self._db.register(name, table)

    # The views.

    @property
    def _db(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with the views, made when the first question in SQL comes: who scores or replays asks none."""
        import duckdb

        if self._views is None:
            self._views = duckdb.connect(":memory:")
            self._make_views(self._views)
        return self._views

    def _make_views(self, db: duckdb.DuckDBPyConnection) -> None:
        db.execute("CREATE SCHEMA kept")
        self._make_entities(db)
        for number, type in enumerate(self.types):
            self._make_view(db, number, type, self._files.get(type, []))
        for view, once in (("events", " WHERE NOT is_copy"), ("entity_events", "")):
            numbers = range(len(self.types))
            parts = [f"SELECT * EXCLUDE (is_copy) FROM kept.envelope_{number}{once}" for number in numbers]
            db.execute(f"CREATE VIEW {view} AS {' UNION ALL '.join(parts)}" if parts else _EMPTY.format(view))

    def _make_entities(self, db: duckdb.DuckDBPyConnection) -> None:
        paths = [self.folder / segment.folder / ENTITIES for segment in self._manifest.segments]
        first = self._manifest.segments[-1].entities if paths else 0
        codes = integers(range(first, first + len(self._fresh)), pa.int32())
        db.register("kept_fresh_entities", pa.table({"code": codes, "entity": pa.array(self._fresh, pa.string())}))
        stored = f"SELECT code, entity FROM {_files(paths)} UNION ALL " if paths else ""
        db.execute(f"CREATE VIEW kept.entities AS {stored}SELECT code, entity FROM kept_fresh_entities")

    def _make_view(self, db: duckdb.DuckDBPyConnection, number: int, type: str, paths: Sequence[Path]) -> None:
        """The views of a type: its rows as they are kept, their envelopes, and the view that people use."""
        parts, schemas = [], [parquet.read_schema(path) for path in paths]
        if paths:
            parts.append(f"SELECT * FROM {_files(paths)}")
        if type in self._newest:
            tail = table_of(self._newest[type])
            schemas.append(tail.schema)
            db.register(f"kept_tail_{number}", with_uuids(tail))
            parts.append(f"SELECT * FROM kept_tail_{number}")
        there = {name.lower() for schema in schemas for name in schema.names}
        absent = [f"NULL::{kind} AS {name}" for name, kind in _OPTIONAL.items() if name not in there]
        rows = f"SELECT *{''.join(f', {column}' for column in absent)} FROM ({' UNION ALL BY NAME '.join(parts)})"
        db.execute(f"CREATE VIEW kept.rows_{number} AS {rows}")
        source = f"FROM kept.rows_{number} s LEFT JOIN kept.entities n ON n.code = s.entity"
        envelope = _ENVELOPE.format(type=_text(type))
        db.execute(
            f"CREATE VIEW kept.envelope_{number} AS SELECT {envelope}, coalesce(s.copy, false) AS is_copy {source}"
        )
        fields = ", ".join(("", *_selected(schemas)))
        once = "" if "copy" not in there else " WHERE NOT coalesce(s.copy, false)"
        db.execute(f"CREATE VIEW {_quoted(_view(type))} AS SELECT {envelope}{fields} {source}{once}")


def _selected(schemas: Sequence[pa.Schema]) -> Iterator[str]:
    """The columns of fields, in the order of their first schemas, JSON as such."""
    fields: dict[str, list[pa.Field]] = {}
    for schema in schemas:
        for field in schema:
            if field.name not in _RESERVED:
                fields.setdefault(field.name.lower(), []).append(field)
    for found in fields.values():
        name = _quoted(found[0].name)
        is_json = all((field.metadata or {}).get(KIND) == JSON for field in found)
        yield f"s.{name}::JSON AS {name}" if is_json else f"s.{name}"


def _view(type: str) -> str:
    """The name of a type's view: the type, with a line below for those that are taken."""
    return f"{type}_" if type.lower().rstrip("_") in ("events", "entity_events") else type


def _is_full(file: parquet.ParquetFile, name: str) -> bool:
    """Whether a column of a file has a value in each row, as its statistics say."""
    column = file.schema_arrow.get_field_index(name)  # the columns are flat
    for group in range(file.metadata.num_row_groups):
        told = file.metadata.row_group(group).column(column).statistics
        if told is None or not told.has_null_count or told.null_count:
            return False
    return True


def _files(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(_text(str(path)) for path in paths)}], union_by_name = true)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_EMPTY = """CREATE VIEW {} AS SELECT NULL::BIGINT AS position, NULL::VARCHAR AS type, NULL::VARCHAR AS entity,
    NULL::TIMESTAMP AS time, NULL::TIMESTAMP AS recorded, NULL::VARCHAR AS id, NULL::INTEGER AS version,
    NULL::VARCHAR AS actor, NULL::VARCHAR AS cause, NULL::VARCHAR AS correlation, NULL::VARCHAR[] AS tags,
    NULL::JSON AS meta WHERE false"""
