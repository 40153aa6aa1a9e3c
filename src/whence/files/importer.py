"""Import: each row of a file becomes one event, once, however often the file is imported, grown or reordered. What
events the rows become is left to intake.

A row's id is a hash of the source's name in the mapping, the raw row, and how-manieth identical row it is. An import
that appends anything is itself two events tagged `import:ID`: `whence.ImportStarted`, appended together with its first
rows, and `whence.Imported` with the file's digest and the counts at the end; its rows carry `import:ID` as their
correlation. After a crash the next import of the file appends the rest, under its own id.

Rows that say when they were recorded elsewhere are restored while all that the store holds is the beginning of the
file: with their recorded times, at positions from 1, their bases moved along. If a mapping reads that time, the two
events of the import come at the end, under an id that is the same for whoever goes on after a crash. In any other store
such rows are appended and recorded now, and the report counts what was not kept.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import msgspec

from whence import jsonvalue
from whence.admission import refuse_other_spelling
from whence.clock import EARLIEST_US, Clock, SystemClock, uuid8
from whence.errors import CorruptStore, IdConflict, InvalidEvent, InvalidFile, InvalidInput
from whence.events import IMPORT_STARTED, IMPORTED, Event, Recorded, Row, recorded_from, same_content
from whence.files.intake import Arrival, Intake
from whence.files.mapping import Mapping
from whence.files.rehearsal import Rehearsal
from whence.files.rows import Given, name_of
from whence.grammar import id_to_raw, raw_to_id
from whence.numbering import Numbering
from whence.query import Query
from whence.store import Store

BATCH_ROWS = 2000
BATCH_DATA_MAX = 16 * 1024 * 1024
"""A batch ends with the row that brings its data to so many characters, so that memory does not grow with the rows."""
REFUSED_SHOWN = 1000
REFUSED_OF_A_KIND = 5
KINDS_MAX = 1000
ATTEMPTS_MAX = 20

_COLUMN = re.compile(r"Column: [^,)]*")
_DIGITS = re.compile(r"\d+")
_FALLS = "The recorded time or the position is missing or falls. Sort the file by it."

OnError = Literal["refuse-row", "refuse-file"]
Progress = Callable[[int, int | None], None]
"""Called with the bytes read so far and the size of the file, None where it is not known."""


class PreviewRow(msgspec.Struct, frozen=True):
    """What one row would become: an event, or the problem for which it would be refused."""

    line: int
    event: Event | None
    problem: str | None


class Preview(msgspec.Struct):
    """What a file would become: the first rows as events, the first problems of each kind (see kind_of_refusal), and
    how many of each there are in it."""

    events: list[PreviewRow] = []
    problems: list[PreviewRow] = []
    rows: int = 0
    refused: int = 0
    refused_kinds: dict[str, int] = {}

    @property
    def first_refused_line(self) -> int | None:
        return self.problems[0].line if self.problems else None

    def take(self, made: Arrival, problem: str | None, events_max: int) -> None:
        self.rows += 1
        if problem is None:
            if len(self.events) < events_max:
                self.events.append(PreviewRow(made.line, made.event, None))
            return
        self.refused += 1
        if _count_kind(self.refused_kinds, problem) <= REFUSED_OF_A_KIND:
            self.problems.append(PreviewRow(made.line, None, problem))


def _batches(arrivals: Iterable[Arrival]) -> Iterator[list[Arrival]]:
    """The rows in batches, whose number and whose data are bounded."""
    batch, size = list[Arrival](), 0
    for made in arrivals:
        batch.append(made)
        if made.row is not None:
            size += len(made.row.raw_data)
        if size >= BATCH_DATA_MAX or len(batch) == BATCH_ROWS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Rising:
    """The recorded times and positions that rows give, which are kept while they rise."""

    def __init__(self) -> None:
        self._position, self._us = 0, EARLIEST_US

    def follows(self, made: Arrival) -> bool:
        recorded = made.recorded
        return recorded is not None and recorded.position > self._position and recorded.recorded_us >= self._us

    def take(self, recorded: Recorded) -> None:
        self._position, self._us = recorded.position, recorded.recorded_us


def kind_of_refusal(reason: str) -> str:
    """What reasons have in common that differ in the line and the value alone: the fact, and the column."""
    column = _COLUMN.search(reason)
    return _DIGITS.sub("…", reason.partition(" (")[0]) + (f" ({column[0]})" if column else "")


def _count_kind(kinds: dict[str, int], reason: str) -> int:
    """Count a refusal and return how many there are of its kind; kinds beyond the first 1,000 count as one of many."""
    kind = kind_of_refusal(reason)
    if kind not in kinds and len(kinds) >= KINDS_MAX:
        return KINDS_MAX
    kinds[kind] = kinds.get(kind, 0) + 1
    return kinds[kind]


class ImportReport(msgspec.Struct):
    """What became of a file. `refused` holds the first 1,000 rows as (line, reason), and the first five of every other
    kind, which `refused_kinds` counts (see kind_of_refusal); `refused_count` counts all.

    `recorded_not_kept` counts the events that lost the recorded time and the basis which the file gives, because the
    store held something else already. `imported_before_as` is another source under which this very file was imported,
    so that its rows are there twice.
    """

    file: str
    mapping: str
    mapping_digest: str
    import_id: str | None = None
    rows: int = 0
    appended: int = 0
    already: int = 0
    refused: list[tuple[int, str]] = []
    refused_count: int = 0
    refused_kinds: dict[str, int] = {}
    cut_off_line: int | None = None
    cut_digits: int = 0
    ambiguous_times: int = 0
    recorded_not_kept: int = 0
    imported_before_as: str | None = None
    bytes: int = 0
    digest: str = ""
    duration_s: float = 0.0

    @property
    def events_per_s(self) -> float:
        return self.rows / self.duration_s if self.duration_s else 0.0

    def refuse(self, line: int, reason: str) -> None:
        self.refused_count += 1
        count = _count_kind(self.refused_kinds, reason)
        if len(self.refused) < REFUSED_SHOWN or count <= REFUSED_OF_A_KIND:
            self.refused.append((line, reason))


def preview(mapping: Mapping, source: Given, *, rows: int = 10, progress: Progress | None = None) -> Preview:
    """Every row of the file as the event it would become in a new store: the first ones, the first problems and the
    counts. Writes nothing and looks at no store, so rows that a store has already count too. Raises as import_events.
    """
    found, rising, restoring = Preview(), _Rising(), None
    with Intake(mapping, source) as intake:
        for made in intake:
            problem = made.problem
            if problem is None:
                restoring = made.recorded is not None if restoring is None else restoring
                if restoring and not rising.follows(made):
                    problem = _FALLS
                elif made.recorded is not None:
                    rising.take(made.recorded)
            found.take(made, problem, rows)
            if progress is not None and found.rows % BATCH_ROWS == 0:
                progress(intake.source.bytes_read, intake.source.bytes_total)
    return found


def check_readable(mapping: Mapping, source: Given) -> None:
    """Open a file and read its header. Raises as import_events when that fails, or the mapping does not fit it. What
    can be read only once, such as a pipe, is left alone."""
    if not isinstance(source, (str, os.PathLike)) or source == "-":
        return
    if os.path.isfile(source) or os.path.isdir(source) or not os.path.exists(source):
        Intake(mapping, source).close()


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
        name = None
        if on_error == "refuse-file":
            source, name = stack.enter_context(_readable_twice(source))
            _rehearse(store, mapping, source, name, import_id)
        intake = stack.enter_context(Intake(mapping, source, name=name, correlation=f"import:{import_id}"))
        report = _Import(store, mapping, intake, import_id, actor, on_refused).run(progress)
    if report.appended and mapping.type is not None and mapping.id is None:
        report.imported_before_as = _other_source(store, mapping.source, report.digest)
    return report


def _other_source(store: Store, source: str, digest: str) -> str | None:
    """Another source under which a file with this digest was imported, or None."""
    for event in store.read(Query.of(types=[IMPORTED]), backwards=True):
        data = event.data
        if isinstance(data, dict) and data.get("sha256") == digest and data.get("source", source) != source:
            return str(data["source"])
    return None


class _Sorted(msgspec.Struct):
    """A batch of rows looked up: each with the event that is there already, None for a new one; and the refused."""

    events: list[tuple[Arrival, Recorded | None]]
    refused: list[tuple[Arrival, str]]

    def new(self) -> list[Arrival]:
        return [made for made, there in self.events if there is None]

    def refuse(self, refused: Sequence[tuple[Arrival, str]]) -> None:
        if refused:
            gone = {id(made) for made, _ in refused}
            self.events = [pair for pair in self.events if id(pair[0]) not in gone]
            self.refused += refused


class _Import:
    """One import into one store: its report, and whether its own first event is there yet."""

    def __init__(
        self,
        store: Store | Rehearsal,
        mapping: Mapping,
        intake: Intake,
        import_id: str,
        actor: str | None,
        on_refused: Callable[[int, str], None] | None,
    ) -> None:
        self._store, self._mapping, self._intake, self._id, self._actor = store, mapping, intake, import_id, actor
        self._on_refused = on_refused
        self._started = time.perf_counter()
        self._announced = False
        self._spellings: dict[str, str] = {}  # the types in use, by their small letters
        self._restoring: bool | None = None  # not known before the first event
        self._restored_id = raw_to_id(uuid8(hashlib.sha256(f"{mapping.source}\0{mapping.digest}".encode()).digest()))
        self._numbering = Numbering()
        self._rising = _Rising()
        self.report = ImportReport(intake.source.name, mapping.name, mapping.digest)

    def run(self, progress: Progress | None = None) -> ImportReport:
        """Take all rows and end with the import's own last event."""
        self.take_all(progress)
        report = self.report
        report.bytes, report.digest = self._intake.source.bytes_read, self._intake.source.digest
        self._end()
        report.duration_s = time.perf_counter() - self._started
        return report

    def take_all(self, progress: Progress | None = None) -> None:
        source = self._intake.source
        for batch in _batches(self._intake):
            self.report.rows += len(batch)
            good = [made for made in batch if made.problem is None]
            if len(good) < len(batch):
                self._refuse_unreadable(batch)
            if good:
                self._take(good)
            if progress is not None:
                progress(source.bytes_read, source.bytes_total)

    def _refuse_unreadable(self, batch: Sequence[Arrival]) -> None:
        for made in batch:
            if made.cut_off:
                self.report.cut_off_line = made.line
            if made.problem is not None:
                self._refuse(made.line, made.problem)

    def _take(self, good: Sequence[Arrival]) -> None:
        """Write what is new of these rows, and count."""
        if self._restoring is None:
            self._restoring = good[0].recorded is not None
        found = self._written(good)
        new = found.new()
        self.report.appended += len(new)
        self.report.already += len(found.events) - len(new)
        if not self._restoring:
            self.report.recorded_not_kept += sum(made.recorded is not None for made in new)
        self._count_altered(new)
        for made, reason in found.refused:
            self._refuse(made.line, reason)

    def _written(self, good: Sequence[Arrival]) -> _Sorted:
        attempts = 0
        while True:
            found = self._sorted(good)
            try:
                self._restoring = self._restoring and self._restore(found)
                if not self._restoring:
                    self._append(found.new())
                return found
            except IdConflict:  # another import appended some of them just now: look again
                attempts += 1
                if attempts == ATTEMPTS_MAX:
                    raise
            except InvalidEvent as problem:
                self._learn_spelling(problem)

    def _sorted(self, good: Sequence[Arrival]) -> _Sorted:
        """Which rows are new, which are there already, and which are refused for what is there."""
        rows = [made.encoded for made in good]
        ids = [_id(row) for row in rows]
        known = self._store.positions_of(ids)
        if not known and len(set(ids)) == len(good):
            found = _Sorted([(made, None) for made in good], [])
        else:
            found = self._looked_up(good, known)
        misspelt = self._misspelt(dict.fromkeys([row.type for row in rows]))
        if misspelt:
            misspelt_rows = [made for made, _ in found.events if made.encoded.type in misspelt]
            found.refuse([(made, misspelt[made.encoded.type]) for made in misspelt_rows])
        return found

    def _looked_up(self, good: Sequence[Arrival], known: dict[bytes | str, int]) -> _Sorted:
        stored = self._stored(sorted(set(known.values())))
        found, new = _Sorted([], []), dict[bytes | str, Arrival]()
        for made in good:
            key = _id(made.encoded)
            if key not in known and key not in new:
                new[key] = made
                found.events.append((made, None))
                continue
            there = stored[known[key]] if key in known else _as_stored(new[key])
            if same_content(there, _under(made.encoded, there, self._id)):
                found.events.append((made, there))
            else:
                found.refused.append((made, self._differs(there, made)))
        return found

    def _misspelt(self, types: Iterable[str]) -> dict[str, str]:
        """The types that cannot be taken, because they differ only in case from one in use, each with the reason."""
        found = {}
        for name in types:
            try:
                refuse_other_spelling([name], [self._spellings.setdefault(name.lower(), name)])
            except InvalidEvent as problem:
                found[name] = str(problem)
        return found

    def _learn_spelling(self, problem: InvalidEvent) -> None:
        """Note the spelling that the store has in use, if that is what it refused."""
        used = problem.facts.get("in_use")
        if used is None or self._spellings.get(used.lower()) == used:
            raise problem
        self._spellings[used.lower()] = used

    def _restore(self, found: _Sorted) -> bool:
        """Write the new events as they were recorded elsewhere, if all that the store holds is the beginning of this
        file; say whether it is."""
        numbered, late = [], []
        for made, there in found.events:
            if there is None and self._rising.follows(made):
                numbered.append(self._numbered(made))
            elif there is None:
                late.append((made, _FALLS))
            elif there.position == self._numbering.count + 1 and not self._repeats(made, there):
                return False
        if numbered and not self._restored(numbered):
            return False
        found.refuse(late)
        return True

    def _restored(self, numbered: Sequence[Recorded]) -> bool:
        head = numbered[0].position - 1
        if self._store.head() < head:
            return False
        try:
            self._store.restore(numbered)
        except CorruptStore:  # the store's own word for events that do not continue it
            if self._store.head() == head:
                raise
            return False
        return True

    def _repeats(self, made: Arrival, there: Recorded) -> bool:
        return self._rising.follows(made) and self._numbered(made) == there

    def _numbered(self, made: Arrival) -> Recorded:
        assert made.recorded is not None, "only what follows is numbered"
        recorded = made.recorded
        if self._mapping.type is not None:
            recorded = msgspec.structs.replace(recorded, correlation=f"import:{self._restored_id}")
        self._rising.take(recorded)
        return self._numbering.next(recorded)

    def _append(self, new: Sequence[Arrival]) -> None:
        rows = [made.encoded for made in new]
        if not rows:
            return
        self._store.append(rows if self._announced else [self._start(self._id), *rows])
        self._announced = True

    def _end(self) -> None:
        """Append the import's last event, and for restored rows of a mapping the first one with it."""
        if self._numbering.count and self._mapping.type is not None:
            self._end_restored()
        if self._announced:
            self.report.import_id = self._id
            self._store.append([self._done(self._id)])

    def _end_restored(self) -> None:
        raw_id = id_to_raw(self._restored_id)
        try:
            if not self._store.positions_of([raw_id]):
                self._store.append([self._start(self._restored_id), self._done(self._restored_id)])
                self.report.import_id = self._restored_id
        except IdConflict:
            if not self._store.positions_of([raw_id]):  # else another import of the file has just ended it
                raise

    def _start(self, id: str) -> Event:
        tag = f"import:{id}"
        return Event(IMPORT_STARTED, self._about(), (tag,), id=id, actor=self._actor, correlation=tag)

    def _done(self, id: str) -> Event:
        report, tag = self.report, f"import:{id}"
        data = {
            **self._about(),
            "sha256": report.digest,
            "bytes": report.bytes,
            "rows": report.rows,
            "appended": report.appended,
            "already": report.already,
            "refused": report.refused_count,
            "recorded_not_kept": report.recorded_not_kept,
            "cut_off_line": report.cut_off_line,
        }
        return Event(IMPORTED, data, (tag,), actor=self._actor, cause=id, correlation=tag)

    def _about(self) -> dict[str, Any]:
        mapping = self._mapping
        about = {"file": self._intake.source.name, "mapping": mapping.name, "source": mapping.source}
        return {**about, "mapping_digest": mapping.digest}

    def _count_altered(self, new: Sequence[Arrival]) -> None:
        """Count what the reading of rows altered; of an event that was exported it was counted the first time."""
        for made in new:
            said = made.encoded.meta_text
            if said is None or not ('time"' in said or 'recorded"' in said):  # of most, meta need not be decoded
                continue
            if self._mapping.type is not None or made.recorded is None:
                meta = jsonvalue.decode(said)
                self.report.cut_digits += ("time" in meta) + ("recorded" in meta)
                self.report.ambiguous_times += "ambiguous_time" in meta

    def _refuse(self, line: int, reason: str) -> None:
        self.report.refuse(line, reason)
        if self._on_refused is not None:
            self._on_refused(line, reason)

    def _differs(self, there: Recorded, made: Arrival) -> str:
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
            look_at=", ".join(_keys_that_differ(there, made)) or "the mapping",
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


