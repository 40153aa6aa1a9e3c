"""The rows of some entities in segments: what a part of a replay reads. Rows lie sorted by entity, so that those of a
range of entities stand together in each file, and files and row groups that have none of them are not read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from whence.segments.columns import ENVELOPE, field_of

LOOK = ("position", "entity", "time", "recorded")
"""The columns that say whether a row is meant, and where it comes in the order."""


class Source(msgspec.Struct, frozen=True):
    """One table of a type: a file, or the newest events, which are in none."""

    type: str
    path: str = ""
    table: pa.Table | None = None

    def schema(self) -> pa.Schema:
        return parquet.read_schema(self.path) if self.table is None else self.table.schema

    def rows(self, columns: Sequence[str], first: int, last: int) -> pa.Table | None:
        """The rows of the entities with codes from `first` up to and without `last`; None where there are none. Texts
        come as words with numbers."""
        if self.table is not None:
            return _range(self.table.select(list(columns)), first, last)
        with parquet.ParquetFile(self.path, memory_map=True) as file:
            groups = [n for n in range(file.num_row_groups) if _may_have(file, n, first, last)]
            if not groups:
                return None
            texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
        read = [name for name in columns if name in texts and name not in ENVELOPE]
        with parquet.ParquetFile(self.path, memory_map=True, read_dictionary=read) as file:
            return _range(file.read_row_groups(groups, columns=list(columns), use_threads=False), first, last)


class Until(msgspec.Struct, frozen=True):
    """The last position and the last microsecond of what is replayed, both inclusive; None for no bound."""

    position: int | None = None
    time_us: int | None = None

    @property
    def is_all(self) -> bool:
        return self.position is None and self.time_us is None


def kept(table: pa.Table, until: Until) -> NDArray[np.bool_] | None:
    """Which rows had happened by then; None for all of them."""
    found = None
    if until.position is not None:
        found = table.column("position").to_numpy() <= until.position
    if until.time_us is not None:
        by_then = times(table) <= until.time_us
        found = by_then if found is None else found & by_then
    return None if found is None or bool(found.all()) else found


def times(table: pa.Table) -> NDArray[np.int64]:
    """When each event happened, in microseconds UTC."""
    recorded: NDArray[np.int64] = table.column("recorded").cast(pa.int64()).to_numpy()
    if "time" not in table.column_names:
        return recorded
    given = table.column("time").cast(pa.int64()).combine_chunks()
    there = given.is_valid().to_numpy(zero_copy_only=False)
    return np.where(there, given.fill_null(0).to_numpy(zero_copy_only=False), recorded)


def counts(sources: Sequence[Source], entities: int) -> NDArray[np.int64]:
    """How many rows each entity has, by code."""
    found = np.zeros(entities, np.int64)
    for source in sources:
        if source.table is None:
            codes = parquet.read_table(source.path, columns=["entity"], memory_map=True).column("entity")
        else:
            codes = source.table.column("entity")
        found += np.bincount(codes.drop_null().to_numpy(), minlength=entities)
    return found


class Slice:
    """What a scorecard looks at, for a range of entities: it gives the tables as `Segments` does."""

    def __init__(self, kind: str, sources: Sequence[Source], first: int, last: int) -> None:
        self.kind = kind
        self._sources = sources
        self._first, self._last = first, last

    def tables(self, fields: Collection[str], envelope: Collection[str]) -> Iterator[tuple[str, pa.Table]]:
        """The tables with some fields of the data and columns of the envelope, as far as they have them."""
        for source in self._sources:
            wanted = wanted_columns(source.schema(), fields, envelope)
            table = source.rows(wanted, self._first, self._last)
            if table is not None:
                yield source.type, plainly(table)


def wanted_columns(schema: pa.Schema, fields: Collection[str], envelope: Collection[str]) -> list[str]:
    return [f.name for f in schema if (f.name in envelope if f.name in ENVELOPE else field_of(f) in fields)]


def plainly(table: pa.Table) -> pa.Table:
    """The table with its texts as such."""
    for number, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            column = table.column(number).cast(pa.string())
            table = table.set_column(number, field.with_type(pa.string()), column)
    return table


def _may_have(file: parquet.ParquetFile, group: int, first: int, last: int) -> bool:
    """Whether a row group may have rows of these entities, by what the file says of itself."""
    number = file.schema_arrow.names.index("entity")
    said = file.metadata.row_group(group).column(number).statistics
    return said is None or not said.has_min_max or (said.min < last and said.max >= first)


def _range(table: pa.Table, first: int, last: int) -> pa.Table | None:
    codes = table.column("entity").fill_null(2**31 - 1).to_numpy()
    low, high = np.searchsorted(codes, [first, last])
    return table.slice(low, high - low) if high > low else None
