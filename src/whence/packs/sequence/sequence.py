"""Whether what the sources sent is whole: their sequence numbers without gaps and conflicts, their clocks not running
backwards, and no two customers taken for one. Nothing is dropped or repaired for it: what is found is reported.

A source is told by a field (or by `actor`); without one all numbers are of one source. In the order of its numbers:

| fault | means |
|---|---|
| `gap` | numbers are missing between two that came |
| `repeat` | a number came again with the same content |
| `conflict` | a number came again with other content |
| `backwards` | an event's time is before that of an earlier number |
| `no number` | the field is there and holds no whole number |
| `several` | names of several customers of the main kind are joined |
| `no such type` | `joined_by` names a type that no event has: it joins nobody |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any

import msgspec

from whence.duration import text_of
from whence.errors import near
from whence.events import Recorded
from whence.grammar import split_tag
from whence.pack import Written
from whence.packs.touchpoints.statements import statement
from whence.packs.touchpoints.step import FIELD
from whence.packs.touchpoints.touchpoints import Touchpoints

NAMED_MAX = 5


class Fault(msgspec.Struct, frozen=True):
    """What is not as it should be, with the source, the number and position where there are any, and how many numbers
    or events it is about."""

    fault: str
    source: str | None
    number: int | None
    position: int | None
    count: int
    what: str


class Sound(msgspec.Struct, frozen=True):
    """What was found: how many events have a number, from how many sources, and the faults."""

    events: int
    sources: int
    faults: tuple[Fault, ...]


def check(
    asked: Touchpoints,
    sequence: Annotated[
        str | None, Written("--sequence", "FIELD"), "the field in which sources number what they send"
    ] = None,
    *,
    source: Annotated[str | None, FIELD, "the field that tells sources apart, or actor; else all are one"] = None,
) -> Sound:
    """$ whence journeys check --sequence number --source actor

    Gaps, conflicts and clocks that run backwards.

    Looks for numbers that are missing, that came again with the same or with other content, for times that run
    backwards in the order of the numbers, for customers of the main kind that were joined into one, and for types in
    joined_by that no event has. Nothing is dropped or repaired: every event counts in every other question. The command
    ends with 1 when there is a fault.
    """
    in_who_is_who = (*_several(asked), *_unknown(asked))
    if sequence is None:
        return Sound(0, 0, in_who_is_who)
    for field in filter(None, (sequence, source)):
        asked.having(field)
    numbers = statement(__package__, "numbers", events=asked.all_events({"said": sequence, "source": source}))
    found = asked.sql(f"SELECT count(*) AS events, count(DISTINCT coalesce(source, '')) AS sources FROM ({numbers})")
    (counts,) = found.to_pylist()
    # A row is an event at whose number something is odd, with what stands beside it: how many `times` the number came,
    # the `next` number of the source, and `before_us`, the latest time of an earlier number.
    rows = asked.sql(statement(__package__, "faulty_numbers", numbers=numbers)).to_pylist()
    whole = [row for row in rows if row["number"] is not None]
    faults = [
        *(_gap(row) for row in whole if row["next"] is not None and row["next"] > row["number"] + 1),
        *_repeats(asked, [row for row in whole if row["times"] > 1]),
        *(_backwards(row) for row in whole if row["before_us"] is not None and row["time_us"] < row["before_us"]),
        *(_no_number(row) for row in sorted(rows, key=itemgetter("position")) if row["number"] is None),
    ]
    return Sound(counts["events"], counts["sources"], (*faults, *in_who_is_who))


def _gap(row: Mapping[str, Any]) -> Fault:
    first, last = row["number"] + 1, row["next"] - 1
    said = f"{first} is missing" if first == last else f"{first} to {last} are missing"
    return Fault("gap", row["source"], first, None, last - first + 1, said)


def _repeats(asked: Touchpoints, rows: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    for (source, number), again in groupby(rows, itemgetter("source", "number")):
        first, *others = (asked.db.event(row["position"]) for row in again)
        same = [each for each in others if _content(each) == _content(first)]
        another = [each for each in others if _content(each) != _content(first)]
        for fault, said, found in (("repeat", "the same", same), ("conflict", "something else", another)):
            if found:
                where = ", ".join(f"@{each.position}" for each in found[:NAMED_MAX])
                rest = f" and {len(found) - NAMED_MAX} more" if len(found) > NAMED_MAX else ""
                what = f"@{first.position} again at {where}{rest}: {said}"
                yield Fault(fault, source, number, found[0].position, len(found), what)


def _backwards(row: Mapping[str, Any]) -> Fault:
    what = f"{text_of(row['before_us'] - row['time_us'])} before an earlier number"
    return Fault("backwards", row["source"], row["number"], row["position"], 1, what)


def _no_number(row: Mapping[str, Any]) -> Fault:
    return Fault("no number", row["source"], None, row["position"], 1, f"{row['said'][:40]!r} is no whole number")


def _several(asked: Touchpoints) -> Iterator[Fault]:
    """Customers of the main kind who were joined into one."""
    main = asked.people.kinds[0]
    for names in asked.people.groups():
        own = [each for each in names if split_tag(each)[0] == main]
        if len(own) > 1:
            yield Fault("several", None, None, None, len(own), f"{', '.join(own)} are one by way of {names[-1]}")


def _unknown(asked: Touchpoints) -> Iterator[Fault]:
    """Types in `joined_by` that no event has."""
    for type in asked.naming.joined_by:
        if asked.types and type not in asked.types:
            what = f"joined_by names {type}. {near(type, asked.types, otherwise='No event has this type.')}"
            yield Fault("no such type", None, None, None, 1, what)


def _content(event: Recorded) -> tuple[object, ...]:
    """What an event says: all but when it was recorded, by whom it was sent, and under which id."""
    return event.type, event.version, event.tags_text, event.content_type, event.raw_data, event.given_time_us
