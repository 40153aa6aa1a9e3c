"""What the lines of a log file say: a header, then one JSON object an event, the last of each append sealed with its
count of events and a CRC-32. Pure functions over bytes; files, locks and durability are left to logfile.

    {"whence":"log","format":1,"store":"0190…","epoch":1,"created":"2026-01-05T09:00:00Z","crc":"5f0c3a1e"}
    {"position":1,"id":"a","type":"LeadCreated","tags":["lead:42"],"data":{},"recorded":"…"}
    {"position":2,"id":"b","type":"EmailOpened","tags":["lead:42"],"data":{},"recorded":"…","append":{"events":2,"crc":"…"}}

The CRC covers every byte from the start of the append's first line up to the CRC's own digits. The event with
position p stands in line p + 1, always.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from zlib import crc32

import msgspec

from whence.clock import EPOCH, MICROSECOND, to_datetime
from whence.errors import CorruptStore, InvalidEvent, NotAStore, UnknownFormat
from whence.events import Recorded
from whence.grammar import id_to_raw, raw_to_id
from whence.store import FORMAT, Identity

CRC_BYTES = 11
"""So many bytes at the end are not covered: the digits and `"}}` of a sealed line, `"}` and line break of a header."""
TAKE_ONE_SIDE = (
    "Bring back this line from a copy or from git. A log is not edited, and two branches of it are not merged."
)

_SEAL = re.compile(rb',"append":\{"events":(\d+),"crc":"[0-9a-f]{8}"\}\}')
_POSITION = re.compile(rb'\{"position":(\d+),')

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Text = msgspec.Raw | msgspec.UnsetType
"""JSON text that is kept as it is, digit by digit, or nothing."""


class Header(msgspec.Struct, kw_only=True, omit_defaults=True):
    whence: str
    format: int
    store: str
    epoch: int
    created: Moment
    origin: str | None = None


class Seal(msgspec.Struct, gc=False):
    events: int
    crc: str


class Entry(msgspec.Struct, gc=False):
    """As much of a line as the index needs."""

    position: int
    id: str
    type: str
    tags: tuple[str, ...]
    recorded: Moment
    append: Seal | None = None


class Line(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A whole line: the fields and the order of `Recorded.to_json`, then the seal."""

    position: int
    id: str
    type: str
    version: int = 1
    tags: tuple[str, ...]
    content_type: str | None = None
    data_base64: str | None = None
    data: Text = msgspec.UNSET
    time: Moment | None = None
    recorded: Moment
    actor: str | None = None
    cause: str | None = None
    correlation: str | None = None
    basis: Text = msgspec.UNSET
    meta: Text = msgspec.UNSET
    append: Seal | None = None


_encode = msgspec.json.Encoder().encode
_decode_header = msgspec.json.Decoder(Header).decode
_decode_entry = msgspec.json.Decoder(Entry).decode
_decode_line = msgspec.json.Decoder(Line).decode
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError)


# Writing.


def header_line(identity: Identity, created_us: int) -> bytes:
    """The first line of a log file."""
    header = Header(
        whence="log",
        format=identity.format,
        store=identity.store_id,
        epoch=identity.epoch,
        created=to_datetime(created_us),
        origin=identity.origin,
    )
    body = _encode(header)[:-1] + b',"crc":"'
    return b'%s%08x"}\n' % (body, crc32(body))


def sealed(events: Sequence[Recorded]) -> bytes:
    """The lines of one append. Raises InvalidEvent when a text that should be one line of JSON is several."""
    body = b"\n".join([_encode(_line(event)) for event in events])[:-1] + b',"append":{"events":%d,"crc":"' % len(
        events
    )
    if body.count(b"\n") != len(events) - 1:
        raise InvalidEvent("JSON text with line breaks cannot be kept as one line", remedy="Write it compactly.")
    return b'%s%08x"}}\n' % (body, crc32(body))


def _line(event: Recorded) -> Line:
    data = event.raw_data
    body = isinstance(data, bytes)
    return Line(
        position=event.position,
        id=raw_to_id(event.raw_id),
        type=event.type,
        version=event.version,
        tags=event.tags,
        content_type=event.content_type,
        data_base64=base64.b64encode(data).decode() if isinstance(data, bytes) else None,
        data=msgspec.UNSET if body else msgspec.Raw(data),
        time=None if event.given_time_us is None else to_datetime(event.given_time_us),
        recorded=to_datetime(event.recorded_us),
        actor=event.actor,
        cause=event.cause,
        correlation=event.correlation,
        basis=msgspec.UNSET if event.basis_text is None else msgspec.Raw(event.basis_text),
        meta=msgspec.UNSET if event.meta_text is None else msgspec.Raw(event.meta_text),
    )


# Reading.


