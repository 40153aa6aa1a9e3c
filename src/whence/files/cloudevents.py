"""An event as a CloudEvents 1.0 JSON object and back, with nothing lost in either direction. Reading and writing files
of them is left to importer and exporter.

Attributes: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md. What the envelope has beyond them
travels as extension attributes, texts all: `position`, `recorded`, `tags` (a JSON array), `typeversion`, `actor`,
`cause`, `correlation`, `basis` and `meta` (JSON). `time` is left out where the event was given none. What a foreign
event has beyond the envelope is kept in meta under `cloudevents`; as its id is unique only together with its source,
its id here is a hash of both.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from whence import jsonvalue
from whence.clock import to_iso, uuid8
from whence.errors import InvalidEvent
from whence.events import Body, Event, Recorded, event_from_json
from whence.grammar import raw_to_id

SOURCE = "urn:whence"
JSON_TYPE = "application/json"

_OTHER = re.compile(r"[^A-Za-z0-9_.]+")
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
_KNOWN = {"specversion", "type", "time", "data", "data_base64"}


def to_cloudevent(event: Recorded, source: str = SOURCE) -> dict[str, Any]:
    """The CloudEvents JSON object of a recorded event; `from_cloudevent` is its inverse."""
    envelope = event.to_json()
    value: dict[str, Any] = {"specversion": "1.0", "id": event.id, "source": source, "type": event.type}
    if "time" in envelope:
        value["time"] = envelope["time"]
    value["datacontenttype"] = event.content_type or JSON_TYPE
    value["position"] = str(event.position)
    value["recorded"] = to_iso(event.recorded_us)
    value["tags"] = _text(envelope["tags"])
    if event.version != 1:
        value["typeversion"] = str(event.version)
    for name in ("actor", "cause", "correlation"):
        if name in envelope:
            value[name] = envelope[name]
    for name in ("basis", "meta"):
        if name in envelope:
            value[name] = _text(envelope[name])
    key = "data_base64" if "data_base64" in envelope else "data"
    value[key] = envelope[key]
    return value


def from_cloudevent(value: Any) -> Event | Recorded:
    """The recorded event that `to_cloudevent` wrote, or the event that a foreign CloudEvent becomes.

    Raises InvalidEvent and InvalidTime naming what is missing or wrong.
    """
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or not value.get("id"):
        raise InvalidEvent("Not a CloudEvent", remedy="Each is a JSON object with specversion, id, source and type.")
    if value.get("specversion") != "1.0":
        raise InvalidEvent("Not CloudEvents 1.0", specversion=repr(value.get("specversion")))
    if "position" in value and "recorded" in value and "tags" in value:
        return Recorded.from_json(_envelope(value))
    return _foreign(value)


def _envelope(value: Mapping[str, Any]) -> dict[str, Any]:
    envelope = {"position": _number(value, "position"), "version": _number(value, "typeversion", "1")}
    for name in ("id", "type", "time", "recorded", "actor", "cause", "correlation", "data"):
        if name in value:
            envelope[name] = value[name]
    for name in ("tags", "basis", "meta"):
        if name in value:
            envelope[name] = jsonvalue.parse(value[name])
    if "data_base64" in value:
        envelope |= {"data_base64": value["data_base64"], "content_type": value["datacontenttype"]}
    return envelope


def _foreign(value: Mapping[str, Any]) -> Event:
    kept = {name: each for name, each in value.items() if name not in _KNOWN}
    name = _OTHER.sub("_", value["type"])
    if name != value["type"]:
        kept["type"] = value["type"]
    content_type = value.get("datacontenttype", JSON_TYPE)
    envelope: dict[str, Any] = {"type": name, "meta": {"cloudevents": kept}, "time": value.get("time")}
    envelope["id"] = raw_to_id(uuid8(hashlib.sha256(f"{value.get('source', '')}\0{value['id']}".encode()).digest()))
    if "data_base64" not in value:
        return event_from_json({**envelope, "data": value.get("data")})
    if not str(content_type).startswith(JSON_TYPE):
        return event_from_json({**envelope, "data_base64": value["data_base64"], "content_type": content_type})
    body = event_from_json({**envelope, "data_base64": value["data_base64"], "content_type": "application/x"}).data
    assert isinstance(body, Body), "base64 gives a body"
    return event_from_json({**envelope, "data": jsonvalue.parse(body.content)})


def _number(value: Mapping[str, Any], name: str, otherwise: str | None = None) -> int:
    text = value.get(name, otherwise)
    if not isinstance(text, str) or not _DIGITS.fullmatch(text):
        raise InvalidEvent("Not a whole number as text", attribute=name, value=repr(text)[:80])
    return int(text)


def _text(value: Any) -> str:
    return jsonvalue.encode(value).decode()
