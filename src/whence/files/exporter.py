"""Export: recorded events as JSON lines, CSV or CloudEvents 1.0, each of which imports back with nothing lost. Which
events is left to the caller's history and query.

CSV has a column for each part of the envelope and, flattened, for each field of data (`data.amount`); nothing in a cell
is altered except that a NUL becomes U+FFFD. Its last column, `envelope`, holds the whole event as JSON, and is what an
import with `format = "whence"` reads.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from whence import jsonvalue
from whence.errors import InvalidInput
from whence.events import Recorded
from whence.files.cloudevents import SOURCE, to_cloudevent

FORMATS = ("jsonl", "csv", "cloudevents", "cloudevents-lines")
COLUMNS = ("position", "id", "type", "version", "time", "recorded", "tags", "actor", "cause", "correlation")


def export(events: Iterable[Recorded], format: str, out: BinaryIO, *, source: str = SOURCE) -> int:
    """Write the events as UTF-8 in one of FORMATS and return how many. `source` is the CloudEvents attribute.

    Raises InvalidInput for an unknown format.
    """
    match format:
        case "jsonl":
            return _lines(events, out, Recorded.to_json)
        case "cloudevents-lines":
            return _lines(events, out, lambda event: to_cloudevent(event, source))
        case "cloudevents":
            return _batch(events, out, source)
        case "csv":
            return _csv(events, out)
    raise InvalidInput("No such format", format=format, remedy=f"Use {', '.join(FORMATS)}.")


def _json(envelope: dict[str, Any]) -> bytes:
    return jsonvalue.encode(envelope, jsonvalue.ENVELOPE_DEPTH_MAX)


def _lines(events: Iterable[Recorded], out: BinaryIO, form: Callable[[Recorded], dict[str, Any]]) -> int:
    count = 0
    for event in events:
        out.write(_json(form(event)) + b"\n")
        count += 1
    return count


def _batch(events: Iterable[Recorded], out: BinaryIO, source: str) -> int:
    """A JSON array with an event a line, so that it can be read back line by line."""
    count = 0
    out.write(b"[\n")
    for count, event in enumerate(events, 1):
        out.write((b",\n" if count > 1 else b"") + _json(to_cloudevent(event, source)))
    out.write(b"\n]\n" if count else b"]\n")
    return count


def _csv(events: Iterable[Recorded], out: BinaryIO) -> int:
    """Two passes, the second over a temporary file, because the header needs the fields of all events."""
    count, fields = 0, dict[str, None]()
    with tempfile.TemporaryFile() as kept:
        for event in events:
            count += 1
            envelope = event.to_json()
            if "data" in envelope:
                fields.update(dict.fromkeys(_flat("data", envelope["data"])))
            kept.write(_json(envelope) + b"\n")
        kept.seek(0)
        text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
        try:
            write = csv.writer(text).writerow
            write([*COLUMNS, *map(_cell, fields), "envelope"])
            for line in kept:
                write(_cells(line.decode().rstrip("\n"), fields))
        finally:
            text.detach()
    return count


def _cells(line: str, fields: Iterable[str]) -> list[str]:
    envelope = jsonvalue.decode(line)
    envelope["tags"] = " ".join(envelope["tags"])
    flat = _flat("data", envelope.get("data"))
    return [_cell(envelope.get(name)) for name in COLUMNS] + [_cell(flat.get(name)) for name in fields] + [line]


def _flat(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {name: value}
    found: dict[str, Any] = {}
    for key, each in value.items():
        found.update(_flat(f"{name}.{key}", each))
    return found


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else jsonvalue.encode(value).decode()
    return text.replace("\0", "\ufffd")
