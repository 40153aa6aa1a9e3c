"""JSON values as a tree: what its keys are called, how two trees differ, how edits change one, and the version that a
tree is. Lists are values of their own, and so are texts; 1, 1.0 and true differ. Who edits, when and why is left to
whoever keeps the tree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from whence import jsonvalue
from whence.compare import same
from whence.errors import InvalidQuery

PLAIN = re.compile(r"[^\s./:~]+")
"""A part of a key that needs no pointer."""

Path = tuple[str, ...]
MISSING: Any = msgspec.UNSET
"""What stands where there is no value; None is a value."""


class Edit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value that is another now: added, replaced or removed under a key, "" for all of the tree."""

    key: str
    op: Literal["add", "replace", "remove"]
    value: Any = None


# Keys.


def path_of(key: str) -> Path:
    """The parts of a key: `scoring.threshold`, or as a JSON pointer (RFC 6901) `/scoring/a.b`; "" is all of the
    tree. Raises InvalidQuery for one that cannot be read."""
    if key == "":
        return ()
    if key.startswith("/"):
        return tuple(part.replace("~1", "/").replace("~0", "~") for part in key[1:].split("/"))
    parts = tuple(key.split("."))
    if not all(map(PLAIN.fullmatch, parts)):
        remedy = "Write scoring.threshold, or /scoring/a.b where a part has a dot, a space, a colon or a slash in it."
        raise InvalidQuery("Not a key", key=repr(key)[:80], remedy=remedy)
    return parts


def key_of(path: Path) -> str:
    """The one way in which a key is written: with dots where that is clear, else as a pointer."""
    if all(map(PLAIN.fullmatch, path)):
        return ".".join(path)
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


# Values.


def at(tree: Any, path: Path) -> Any:
    """The value under a key; MISSING where there is none."""
    for part in path:
        if not isinstance(tree, dict) or part not in tree:
            return MISSING
        tree = tree[part]
    return tree


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each value with its key: what is no object, and an object without anything in it."""
    if isinstance(tree, dict) and tree:
        for name, each in tree.items():
            yield from leaves(each, (*path, name))
    else:
        yield path, tree


def version_of(tree: Any) -> str:
    """The version of a tree: the SHA-256 of its values as JSON without spaces, keys sorted, in hexadecimal digits.
    The same values are the same version, whenever and however they came to be."""
    return hashlib.sha256(jsonvalue.canonical(tree)).hexdigest()


EMPTY_VERSION = version_of({})
SHORT = 12
"""So many characters of a version are shown."""
NAMED_LEAST = 7
"""So many of its first characters name a version at least."""


def names_version(text: str, version: str | None) -> bool:
    """Whether a text is a version, or its first characters: so many that no other is meant."""
    return version is not None and len(text) >= NAMED_LEAST and version.startswith(text)


# Edits.


def edits_between(before: Any, after: Any, path: Path = ()) -> Iterator[Edit]:
    """What turns one tree into another, key by key; what is an object in both is looked into."""
    if before is MISSING:
        yield Edit(key_of(path), "add", after)
    elif isinstance(before, dict) and isinstance(after, dict):
        for name in before:
            if name not in after:
                yield Edit(key_of((*path, name)), "remove")
        for name, value in after.items():
            yield from edits_between(before.get(name, MISSING), value, (*path, name))
    elif not same(before, after):
        yield Edit(key_of(path), "replace", after)


def edited(tree: Any, edits: Iterable[Edit]) -> Any:
    """The tree after edits; what they do not touch is shared with the one before, which stays as it is. To remove what
    is not there changes nothing."""
    for edit in edits:
        tree = _edited(tree, path_of(edit.key), MISSING if edit.op == "remove" else edit.value)
    return tree


def _edited(tree: Any, path: Path, value: Any) -> Any:
    if not path:
        return {} if value is MISSING else value
    inner = dict(tree) if isinstance(tree, dict) else {}
    first, *rest = path
    if value is MISSING and first not in inner:
        return tree
    if rest:
        inner[first] = _edited(inner.get(first, {}), tuple(rest), value)
    elif value is MISSING:
        del inner[first]
    else:
        inner[first] = value
    return inner


def pruned(before: Any, edits: Iterable[Edit]) -> list[Edit]:
    """Removals such that no object is left behind empty that only held what is removed."""
    found: list[Edit] = []
    for edit in edits:
        path = path_of(edit.key)
        tree = edited(before, found)
        while edit.op == "remove" and len(path) > 1 and len(at(tree, path[:-1])) == 1:
            path = path[:-1]
        found.append(msgspec.structs.replace(edit, key=key_of(path)))
    return found
