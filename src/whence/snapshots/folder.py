"""The folder of snapshots beside a store: a file each, which names the store, the model's code and the last event that
are in it, and counts only where all of these are still so. How a state becomes bytes is left to packing.

A file stands under its name when it is whole, and not at all when its builder is killed before; after a power cut the
digest in it tells.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from whence.clock import EARLIEST_US, LATEST_US
from whence.errors import CannotWrite, FoldFailed, InvalidSnapshot
from whence.events import Facts
from whence.fingerprint import fingerprint
from whence.grammar import normal_kind
from whence.history import History, Progress, Reached
from whence.model import Model
from whence.snapshots.packing import Packing
from whence.store import Store
from whence.wholefile import whole_file

FORMAT = 1
"""The number of the layout, and of what folding means to Whence; a snapshot with another number is not used."""
ENDING = ".snapshot"
STEP_MIN = 2**13
"""Fewer events than so many are folded as quickly as their states are read."""
PLACES_MAX = 8
OF_ANOTHER_MODEL = "it is of another model"


class Snapshot(msgspec.Struct, frozen=True):
    """What a snapshot is of: the store, the kind, the model and the digest of its code, and up to where. No event of
    the kind up to the position is of a time after `latest_us`."""

    format: int
    store_id: str
    epoch: int
    kind: str
    model: str
    fingerprint: str
    position: int
    last_id: str
    latest_us: int
    entities: int


class Kept(msgspec.Struct, frozen=True):
    """A file of the folder, with its size, and why it is not used: "" where it is. What it is of is None where it
    cannot be read."""

    path: Path
    bytes: int
    snapshot: Snapshot | None
    problem: str

    @property
    def position(self) -> int:
        """Its position; 0 where it cannot be read."""
        return 0 if self.snapshot is None else self.snapshot.position


class _States(msgspec.Struct):
    """The states of a snapshot, each packed by itself, and as in Reached the latest times."""

    entities: list[str]
    times: list[int]
    states: list[msgspec.Raw]


def places(head: int) -> list[int]:
    """Where snapshots are kept, besides at the head: four to eight even steps, so that from the one before any moment
    at most a quarter of the history is left to fold. Steps are powers of two: as a history grows every second place
    goes, and none moves. In a short history they are STEP_MIN apart."""
    step = STEP_MIN
    while head // step > PLACES_MAX:
        step *= 2
    return list(range(step, head, step))


class SnapshotFolder:
    """The snapshots beside a store, or in a folder of its own; a store in memory has none else."""

    def __init__(self, store: Store, folder: Path | None = None) -> None:
        self._store = store
        path = getattr(store, "path", None)
        self.folder = folder or (None if path is None else Path(f"{path}.snapshots"))
        self._damaged: dict[tuple[Path, int], str] = {}
        """What was found damaged on the way to an answer, by path and time of the last change."""

    # Using them.

    def before(
        self, model: Model, last: int, last_us: int = LATEST_US, entities: Collection[str] | None = None
    ) -> Reached | None:
        """As history.Snapshots has it. One that is damaged is passed over, and named as such from then on."""
        for kept in reversed(self.usable(model)):
            of = kept.snapshot
            if of is not None and of.position <= last and of.latest_us <= last_us:
                with suppress(FileNotFoundError):  # another builder removed it
                    changed_ns = kept.path.stat().st_mtime_ns
                    try:
                        return self.read(kept, model, entities)
                    except InvalidSnapshot as damage:
                        self._damaged[kept.path, changed_ns] = str(damage.facts["problem"])
        return None

    def read(self, kept: Kept, model: Model, entities: Collection[str] | None = None) -> Reached:
        """The states of a snapshot, of all entities or of these. Raises InvalidSnapshot for one that is damaged or was
        removed."""
        of, found = _content(kept.path)
        unpack = Packing(model).unpack
        try:
            packed = zip(found.entities, found.states, strict=True)
            states = {each: unpack(state) for each, state in packed if entities is None or each in entities}
            times = dict(zip(found.entities, found.times, strict=True)) if found.times else {}
        except Exception as problem:
            raise InvalidSnapshot("A snapshot cannot be read", path=kept.path, problem=problem) from problem
        return Reached(of.position, states, times)

    def usable(self, model: Model) -> list[Kept]:
        """The snapshots that are of this model and of the code as it is now, by position; only a digest of their
        content has yet to be compared."""
        return [kept for kept in self.of(model) if not kept.problem]

    def of(self, model: Model) -> list[Kept]:
        """The snapshots of a model, those that are not used too, by position; one that cannot be read may be of it."""
        files = self.files(model.kind)
        mark = fingerprint(model) if files else ""
        found = []
        for kept in files:
            of = kept.snapshot
            if of is not None and of.model != model.name:
                continue
            changed = of is not None and of.fingerprint != mark and not kept.problem
            found.append(msgspec.structs.replace(kept, problem="the model's code has changed") if changed else kept)
        return found

    def files(self, kind: str | None = None) -> list[Kept]:
        """The snapshots of a kind or of all, whatever code they are of, by position; a folder that cannot be read
        stands among them."""
        if self.folder is None:
            return []
        found: list[Kept] = []

        def inside(folder: Path) -> list[Path]:
            try:
                return list(folder.iterdir())
            except FileNotFoundError:
                return []
            except OSError as error:
                found.append(Kept(folder, 0, None, f"it cannot be read: {error.strerror}"))
                return []

        for home in inside(self.folder) if kind is None else [self.folder / kind]:
            if kind is not None or not os.path.isfile(home):
                found += [self._kept(path) for path in inside(home) if path.suffix == ENDING]
        return sorted(found, key=lambda kept: (kept.position, kept.path))

    def _kept(self, path: Path) -> Kept:
        size, of = 0, None
        try:
            stat = path.stat()
            size = stat.st_size
            with path.open("rb") as file:
                file.readline()
                of = msgspec.json.decode(file.readline(), type=Snapshot)
            problem = self._problem(of, path) or self._damaged.get((path, stat.st_mtime_ns), "")
        except OSError as error:
            problem = f"it cannot be read: {error.strerror}"
        except (ValueError, msgspec.DecodeError) as error:
            problem = f"it cannot be read: {error}"
        return Kept(path, size, of, problem)

    def _problem(self, of: Snapshot, path: Path) -> str:
        """Why a snapshot is none of this store."""
        identity = self._store.identity()
        if of.format != FORMAT:
            return f"it is in another format, {of.format}"
        if (of.store_id, of.epoch) != (identity.store_id, identity.epoch):
            return "it belongs to another store"
        if of.kind != path.parent.name:
            return "it is of another kind"
        is_there = 0 < of.position <= self._store.head()
        if not is_there or next(iter(self._store.read(after=of.position - 1, upto=of.position))).id != of.last_id:
            return "the store does not hold its last event"
        return ""

    def problems(self) -> Iterator[str]:
        """A sentence for each snapshot that is damaged or of another store, of every kind. Reads all of them."""
        for kept in map(read_through, self.files()):
            if kept.problem and os.path.lexists(kept.path):  # a builder may have removed it
                yield f"{kept.path}: {kept.problem}. It is not used: make it again or drop it (whence snapshot)"

    # Making them.

    def make(self, history: History, model: Model, progress: Progress | None = None) -> list[Kept]:
        """Make the snapshots of a model that are missing, at the head and the places before it, and return all; those
        of other code, and at places that are none any more, are removed. A second builder waits for the first.

        Raises InvalidSnapshot for states that cannot be kept and for a fold that changes its own code, FoldFailed and
        CannotWrite.
        """
        if self.folder is None:
            raise InvalidSnapshot("A store in memory has no place for snapshots", remedy="Open a file: leads.db.")
        assert not history.is_branch, "a snapshot is of what was recorded"
        assert history.bounds[1] == LATEST_US, "a snapshot is of all there was up to a position"
        home = self.folder / model.kind
        wanted = [*places(history.head), history.head] if history.head else []
        try:
            home.mkdir(parents=True, exist_ok=True)
            with _locked(home):
                for part in home.glob(f".*{ENDING}.*.part"):  # of a builder that was killed
                    part.unlink(missing_ok=True)
                self._make_missing(history, model, wanted, progress)
                for kept in self.of(model):
                    is_newer = kept.position > history.head  # of a builder that began after this one
                    if kept.problem or not (is_newer or kept.position in wanted):
                        kept.path.unlink(missing_ok=True)
        except OSError as problem:
            remedy = "Free space, make it writable, or move away what is in its place; other snapshots are kept."
            facts = {"path": problem.filename or home, "problem": problem.strerror}
            raise CannotWrite("The snapshots cannot be written", **facts, remedy=remedy) from problem
        return self.usable(model)

    def _make_missing(self, history: History, model: Model, wanted: list[int], progress: Progress | None) -> None:
        whole = [kept.snapshot for kept in self.usable(model) if not _damage(kept.path)]
        there = {of.position: of for of in whole if of is not None}
        reached, latest_us, mark = Reached.nothing(), EARLIEST_US, fingerprint(model)
        for position in wanted:
            if position in there:
                continue
            begun = self.before(model, position)
            if begun is not None and begun.position > reached.position:
                reached, latest_us = begun, there[begun.position].latest_us
            part = history.upto(position)
            latest = _Latest(model.kind, latest_us)
            told = None if progress is None else until(progress, history.head)
            try:
                reached = part.reach(model, reached, latest.noting(part.pages(model, told, after=reached.position)))
            except FoldFailed:  # as things happened, a later event may mend it
                if position == history.head:
                    raise
                reached, latest_us = Reached.nothing(), EARLIEST_US
                continue
            latest_us = latest.us
            if reached.states:  # none of a kind that is mistyped
                if fingerprint(model) != mark:
                    what = "folding changed the model's own code: a list or table in its class or module"
                    remedy = "Let each state hold its own: whence check --model names what is shared."
                    raise InvalidSnapshot(model=model.name, problem=what, remedy=remedy)
                there[position] = self._write(model, reached, latest_us)

    def _write(self, model: Model, reached: Reached, latest_us: int) -> Snapshot:
        identity, packing = self._store.identity(), Packing(model)
        last = next(iter(self._store.read(after=reached.position - 1, upto=reached.position)))
        of = Snapshot(
            FORMAT,
            identity.store_id,
            identity.epoch,
            model.kind,
            model.name,
            fingerprint(model),
            reached.position,
            last.id,
            latest_us,
            len(reached.states),
        )
        states = [msgspec.Raw(packing.pack(state, entity)) for entity, state in reached.states.items()]
        times = [reached.times[entity] for entity in reached.states] if model.order == "occurred" else []
        content = msgspec.json.encode(of) + b"\n" + msgspec.msgpack.encode(_States([*reached.states], times, states))
        assert self.folder is not None
        mark = hashlib.sha256(f"{of.model} {of.fingerprint}".encode()).hexdigest()[:12]
        with whole_file(self.folder / model.kind / f"{of.position:012}-{mark}{ENDING}") as file:
            file.write(_digest(content) + b"\n" + content)
        return of

    def drop(self, kind: str) -> int:
        """Remove the snapshots of a kind, of every model; how many there were. Raises CannotWrite."""
        home = None if self.folder is None else self.folder / normal_kind(kind)
        if home is None or not self.files(kind):
            return 0
        files, failed = list[Kept](), list[OSError]()
        try:
            with _locked(home):
                files = self.files(kind)
                for kept in files:
                    try:
                        kept.path.unlink(missing_ok=True)
                    except OSError as problem:
                        failed.append(problem)
                if failed:
                    raise failed[0]
        except OSError as problem:
            remedy = "Make the folder writable, or remove it by hand: nothing but time is lost."
            facts = {"path": problem.filename or home, "problem": problem.strerror}
            raise CannotWrite("The snapshots cannot be removed", **facts, remedy=remedy) from problem
        return len(files)


class _Latest:
    """The latest time of the events of a kind in the pages that are read."""

    def __init__(self, kind: str, us: int) -> None:
        self._prefix = f"{kind}:"
        self.us = us

    def noting(self, pages: Iterator[Facts]) -> Iterator[Facts]:
        for page in pages:
            times = [row[4] for row in page.rows if self._prefix in row[2]]
            self.us = max(self.us, *times) if times else self.us
            yield page


def until(progress: Progress, head: int) -> Progress:
    """The progress of one part, told as that of all."""
    return lambda done, _: progress(done, head)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One builder at a time; the lock ends with its process."""
    with (home / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_through(kept: Kept) -> Kept:
    """A file of the folder, with what reading all of it finds."""
    return kept if kept.problem else msgspec.structs.replace(kept, problem=_damage(kept.path))


def _damage(path: Path) -> str:
    """What is wrong with a file, or nothing."""
    try:
        _content(path)
    except InvalidSnapshot as problem:
        return str(problem.facts["problem"])
    return ""


def _content(path: Path) -> tuple[Snapshot, _States]:
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
        if digest != _digest(content):
            raise InvalidSnapshot("A snapshot is damaged", path=path, problem="its digest differs")
        head, _, states = content.partition(b"\n")
        return msgspec.json.decode(head, type=Snapshot), msgspec.msgpack.decode(states, type=_States)
    except (OSError, msgspec.DecodeError) as problem:
        raise InvalidSnapshot("A snapshot cannot be read", path=path, problem=problem) from problem


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
