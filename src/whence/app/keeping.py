"""Files in and out, copies, snapshots, and whether every promise is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from whence.app.opened import Moment, NamedModel, Opened, Progress
from whence.checking.soundness import Promise, check
from whence.config import Config
from whence.copying import copy, part_of_import
from whence.files.exporter import export
from whence.files.importer import ImportReport, OnError, Preview, check_readable, import_events, preview
from whence.files.rows import Given
from whence.query import Query
from whence.segments.manifest import folders, problems
from whence.snapshots.folder import OF_ANOTHER_MODEL, Kept, read_through
from whence.stores.opening import open_store

if TYPE_CHECKING:
    from whence.checking.purity import Purity


def preview_file(
    source: Given,
    *,
    mapping: str | None = None,
    rows: int = 10,
    config: Config | None = None,
    progress: Progress | None = None,
) -> Preview:
    """What a file would become: its first rows as events, its first bad rows, and the counts of all. Needs no store and
    writes nothing. Raises as import_file does."""
    return preview((config or Config.nearest()).mapping(mapping), source, rows=rows, progress=progress)


def check_file(source: Given, *, mapping: str | None = None, config: Config | None = None) -> None:
    """Raise what import_file would raise for the file and its mapping, before a store is made for them."""
    check_readable((config or Config.nearest()).mapping(mapping), source)


def _of_another(kept: Kept) -> Kept:
    return kept if kept.problem else msgspec.structs.replace(kept, problem=OF_ANOTHER_MODEL)


class Keeping(Opened):
    def import_file(
        self,
        source: Given,
        *,
        mapping: str | None = None,
        actor: str | None = None,
        on_error: OnError = "refuse-row",
        progress: Progress | None = None,
        on_refused: Callable[[int, str], None] | None = None,
    ) -> ImportReport:
        """Append what is new in a file, each row as one event, and report.

        `mapping` names an [import.NAME] of whence.toml or a TOML file; by default the only one there. `actor` is who
        imports. With `on_error="refuse-file"` one bad row refuses all of them. `progress` is called with the bytes read
        and the size of the file, None where it is not known; `on_refused` with the line and the reason of every refused
        row. Raises InvalidFile, InvalidConfig and IdConflict as importer.import_events says, and StoreError.
        """
        return import_events(
            self.store,
            self.config.mapping(mapping),
            source,
            actor=actor,
            on_error=on_error,
            progress=progress,
            on_refused=on_refused,
        )

    def export(
        self, out: BinaryIO, *tags: str, types: Iterable[str] = (), format: str = "jsonl", at: Moment = None
    ) -> int:
        """Write the events that carry all the tags, up to a moment, into a stream of bytes; return how many."""
        types = tuple(types)
        query = Query.of(types=types, tags=tags) if types or tags else None
        return export(self.history(at).events(query), format, out)

    def copy(
        self, target: str | os.PathLike[str], *, without: str | None = None, progress: Progress | None = None
    ) -> int:
        """Write this history into another store, which is made when it is missing; return how many events were
        written. `without="import:ID"` leaves out a wrong import. Raises StoreError, and NotKnown for no such import."""
        leave_out = None if without is None else part_of_import(self.store, without)
        other = open_store(target, create=True, origin=self.store.identity().store_id)
        try:
            return copy(self.store, other, without=leave_out, progress=progress)
        finally:
            other.close()

    def snapshot(self, kind: str, *, model: NamedModel = None, progress: Progress | None = None) -> list[Kept]:
        """Keep all states of a kind as snapshots beside the store, at the head and at up to eight even steps before it,
        so that `states` and `bisect` need not begin at the first event; return those that are there now. They go on
        from the newest one, and change no answer. Safe beside writers and at any interruption.

        Raises InvalidSnapshot for states that would not come back as they are and for a store in memory, FoldFailed,
        CannotWrite.
        """
        return self._snapshots.make(self.history(), self._model_of_kind(kind, model), progress)

    def snapshots(self, kind: str, *, model: NamedModel = None, read: bool = True) -> list[Kept]:
        """The snapshots of a kind by position, of all models, and why any is not used for this one. With `read=False`
        none is read through, and of those that are damaged only what an answer came upon is told."""
        files, chosen = self._snapshots.files(kind), self._model_of_kind(kind, model)
        of_model = {kept.path: kept for kept in self._snapshots.of(chosen)} if files else {}
        found = [of_model.get(kept.path, _of_another(kept)) for kept in files]
        return list(map(read_through, found)) if read else found

    def drop_snapshots(self, kind: str) -> int:
        """Remove the snapshots of a kind, of all models; how many there were."""
        return self._snapshots.drop(kind)

    def check(self, progress: Progress | None = None) -> list[Promise]:
        """Every promise with the problems found, and whether the segments and snapshots beside the store are its own
        and undamaged, where there are any. Reads the whole store."""
        found = check(self.store, progress)
        if folders(self.store):
            said = tuple(problems(self.store))
            found.append(Promise("segments are this store's, and undamaged", said, len(said), derived=True))
        if self._snapshots.files():
            said = tuple(self._snapshots.problems())
            found.append(Promise("snapshots are this store's, and undamaged", said, len(said), derived=True))
        return found

    def check_model(self, model: NamedModel, *, progress: Progress | None = None) -> Purity:
        """What makes a model's fold impure, on a sample of this store's events, each finding with what to do.

        A text without a colon is a kind: the model that whence.toml names for it. It is a check, not a sandbox. Raises
        FoldFailed when the model fails on an event, InvalidModel when it takes too long, InvalidConfig.
        """
        from whence.checking.purity import check_model  # it looks into modules that nothing else needs

        named, folder = (model, Path.cwd()) if isinstance(model, str) else (None, Path.cwd())
        if named is not None and ":" not in named:
            chosen, named, folder = self.model(named), self.config.python_of(named), self.config.folder
        else:
            chosen = self._named("", model)
        return check_model(self.history(), chosen, named=named, folder=folder, progress=progress)
