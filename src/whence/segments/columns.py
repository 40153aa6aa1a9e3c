"""The events of one type as an Arrow table, and back without loss. Which events those are and where the table is kept
is left to building.

A field of the data is a column of the one type that most of its values have: bool, int64, double, string, or JSON text
for lists and objects. What does not fit its column, such as a text among numbers, stands in the column `rest` as exact
JSON. So does a JSON null, since a null in a column means that the field is absent. Integers beside fractions are
doubles in the column and come back as integers. The same events always make the same table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.json as json_reader

from whence import jsonvalue
from whence.events import Recorded
from whence.segments.arrays import integers, numbers, taken

FIELDS_MAX = 200
"""So many fields of a type become columns, the most frequent ones; the others stand in `rest`."""

JSON, INTEGRAL = b"json", b"integral"
"""How a field's column is to be read: as JSON text, or as doubles of which the whole ones are integers."""
KIND, NAME = b"whence.kind", b"whence.field"
"""Keys of a column's metadata: how it is to be read, and the field that it is."""

ENVELOPE: dict[str, pa.DataType] = {
    "position": pa.int64(),
    "entity": pa.int32(),
    "copy": pa.bool_(),
    "time": pa.timestamp("us", "UTC"),
    "recorded": pa.timestamp("us", "UTC"),
    "id": pa.binary(16),
    "id_text": pa.string(),
    "version": pa.int32(),
    "actor": pa.string(),
    "cause": pa.binary(16),
    "cause_text": pa.string(),
    "correlation": pa.string(),
    "other_tags": pa.string(),
    "meta": pa.string(),
    "basis": pa.string(),
    "content_type": pa.string(),
    "body": pa.binary(),
    "rest": pa.string(),
}
"""The columns that are no fields. `position`, `entity` and `recorded` are always there, each other one where it has a
value. `entity` is a code (null for an event without such a tag), `copy` marks the rows of an event after its first,
`time` is null where none was given, a UUID is 16 bytes and any other id a text, and `other_tags` are the tags beside
the row's entity, a line each."""

TYPES: dict[type, pa.DataType] = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
PAGE_EVENTS = 1_000
_WHOLE = re.compile(rb"\.0+[,}]")
_MINUS_ZERO = re.compile(rb"-0[,}.]")
_NONE = type(None)
_ALWAYS = ("position", "entity", "recorded")
_INTEGERS = ("position", "entity", "time", "recorded", "version")
_decode = msgspec.json.Decoder(list[Any]).decode


class Rows:
    """The rows of one type, as they are collected: an event for each of its entities."""

    __slots__ = ("codes", "copies", "events", "other_tags")

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.codes: list[int | None] = []
        self.other_tags: list[str | None] = []
        self.copies: list[int] = []  # the numbers of the rows that are copies

    def of(self, first: int, last: int) -> Rows:
        """The rows of the entities with codes from `first` up to and without `last`."""
        chosen = [row for row, code in enumerate(self.codes) if code is not None and first <= code < last]
        found, copies = Rows(), set(self.copies)
        found.events = [self.events[row] for row in chosen]
        found.codes = [self.codes[row] for row in chosen]
        found.other_tags = [self.other_tags[row] for row in chosen]
        found.copies = [number for number, row in enumerate(chosen) if row in copies]
        return found


def table_of(
    rows: Rows,
    codes: pa.Array | None = None,
    *,
    fields: Collection[str] | None = None,
    envelope: Collection[str] = ENVELOPE,
) -> pa.Table:
    """The rows as a table, sorted by entity code and then position, those without an entity last; only with some fields
    of the data (None: all) and columns of the envelope. With `codes`, those of the rows are only places in it."""
    arrays: dict[str, pa.Array] = dict(_envelope(rows, {"entity", *envelope}))
    if codes is not None:
        arrays["entity"] = codes.take(arrays["entity"])
    schema = [pa.field(name, ENVELOPE[name]) for name in arrays]
    for field, array in _data(rows.events) if fields is None or fields or "rest" in envelope else ():
        if is_wanted(field, fields, envelope):
            schema.append(field)
            arrays[field.name] = array
    table = pa.Table.from_arrays(list(arrays.values()), schema=pa.schema(schema))
    order = np.argsort(numbers(table.column("entity"), absent=2**31 - 1), kind="stable")
    return taken(table, order).combine_chunks()


def is_wanted(field: pa.Field, fields: Collection[str] | None, envelope: Collection[str]) -> bool:
    """Whether a column is one of these fields of the data (None: of all), or of these columns of the envelope."""
    return field.name in envelope if field.name in ENVELOPE else fields is None or field_of(field) in fields


