"""What happens to settings: a document's values become others, or a version of it cannot be used.

    whence settings set scoring.threshold 70 --by anna --why "too many calls"

    settings.Changed  {"settings": "main", "edits": [{"key": "scoring.threshold", "op": "add", "value": 70}],
                       "version": "104a63c2…", "why": "too many calls", "setting": ["scoring.threshold"]}

is tagged settings:main and setting:scoring.threshold, and after it the document main is {"scoring": {"threshold": 70}}.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from whence.codec import Codec, Tag
from whence.errors import InvalidEvent
from whence.grammar import normal_tags
from whence.packs.settings.naming import name_of
from whence.tree import Edit

TAGS_MAX = 30
"""A change of more keys than this carries none of their tags: an event has room for 32."""


class Changed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change, as a commit is one: `edits` are the values that are others now, none where a file was merely laid out
    anew or a version called by another label. `version` is the document's afterwards, and `label` what decisions call
    it, where it has a name. `undoes` are the events that this change takes back, and `commit` and `source` say where it
    was found."""

    event_type: ClassVar[str] = "settings.Changed"
    settings: Annotated[str, Tag]
    edits: list[Edit]
    version: str
    why: str | None = None
    label: str | None = None
    setting: Annotated[list[str], Tag] = []
    undoes: list[str] = []
    commit: str | None = None
    source: str | None = None


class VersionRefused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a document that cannot be used: its values stay as they were. `problem` says what is
    wrong with it, and `text` what stands in it: the beginning of a long one, and nothing where it was not read."""

    event_type: ClassVar[str] = "settings.VersionRefused"
    settings: Annotated[str, Tag]
    problem: str
    why: str | None = None
    text: str | None = None
    commit: str | None = None
    source: str | None = None


CODEC = Codec(Changed, VersionRefused)
TYPES = tuple(CODEC.type_of(cls) for cls in CODEC.classes)


def tagged(document: str, edits: list[Edit]) -> list[str]:
    """The names of the settings that a change carries as tags: all of them, or none where there is no room for all, or
    one can be no tag."""
    names = list(dict.fromkeys(name_of(document, each.key) for each in edits))
    if len(names) > TAGS_MAX:
        return []
    try:
        normal_tags(f"setting:{name}" for name in names)
    except InvalidEvent:
        return []
    return names