def identity_of(line: bytes, path: str) -> Identity:
    """What a header line, with its line break, says. Raises NotAStore, UnknownFormat, CorruptStore."""
    try:
        header = _decode_header(line)
        known = header.whence == "log"
    except _MALFORMED:
        known = False
    if not known:
        remedy = "Check the path. whence import reads files of events, whence init makes a store."
        raise NotAStore("This file does not begin as a Whence log", path=path, remedy=remedy)
    if header.format != FORMAT:
        remedy = "Open it with a newer Whence, or bring line 1 back from a copy."
        raise UnknownFormat(path=path, format=header.format, known=FORMAT, remedy=remedy)
    if line[-CRC_BYTES:] != b'%08x"}\n' % crc32(line[:-CRC_BYTES]):
        remedy = TAKE_ONE_SIDE
        if line.endswith(b"\r\n"):
            remedy = "Its line breaks were changed: write `*.jsonl -text` into .gitattributes and check it out again."
        raise CorruptStore("The header of the log was changed", path=path, line=1, remedy=remedy)
    return Identity(header.store, header.epoch, header.format, header.origin)


def complete_appends(buffer: bytes, head: int) -> tuple[list[Entry], list[int], int]:
    """The events of the complete appends that a buffer begins with, the place where each one's line begins, and the
    place where the last append ends. Stops without a word at the first thing that is none: see `refuse_unless_torn`."""
    entries: list[Entry] = []
    starts: list[int] = []
    complete = end = start = crc = 0
    for line in buffer.split(b"\n")[:-1]:
        try:
            entry = _decode_entry(line)
        except _MALFORMED:
            break
        entries.append(entry)
        starts.append(start)
        if entry.position != head + len(entries):
            break
        start += len(line) + 1
        if entry.append is None:
            crc = crc32(b"\n", crc32(line, crc))
        else:
            seal = b'%08x"}}' % crc32(line[:-CRC_BYTES], crc)
            if line[-CRC_BYTES:] != seal or entry.append.events != len(entries) - complete:
                break
            complete, end, crc = len(entries), start, 0
    del entries[complete:], starts[complete:]
    return entries, starts, end


def refuse_unless_torn(rest: bytes, head: int, path: str) -> None:
    """Return when `rest`, which follows the last complete append, is what an interrupted append leaves: whole lines,
    part of one, and no seal; or, after a power failure, zeros where bytes should be.

    Raises CorruptStore naming the line for anything else, because somebody changed the file.
    """
    *lines, cut = rest.split(b"\n")
    sealed_lines = [number for number, line in enumerate(lines) if _SEAL.search(line, max(0, len(line) - 80))]
    if b"\0" in rest and _is_one_append(lines, cut, sealed_lines, head):
        return
    for position, line in enumerate(lines, head + 1):
        if (fault := _fault(line, position)) is not None:
            raise CorruptStore(fault, path=path, line=position + 1, remedy=TAKE_ONE_SIDE)
    if sealed_lines or _SEAL.search(cut[:-1]):
        first, last = head + 2, head + 2 + (sealed_lines[0] if sealed_lines else len(lines))
        where: dict[str, Any] = {"line": first} if first == last else {"lines": f"{first} to {last}"}
        raise CorruptStore("The checksum of an append does not fit", path=path, **where, remedy=TAKE_ONE_SIDE)


def _is_one_append(lines: list[bytes], cut: bytes, sealed_lines: list[int], head: int) -> bool:
    """Whether no append, or only the very one that follows the head, is sealed in the lines."""
    if not sealed_lines:
        return True
    if cut or sealed_lines != [len(lines) - 1]:
        return False
    seal, position = _SEAL.search(lines[-1]), _POSITION.match(lines[-1])
    return seal is None or position is None or int(position[1]) - int(seal[1]) == head


def _fault(line: bytes, position: int) -> str | None:
    """What is wrong with a line that should be the event at a position."""
    try:
        entry = _decode_line(line)
    except _MALFORMED:
        if line[:7] in (b"<<<<<<<", b"=======", b">>>>>>>"):
            return "A merge was left unfinished in the log"
        return "A line of the log is not an event"
    if entry.position != position:
        return f"A line of the log has position {entry.position} where {position} comes next"
    return None


def recorded_of(line: bytes) -> Recorded | None:
    """The event in one line, with or without its line break; None when it is no event."""
    try:
        return _recorded(_decode_line(line))
    except _MALFORMED:
        return None


def _recorded(line: Line) -> Recorded:
    return Recorded(
        line.position,
        id_to_raw(line.id),
        line.type,
        line.version,
        line.content_type,
        "\n".join(line.tags),
        (_text(line.data) or "null") if line.data_base64 is None else base64.b64decode(line.data_base64),
        None if line.time is None else to_us(line.time),
        to_us(line.recorded),
        line.actor,
        None if line.cause is None else id_to_raw(line.cause),
        line.correlation,
        _text(line.basis),
        _text(line.meta),
    )


def _text(raw: Text) -> str | None:
    return None if raw is msgspec.UNSET else str(raw, "utf-8")


def to_us(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