def with_uuids(table: pa.Table) -> pa.Table:
    """The table with its ids of 16 bytes as UUIDs, as others show them."""
    for name in ("id", "cause"):
        if name in table.column_names:
            values = pa.ExtensionArray.from_storage(pa.uuid(), table.column(name).combine_chunks())
            table = table.set_column(table.column_names.index(name), pa.field(name, pa.uuid()), values)
    return table


def _envelope(rows: Rows, wanted: Collection[str]) -> Iterator[tuple[str, pa.Array]]:
    events = rows.events  # each column is a loop of its own, which Python does at twice the speed of attrgetter
    copies = dict.fromkeys(rows.copies, True)
    columns: dict[str, Callable[[], Sequence[Any]]] = {
        "position": lambda: [event.position for event in events],
        "entity": lambda: rows.codes,
        "copy": lambda: [row in copies for row in range(len(events))] if copies else [],
        "time": lambda: [event.given_time_us for event in events],
        "recorded": lambda: [event.recorded_us for event in events],
        "id": lambda: _only(bytes, [event.raw_id for event in events]),
        "id_text": lambda: _only(str, [event.raw_id for event in events]),
        "version": lambda: _unless_all_are(1, [event.version for event in events]),
        "actor": lambda: [event.actor for event in events],
        "cause": lambda: _only(bytes, [event.raw_cause for event in events]),
        "cause_text": lambda: _only(str, [event.raw_cause for event in events]),
        "correlation": lambda: [event.correlation for event in events],
        "other_tags": lambda: rows.other_tags,
        "meta": lambda: [event.meta_text for event in events],
        "basis": lambda: [event.basis_text for event in events],
        "content_type": lambda: [event.content_type for event in events],
        "body": lambda: [None if event.content_type is None else event.raw_data for event in events],
    }
    for name, values in columns.items():
        if name in wanted:
            kind = ENVELOPE[name]
            array = integers(values(), kind) if name in _INTEGERS else pa.array(values(), kind)
            if name in _ALWAYS or array.null_count < len(array):
                yield name, array


def _only(kind: type, ids: list[Any]) -> list[Any]:
    """The ids of a type, with None where there is another; empty for none."""
    kinds = set(map(type, ids))
    if kinds == {kind}:
        return ids
    return [id if type(id) is kind else None for id in ids] if kind in kinds else []


def _unless_all_are(usual: int, numbers: list[int]) -> list[int]:
    return numbers if set(numbers) != {usual} else []


# The data.


def _data(events: Sequence[Recorded]) -> Iterator[tuple[pa.Field, pa.Array]]:
    """The columns of the data. Flat data of one shape, which most types have, are parsed by Arrow; all others cell by
    cell. Where Arrow can parse them both ways give the same."""
    found = _parsed(events)
    yield from _collected(events) if found is None else found


def _parsed(events: Sequence[Recorded]) -> list[tuple[pa.Field, pa.Array]] | None:
    """The columns as Arrow parses them; None where it might lose something: the kinds of the first page do not hold for
    all rows, or a null, a list, an inner object, or a number such as 60.0 or 1e9 is among them."""
    kinds = _kinds_in(events[:PAGE_EVENTS])
    if kinds is None:
        return None
    text = "\n".join([_json(event) for event in events]).encode()
    if text.count(b"{") != len(events) or b"[" in text or b"null" in text or _is_ambiguous(text):
        return None
    schema = pa.schema([(name, TYPES[kind]) for name, kind in kinds.items()])
    try:
        table = json_reader.read_json(
            pa.BufferReader(text),
            read_options=json_reader.ReadOptions(use_threads=False, block_size=len(text) + 1),
            parse_options=json_reader.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
        )
    except pa.ArrowInvalid:
        return None
    return [_parsed_column(name, kind, table.column(name).combine_chunks()) for name, kind in kinds.items()]


def _is_ambiguous(text: bytes) -> bool:
    """Whether something looks like a number that is whole though it is no integer: 60.0, -0 or 1e9. Arrow would take it
    for one. The patterns begin with letters that are rare, for which the text is searched quickly."""
    if _WHOLE.search(text) or _MINUS_ZERO.search(text):
        return True
    letters = np.frombuffer(text, np.uint8)
    at = np.flatnonzero(letters | 0x20 == ord("e"))
    before, after = letters[at - 1], letters[at + 1]
    signed = (after == ord("+")) | (after == ord("-"))
    return bool(np.any(_is_digit(before) & (signed | _is_digit(after))))