def _keys_that_differ(there: Recorded, made: Arrival) -> list[str]:
    """The keys of a mapping that make a row another event than the one that is there."""
    now = _as_stored(made)
    parts = {
        "type or types": there.type != now.type,
        "tags": set(there.tags) != set(now.tags),
        "time, time_format or zone": there.given_time_us != now.given_time_us,
        "actor": there.actor != now.actor,
        "cause": there.cause != now.cause,
        "data, numbers or decimal": repr(there.data) != repr(now.data),  # 1 and 1.0 are equal, not the same
    }
    return [keys for keys, differ in parts.items() if differ]


def _id(row: Row) -> bytes | str:
    assert row.raw_id is not None, "every row of a file gives its event an id"
    return row.raw_id


def _as_stored(made: Arrival) -> Recorded:
    """A row of this very batch, as it will be stored."""
    row = made.encoded
    return recorded_from(row, 0, row.given_time_us or 0, None)


def _under(row: Row, there: Recorded, import_id: str) -> Row:
    """The row as the import that stored it would have written it: under that import's correlation."""
    if row.correlation == f"import:{import_id}" and (there.correlation or "").startswith("import:"):
        row = msgspec.structs.replace(row, correlation=there.correlation)
    return row


@contextmanager
def _readable_twice(given: Given) -> Iterator[tuple[Given, str | None]]:
    """The same rows as often as needed, and the source's name. What can be read only once lies in a temporary file."""
    if isinstance(given, (str, os.PathLike)) and given != "-":
        yield given, None
        return
    with tempfile.NamedTemporaryFile() as kept:
        shutil.copyfileobj(sys.stdin.buffer if isinstance(given, (str, os.PathLike)) else given, kept)
        kept.flush()
        yield kept.name, name_of(given)


def _rehearse(store: Store, mapping: Mapping, given: Given, name: str | None, import_id: str) -> None:
    """Import the rows into a rehearsal of the store. Raises InvalidFile when one is refused."""
    with Rehearsal(store) as stage, Intake(mapping, given, name=name, correlation=f"import:{import_id}") as intake:
        job = _Import(stage, mapping, intake, import_id, None, None)
        job.take_all()
    report = job.report
    if report.refused:
        line, problem = min(report.refused)
        remedy = "Correct them, or import with refuse-row to keep the good rows."
        facts = {"file": report.file, "refused": report.refused_count, "line": line, "problem": problem}
        raise InvalidFile("The file has bad rows, so nothing of it was imported", remedy=remedy, **facts)
