"""Drift: where values that some system keeps (an export of a CRM, rows of a table, a state saved earlier) differ from
what the history comes to, and whether Whence's own snapshots do. Rows come from a file, CSV or JSON lines.

A row names its entity in the column that is called as the kind is, `entity` or `id`, as `lead:42` or `42`. Every other
column that is a field of the state is compared; a field that the file does not have is not. A cell of CSV is text, and
compared with the text that `whence states --csv` writes; a value in JSON lines with the value, 1 and 1.0 told apart.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from whence.cell import cell_text, harmless, json_text, plain
from whence.compare import canonical, diff, same
from whence.errors import InvalidEvent, InvalidFile, InvalidSnapshot
from whence.files.mapping import Mapping as Layout
from whence.files.mapping import normal_delimiter
from whence.files.rows import Given, RawRow, Source, batch_rows, csv_rows
from whence.grammar import normal_tags
from whence.history import History, Progress, Reached
from whence.model import Model, ModelLike
from whence.snapshots.folder import SnapshotFolder, until
from whence.snapshots.packing import Packing

NAMES = ("entity", "id")
"""What the column of the entities may be called, besides the kind."""
SIGNS = {";": "';'", "\t": "$'\\t'", "|": "'|'"}
"""What else may stand between columns, as it is written in a shell."""


class Drift(msgspec.Struct, frozen=True):
    """A stored value that differs from the replayed one; or an entity that only one side has, and then no field."""

    what: Literal["differs", "only stored", "only replayed"]
    entity: str
    field: str | None = None
    stored: Any = None
    replayed: Any = None
    line: int | None = None


class Verified(msgspec.Struct, frozen=True):
    """What comparing stored rows with a replay gave: how many entities and fields were compared, what differs, in the
    order of the file, and the columns that are no field of any state."""

    entities: int
    fields: tuple[str, ...]
    drifts: tuple[Drift, ...]
    not_compared: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.drifts


def verify(
    history: History,
    model: ModelLike,
    source: Given,
    *,
    column: str | None = None,
    delimiter: str = ",",
    progress: Progress | None = None,
) -> Verified:
    """Compare the rows of a file with a fresh replay of a history.

    `column` is that of the entities, where it is not called as the module says. Raises InvalidFile for a row that
    cannot be read, an entity that comes twice, and a file without a column to compare; FoldFailed.
    """
    model = Model.of(model)
    rows = _rows(source, model.kind, column, delimiter)
    states = {entity: model.fields(state) for entity, state in history.states(model, progress=progress).items()}
    known = dict.fromkeys(name for fields in states.values() for name in fields)
    stored: dict[str, _Row] = {}
    for row in rows:
        if row.entity in stored:
            facts = {"entity": row.entity, "line": row.line, "before": stored[row.entity].line}
            raise InvalidFile("An entity comes twice", **facts, remedy="Keep one row of each.")
        stored[row.entity] = row
    columns = dict.fromkeys(name for row in stored.values() for name in row.values)
    compared = tuple(name for name in columns if name in known)
    if stored and states and not compared:
        there = ", ".join(known) or "none"
        raise InvalidFile("No column is a field of the states", columns=", ".join(columns), remedy=f"Fields: {there}.")
    drifts = [*_drifts(stored, states, known), *_missing(stored, states)]
    return Verified(
        len(stored.keys() & states.keys()),
        compared,
        tuple(drifts),
        tuple(name for name in columns if name not in known),
    )


class SnapshotVerified(msgspec.Struct, frozen=True):
    """What comparing one snapshot with a replay up to its position gave: how many entities it has and what differs; or
    in `problem` why it is not used, and then nothing was compared."""

    position: int
    entities: int
    drifts: tuple[Drift, ...]
    problem: str = ""


def verify_snapshots(
    history: History, model: ModelLike, folder: SnapshotFolder, *, progress: Progress | None = None
) -> Iterator[SnapshotVerified]:
    """Compare the snapshots of a model, by position, with one fresh replay. Raises FoldFailed."""
    model = Model.of(model)
    told = None if progress is None else until(progress, history.head)
    reached = Reached.nothing()
    for kept in folder.of(model):
        position, problem = kept.position, kept.problem
        stored: Reached | None = None
        try:
            stored = None if problem else folder.read(kept, model)
        except InvalidSnapshot as damage:
            problem = str(damage.facts["problem"])
        if stored is None:
            yield SnapshotVerified(position, 0, (), problem)
            continue
        part = history.upto(position)
        reached = part.reach(model, reached, part.pages(model, told, after=reached.position))
        drifts = tuple(_drifts_of_states(model, stored.states, reached.states))
        yield SnapshotVerified(position, len(stored.states), drifts)


def _drifts_of_states(model: Model, stored: Mapping[str, Any], replayed: Mapping[str, Any]) -> Iterator[Drift]:
    pack = Packing(model).pack
    for entity, state in replayed.items():
        if entity not in stored:
            yield Drift("only replayed", entity)
        elif pack(stored[entity], entity) != pack(state, entity):
            changes = diff(model.fields(stored[entity]), model.fields(state))
            yield from (Drift("differs", entity, each.field, each.before, each.after) for each in changes)
            if not changes:
                yield Drift("differs", entity, "a private attribute")
    yield from (Drift("only stored", entity) for entity in stored if entity not in replayed)


class _Row(NamedTuple):
    line: int
    entity: str
    values: Mapping[str, Any]
    agrees: Callable[[Any, Any], bool]


def _drifts(stored: Mapping[str, _Row], states: Mapping[str, Mapping[str, Any]], known: Any) -> Iterator[Drift]:
    for entity, row in stored.items():
        if (fields := states.get(entity)) is None:
            yield Drift("only stored", entity, line=row.line)
            continue
        for name, value in row.values.items():
            if name in known and not row.agrees(value, fields.get(name)):
                yield Drift("differs", entity, name, value, fields.get(name), row.line)


def _missing(stored: Mapping[str, _Row], states: Mapping[str, Any]) -> Iterator[Drift]:
    return (Drift("only replayed", entity) for entity in states if entity not in stored)


def _text_agrees(stored: str, value: Any) -> bool:
    """Whether a cell says a value, with or without the sign that keeps spreadsheets from calculating."""
    return stored in (cell_text(value), harmless(value)) or (_is_set(value) and _json_agrees(_parsed(stored), value))


def _json_agrees(stored: Any, value: Any) -> bool:
    if _is_set(value):
        return isinstance(stored, list) and sorted(map(canonical, stored)) == sorted(map(canonical, plain(value)))
    return same(stored, json.loads(json_text(value)))


def _is_set(value: Any) -> bool:
    return isinstance(value, (set, frozenset))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


# Reading.


def _rows(given: Given, kind: str, column: str | None, delimiter: str) -> Iterator[_Row]:
    source = Source(given)
    layout = Layout("", "", "", delimiter=normal_delimiter(delimiter))
    lines = source.lines(layout.encoding)
    try:
        if source.format(layout) == "jsonl":
            for raw in batch_rows(lines, source.name):
                value = _usable(raw, source.name)
                if not isinstance(value, dict):
                    raise InvalidFile(
                        "Not an object", file=source.name, line=raw.line, remedy="Write one for each row."
                    )
                place = _column(list(value), kind, column, source.name)
                yield _row(raw.line, value, place, kind, _json_agrees, source.name)
            return
        header, rows = csv_rows(lines, layout, source.name)
        if twice := next((name for name in header if header.count(name) > 1), None):
            raise InvalidFile("A column's name comes twice", file=source.name, column=twice, remedy="Rename one.")
        place = _column(header, kind, column, source.name)
        for raw in rows:
            cells = dict(zip(header, _usable(raw, source.name), strict=True))
            yield _row(raw.line, cells, place, kind, _text_agrees, source.name)
    finally:
        source.close()


def _usable(raw: RawRow, name: str) -> Any:
    if raw.problem is not None:
        raise InvalidFile("A row cannot be read", file=name, line=raw.line, problem=raw.problem)
    return raw.value


def _column(names: list[str], kind: str, column: str | None, file: str) -> str:
    """The column of the entities."""
    wanted = (kind, *NAMES) if column is None else (column,)
    found = next((name for name in wanted if name in names), None)
    if found is None:
        sign = next((sign for sign in SIGNS if len(names) == 1 and sign in names[0]), None)
        near = next((name for name in names if name.casefold() in wanted), names[0] if names else "COLUMN")
        named = f"Name it: --entity {shlex.quote(near)}."
        remedy = f"Name the sign between columns: --delimiter {SIGNS[sign]}." if sign else named
        raise InvalidFile("No column names the entities", file=file, columns=", ".join(names)[:80], remedy=remedy)
    return found


def _row(
    line: int, values: Mapping[str, Any], column: str, kind: str, agrees: Callable[[Any, Any], bool], file: str
) -> _Row:
    given = values[column]
    text = str(given)
    entity = text if text.startswith(f"{kind}:") else f"{kind}:{text}"
    try:
        if not isinstance(given, (str, int)) or isinstance(given, bool):
            raise InvalidEvent("It is neither text nor a whole number")
        (entity,) = normal_tags((entity,))
    except InvalidEvent as problem:
        facts = {"file": file, "line": line, "column": column, "given": repr(given)[:80], "problem": problem.fact}
        raise InvalidFile("No entity is called so", **facts, remedy=f"Write {kind}:42 or 42.") from None
    return _Row(line, entity, {name: value for name, value in values.items() if name != column}, agrees)
