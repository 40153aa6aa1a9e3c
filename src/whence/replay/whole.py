"""A replay of a model or a scorecard over all history, split over any executor. Each part is a range of entities, so
that the events of an entity stay together; what comes out is the same to the byte however it is split, and in whatever
order the parts are done."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from whence.compare import canonical
from whence.config import name_of
from whence.errors import Cancelled, InvalidModel, WorkerLost
from whence.model import Model
from whence.replay.lines import at_of, save
from whence.replay.part import Named, Part, done_file, folded, run, scored
from whence.replay.slices import Source, Until, counts
from whence.scoring import Scorecard
from whence.segments.reading import Segments
from whence.segments.scoring import Scored, joined

PART_EVENTS = 2**21
"""A part holds at most about so many events, so that what a process needs does not grow with the history."""
PART_LEAST = 2**16
"""Fewer events than that are not worth a part."""
LOOK_S = 0.1
END_S = 10.0
INTERRUPTED_S = 0.5

Progress = Callable[[int, int | None], None]


class Flag(Protocol):
    """What says that a replay is to end, a threading.Event for one."""

    def is_set(self) -> bool: ...


class Replayed(msgspec.Struct, frozen=True):
    """What every entity of a kind came to: its fields, in the order of the first events, and the head it is of; with
    `at_us` by what had happened by then."""

    kind: str
    model: str
    head: int
    states: Mapping[str, dict[str, Any]]
    at_us: int | None = None

    def lines(self) -> Iterator[bytes]:
        """The same as JSON lines: what it is of, then each entity, with its fields as texts (`compare.canonical`)."""
        origin = {"kind": self.kind, "model": self.model, "head": self.head, **at_of(self.at_us)}
        yield msgspec.json.encode(origin) + b"\n"
        for entity, fields in self.states.items():
            texts = {name: canonical(value) for name, value in fields.items()}
            yield msgspec.json.encode({"entity": entity, "fields": texts}) + b"\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the lines into a file, whole or not at all. Raises CannotWrite."""
        save(self.lines(), path)


def replay(
    segments: Segments,
    model: Model,
    *,
    executor: Executor | None = None,
    until: Until | None = None,
    parts: int | None = None,
    progress: Progress | None = None,
    cancel: Flag | None = None,
) -> Replayed:
    """Fold every entity of the segments' kind by a model: in this thread, or in the processes of an executor.

    Raises FoldFailed naming an event, InvalidModel for a model that no other process can import, and Cancelled once
    `cancel` is set; what was not begun is then not begun, and what was ends soon.
    """
    until = until or Until()
    bounds = Until(None if until.position is None or until.position >= segments.head else until.position, until.time_us)
    named = None if executor is None else named_of(model)
    looked = [each for each in sources(segments) if not bounds.is_all or model.step(each.type) is not None]
    cut = _cut(segments, looked, executor, parts)
    planned = [msgspec.structs.replace(part, until=bounds, model=named) for part in cut]
    done = _done(planned, executor, progress, cancel, lambda part, told: folded(part, model, told))
    entities = segments.entities()
    fields = [each for part in done for each in part.fields]
    if bounds.is_all:
        chosen = range(len(entities))
    else:
        begun = [position for part in done for position in part.begun or ()]
        there = [code for code, position in enumerate(begun) if position]
        chosen = sorted(there, key=lambda code: (begun[code], entities[code]))  # type: ignore[assignment]
    head = segments.head if until.position is None else min(until.position, segments.head)
    states = {entities[code]: fields[code] for code in chosen}
    return Replayed(segments.kind, model.name, head, states, until.time_us)


def score(
    segments: Segments,
    card: Scorecard,
    at_us: int | None = None,
    *,
    executor: Executor | None = None,
    parts: int | None = None,
    progress: Progress | None = None,
    cancel: Flag | None = None,
) -> Scored:
    """What a card comes to for every entity, as `score_segments` says it, split as `replay` is. Raises InvalidEvent,
    InvalidTime and Cancelled."""
    cut = _cut(segments, sources(segments), executor, parts)
    planned = [msgspec.structs.replace(part, until=Until(time_us=at_us), card=card) for part in cut]
    done = _done(planned, executor, progress, cancel, lambda part, told: scored(part))
    return Scored(card, segments.head, segments.entities(), joined(done), at_us)


def sources(segments: Segments) -> list[Source]:
    """Every table of the segments, the newest events last."""
    kept = [Source(type, str(path.absolute())) for type, path in segments.files()]
    return [*kept, *(Source(type, newest=rows) for type, rows in segments.newest().items())]


