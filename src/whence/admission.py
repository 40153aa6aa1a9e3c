"""What is decided under the write lock before anything is written: are these events there already, and does the
condition hold? The order is fixed: ids first, then the condition. Every store asks here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from whence.errors import ConditionFailed, CorruptStore, IdConflict, InvalidEvent
from whence.events import Event, Recorded, Row, encode, same_content
from whence.grammar import APPEND_EVENTS_MAX, raw_to_id
from whence.query import AppendCondition, Query

RawId = bytes | str


class Index(Protocol):
    """What admission asks of a store."""

    def positions_of(self, raw_ids: Sequence[RawId]) -> dict[RawId, int]:
        """The positions of those ids that are there."""
        ...

    def newest_match(self, query: Query, after: int) -> int | None:
        """A position greater than `after` whose event matches, or None. When there are several, any of them."""
        ...

    def fetch(self, position: int) -> Recorded: ...

    def head(self) -> int: ...


def rows_of(events: Iterable[Event | Row]) -> list[Row]:
    """The events encoded for one append. Raises InvalidEvent for none, too many, or an id given twice."""
    rows = [event if type(event) is Row else encode(event) for event in events]  # type: ignore[arg-type]
    if not rows:
        raise InvalidEvent("Nothing to append", remedy="Pass at least one event.")
    if len(rows) > APPEND_EVENTS_MAX:
        remedy = "Append in several calls."
        raise InvalidEvent("Too many events in one append", events=len(rows), most=APPEND_EVENTS_MAX, remedy=remedy)
    if len(rows) > 1:
        _refuse_repeated_ids(rows)
    return rows


def _refuse_repeated_ids(rows: Sequence[Row]) -> None:
    ids = [row.raw_id for row in rows if row.raw_id is not None]
    if len(set(ids)) != len(ids):
        twice = next(raw_to_id(raw_id) for raw_id in ids if ids.count(raw_id) > 1)
        raise InvalidEvent("An id is given twice in one append", id=twice, remedy="An id names one event.")


def admit(index: Index, rows: Sequence[Row], condition: AppendCondition | None) -> Sequence[int] | None:
    """None when the rows are to be written; their positions when all are there already with the same content.

    Raises IdConflict or ConditionFailed.
    """
    given = [row.raw_id for row in rows if row.raw_id is not None]
    if given and (known := index.positions_of(given)):
        return _retried(index, rows, known)
    if condition is not None:
        query, after = condition.fail_if_events_match, condition.after
        position = index.newest_match(query, after or 0)
        if position is not None:
            raise ConditionFailed(
                remedy="Read again and decide again; execute() does this for you.",
                query=query,
                after=after,
                head=index.head(),
                position=position,
            )
    return None


def _retried(index: Index, rows: Sequence[Row], known: dict[RawId, int]) -> Sequence[int]:
    differing = [
        raw_to_id(row.raw_id)
        for row in rows
        if row.raw_id is not None and row.raw_id in known and not same_content(index.fetch(known[row.raw_id]), row)
    ]
    if differing:
        raise IdConflict(
            "An event id is already in use for an event with other content",
            ids=", ".join(differing),
            remedy="Give the new event an id of its own; a correction is another event.",
        )
    absent = [row for row in rows if row.raw_id is None or row.raw_id not in known]
    if absent:
        raise IdConflict(
            "Some of these events are stored already and others are not",
            stored=", ".join(map(raw_to_id, known)),
            absent=len(absent),
            remedy="Append only the new ones, or retry exactly what was appended before.",
        )
    return [known[row.raw_id] for row in rows if row.raw_id is not None]


def refuse_other_spelling(types: Iterable[str], in_use: Collection[str]) -> None:
    """Raise InvalidEvent for a type that differs only in case from one in use, or from another of these."""
    if unknown := {name for name in types if name not in in_use}:
        spellings = {name.lower(): name for name in in_use}
        for name in sorted(unknown):
            used = spellings.setdefault(name.lower(), name)
            if used != name:
                raise InvalidEvent(
                    "A type differs only in case from one in use", type=name, in_use=used, remedy=f"Write {used}."
                )


def check_restored(recorded: Recorded, last: Recorded | None, index: Index) -> bool:
    """Whether a restored event is new, given the last event stored. False when it repeats the store's own prefix.

    Raises CorruptStore when it is neither, when its recorded time falls, or when its id is there already.
    """
    head = 0 if last is None else last.position
    if recorded.position <= head and index.fetch(recorded.position) == recorded:
        return False
    if recorded.position != head + 1:
        raise CorruptStore(
            "A restored event does not continue this store",
            position=recorded.position,
            head=head,
            remedy="Restore into a new store.",
        )
    if last is not None and recorded.recorded_us < last.recorded_us:
        raise CorruptStore(
            "A restored event was recorded before the one it follows",
            position=recorded.position,
            remedy="Restore events in the order of their recorded times.",
        )
    if index.positions_of([recorded.raw_id]):
        raise CorruptStore("A restored event's id is there already", position=recorded.position, id=recorded.id)
    return True
