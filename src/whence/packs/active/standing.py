"""What is in force, set by which change; and how it differs between two moments."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from whence.compare import same
from whence.packs.changes.change import Change
from whence.packs.changes.timeline import refuse_unknown, timeline
from whence.packs.settings.naming import is_meant, name_of, spelled
from whence.tree import MISSING, Path, key_of, leaves
from whence.valuediff import Difference

if TYPE_CHECKING:
    from whence.app import Moment, Whence


class Standing(msgspec.Struct, frozen=True):
    """A setting in force: its value, and the change that set it."""

    name: str
    value: Any
    change: Change


def standing(found: Iterable[Change]) -> dict[str, Standing]:
    """Each setting in force with the change that set it, by its full name: the last that was about it or what holds it;
    of an object without anything in it, also the one that took the last of it away.

        @1 anna  a = {b: 1, c: 2}
        @2 ben   a.c = 3            a.b was set by anna, who set what holds it, and a.c by ben
        @3 carl  a.b, a.c removed   a = {} was set by carl
    """
    documents: dict[str, Any] = {}
    set_by: dict[tuple[str, Path], Change] = {}
    emptied_by: dict[tuple[str, Path], Change] = {}
    alone: dict[str, Standing] = {}  # those of no document: observed ones, and events of one's own
    for change in found:
        in_document = change.values is not MISSING
        if in_document:
            documents[change.document] = change.values
        for each in change.differences:
            if in_document:
                set_by[change.document, each.path] = change
                if each.after is MISSING:
                    emptied_by[change.document, each.path[:-1]] = change
            elif each.after is not MISSING:
                alone[each.name] = Standing(each.name, each.after, change)
            else:
                alone.pop(each.name, None)
    made = {}
    for document, values in documents.items():
        for path, value in leaves(values):
            setters = [set_by.get((document, path[:length])) for length in range(len(path) + 1)]
            if value == {}:
                setters.append(emptied_by.get((document, path)))
            if known := [each for each in setters if each is not None]:
                name = name_of(document, key_of(path))
                made[name] = Standing(name, value, max(known, key=lambda each: each.position))
    return made | alone


def compare(
    db: Whence, before: Moment, after: Moment = None, *, clock: str = "occurred", setting: str | None = None
) -> list[Difference]:
    """The settings that differ between two moments, `after` by default now: all, or those within one."""
    pack, setting = db.pack("settings"), spelled(setting)
    timelines = [timeline(db.asked(each, clock=clock, pack=pack)) for each in (before, after)]
    refuse_unknown([*chain(*timelines)], setting)
    one, other = map(standing, timelines)
    pairs = (
        Difference(name, one[name].value if name in one else MISSING, other[name].value if name in other else MISSING)
        for name, each in (one | other).items()
        if is_meant(name, each.change.document, setting)
    )
    return [each for each in pairs if not same(each.before, each.after)]