def named_of(model: Model) -> Named:
    """How another process finds a model. Raises InvalidModel for one that it cannot."""
    paths = tuple(os.path.abspath(path) for path in sys.path)
    if isinstance(model.made_of, Mapping):
        return Named(model.kind, table=dict(model.made_of), paths=paths)
    if model.name == "built-in" and not isinstance(model.made_of, type):
        return Named(model.kind, table={}, paths=paths)
    name = name_of(model)
    if name is None:
        remedy = "Put it at the top of a module, or replay it without an executor."
        raise InvalidModel("Another process cannot import this model", model=model.name, remedy=remedy)
    return Named(model.kind, name, paths=paths)


def _cut(segments: Segments, looked: Sequence[Source], executor: Executor | None, parts: int | None) -> list[Part]:
    """Ranges of entities with about as many events each."""
    entities = segments.entities()
    rows = counts(looked, len(entities))
    total = int(rows.sum())
    wanted = parts or _parts(total, 1 if executor is None else _workers(executor))
    found, ends = [], np.cumsum(np.maximum(rows, 1))
    borders = np.searchsorted(ends, ends[-1] * np.arange(1, wanted) / wanted) + 1 if entities else []
    inner = sorted({int(border) for border in borders} - {len(rows)})
    for first, last in pairwise([0, *inner, len(rows)]):  # of no entities there is one part too
        events = int(rows[first:last].sum())
        mine = tuple(source for source in (each.of(first, last) for each in looked) if source is not None)
        found.append(Part(mine, first, last, tuple(entities[first:last]), events, Until()))
    return found


def _parts(events: int, workers: int) -> int:
    """How many parts so many events make: each worker has as many, if they are worth it."""
    rounds = -(-events // (PART_EVENTS * workers))
    return max(min(rounds * workers, events // PART_LEAST), 1)


def _workers(executor: Executor) -> int:
    """How many processes an executor has, as far as it says."""
    client = getattr(executor, "_client", None)
    if client is not None:
        return max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    return int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


def _done(
    parts: Sequence[Part],
    executor: Executor | None,
    progress: Progress | None,
    cancel: Flag | None,
    here: Callable[[Part, Callable[[int], None]], Any],
) -> list[Any]:
    """What each part gives, in their order."""
    total = sum(part.events for part in parts)
    if progress is not None:
        progress(0, total)
    if executor is not None:
        return _spread(parts, executor, total, progress, cancel)
    folded_events = 0

    def told(events: int) -> None:
        nonlocal folded_events
        folded_events += events
        _look(cancel)
        if progress is not None:
            progress(min(folded_events, total), total)

    found = []
    for part in parts:
        _look(cancel)
        found.append(here(part, told))
    if progress is not None:
        progress(total, total)
    return found


def _look(cancel: Flag | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled


def _spread(
    parts: Sequence[Part], executor: Executor, total: int, progress: Progress | None, cancel: Flag | None
) -> list[Any]:
    with _stop_file() as stop:
        futures: dict[Future[Any], Part] = {}
        try:
            for part in parts:
                futures[executor.submit(run, msgspec.structs.replace(part, stop=str(stop)))] = part
            waiting, told = set(futures), 0
            while waiting:
                _look(cancel)
                done, waiting = wait(waiting, timeout=LOOK_S, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                events = sum(
                    _events_done(stop, part) if future in waiting else part.events for future, part in futures.items()
                )
                if events > told and progress is not None:
                    told = events
                    progress(min(events, total), total)
            return [future.result() for future in futures]
        except BrokenExecutor as problem:
            remedy = "If memory ran out, take fewer processes."
            raise WorkerLost(problem="it was killed, or it crashed", remedy=remedy) from problem
        except BaseException as problem:
            with suppress(OSError):
                stop.touch()
            running = [future for future in futures if not future.cancel()]
            wait(running, timeout=INTERRUPTED_S if isinstance(problem, KeyboardInterrupt) else END_S)
            raise


def _events_done(stop: Path, part: Part) -> int:
    """How many events a part says that it has done; 0 where it says nothing."""
    try:
        return int(Path(done_file(str(stop), part.first)).read_text())
    except (OSError, ValueError):
        return 0


@contextmanager
def _stop_file() -> Iterator[Path]:
    """A place for a file that says to the processes of this machine that they are to stop. Its folder is locked as long
    as it is used, so that those of replays that were killed are known, and removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > NEW_S:
                with _locked(left, fcntl.LOCK_NB):
                    shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_FOLDER, ignore_cleanup_errors=True) as name, _locked(Path(name)):
        yield Path(name) / "stop"


_FOLDER = "whence-replay-"
NEW_S = 60
"""A folder may not be locked yet that is no older than so many seconds."""


@contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    """Raises OSError where another process has the lock and this one is not to wait for it (LOCK_NB)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(handle)
