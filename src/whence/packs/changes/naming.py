"""Which settings, and which version, somebody means who asks. What they are called is left to
whence.packs.settings.naming."""

from __future__ import annotations

from whence.errors import InvalidQuery
from whence.packs.settings.naming import name_of, split_name

SHORT = 12
"""So many characters of a version are shown."""
NAMED_LEAST = 7
"""So many of its first characters name a version at least."""


def spelled(setting: str | None) -> str | None:
    """The setting asked for as it is named in the changes: `main:a.b` and `/a/b` are `a.b`, as where they are set."""
    if setting is None or not (":" in setting or setting.startswith("/")):
        return setting
    try:
        return name_of(*split_name(setting))
    except InvalidQuery:  # no key: the name of a file with a colon, or one in an event of one's own
        return setting


def is_meant(name: str, document: str, setting: str | None) -> bool:
    """Whether a setting of a document is the one named, or one within it; all are where none is named. `main:` and
    `flags.json` are all of a document."""
    return setting is None or setting.rstrip(":") == document or holds(setting, name)


def holds(name: str, setting: str) -> bool:
    """Whether the setting of this name is the other, or holds it: `a` and `main:` hold `a.b` and `main:/x y`."""
    whole = name.rstrip(":")
    return setting == whole or setting.startswith((f"{whole}.", f"{whole}:", f"{whole}/"))


def names_version(text: str, version: str | None) -> bool:
    """Whether a text is a version, or its first characters: so many that no other is meant."""
    return version is not None and len(text) >= NAMED_LEAST and version.startswith(text)
