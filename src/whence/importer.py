"""Import: each row of a file becomes one event, once, however often the file is imported, grown or reordered. How rows
are read is left to rows, what they mean to mapping.

A row's id is a hash of the source's name in the mapping, the raw row, and how-manieth identical row it is. An import
that appends anything is itself two events tagged `import:ID`: `whence.ImportStarted`, appended together with its first
rows, and `whence.Imported` with the file's digest and the counts at the end; its rows carry `import:ID` as their
correlation. After a crash the next import of the file appends the rest, under its own id.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any, Literal

import apsw
import msgspec

from whence.clock import Clock, SystemClock
from whence.cloudevents import from_cloudevent
from whence.errors import IdConflict, InvalidEvent, InvalidFile, InvalidInput
from whence.events import Event, Recorded, Row, encode, event_from_json, recorded_from, same_content
from whence.grammar import id_to_raw, raw_to_id
from whence.mapping import Mapping, Reader, csv_reader, json_reader
from whence.rows import Given, RawRow, Source, batch_rows, csv_rows, envelope_rows, json_rows
from whence.store import Store

STARTED, IMPORTED = "whence.ImportStarted", "whence.Imported"
BATCH_ROWS = 2000
REFUSED_SHOWN = 1000
ATTEMPTS_MAX = 20
COUNTS_IN_MEMORY = 400_000
CERTAINLY_SMALL = 64 * 1024

OnError = Literal["refuse-row", "refuse-file"]
Progress = Callable[[int, int | None], None]
"""Called with the bytes read so far and the size of the file, None where it is not known."""


class PreviewRow(msgspec.Struct, frozen=True):
    """What one row would become: an event, or the problem for which it would be refused."""

    line: int
    event: Event | None
    problem: str | None


class ImportReport(msgspec.Struct):
    """What became of a file. `refused` holds the first 1,000 rows as (line, reason); `refused_count` counts all."""

    file: str
    mapping: str
    mapping_digest: str
    import_id: str | None = None
    rows: int = 0
    appended: int = 0
    already: int = 0
    refused: list[tuple[int, str]] = []
    refused_count: int = 0
    cut_off_line: int | None = None
    cut_digits: int = 0
    ambiguous_times: int = 0
    bytes: int = 0
    digest: str = ""
    duration_s: float = 0.0

    @property
    def events_per_s(self) -> float:
        return self.rows / self.duration_s if self.duration_s else 0.0

    def refuse(self, line: int, reason: str) -> None:
        self.refused_count += 1
        if len(self.refused) < REFUSED_SHOWN:
            self.refused.append((line, reason))


def preview(mapping: Mapping, source: Given, *, rows: int = 10) -> list[PreviewRow]:
    """The first rows as the events they would become, with their problems. Writes nothing. Raises as import_events."""
    with _Input(mapping, source) as given:
        return [PreviewRow(made.line, made.event, made.problem) for made in islice(given.made(None), rows)]


def import_events(
    store: Store,
    mapping: Mapping,
    source: Given,
    *,
    actor: str | None = None,
    on_error: OnError = "refuse-row",
    progress: Progress | None = None,
    on_refused: Callable[[int, str], None] | None = None,
    clock: Clock | None = None,
) -> ImportReport:
    """Append what is new in the file, in batches, and report. With "refuse-file" one bad row refuses all of them.

    `on_refused` is called with the line and the reason of every refused row. Several imports may run at once. Raises
    InvalidFile (nothing was written), InvalidConfig for a wrong column, IdConflict when a changed mapping gives other
    events for rows that are there already, and StoreError; after that the same call goes on where it stopped.
    """
    if on_error not in ("refuse-row", "refuse-file"):
        raise InvalidInput("Not a way to treat bad rows", on_error=on_error, remedy="Use refuse-row or refuse-file.")
    import_id = raw_to_id((clock or SystemClock()).new_id())
    with ExitStack() as stack:
        if on_error == "refuse-file":
            source = stack.enter_context(_checked(mapping, source))
        given = stack.enter_context(_Input(mapping, source))
        job = _Import(store, mapping, given.source, import_id, actor, on_refused)
        rows = given.made(f"import:{import_id}")
        if given.keeps_recorded and _can_restore(store):
            job.restore(rows, progress)
        else:
            while batch := list(islice(rows, BATCH_ROWS)):
                job.take(batch)
                if progress is not None:
                    progress(given.source.bytes_read, given.source.bytes_total)
        return job.finish()


class _Made(msgspec.Struct):
    """A row and what the mapping made of it."""

    line: int
    event: Event | None = None
    problem: str | None = None
    cut_off: bool = False
    recorded: Recorded | None = None

    @property
    def row(self) -> Row:
        assert self.event is not None, "a refused row is not encoded"
        return encode(self.event)


class _Input:
    """An opened source with the reader that fits it."""

    def __init__(self, mapping: Mapping, given: Given) -> None:
        self.mapping = mapping
        self.source = Source(given)
        self._counts = _Counts(mapping.source)
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise

    def _prepare(self) -> None:
        mapping, source = self.mapping, self.source
        lines = source.lines(mapping.encoding)
        self.format = source.format(mapping)
        self._reader: Reader | None = None
        if self.format == "csv":
            header, self._rows = csv_rows(lines, mapping, source.name)
            self._reader = csv_reader(mapping, header)
        elif self.format == "jsonl":
            self._rows = json_rows(lines, source.name)
            self._reader = json_reader(mapping)
        elif source.name.lower().removesuffix(".gz").endswith(".csv"):
            self._rows = envelope_rows(lines, mapping, source.name)
        else:
            self._rows = batch_rows(lines, source.name)
        self.keeps_recorded = self._reader is None or self._reader.recorded is not None

    def made(self, correlation: str | None) -> Iterator[_Made]:
        """Each row as the event it becomes; a refused one with its reason."""
        if self._reader is None:
            read = _envelope if self.format == "whence" else from_cloudevent
            return (_foreign(read, row) for row in self._rows)
        return _mapped(self._reader, self._rows, self._counts, correlation, list if self.format == "csv" else dict)

    def __enter__(self) -> _Input:
        return self

    def __exit__(self, *problem: object) -> None:
        self._counts.close()
        self.source.close()


def _mapped(
    reader: Reader, rows: Iterator[RawRow], counts: _Counts, correlation: str | None, shape: type
) -> Iterator[_Made]:
    own_id, keeps_recorded = reader.id is not None, reader.recorded is not None
    for line, raw, value, problem, cut_off in rows:
        if problem is not None:
            yield _Made(line, None, problem, cut_off)
            continue
        try:
            if type(value) is not shape:
                raise InvalidEvent("Not a JSON object", remedy="Each line holds one { … }.")
            recorded_us, note = reader.when_recorded(value) if keeps_recorded else (0, None)
            event = reader.event(value, None if own_id else counts.id_of(raw), correlation, note)
            if len(raw) > CERTAINLY_SMALL:
                encode(event)  # refuses what is larger than an event may be
            recorded = recorded_from(encode(event), 1, recorded_us, None) if keeps_recorded else None
            yield _Made(line, event, None, False, recorded)
        except InvalidInput as refused:
            yield _Made(line, None, str(refused))


def _foreign(read: Callable[[Any], Event | Recorded], row: RawRow) -> _Made:
    if row.problem is not None:
        return _Made(row.line, None, row.problem, row.cut_off)
    try:
        found = read(row.value)
        recorded = found if isinstance(found, Recorded) else None
        event = found.to_event() if isinstance(found, Recorded) else found
        encode(event)
        return _Made(row.line, event, None, False, recorded)
    except (InvalidInput, KeyError, TypeError, AttributeError) as refused:
        said = str(refused) if isinstance(refused, InvalidInput) else f"Not the envelope of an event ({refused!r})."
        return _Made(row.line, None, said)


def _envelope(value: Any) -> Event | Recorded:
    if not isinstance(value, dict):
        raise InvalidEvent(
            "Not the envelope of an event", remedy="Each line holds one { … }, as whence export writes it."
        )
    if "position" not in value and value.get("id"):
        return event_from_json(value)
    return Recorded.from_json(value)


class _Import:
    """One import into one store: its report, and whether its own first event is there yet."""

    def __init__(
        self,
        store: Store,
        mapping: Mapping,
        source: Source,
        import_id: str,
        actor: str | None,
        on_refused: Callable[[int, str], None] | None,
    ) -> None:
        self._store, self._mapping, self._source, self._id, self._actor = store, mapping, source, import_id, actor
        self._on_refused = on_refused
        self._started = time.perf_counter()
        self._announced = False
        self.report = ImportReport(source.name, mapping.name, mapping.digest)

    def take(self, batch: Sequence[_Made]) -> None:
        """Append what is new of these rows."""
        good = self._good(batch)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            new, already, refused = self._sorted(good)
            try:
                if new:
                    self._append([made.event for made in new if made.event is not None])
            except IdConflict:  # another import appended some of them just now: look again
                if attempt == ATTEMPTS_MAX:
                    raise
                continue
            break
        self.report.appended += len(new)
        self.report.already += already
        for made, reason in refused:
            self._refuse(made.line, reason)
        for made in new:
            self._note(made)

    def restore(self, rows: Iterator[_Made], progress: Progress | None) -> None:
        """Write the rows at their positions with their recorded times; stop before the first that cannot be."""
        last_us = 0

        def recorded() -> Iterator[Recorded]:
            nonlocal last_us
            for made in self._good(rows):
                if made.recorded is None or made.recorded.recorded_us < last_us:
                    self._refuse(made.line, "The recorded time is missing or falls. Sort the file by it.")
                    continue
                last_us = made.recorded.recorded_us
                self.report.appended += 1
                self._note(made)
                position = self.report.appended
                yield msgspec.structs.replace(made.recorded, position=position)
                if progress is not None and position % BATCH_ROWS == 0:
                    progress(self._source.bytes_read, self._source.bytes_total)

        self._store.restore(recorded())

    def finish(self) -> ImportReport:
        report = self.report
        report.bytes, report.digest = self._source.bytes_read, self._source.digest
        restored = not self._announced and report.appended > 0 and self._mapping.type is not None
        if self._announced or restored:
            report.import_id = self._id
            data = {
                **self._about(),
                "sha256": report.digest,
                "bytes": report.bytes,
                "rows": report.rows,
                "appended": report.appended,
                "already": report.already,
                "refused": report.refused_count,
                "cut_off_line": report.cut_off_line,
            }
            correlation = f"import:{self._id}"
            done = Event(IMPORTED, data, (correlation,), actor=self._actor, cause=self._id, correlation=correlation)
            self._store.append([self._start(), done] if restored else [done])
        report.duration_s = time.perf_counter() - self._started
        return report

    def _good(self, rows: Any) -> Any:
        """The rows that are events; the others are counted as refused."""
        if isinstance(rows, list):
            return list(self._passed(rows))
        return self._passed(rows)

    def _passed(self, rows: Any) -> Iterator[_Made]:
        for made in rows:
            self.report.rows += 1
            if made.problem is None:
                yield made
                continue
            if made.cut_off:
                self.report.cut_off_line = made.line
            self._refuse(made.line, made.problem)

    def _note(self, made: _Made) -> None:
        """Count what the reading of this row altered; of an event that was exported it was counted the first time."""
        assert made.event is not None, "a refused row alters nothing"
        if (meta := made.event.meta) and (self._mapping.type is not None or made.recorded is None):
            self.report.cut_digits += ("time" in meta) + ("recorded" in meta)
            self.report.ambiguous_times += "ambiguous_time" in meta

    def _refuse(self, line: int, reason: str) -> None:
        self.report.refuse(line, reason)
        if self._on_refused is not None:
            self._on_refused(line, reason)

    def _sorted(self, good: Sequence[_Made]) -> tuple[list[_Made], int, list[tuple[_Made, str]]]:
        """Which rows are new, how many are there already, and which have an id that is in use for something else."""
        ids = [id_to_raw(made.event.id) for made in good if made.event is not None and made.event.id is not None]
        assert len(ids) == len(good), "every row has an id"
        known = self._store.positions_of(ids)
        if not known and len(set(ids)) == len(good):
            return list(good), 0, []
        stored = self._stored(sorted(set(known.values())))
        new: dict[Any, _Made] = {}
        already, refused = 0, []
        for key, made in zip(ids, good, strict=True):
            if key in known or key in new:
                there = stored[known[key]] if key in known else _as_stored(new[key])
                if same_content(there, _under(made.row, there, self._id)):
                    already += 1
                else:
                    refused.append((made, self._differs(there, made)))
            else:
                new[key] = made
        return list(new.values()), already, refused

    def _differs(self, there: Recorded, made: _Made) -> str:
        """Why a row is refused whose id is in use. Raises IdConflict when it is the mapping that has changed."""
        mapping = self._mapping
        if mapping.id is not None or mapping.type is None:
            where = f"(Id: {there.id}, Position: {there.position or 'in this file'})"
            return f"The id is in use for other content {where}. A correction is another event with an id of its own."
        raise IdConflict(
            "The mapping has changed since this row was imported",
            line=made.line,
            position=there.position,
            mapping=mapping.name,
            mapping_then=self._digest_of(there) or "not known",
            mapping_now=mapping.digest[:12],
            remedy="Put the mapping back, or give it another source = name to import the rows anew as other events.",
        )

    def _digest_of(self, there: Recorded) -> str | None:
        correlation = there.correlation or ""
        if not correlation.startswith("import:"):
            return None
        raw_id = id_to_raw(correlation.removeprefix("import:"))
        position = self._store.positions_of([raw_id]).get(raw_id)
        if position is None:
            return None
        data = self._stored([position])[position].data
        return str(data.get("mapping_digest", ""))[:12] if isinstance(data, dict) else None

    def _stored(self, positions: Sequence[int]) -> dict[int, Recorded]:
        """The events at these rising positions, read in as few stretches as are close together."""
        found: dict[int, Recorded] = {}
        wanted, start = set(positions), 0
        for at in range(1, len(positions) + 1):
            if at == len(positions) or positions[at] - positions[at - 1] > 100:
                reading = self._store.read(after=positions[start] - 1, upto=positions[at - 1])
                found.update((event.position, event) for event in reading if event.position in wanted)
                start = at
        return found

    def _append(self, events: list[Event]) -> None:
        if not self._announced:
            self._store.append([self._start(), *events])
            self._announced = True
        else:
            self._store.append(events)

    def _start(self) -> Event:
        tag = f"import:{self._id}"
        return Event(STARTED, self._about(), (tag,), id=self._id, actor=self._actor, correlation=tag)

    def _about(self) -> dict[str, Any]:
        mapping = self._mapping
        about = {"file": self._source.name, "mapping": mapping.name, "source": mapping.source}
        return {**about, "mapping_digest": mapping.digest}


class _Counts:
    """How often each raw row was seen. The newest counts are in memory, the others in a temporary database."""

    def __init__(self, source: str) -> None:
        self._start = hashlib.sha256(source.encode() + b"\0")
        self._recent: dict[bytes, int] = {}
        self._spilled: apsw.Connection | None = None

    def id_of(self, raw: str) -> str:
        """The id of the next row with this text: a UUID of version 8 (RFC 9562) from SHA-256."""
        whole = self._start.copy()
        whole.update(raw.encode("utf-8", "surrogateescape"))
        digest = whole.digest()
        key = digest[:16]
        count = self._recent.get(key)
        if count is None:
            count = self._look_up(key)
        self._recent[key] = count + 1
        if len(self._recent) >= COUNTS_IN_MEMORY:
            self._spill()
        if count:
            digest = hashlib.sha256(digest + count.to_bytes(8, "big")).digest()
        text = digest[:16].hex()
        return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{'89ab'[digest[8] & 3]}{text[17:20]}-{text[20:]}"

    def close(self) -> None:
        if self._spilled is not None:
            self._spilled.close()

    def _look_up(self, key: bytes) -> int:
        if self._spilled is None:
            return 0
        for (count,) in self._spilled.execute("SELECT count FROM seen WHERE key = ?", (key,)):
            return int(count)
        return 0

    def _spill(self) -> None:
        if self._spilled is None:
            self._spilled = apsw.Connection("")  # a temporary file that SQLite deletes
            self._spilled.execute("PRAGMA cache_size = -32768; PRAGMA journal_mode = OFF")
            self._spilled.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID")
        with self._spilled:
            self._spilled.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", sorted(self._recent.items()))
        self._recent.clear()


def _can_restore(store: Store) -> bool:
    return store.head() == 0


def _as_stored(made: _Made) -> Recorded:
    """A row of this very batch, as it will be stored."""
    row = made.row
    return recorded_from(row, 0, row.given_time_us or 0, None)


def _under(row: Row, there: Recorded, import_id: str) -> Row:
    """The row as the import that stored it would have written it: under that import's correlation."""
    if row.correlation == f"import:{import_id}" and (there.correlation or "").startswith("import:"):
        row = msgspec.structs.replace(row, correlation=there.correlation)
    return row


@contextmanager
def _checked(mapping: Mapping, given: Given) -> Iterator[Given]:
    """The same rows again, after all were read and found good. What can be read only once lies in a temporary file.

    Raises InvalidFile when a row is bad.
    """
    if isinstance(given, (str, os.PathLike)) and given != "-":
        _refuse_bad_rows(mapping, given)
        yield given
        return
    with tempfile.TemporaryFile() as kept:
        shutil.copyfileobj(sys.stdin.buffer if isinstance(given, (str, os.PathLike)) else given, kept)
        kept.seek(0)
        _refuse_bad_rows(mapping, kept)
        kept.seek(0)
        yield kept


def _refuse_bad_rows(mapping: Mapping, given: Given) -> None:
    with _Input(mapping, given) as rows:
        count, first = 0, None
        for made in rows.made(None):
            if made.problem is not None:
                count, first = count + 1, first or made
        if first is not None:
            remedy = "Correct them, or import with refuse-row to keep the good rows."
            facts = {"file": rows.source.name, "refused": count, "line": first.line, "problem": first.problem}
            raise InvalidFile("The file has bad rows, so nothing of it was imported", remedy=remedy, **facts)
