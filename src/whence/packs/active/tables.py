"""What is in force, as tables: each setting with its value, and since when, by whom and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import msgspec

from whence.errors import NotKnown, near
from whence.pack import Asked, table
from whence.packs.active.standing import Standing, standing
from whence.packs.changes.log import SETTING
from whence.packs.changes.timeline import timeline
from whence.packs.settings.naming import is_meant, spelled


class InForce(msgspec.Struct, frozen=True):
    setting: str
    value: Any


class Blamed(msgspec.Struct, frozen=True):
    setting: str
    value: Any
    since: datetime
    who: str | None
    why: str | None
    how: str
    position: int


@table
def get(asked: Asked, setting: Annotated[str | None, SETTING] = None) -> Iterable[InForce]:
    """$ whence settings get scoring.threshold
    $ whence settings get --at 2026-01-06

    The settings in force, now or at a moment.

    One, those within one, or all. `whence settings show` prints a document as a whole.
    """
    return [InForce(each.name, each.value) for each in _chosen(asked, setting)]


@table
def blame(asked: Asked, setting: Annotated[str | None, SETTING] = None) -> Iterable[Blamed]:
    """$ whence settings blame

    Each setting in force: since when, who set it, and why.

    What is `observed` nobody announced: it was found in the events.
    """
    for each in _chosen(asked, setting):
        change = each.change
        yield Blamed(
            setting=each.name,
            value=each.value,
            since=change.time,
            who=change.who,
            why=change.reason,
            how=change.how,
            position=change.position,
        )


def _chosen(asked: Asked, setting: str | None) -> list[Standing]:
    """The settings in force that are meant. Raises NotKnown for one that is not there."""
    setting, found = spelled(setting), standing(timeline(asked))
    if setting is None:
        return list(found.values())
    meant = [each for each in found.values() if is_meant(each.name, each.change.document, setting)]
    if not meant:
        remedy = near(setting, found, 3, otherwise="whence settings get lists them.")
        raise NotKnown("There is no such setting then", setting=setting, remedy=remedy)
    return meant


TABLES = (get, blame)
