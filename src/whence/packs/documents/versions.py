"""Every version that documents had, as a table. A document as it stands is left to whence.packs.settings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec

from whence.errors import NotKnown, near
from whence.pack import Asked, table
from whence.packs.changes.timeline import timeline
from whence.tree import SHORT


class InHistory(msgspec.Struct, frozen=True):
    position: int
    time: datetime
    who: str | None
    settings: str
    edits: int
    version: str | None
    label: str | None
    same_as: int | None
    why: str | None
    commit: str | None


@table
def versions(
    asked: Asked,
    document: Annotated[str | None, "which document: main, or a file's name"] = None,
    *,
    returns: Annotated[bool, "only those that return to exactly an earlier version"] = False,
    empty: Annotated[bool, "only those that change nothing"] = False,
) -> Iterable[InHistory]:
    """$ whence settings versions
    $ whence settings versions --returns

    Every version of the documents, the newest first.

    `same_as` is the first change that came to exactly the same values, where others came between.
    """
    found = timeline(asked)
    if document is not None and not any(each.document == document for each in found):
        remedy = near(document, (each.document for each in found), 3, otherwise="whence settings versions names them.")
        raise NotKnown("There is no such document then", document=document, remedy=remedy)
    for change in reversed(found):
        if document not in (None, change.document) or change.version is None:
            continue
        if (returns and change.returns_to is None) or (empty and change.differences):
            continue
        yield InHistory(
            position=change.position,
            time=change.time,
            who=change.who,
            settings=change.document,
            edits=len(change.differences),
            version=change.version[:SHORT],
            label=change.label,
            same_as=change.returns_to,
            why=change.reason,
            commit=change.short_commit,
        )