def _is_digit(letters: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (letters >= ord("0")) & (letters <= ord("9"))


def _kinds_in(page: Sequence[Recorded]) -> dict[str, type] | None:
    """The kind of each field in a page, float where some are integers; None where there is no one kind, or a name that
    cannot be a column as it is."""
    values = _decode(f"[{','.join([_json(event) for event in page])}]")
    if any(event.content_type is not None for event in page) or set(map(type, values)) != {dict}:
        return None
    kinds: dict[str, type] = {}
    for name, kind in dict.fromkeys((name, type(cell)) for value in values for name, cell in value.items()):
        known = kinds.setdefault(name, kind)
        if kind not in TYPES or (known is not kind and {known, kind} != {int, float}):
            return None
        kinds[name] = kind if known is kind else float
    names = Counter(dict.fromkeys(kinds, 1))
    return kinds if kinds and _columns_of(names) == {name: name for name in kinds} else None


def _parsed_column(name: str, kind: type, array: pa.Array) -> tuple[pa.Field, pa.Array]:
    metadata = None
    if kind is float:
        values = numbers(array, absent=0.5)
        if np.any(np.floor(values) == values):
            metadata = {KIND: INTEGRAL}
    return pa.field(name, TYPES[kind], metadata=metadata), array


def _collected(events: Sequence[Recorded]) -> Iterator[tuple[pa.Field, pa.Array]]:
    """The columns as their cells are collected, and the rest."""
    cells, counts, rest = _fields(events)
    chosen = _columns_of(counts)
    for name, values in cells.items():
        if name in chosen:
            field, array, odd = _column(name, chosen[name], values)
            if array.null_count < len(array):
                yield field, array
        else:
            odd = {row: cell for row, cell in enumerate(values) if cell is not None}
        for row, cell in odd.items():
            rest.setdefault(row, {})[name] = cell
    if rest:
        exact = {row: jsonvalue.encode(value).decode() for row, value in rest.items()}
        yield pa.field("rest", ENVELOPE["rest"]), pa.array([exact.get(row) for row in range(len(events))], pa.string())


def _fields(events: Sequence[Recorded]) -> tuple[dict[str, list[Any]], Counter[str], dict[int, Any]]:
    """The cells of each field in the order of their first events, None for an absent one; how many rows have each; and
    by row what is no cell: the fields that are null, and data that is no object.

    It goes by pages: many dicts at once do not stay in the cache, and Python looks through them all again and again.
    """
    cells: dict[str, list[Any]] = {}
    counts: Counter[str] = Counter()
    rest: dict[int, Any] = {}
    for first in range(0, len(events), PAGE_EVENTS):
        page = events[first : first + PAGE_EVENTS]
        values = _decode(f"[{','.join([_json(event) for event in page])}]")
        for row, value in enumerate(values):
            if type(value) is not dict:
                rest[first + row], values[row] = value, {}
        shapes = Counter(map(tuple, values))
        names = dict.fromkeys(chain.from_iterable(shapes))
        if len(shapes) == 1:
            found = dict(zip(names, zip(*map(dict.values, values), strict=True), strict=True))
        else:
            found = {name: [value.get(name) for value in values] for name in names}
        for shape, times in shapes.items():
            counts.update(dict.fromkeys(shape, times))
        for name, page_cells in found.items():
            if None in page_cells:
                for row, cell in enumerate(page_cells):
                    if cell is None and name in values[row]:
                        rest.setdefault(first + row, {})[name] = None
            cells.setdefault(name, [None] * first).extend(page_cells)
        for absent in cells.keys() - names.keys():
            cells[absent] += [None] * len(page)
    return cells, counts, rest


def _json(event: Recorded) -> str:
    return event.raw_data if event.content_type is None else "{}"  # type: ignore[return-value]


def _columns_of(names: Counter[str]) -> dict[str, str]:
    """The name of the column of each field that becomes one. SQL tells no case apart, so of names that differ in it
    alone the most frequent one, else the first, has the column."""
    chosen: dict[str, str] = {}
    lowered: set[str] = set()
    for name, _ in names.most_common():
        column = f"data_{name}" if _is_taken(name) else name
        if name and column.lower() not in lowered and len(chosen) < FIELDS_MAX:
            lowered.add(column.lower())
            chosen[name] = column
    return chosen


def _is_taken(name: str) -> bool:
    """Whether a field's name is one of the envelope's, or could be taken for one that was renamed."""
    bare = name.lower()
    while bare.startswith("data_"):
        bare = bare.removeprefix("data_")
    return bare in ENVELOPE or bare in ("type", "tags")


def _column(name: str, column: str, cells: list[Any]) -> tuple[pa.Field, pa.Array, dict[int, Any]]:
    """A field's column, and the cells that it does not give back exactly."""
    kinds = set(map(type, cells)) - {_NONE}
    counts = Counter(map(type, cells)) if len(kinds) > 1 else Counter(kinds)
    metadata = {NAME: name.encode()} if column != name else {}
    if kinds == {int, float}:
        odd = {row: cell for row, cell in enumerate(cells) if type(cell) is float and cell.is_integer()}
        return pa.field(column, pa.float64(), metadata={**metadata, KIND: INTEGRAL}), pa.array(cells, pa.float64()), odd
    del counts[_NONE]
    kind = counts.most_common(1)[0][0] if counts else str
    if kind not in TYPES:
        texts = [None if cell is None else jsonvalue.encode(cell).decode() for cell in cells]
        return pa.field(column, pa.string(), metadata={**metadata, KIND: JSON}), pa.array(texts, pa.string()), {}
    odd = {}
    if len(kinds) > 1:
        odd = {row: cell for row, cell in enumerate(cells) if type(cell) is not kind and cell is not None}
        cells = [cell if type(cell) is kind else None for cell in cells]
    return pa.field(column, TYPES[kind], metadata=metadata or None), pa.array(cells, TYPES[kind]), odd


# Back.


def events_of(table: pa.Table, type: str, entities: Sequence[str]) -> list[Recorded]:
    """The events that a table of a type was made of, by position; `entities` are the tags by code."""
    if "copy" in table.column_names:
        table = taken(table, np.flatnonzero(~numbers(table.column("copy"))))
    table = table.sort_by("position")
    fields = [field for field in table.schema if field.name not in ENVELOPE]
    columns = [(field_of(field), cells_of(field, table.column(field.name))) for field in fields]
    envelope = {name: _raw(name, table.column(name)) for name in ENVELOPE if name in table.column_names}
    return [
        _event({name: cells[row] for name, cells in envelope.items()}, type, entities, _value(columns, row))
        for row in range(table.num_rows)
    ]


def _raw(name: str, column: pa.ChunkedArray) -> list[Any]:
    kind = ENVELOPE[name]
    stored = pa.int64() if pa.types.is_timestamp(kind) else kind
    return column.cast(stored).to_pylist()  # type: ignore[no-any-return]


def field_of(field: pa.Field) -> str:
    """The field of the data that a column is."""
    return (field.metadata or {}).get(NAME, field.name.encode()).decode()  # type: ignore[no-any-return]


def cells_of(field: pa.Field, column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """The values that a field's column holds, None for an absent one."""
    kind, cells = (field.metadata or {}).get(KIND), column.to_pylist()
    if kind == JSON:
        return [None if cell is None else jsonvalue.decode(cell) for cell in cells]
    if kind == INTEGRAL:
        return [int(cell) if cell is not None and cell.is_integer() else cell for cell in cells]
    return cells  # type: ignore[no-any-return]


def _value(columns: Sequence[tuple[str, list[Any]]], row: int) -> dict[str, Any]:
    return {name: cells[row] for name, cells in columns if cells[row] is not None}


def _event(said: dict[str, Any], type: str, entities: Sequence[str], value: dict[str, Any]) -> Recorded:
    data: Any = value
    if (rest := said.get("rest")) is not None:
        other = jsonvalue.decode(rest)
        data = {**value, **other} if isinstance(other, dict) else other
    tags = (said.get("other_tags") or "").split("\n") if said.get("other_tags") else []
    if said["entity"] is not None:
        tags.append(entities[said["entity"]])
    content_type = said.get("content_type")
    return Recorded(
        position=said["position"],
        raw_id=said.get("id") or said["id_text"],
        type=type,
        version=said.get("version") or 1,
        content_type=content_type,
        tags_text="\n".join(sorted(tags)),
        raw_data=jsonvalue.encode(data).decode() if content_type is None else said["body"],
        given_time_us=said.get("time"),
        recorded_us=said["recorded"],
        actor=said.get("actor"),
        raw_cause=said.get("cause") or said.get("cause_text"),
        correlation=said.get("correlation"),
        basis_text=said.get("basis"),
        meta_text=said.get("meta"),
    )
