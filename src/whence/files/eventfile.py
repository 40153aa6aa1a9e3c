"""Events from a file that are to have happened: JSON lines of envelopes, as `whence log --json` writes them and without
an id as one writes them by hand, or any file that a mapping describes. Where they belong in a past is left to
experiments.past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from whence.errors import InvalidEvent, InvalidFile, InvalidInput
from whence.events import Event, event_from_json
from whence.files.intake import Intake
from whence.files.mapping import Mapping as Layout
from whence.files.rows import Given, name_of
from whence.files.valuefile import value_rows

_OF_THE_STORE = ("position", "recorded", "basis")
_HOW = 'Write {"type": "DemoAsked", "tags": ["lead:42"], "time": "2026-01-09T14:30:00Z", "data": {}}.'


def is_envelopes(source: Given) -> bool:
    """Whether a file has an envelope a line, by its ending, so that no mapping is needed."""
    return name_of(source).lower().removesuffix(".gz").endswith((".jsonl", ".ndjson", ".json"))


def read_events(source: Given, kind: str, mapping: Layout | None = None) -> list[Event]:
    """The events of a file, each with a time and about an entity of the kind; by a mapping, or as envelopes. Raises
    InvalidFile naming the line of one that cannot be."""
    file, found = name_of(source), list[Event]()
    for line, event in _mapped(source, mapping) if mapping is not None else _enveloped(source):
        about = any(tag.startswith(f"{kind}:") for tag in event.tags)
        if event.time is None or not about:
            fact = f"An event to insert is about no {kind}" if event.time else "An event to insert needs a time"
            remedy = f"Give it a tag: {kind}:42." if event.time else "Give it a time: 2026-01-09T14:30:00Z."
            raise InvalidFile(fact, file=file, line=line, type=event.type, remedy=remedy)
        found.append(event)
    if not found:
        raise InvalidFile("The file has no events", file=file, remedy=_HOW)
    return found


def _mapped(source: Given, mapping: Layout) -> Iterator[tuple[int, Event]]:
    with Intake(mapping, source) as rows:
        for arrival in rows:
            if (event := arrival.event) is None:
                facts = {"file": name_of(source), "line": arrival.line, "problem": arrival.problem}
                raise InvalidFile("A row is no event", **facts, remedy="Mend the row, or the mapping in whence.toml.")
            yield arrival.line, event


def _enveloped(source: Given) -> Iterator[tuple[int, Event]]:
    for row in value_rows(source):
        try:
            yield row.line, _event(row.cells)
        except InvalidInput as problem:
            facts = {"file": name_of(source), "line": row.line, **problem.facts}
            raise InvalidFile(problem.fact, **facts, remedy=problem.remedy or _HOW) from None


def _event(cells: Mapping[str, Any]) -> Event:
    try:
        return event_from_json({name: value for name, value in cells.items() if name not in _OF_THE_STORE})
    except (TypeError, AttributeError) as problem:
        raise InvalidEvent("Not the envelope of an event", problem=str(problem)[:80], remedy=_HOW) from None
