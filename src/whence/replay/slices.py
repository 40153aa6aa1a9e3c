"""The rows of some entities in segments: what a part of a replay reads. Rows lie sorted by entity, so that those of a
range of entities stand together in each file, and files and row groups that have none of them are not read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from whence.segments.arrays import arrow, is_there, numbers
from whence.segments.columns import ENVELOPE, Rows, is_wanted, table_of

PLACE = ("position", "entity")
LOOK = (*PLACE, "time", "recorded")
"""The columns that say whether a row is meant, and where it comes in the order."""


class Source(msgspec.Struct, frozen=True):
    """Where events of a type are: in a file, or, the newest ones, in no file yet."""

    type: str
    path: str = ""
    newest: Rows | None = None

    def of(self, first: int, last: int) -> Source | None:
        """The source for the entities with codes from `first` up to and without `last`: a file as it is, and of the
        newest events theirs alone; None where there are none."""
        if self.newest is None:
            return self
        rows = self.newest.of(first, last)
        return Source(self.type, newest=rows) if rows.events else None

    def table(self, fields: Collection[str], envelope: Collection[str], first: int, last: int) -> pa.Table | None:
        """The rows of some entities, with some fields of the data and columns of the envelope as far as there are such;
        None for a file that has none of these entities."""
        if self.newest is not None:
            return table_of(self.newest.of(first, last), fields=fields, envelope=envelope)
        schema = self.schema()
        return self.rows(schema, wanted_columns(schema, fields, envelope), first, last)

    def schema(self) -> pa.Schema:
        """The columns of a file."""
        return parquet.read_schema(self.path)

    def rows(self, schema: pa.Schema, columns: Sequence[str], first: int, last: int) -> pa.Table | None:
        """The rows of some entities in a file; None where there are none. Texts come as words with numbers."""
        texts = [name for name in columns if name not in ENVELOPE and pa.types.is_string(schema.field(name).type)]
        with parquet.ParquetFile(self.path, memory_map=True, read_dictionary=texts) as file:
            groups = [n for n in range(file.num_row_groups) if _may_have(file, n, first, last)]
            if not groups:
                return None
            return _range(file.read_row_groups(groups, columns=list(columns), use_threads=False), first, last)


class Until(msgspec.Struct, frozen=True):
    """The last position and the last microsecond of what is replayed, both inclusive; None for no bound."""

    position: int | None = None
    time_us: int | None = None

    @property
    def is_all(self) -> bool:
        return self.position is None and self.time_us is None

    def holds(self, position: NDArray[np.int64], time_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which events had happened by then."""
        found = np.ones(len(position), bool)
        if self.position is not None:
            found &= position <= self.position
        if self.time_us is not None:
            found &= time_us <= self.time_us
        return found


def kept(table: pa.Table, until: Until) -> pa.Table | None:
    """The rows that had happened by then; None where there are none."""
    if until.is_all:
        return table
    table = table.filter(arrow(until.holds(numbers(table.column("position")), times(table))))
    return table if len(table) else None


def times(table: pa.Table) -> NDArray[np.int64]:
    """When each event happened, in microseconds UTC; zeros where a table was read without its times."""
    if "recorded" not in table.column_names:
        return np.zeros(len(table), np.int64)
    recorded = numbers(table.column("recorded"))
    if "time" not in table.column_names:
        return recorded
    given = table.column("time")
    return np.where(is_there(given), numbers(given), recorded)


def counts(sources: Sequence[Source], entities: int) -> NDArray[np.int64]:
    """How many rows each entity has, by code."""
    found = np.zeros(entities, np.int64)
    for source in sources:
        if source.newest is None:
            with parquet.ParquetFile(source.path, memory_map=True) as file:  # read_table would import pandas
                codes = numbers(file.read(["entity"], use_threads=False).column("entity").drop_null())
        else:
            codes = np.array([code for code in source.newest.codes if code is not None], np.int32)
        found += np.bincount(codes, minlength=entities)
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
            table = source.table(fields, envelope, self._first, self._last)
            if table is not None:
                yield source.type, plainly(table)


def wanted_columns(schema: pa.Schema, fields: Collection[str], envelope: Collection[str]) -> list[str]:
    return [field.name for field in schema if is_wanted(field, fields, envelope)]


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
    codes = numbers(table.column("entity"), absent=2**31 - 1)
    low, high = np.searchsorted(codes, [first, last])
    return table.slice(low, high - low) if high > low else None
