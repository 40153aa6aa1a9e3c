"""Two moments beside each other: the settings that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.compare import same
from whence.packs.settings.timeline import Difference, is_or_in, standing, timeline
from whence.packs.settings.tree import MISSING

if TYPE_CHECKING:
    from whence.app import Moment, Whence


def compare(
    db: Whence, before: Moment, after: Moment = None, *, clock: str = "occurred", setting: str | None = None
) -> list[Difference]:
    """The settings that differ between two moments, `after` by default now: all, or those within one."""
    pack = db.pack("settings")
    one, other = (standing(timeline(db.asked(each, clock=clock, pack=pack))) for each in (before, after))
    found = []
    for name in dict.fromkeys((*one, *other)):
        old = one[name].value if name in one else MISSING
        new = other[name].value if name in other else MISSING
        if (setting is None or is_or_in(name, setting)) and not same(old, new):
            found.append(Difference(name, old, new))
    return found
