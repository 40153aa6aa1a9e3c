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

    def __init__(self, plain: Plain, tables: Sequence[pa.Table]) -> None:
        self._cls = plain.cls
        self._values = [_Values(field, tables) for field in plain.fields]

    def take(self, order: NDArray[np.int64]) -> None:
        """Keep these events, in this order."""
        for values in self._values:
            values.take(order)

    def events(self, first: int, last: int) -> list[Any]:
        """The typed events from one row up to another."""
        return list(map(self._cls, *[values.cut(first, last) for values in self._values]))


class _Values:
    """The values of one field: numbers as they are, texts as numbers of words, of which the first is the default."""

    def __init__(self, field: Field, tables: Iterable[pa.Table]) -> None:
        self._default = field.default
        self._words: Any = None
        words: list[Any] = [field.default]
        cells, absent = list[NDArray[Any]](), list[NDArray[np.bool_]]()
        for table in tables:
            column = _column(field, table)
            if column is None:
                cells.append(np.zeros(len(table), _NUMBERS[field.kind]))
            elif field.kind is not str:
                cells.append(numbers(column).astype(_NUMBERS[field.kind], copy=False))
            else:
                for chunk in column.chunks:
                    cells.append(numbers(chunk.indices, absent=-len(words)) + np.int32(len(words)))
                    words += chunk.dictionary.to_pylist()
            absent.append(np.ones(len(table), bool) if column is None else ~is_there(column))
        self._cells, self._absent = np.concatenate(cells), np.concatenate(absent)
        if field.kind is str:
            self._words = np.array(words, object)

    def take(self, order: NDArray[np.int64]) -> None:
        self._cells, self._absent = self._cells[order], self._absent[order]

    def cut(self, first: int, last: int) -> list[Any]:
        cells = self._cells[first:last]
        if self._words is not None:
            return self._words[cells].tolist()  # type: ignore[no-any-return]
        found: list[Any] = cells.tolist()
        for row in np.flatnonzero(self._absent[first:last]).tolist():
            found[row] = self._default
        return found


_NUMBERS = {bool: np.bool_, int: np.int64, float: np.float64, str: np.int32}


def _column(field: Field, table: pa.Table) -> pa.ChunkedArray | None:
    """The column of a field, where a table has one."""
    names = [each.name for each in table.schema if each.name not in ENVELOPE and field_of(each) == field.name]
    return table.column(names[0]) if names else None
