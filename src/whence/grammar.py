"""What a type, a tag and an id may look like, each in one normal form, and what any text or path becomes as one. Which
event carries them is left to events."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath
from urllib.parse import quote
from uuid import UUID

from whence.errors import InvalidEvent

TAGS_MAX = 32
ID_BYTES_MAX = 200
TAG_VALUE_BYTES_MAX = 200
EVENT_BYTES_MAX = 1024 * 1024
APPEND_EVENTS_MAX = 10_000
DIGEST_DIGITS = 12
"""So many digits of a digest stand for the beginning of a path that is too long."""

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,119}", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_PLAIN_TAG = r"[a-z][a-z0-9_]{0,39}:[!-~]{1,200}"
_is_plain = re.compile(_PLAIN_TAG).fullmatch
"""Whether a tag is all ASCII and needs no other check."""
_are_plain = re.compile(f"{_PLAIN_TAG}\n{_PLAIN_TAG}").fullmatch
"""Whether two tags are, with a line each: one match is quicker than two."""
_TYPES_REMEMBERED_MAX = 10_000
_types: set[str] = set()
"""Types that were checked: the same few come again and again."""


def normal_type(name: str) -> str:
    """The type name, checked: a letter, then up to 119 letters, digits, `_` and `.`. Raises InvalidEvent."""
    if type(name) is str and name in _types:
        return name
    if not isinstance(name, str) or not _TYPE.fullmatch(name):
        remedy = "Start with a letter, then up to 119 letters, digits, _ or ., for example EmailOpened."
        raise InvalidEvent("Not an event type", type=repr(name), remedy=remedy)
    if len(_types) >= _TYPES_REMEMBERED_MAX:
        _types.clear()
    _types.add(name)
    return name


def normal_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags as a sorted tuple without repeats, checked. Raises InvalidEvent."""
    if isinstance(tags, str):
        raise InvalidEvent("Tags are a list", tags=repr(tags), remedy=f"Write tags=[{tags!r}].")
    given = tags if type(tags) is tuple else tuple(tags)
    if len(given) == 1 and type(given[0]) is str and _is_plain(given[0]):
        return given
    if len(given) == 2 and type(given[0]) is type(given[1]) is str and _are_plain(f"{given[0]}\n{given[1]}"):
        one, other = given
        return given if one < other else (one,) if one == other else (other, one)
    for tag in given:
        _check_tag(tag)
    if len(given) > 1:
        given = tuple(sorted(set(given)))
    if len(given) > TAGS_MAX:
        raise InvalidEvent("Too many tags", tags=len(given), most=TAGS_MAX, remedy="Keep the rest in data.")
    return given


def split_tag(tag: str) -> tuple[str, str]:
    """The kind and the value of a tag: `lead:42` gives ("lead", "42"). Raises InvalidEvent."""
    _check_tag(tag)
    kind, _, value = tag.partition(":")
    return kind, value


def normal_kind(kind: str) -> str:
    """The kind of an entity, checked as the key of a tag. Raises InvalidEvent."""
    if not _KIND.fullmatch(kind):
        alone = kind.partition(":")[0]
        remedy = "Start with a small letter, then up to 39 small letters, digits or _, for example lead."
        if alone != kind and is_kind(alone):
            remedy = f"This asks about all of a kind. Name it alone: {alone}."
        raise InvalidEvent("Not a kind of entity", kind=repr(kind), remedy=remedy)
    return kind


def is_kind(text: str) -> bool:
    """Whether a text can be the kind of an entity."""
    return _KIND.fullmatch(text) is not None


def id_to_raw(id: str | UUID | bytes) -> bytes | str:
    """The stored form of an id: 16 bytes for a UUID and for its canonical text, else the text. Raises InvalidEvent."""
    if isinstance(id, UUID):
        return id.int.to_bytes(16, "big")  # its `bytes`, without the property's call
    if isinstance(id, bytes):
        return id
    if len(id) == 36:
        try:
            raw = bytes.fromhex(id.replace("-", ""))
        except ValueError:
            raw = b""
        if len(raw) == 16 and id[8] == id[13] == id[18] == id[23] == "-" and id.lower() == id:
            return raw
    try:
        size = len(id.encode())
    except UnicodeEncodeError:
        raise InvalidEvent("An event id is UTF-8 text", id=repr(id)) from None
    if not 0 < size <= ID_BYTES_MAX:
        raise InvalidEvent("An event id has 1 to 200 bytes", id=repr(id[:40]), bytes=size, remedy="Shorten or hash it.")
    return id


def raw_to_id(raw: bytes | str) -> str:
    """The id that `id_to_raw` was given."""
    if isinstance(raw, str):
        return raw
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def id_of(key: str) -> str:
    """The id that a key of any length is; of one that is too long the end is a digest of all of it."""
    if len(encoded := key.encode()) <= ID_BYTES_MAX:
        return key
    digest = hashlib.sha256(encoded).hexdigest()
    return f"{encoded[: ID_BYTES_MAX - len(digest) - 1].decode(errors='ignore')}~{digest}"


def tag_value_of(path: PurePath) -> str:
    """A file's path in the form that the value of a tag has. What cannot be printed is written as in a URL, and of a
    path that is too long the beginning is a digest."""
    written = unicodedata.normalize("NFC", path.as_posix())
    name = "".join(each if each.isprintable() else quote(each, errors="surrogateescape") for each in written)
    if len(encoded := name.encode()) <= TAG_VALUE_BYTES_MAX:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:DIGEST_DIGITS]
    return f"{digest}~{encoded[DIGEST_DIGITS + 1 - TAG_VALUE_BYTES_MAX :].decode(errors='ignore')}"


def _check_tag(tag: str) -> None:
    if type(tag) is str and _is_plain(tag):
        return
    if not isinstance(tag, str):
        raise InvalidEvent("A tag is text", tag=repr(tag), remedy='Write "kind:value", for example "lead:42".')
    kind, colon, value = tag.partition(":")
    if not colon or not _KIND.fullmatch(kind):
        remedy = 'Write "kind:value" with a small-letter kind, for example "lead:42".'
        raise InvalidEvent("Not a tag", tag=repr(tag), remedy=remedy)
    if not value or not value.isprintable() or len(value.encode()) > TAG_VALUE_BYTES_MAX:
        remedy = "Name what it concerns, as lead:42 does; longer text is data."
        raise InvalidEvent("A tag's value is 1 to 200 bytes of printable text", tag=repr(tag)[:80], remedy=remedy)
    if not unicodedata.is_normalized("NFC", value):
        remedy = 'Pass unicodedata.normalize("NFC", value).'
        raise InvalidEvent("A tag's value is in Unicode normal form NFC", tag=repr(tag), remedy=remedy)
