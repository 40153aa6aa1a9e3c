"""The events of one type straight from columns into the structs that a model handles: a list of each field's values,
and one call of the class for each event. What is not plainly in columns is left to the codec, which decodes one event
after the other; both come to the same values.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from whence.segments.arrays import is_there, numbers
from whence.segments.columns import ENVELOPE, INTEGRAL, JSON, KIND, field_of

_STORED: dict[type, pa.DataType] = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
_WORDS = pa.dictionary(pa.int32(), pa.string())


class Field(msgspec.Struct, frozen=True):
    """A field of a struct: its name in the data, the one type its values have, and what an absent one is."""

    name: str
    kind: type
    default: Any

    @property
    def may_lack(self) -> bool:
        return self.default is not msgspec.NODEFAULT


class Plain(msgspec.Struct, frozen=True):
    """A class whose values can be made of columns: every field is text, a number, or true or false."""

    cls: type[msgspec.Struct]
    fields: tuple[Field, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields)


def plain_of(decode: Callable[[Any], Any]) -> Plain | None:
    """The class that a decoder makes values of, where columns can say them; None where only the decoder can."""
    decoder = getattr(decode, "__self__", None)
    if not isinstance(decoder, msgspec.json.Decoder):
        return None
    cls: Any = decoder.type
    config = getattr(cls, "__struct_config__", None)
    if config is None or config.array_like or config.forbid_unknown_fields or config.tag is not None:
        return None
    found = []
    for field in msgspec.structs.fields(cls):
        kind = _kind_of(field.type)
        unsure = field.default_factory is not msgspec.NODEFAULT or field.name in _keyword_only(cls)
        if kind is None or unsure:
            return None
        found.append(Field(field.encode_name, kind, field.default))
    return Plain(cls, tuple(found)) if found else None


def _keyword_only(cls: Any) -> frozenset[str]:
    """The fields that a class takes by name alone, as far as its signature says."""
    parameters = inspect.signature(cls).parameters.values()
    return frozenset(each.name for each in parameters if each.kind is each.KEYWORD_ONLY)


def _kind_of(annotation: Any) -> type | None:
    """The one type of a field's values; None where there may be others, or rules that hold for them."""
    while typing.get_origin(annotation) is Annotated:
        annotation, *marks = typing.get_args(annotation)
        if any(isinstance(mark, msgspec.Meta) for mark in marks):
            return None
    return annotation if annotation in _STORED else None


def fits(plain: Plain, schema: pa.Schema) -> bool:
    """Whether the columns of a table hold what the fields of a class need."""
    columns = {field_of(field): field for field in schema if field.name not in ENVELOPE}
    return all(_fits(field, columns.get(field.name)) for field in plain.fields)


def _fits(field: Field, column: pa.Field | None) -> bool:
    if column is None:
        return field.may_lack
    if (column.metadata or {}).get(KIND) == JSON:
        return False
    stored = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if field.kind is float:
        return stored in (pa.float64(), pa.int64())
    return bool(stored == _STORED[field.kind]) and (column.metadata or {}).get(KIND) != INTEGRAL


class Columns:
    """The values of all fields of many events of one class, as arrays, in an order that is chosen once."""

    def __init__(self, plain: Plain, tables: Iterable[pa.Table]) -> None:
        self._plain = plain
        schema = pa.schema([(f"f{n}", _kept(field.kind)) for n, field in enumerate(plain.fields)])
        parts = [_renamed(plain, table, schema) for table in tables]
        whole = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
        del parts
        self._values = [_Values(field, whole.column(n)) for n, field in enumerate(plain.fields)]

    def complete(self) -> NDArray[np.bool_]:
        """Which events have every field that their class needs."""
        count = len(self._values[0].cells)
        found = np.ones(count, bool)
        for values in self._values:
            if values.absent is not None and not values.field.may_lack:
                found &= ~values.absent
        return found

    def take(self, order: NDArray[np.int64]) -> None:
        """Keep these events, in this order."""
        for values in self._values:
            values.take(order)

    def events(self, first: int, last: int) -> list[Any]:
        """The typed events from one row up to another."""
        return list(map(self._plain.cls, *[values.cut(first, last) for values in self._values]))


class _Values:
    """The values of one field: numbers as they are, texts as numbers of words."""

    def __init__(self, field: Field, column: pa.ChunkedArray) -> None:
        self.field = field
        array = column.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0) if array.num_chunks else pa.nulls(0, array.type)
        self.absent: NDArray[np.bool_] | None = None
        if array.null_count:
            self.absent = ~is_there(array)
        self.words: NDArray[Any] | None = None
        if pa.types.is_dictionary(array.type):
            words = array.dictionary.to_pylist()
            self.words = np.empty(len(words) + 1, object)
            self.words[: len(words)] = words
            self.words[len(words)] = None if field.default is msgspec.NODEFAULT else field.default
            self.cells = numbers(array.indices, absent=len(words))
        else:
            self.cells = numbers(array)

    def take(self, order: NDArray[np.int64]) -> None:
        self.cells = self.cells[order]
        if self.absent is not None:
            self.absent = self.absent[order]

    def cut(self, first: int, last: int) -> Sequence[Any]:
        cells = self.cells[first:last]
        if self.words is not None:
            return self.words[cells].tolist()  # type: ignore[no-any-return]
        found: list[Any] = cells.tolist()
        if self.absent is not None:
            for row in np.flatnonzero(self.absent[first:last]).tolist():
                found[row] = self.field.default
        return found


def _kept(kind: type) -> pa.DataType:
    return _WORDS if kind is str else _STORED[kind]


def _renamed(plain: Plain, table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table of the fields alone, in the order of the class and with one type each."""
    columns = {field_of(field): field.name for field in table.schema if field.name not in ENVELOPE}
    arrays = []
    for field, kept in zip(plain.fields, schema, strict=True):
        if field.name not in columns:
            arrays.append(pa.chunked_array([_nothing(len(table), kept.type)]))
            continue
        column = table.column(columns[field.name])
        if field.kind is str and not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        arrays.append(column.cast(kept.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _nothing(count: int, kind: pa.DataType) -> pa.Array:
    if not pa.types.is_dictionary(kind):
        return pa.nulls(count, kind)
    return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), pa.nulls(0, pa.string()))
