"""What documents and settings are called: `scoring.threshold` is a setting of the document `main`, `android:features.x`
one of `android`. Which of them somebody means who asks is said here, too; how a key alone is written is left to
whence.tree."""

from __future__ import annotations

from whence.errors import InvalidQuery
from whence.tree import key_of, path_of

MAIN = "main"
"""The document of keys that are set one by one, whose name need not be written."""


def split_name(name: str) -> tuple[str, str]:
    """The document and the key that a setting's name says: `scoring.threshold` is of `main`, `android:features.x` of
    `android`, and `prompts/reply.txt:` is all of a document. Raises InvalidQuery."""
    document, colon, key = name.partition(":")
    if not colon or name.startswith("/"):
        document, key = MAIN, name
        if not name:
            raise InvalidQuery("A setting has a name", remedy="Write scoring.threshold, or android:features.x.")
    if not document:
        raise InvalidQuery("A setting's document has a name", setting=name, remedy="Write android:features.x.")
    return document, key_of(path_of(key))


def name_of(document: str, key: str) -> str:
    """A setting's name: the key in the document `main`, `android:features.x` in another, and the document's name for
    all of it."""
    if not key:
        return document
    return key if document == MAIN and ":" not in key and key != MAIN else f"{document}:{key}"


# Which settings somebody means who asks.


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


def holds(outer: str, inner: str) -> bool:
    """Whether a setting is the other, or holds it: `a` and `main:` hold `a.b` and `main:/x y`."""
    whole = outer.rstrip(":")
    return inner == whole or inner.startswith((f"{whole}.", f"{whole}:", f"{whole}/"))
