"""Numbers handed between Arrow and numpy, without a copy where there are no gaps. pyarrow's own ways, `to_numpy` and
`pa.array`, import pandas where it is installed, which takes longer than reading a million events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def taken(table: pa.Table, order: NDArray[Any]) -> pa.Table:
    """The rows at some places, in their order."""
    return table.take(arrow(order))


def encoded(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """A column as the places of its values among the different ones."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return column.unify_dictionaries().combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def numbers(column: pa.Array | pa.ChunkedArray, absent: float = 0) -> NDArray[Any]:
    """The numbers, times (in their unit) or truth values of a column, `absent` where it has none."""
    return _of_chunks(column, lambda chunk: _numbers(chunk, absent))


def is_there(column: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    """Where a column has a value."""
    return _of_chunks(column, _is_there)


def arrow(values: NDArray[Any]) -> pa.Array:
    """The Arrow array of numbers or truth values."""
    if values.dtype == np.bool_:
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, _buffer(np.packbits(values, bitorder="little"))])
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, _buffer(values)])


def integers(values: Sequence[int | None], kind: pa.DataType) -> pa.Array:
    """The Arrow array of integers, or of times in their unit, with a gap for each None."""
    there = None
    if None in values:
        there = _buffer(np.packbits([value is not None for value in values], bitorder="little"))
        values = [value or 0 for value in values]
    data = np.array(values, f"i{kind.bit_width // 8}")
    return pa.Array.from_buffers(kind, len(data), [there, _buffer(data)])


def _of_chunks(column: pa.Array | pa.ChunkedArray, function: Any) -> NDArray[Any]:
    if not isinstance(column, pa.ChunkedArray):
        return function(column)  # type: ignore[no-any-return]
    found = [function(chunk) for chunk in column.chunks] or [function(pa.nulls(0, column.type))]
    return found[0] if len(found) == 1 else np.concatenate(found)


def _numbers(array: pa.Array, absent: float) -> NDArray[Any]:
    data = array.buffers()[1]
    if pa.types.is_boolean(array.type):
        found: NDArray[Any] = _bits(data, array)
    else:
        letter = "f" if pa.types.is_floating(array.type) else "i"
        kind = np.dtype(f"{letter}{array.type.bit_width // 8}")
        found = np.frombuffer(data, kind, len(array), array.offset * kind.itemsize) if data else np.zeros(0, kind)
    return np.where(_is_there(array), found, found.dtype.type(absent)) if array.null_count else found


def _is_there(array: pa.Array) -> NDArray[np.bool_]:
    valid = array.buffers()[0]
    return np.ones(len(array), bool) if valid is None else _bits(valid, array)


def _bits(buffer: pa.Buffer | None, array: pa.Array) -> NDArray[np.bool_]:
    octets = np.frombuffer(buffer, np.uint8) if buffer else np.zeros(0, np.uint8)
    return np.unpackbits(octets, count=array.offset + len(array), bitorder="little")[array.offset :].view(np.bool_)


def _buffer(values: NDArray[Any]) -> pa.Buffer:
    return pa.py_buffer(np.ascontiguousarray(values))
