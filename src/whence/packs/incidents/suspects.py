"""Which change it may have been: those before the moment when something went wrong, in the order in which to look at
them. An order to look in, not a proof: what a change did to an outcome is measured by impact.

    @9  ben   12 h before    71 points for so short a time, 10 as no reason was given, 40 as it was put back since: 121
    @8  anna  2 days before  25 points for the time: 25
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from whence.clock import to_us
from whence.compare import same
from whence.duration import HOUR_US
from whence.pack import Asked, table
from whence.packs.changes.change import Change, summary
from whence.packs.changes.timeline import refuse_unknown, timeline
from whence.packs.settings.naming import is_meant, spelled

HALVED_HOURS = 24
"""A change weighs half as much a day earlier."""
NEAR = 100
UNANNOUNCED, NO_REASON, REFUSED, PUT_BACK, OFTEN = 30, 10, 20, 40, -10
"""What else weighs: nobody announced it; nobody gave a reason; it could not be used; it was put back since; it is a
setting that is changed all the time."""
OFTEN_LEAST = 10


class Suspect(msgspec.Struct, frozen=True):
    rank: int
    position: int
    time: datetime
    hours_before: float
    who: str | None
    what: str
    why: str | None
    how: str
    points: int
    because: str


@table
def suspects(
    asked: Asked,
    incident: Annotated[datetime | None, "when it went wrong; else now"] = None,
    *,
    setting: Annotated[str | None, "only changes of this setting, or of those within it"] = None,
    hours: Annotated[int, msgspec.Meta(ge=1), "how long before the moment to look"] = 168,
    limit: Annotated[int, msgspec.Meta(ge=1), "so many at most"] = 20,
) -> Iterable[Suspect]:
    """$ whence settings suspects "2026-01-08 12:00"

    What changed before something went wrong, the likeliest first.

    INCIDENT is when it went wrong; a day means its beginning. A change weighs the more the shorter before that it was
    made; more, where nobody announced it, nobody gave a reason, the version could not be used, or it was put back
    since; and less where the setting is changed all the time.

    It is an order to look in, and proves nothing: `whence settings impact` measures.
    """
    setting, found = spelled(setting), timeline(asked)
    refuse_unknown(found, setting)
    moment_us = asked.moment_us if incident is None else to_us(incident)
    before = [each for each in found if 0 <= moment_us - each.time_us <= hours * HOUR_US]
    weighed = [
        _Weighed(each, list(_weights(each, found, moment_us)))
        for each in before
        if each.differences or each.how == "refused"
        if setting is None or any(is_meant(name, each.document, setting) for name in each.names)
    ]
    weighed.sort(key=lambda each: (-each.points, -each.change.time_us, -each.change.position))
    for rank, each in enumerate(weighed[:limit], 1):
        change = each.change
        yield Suspect(
            rank=rank,
            position=change.position,
            time=change.time,
            hours_before=round((moment_us - change.time_us) / HOUR_US, 1),
            who=change.who,
            what=summary(change),
            why=change.reason,
            how=change.how,
            points=each.points,
            because=", ".join(reason for _, reason in each.weights),
        )


class _Weighed(NamedTuple):
    """A change with what makes it suspect: points, and the reason for them."""

    change: Change
    weights: list[tuple[int, str]]

    @property
    def points(self) -> int:
        return sum(points for points, _ in self.weights)


def _weights(change: Change, found: list[Change], moment_us: int) -> Iterator[tuple[int, str]]:
    """What makes a change suspect, each with its points."""
    hours = (moment_us - change.time_us) / HOUR_US
    yield round(NEAR * 0.5 ** (hours / HALVED_HOURS)), f"{_span(hours)} before"
    if change.how == "observed":
        yield UNANNOUNCED, "nobody announced it"
    elif change.how == "refused":
        yield REFUSED, "it could not be used"
    elif not change.why:
        yield NO_REASON, "no reason was given"
    later = (each for each in found if each.position > change.position)
    if any(change.id in each.undoes or _puts_back(each, change) for each in later):
        yield PUT_BACK, "it was put back since"
    times = sum(bool(set(each.names) & set(change.names)) for each in found)
    if times >= OFTEN_LEAST:
        yield OFTEN, f"it was changed {times} times in all"


def _puts_back(later: Change, change: Change) -> bool:
    """Whether a later change gives a setting the value that this one took from it."""
    before = {each.name: each.before for each in change.differences}
    return any(each.name in before and same(each.after, before[each.name]) for each in later.differences)


def _span(hours: float) -> str:
    return f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
