"""Moving a history to another store, event by event as it is, or without a wrong import. What a store accepts is
decided by its own `restore`; making the target, with its origin noted, is left to who opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from itertools import filterfalse

from whence.errors import NotKnown, StoreError
from whence.events import IMPORT_STARTED, Recorded
from whence.grammar import id_to_raw
from whence.numbering import Numbering
from whence.query import Query
from whence.store import Store

NAMED_MAX = 3
REPORT_EVENTS = 10_000

Progress = Callable[[int, int | None], None]
Choice = Callable[[Recorded], bool]


def copy(source: Store, target: Store, *, without: str | Choice | None = None, progress: Progress | None = None) -> int:
    """Write the source's events, up to the head it has now, into the target; return how many were written.

    A plain copy keeps the whole envelope. `without="import:ID"` (or a function that says which) leaves out the events
    of that import and the import's own event: the others keep their ids and recorded times and are numbered anew
    without gaps, the position of a basis becomes that of the last event kept at or before it, and a cause that was
    left out is still named. A copy that was interrupted goes on when it is called again.

    Raises StoreError when the target is the source or holds anything else than a beginning of this copy, and NotKnown
    when there is no such import; nothing is written then.
    """
    if source.identity().store_id == target.identity().store_id:
        remedy = "Name a file that is not there yet."
        raise StoreError("A store is not copied onto itself", store=source.identity().store_id, remedy=remedy)
    leave_out = part_of_import(source, without) if isinstance(without, str) else without
    reading = source.read()
    events: Iterable[Recorded] = reading if progress is None else _reported(reading, reading.head, progress)
    stream = iter(events) if leave_out is None else map(Numbering().next, filterfalse(leave_out, events))
    before = _pass_by(stream, target)
    return target.restore(stream) - before


def part_of_import(source: Store, name: str) -> Choice:
    """Says of an event whether it belongs to the import `import:ID`, written so or as the bare ID: it is the event that
    began it, or has `import:ID` as its correlation or tag. Raises NotKnown, naming the imports there are, when the
    source has no such import."""
    id = name.removeprefix("import:")
    imports = [event.id for event in source.read(Query.of(types=[IMPORT_STARTED]), backwards=True)]
    if id not in imports:
        known = [f"import:{each}" for each in get_close_matches(id, imports, NAMED_MAX, 0.8) or imports[:NAMED_MAX]]
        remedy = f"whence log --type {IMPORT_STARTED} shows the {len(imports):,} there are, the newest first."
        raise NotKnown("There is no such import", sought=name, known=", ".join(known) or "none", remedy=remedy)
    tag, raw_id = f"import:{id}", id_to_raw(id)
    return lambda event: event.correlation == tag or event.raw_id == raw_id or tag in event.tags


def _pass_by(stream: Iterator[Recorded], target: Store) -> int:
    """Skip what the target holds already and return how much that is. Raises StoreError where that differs."""
    position = 0
    for stored in target.read():
        position = stored.position
        if next(stream, None) != stored:
            remedy = "Copy into a new store, or go on with the very copy that was begun."
            raise StoreError("The target holds something else than this copy", position=position, remedy=remedy)
    return position


def _reported(events: Iterable[Recorded], head: int, progress: Progress) -> Iterator[Recorded]:
    for event in events:
        yield event
        if event.position % REPORT_EVENTS == 0 or event.position == head:
            progress(event.position, head)
