"""A comparison as it is recorded: which differences are new or back again, which of before are gone, and that the sides
were compared. How they are compared is left to whence.matching, and which sides to whence.packs.reconciliation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from whence.app import Whence
from whence.matching.comparing import Compared
from whence.packs.differences.events import CODEC, DifferenceFound, DifferenceGone, Reconciled
from whence.packs.differences.state import Difference
from whence.query import Query

BATCH = 5_000
Days = tuple[str | None, str | None]
"""The first and the last day, as 2026-01-31; None is no bound."""


def record(
    db: Whence,
    name: str,
    compared: Compared,
    known: Mapping[str, Difference],
    *,
    since: date | None,
    until: date | None,
    at_position: int,
    by: str | None = None,
) -> int:
    """Append what came of a comparison of these days, made of what was there at a position. `known` are all differences
    of before, of which those of this name may be gone. Returns how many are new or back again."""
    first, last = (None if each is None else each.isoformat() for each in (since, until))
    found = {each.difference: each for each in compared.differences}
    fresh = {key: each for key, each in found.items() if key not in known or known[key].status == "gone"}
    before = {key: each for key, each in known.items() if each.reconciliation == name and key not in found}
    events = [
        CODEC.event(
            DifferenceFound(reconciliation=name, **msgspec.structs.asdict(each)),
            id=None if key in known else f"difference:{key}",
            actor=by,
        )
        for key, each in fresh.items()
    ]
    events += [CODEC.event(DifferenceGone(key, name), actor=by) for key in _gone(db, name, (first, last), before)]
    here, there = compared.here, compared.there
    digests = {side.name: side.sha256 for side in (here, there) if side.sha256 is not None}
    counts = (compared.passes, compared.matched, compared.kinds)
    told = Reconciled(name, here.name, there.name, first, last, *counts, digests, at_position)
    events.append(CODEC.event(told, actor=by))
    for start in range(0, len(events), BATCH):
        db.append(events[start : start + BATCH])
    return len(fresh)


def _gone(db: Whence, name: str, days: Days, before: Mapping[str, Difference]) -> list[str]:
    """Which differences of before were not found again though all of their days were compared. One without a day may be
    of any day that was compared when it was found."""
    found_in = _found_in(db, name)
    return [
        key
        for key, each in before.items()
        if each.status == "open" and _covers(days, found_in[key] if each.day is None else (each.day, each.day))
    ]


def _found_in(db: Whence, name: str) -> dict[str, Days]:
    """The days that were compared when each difference of a reconciliation was found."""
    types = [DifferenceFound.event_type, Reconciled.event_type]
    found, waiting = dict[str, Days](), list[str]()
    for event in db.history().events(Query.of(types=types, tags=[f"reconciliation:{name}"])):
        if event.type == Reconciled.event_type:  # it is appended behind what it found
            found |= dict.fromkeys(waiting, (event.data["since"], event.data["until"]))
            waiting.clear()
        else:
            waiting.append(event.data["difference"])
    return found | dict.fromkeys(waiting, (None, None))


def _covers(days: Days, others: Days) -> bool:
    """Whether all of the others are among these."""
    (since, until), (first, last) = days, others
    is_begun = since is None or (first is not None and since <= first)
    return is_begun and (until is None or (last is not None and last <= until))
