"""What a change is: settings that became others at once, with what each was before, who made it, when and why, and how
it came about. Where changes come from is left to sources.

    whence settings set scoring.threshold 70 --by anna --why "too many calls"

    Change(position=3, how="announced", document="main", who="anna", why="too many calls", …,
           differences=(Difference("scoring.threshold", before=60, after=70, …),))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from whence.clock import to_datetime
from whence.events import Recorded
from whence.packs.settings.naming import name_of
from whence.tree import MISSING, SHORT, Edit, at, edited, path_of
from whence.valuediff import Difference, sentence

How = Literal["announced", "own event", "observed", "refused"]
"""By a command, a file or an import; by an event that whence.toml's `settings` name, or one that adopts a scorecard; by
nobody; not at all, since the version cannot be used."""


class Change(msgspec.Struct, frozen=True):
    """Settings that became others at once; `values` are all of the document afterwards, MISSING where there is none.
    `returns_to` is the position of an earlier change after which it had exactly these values, where another state came
    between."""

    position: int
    id: str
    time_us: int
    how: How
    document: str
    differences: tuple[Difference, ...]
    who: str | None = None
    why: str | None = None
    label: str | None = None
    version: str | None = None
    returns_to: int | None = None
    undoes: tuple[str, ...] = ()
    commit: str | None = None
    values: Any = MISSING

    @property
    def names(self) -> tuple[str, ...]:
        """The settings that it is about."""
        return tuple(each.name for each in self.differences)

    @property
    def time(self) -> datetime:
        return to_datetime(self.time_us)

    @property
    def short_commit(self) -> str | None:
        return self.commit and self.commit[:SHORT]

    @property
    def reason(self) -> str | None:
        """The first line of why."""
        return None if self.why is None else self.why.strip().partition("\n")[0]


def differences(document: str, before: Any, edits: Iterable[Edit]) -> Iterator[Difference]:
    """What edits make of the values of a document, one after the other."""
    for edit in edits:
        path = path_of(edit.key)
        after = MISSING if edit.op == "remove" else edit.value
        yield Difference(name_of(document, edit.key), at(before, path), after, path)
        before = edited(before, [edit])


def summary(change: Change, most: int = 2) -> str:
    """A change in one line: `scoring.threshold: 60 → 70`."""
    if change.how == "refused":
        return f"{change.document}: a version that cannot be used"
    if not change.differences:
        return f"{change.document}: nothing"
    said = "; ".join(map(sentence, change.differences[:most]))
    rest = len(change.differences) - most
    return f"{said}; {rest} more" if rest > 0 else said


def change_of(event: Recorded, how: How, document: str, found: Iterable[Difference] = (), **said: Any) -> Change:
    """The change that an event is."""
    return Change(event.position, event.id, event.time_us, how, document, tuple(found), event.actor, **said)
