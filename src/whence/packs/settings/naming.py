"""What documents and settings are called: `scoring.threshold` is a setting of the document `main`, `android:features.x`
one of `android`. How a key alone is written is left to whence.tree."""

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
