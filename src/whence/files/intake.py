"""A file opened for import: each row as the event it becomes, or with the reason why it becomes none. How rows are read
is left to rows, what they mean to reader and cloudevents, what becomes of them to importer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import apsw
import msgspec

from whence.clock import is_finer, uuid8
from whence.errors import InvalidEvent, InvalidInput
from whence.events import Event, Recorded, Row, encode, event_from_json, recorded_from
from whence.files.cloudevents import from_cloudevent
from whence.files.mapping import Mapping
from whence.files.reader import Reader, csv_reader, json_reader
from whence.files.rows import Given, RawRow, Source, batch_rows, csv_rows, envelope_rows, json_rows

COUNTS_IN_MEMORY = 400_000


class Arrival(msgspec.Struct, gc=False):
    """What a row became: an event, encoded at once while it is at hand, or the problem for which it is refused.

    `recorded` is the event as it was recorded elsewhere, where the file says that; its position is the one it had
    there, or the row's place in the file.
    """

    line: int
    row: Row | None = None
    recorded: Recorded | None = None
    problem: str | None = None
    cut_off: bool = False

    @property
    def encoded(self) -> Row:
        """The event of a row that was not refused; it has an id."""
        assert self.row is not None, "a refused row is no event"
        return self.row

    @property
    def event(self) -> Event | None:
        """The event, decoded again; None when the row was refused."""
        return None if self.row is None else recorded_from(self.row, 0, 0, None).to_event()


class Intake:
    """An opened source with the reader that fits it; a context manager. Raises InvalidFile and InvalidConfig.

    `name` is the source's, where it has none of its own; `correlation` that of the events of mapped rows.
    """

    def __init__(
        self, mapping: Mapping, given: Given, *, name: str | None = None, correlation: str | None = None
    ) -> None:
        self.source = Source(given, name)
        self._mapping, self._correlation = mapping, correlation
        self._copies = Copies(mapping.source, COUNTS_IN_MEMORY)
        try:
            self._rows, self._reader, self._shape = self._opened()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Arrival]:
        return self._enveloped() if self._reader is None else self._mapped(self._reader)

    def close(self) -> None:
        self._copies.close()
        self.source.close()

    def _opened(self) -> tuple[Iterator[RawRow], Reader | None, type]:
        mapping, source = self._mapping, self.source
        lines, format = source.lines(mapping.encoding), source.format(mapping)
        if format == "csv":
            header, rows = csv_rows(lines, mapping, source.name)
            return rows, csv_reader(mapping, header), list
        if format == "jsonl":
            return json_rows(lines, source.name), json_reader(mapping), dict
        self._read: Callable[[Any], Event | Recorded] = _envelope if format == "whence" else from_cloudevent
        if source.name.lower().removesuffix(".gz").endswith(".csv"):
            return envelope_rows(lines, mapping, source.name), None, dict
        return batch_rows(lines, source.name), None, dict

    def _mapped(self, reader: Reader) -> Iterator[Arrival]:
        shape, correlation, id_of = self._shape, self._correlation, self._copies.id_of
        keeps_recorded, own_id, place = reader.recorded is not None, reader.id is not None, 0
        for row in self._rows:
            if row.problem is not None:
                yield Arrival(row.line, problem=row.problem, cut_off=row.cut_off)
                continue
            try:
                if type(row.value) is not shape:
                    raise InvalidEvent("Not a JSON object", remedy="Each line holds one { … }.")
                id = None if own_id else id_of(row.raw)
                recorded_us, note = reader.when_recorded(row.value) if keeps_recorded else (0, None)
                arrival = Arrival(row.line, reader.encoded(row.value, id, correlation, note))
                if keeps_recorded:
                    place += 1
                    arrival.recorded = recorded_from(arrival.encoded, place, recorded_us, None)
                yield arrival
            except InvalidInput as refused:
                yield Arrival(row.line, problem=str(refused))

    def _enveloped(self) -> Iterator[Arrival]:
        for row in self._rows:
            if row.problem is not None:
                yield Arrival(row.line, problem=row.problem, cut_off=row.cut_off)
                continue
            try:
                yield _arrival(row.line, self._read(row.value), row.value)
            except InvalidInput as refused:
                yield Arrival(row.line, problem=str(refused))
            except (KeyError, TypeError, AttributeError) as refused:
                yield Arrival(row.line, problem=f"Not the envelope of an event ({refused!r}).")


def _envelope(value: Any) -> Event | Recorded:
    """What an envelope as `whence export` writes it says: where it was recorded too, if it says that."""
    if not isinstance(value, dict):
        remedy = "Each line holds one { … }, as whence export writes it."
        raise InvalidEvent("Not the envelope of an event", remedy=remedy)
    if value.keys() & {"position", "recorded", "basis"}:
        return Recorded.from_json(value)
    if not value.get("id"):
        remedy = "Give each event an id, so that it is not imported twice."
        raise InvalidEvent("An envelope lacks a field", field="id", remedy=remedy)
    return event_from_json(value)


def _arrival(line: int, found: Event | Recorded, said: dict[str, Any]) -> Arrival:
    if isinstance(found, Recorded):
        return Arrival(line, encode(found.to_event()), found)
    time = said.get("time")
    if isinstance(time, str) and is_finer(time):
        found = msgspec.structs.replace(found, meta={**(found.meta or {}), "time": time})
    return Arrival(line, encode(found))


class Copies:
    """How often each raw row was seen, by the id of its first copy. The newest counts are in memory, the others in a
    temporary database."""

    def __init__(self, source: str, in_memory: int) -> None:
        self._start = hashlib.sha256(source.encode() + b"\0")
        self._in_memory = in_memory
        self._recent: dict[bytes, int] = {}
        self._spilled: apsw.Connection | None = None

    def id_of(self, raw: str) -> bytes:
        """The id of the next row with this text: a UUID of version 8 from SHA-256."""
        whole = self._start.copy()
        whole.update(raw.encode("utf-8", "surrogateescape"))
        digest = whole.digest()
        id = uuid8(digest)
        recent = self._recent
        count = recent.get(id)
        if count is None:
            count = self._look_up(id) if self._spilled is not None else 0
        recent[id] = count + 1
        if len(recent) >= self._in_memory:
            self._spill()
        return id if count == 0 else uuid8(hashlib.sha256(digest + count.to_bytes(8, "big")).digest())

    def close(self) -> None:
        if self._spilled is not None:
            self._spilled.close()

    def _look_up(self, id: bytes) -> int:
        assert self._spilled is not None, "only what was spilled is looked up"
        for (count,) in self._spilled.execute("SELECT count FROM seen WHERE id = ?", (id,)):
            return int(count)
        return 0

    def _spill(self) -> None:
        if self._spilled is None:
            self._spilled = apsw.Connection("")  # a temporary file that SQLite deletes
            self._spilled.execute("PRAGMA cache_size = -32768; PRAGMA journal_mode = OFF")
            self._spilled.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID")
        with self._spilled:
            self._spilled.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", sorted(self._recent.items()))
        self._recent.clear()
