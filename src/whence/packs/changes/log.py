"""What was changed, as a table. What is in force is left to whence.packs.active."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

import msgspec

from whence.compare import same
from whence.pack import Asked, table
from whence.packs.changes.change import Change, How
from whence.packs.changes.timeline import refuse_unknown, timeline
from whence.packs.settings.naming import holds, is_meant, spelled
from whence.tree import MISSING, at, path_of
from whence.valuediff import Difference, or_none

SETTING = "the setting, or one that holds it: scoring, android:features.history"


class Entry(msgspec.Struct, frozen=True):
    position: int
    time: datetime
    who: str | None
    setting: str | None
    before: Any
    after: Any
    why: str | None
    how: str
    label: str | None
    commit: str | None


def _about(change: Change, setting: str) -> Iterator[Difference]:
    """The differences of a change that are about a setting, or within it; of one that holds it, what became of it."""
    for each in change.differences:
        if is_meant(each.name, change.document, setting):
            yield each
        elif holds(each.name, setting):
            below = path_of(setting[len(each.name) :].lstrip(".:"))
            before, after = at(each.before, below), at(each.after, below)
            if not same(before, after):
                yield Difference(setting, before, after)


@table
def log(
    asked: Asked,
    setting: Annotated[str | None, SETTING] = None,
    *,
    who: Annotated[str | None, "only what this person changed"] = None,
    since: Annotated[datetime | None, "only what was changed from then on"] = None,
    how: Annotated[How | None, "only what came about so"] = None,
    limit: Annotated[int | None, msgspec.Meta(ge=1), "so many changes at most"] = None,
) -> Iterable[Entry]:
    """$ whence settings log scoring.threshold
    $ whence settings log --who anna --json

    What was changed, the newest first.

    There is a row for each setting that a change made another, and one for a change that changed nothing.
    """
    setting, found, count = spelled(setting), timeline(asked), 0
    refuse_unknown(found, setting)
    for change in reversed(found):
        if who not in (None, change.who) or how not in (None, change.how) or (since and change.time < since):
            continue
        several = change.differences if setting is None else tuple(_about(change, setting))
        if not several and setting not in (None, change.document):
            continue
        count += 1
        if limit is not None and count > limit:
            return
        # What changed nothing has a row without a setting, a version that cannot be used one with its document.
        for each in several or (Difference(change.document, MISSING, MISSING),):
            yield Entry(
                position=change.position,
                time=change.time,
                who=change.who,
                setting=each.name if several or change.how == "refused" else None,
                before=or_none(each.before),
                after=or_none(each.after),
                why=change.reason,
                how=change.how,
                label=change.label,
                commit=change.short_commit,
            )
