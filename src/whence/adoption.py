"""Which version of a scorecard was in force when: each adoption is an event with the whole card, who adopted it and
why. What a version comes to is left to scoring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from whence.clock import LATEST_US, SystemClock, to_iso, to_us
from whence.errors import ConditionFailed, InvalidEvent, InvalidInput, InvalidModel, InvalidTime, WhenceError
from whence.events import Event, Recorded
from whence.grammar import id_to_raw, split_tag
from whence.history import History, by_time
from whence.query import AppendCondition, Basis, Query
from whence.scoring.card import SHORT_DIGITS, Scorecard
from whence.scoring.changes import CardChange, changes
from whence.scoring.succession import Succession, Version
from whence.store import Store

ADOPTED = "scorecard.Adopted"
"""The type of an adoption. It has the tag scorecard:NAME, and as its data the card's name, kind and version, the
reason, and the card as `Scorecard.to_table` gives it."""
KIND = "scorecard"
PREFIX_LEAST = 4
"""So many digits of a version are enough to name it."""


class Adoption(msgspec.Struct, frozen=True, eq=False):
    """A version of a scorecard from when it was adopted on: by whom, why, and what it changed in the one before, which
    is nothing for the first. `event` is the event that says so."""

    card: Scorecard
    reason: str
    changes: tuple[CardChange, ...]
    event: Recorded

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def version(self) -> str:
        return self.card.version

    @property
    def by(self) -> str | None:
        """Who adopted it."""
        return self.event.actor

    @property
    def since(self) -> datetime:
        """From when on it was in force."""
        return self.event.time

    @property
    def since_us(self) -> int:
        return self.event.time_us


class Adopted(msgspec.Struct, frozen=True, eq=False):
    """What came of adopting a card: the version in force, and whether it was adopted now or had been before."""

    adoption: Adoption
    is_new: bool


def adoptions(history: History, name: str | None = None) -> list[Adoption]:
    """The versions of a scorecard, or of all, in the order in which they came into force: by when they were adopted,
    then by position. Raises InvalidEvent for an event of that type which is no adoption."""
    query = Query.of(types=[ADOPTED], tags=[] if name is None else [f"{KIND}:{name}"])
    return _adoptions(history.events(query))


def succession(found: Sequence[Adoption]) -> Succession:
    """The adoptions of one card, by which a score is made as it was at the time. There must be one."""
    return Succession([Version(each.card, each.event) for each in found])


def is_adoptable(name: str) -> bool:
    """Whether a card of this name can be adopted: the name can be a tag's value."""
    try:
        split_tag(f"{KIND}:{name}")
    except InvalidEvent:
        return False
    return True


def in_force(found: Sequence[Adoption], us: int | None = None) -> Adoption | None:
    """The last of some adoptions of one card, or the last up to a time (inclusive); None where there is none."""
    latest = LATEST_US if us is None else us
    return next((each for each in reversed(found) if each.since_us <= latest), None)


def with_version(found: Iterable[Adoption], prefix: str) -> Adoption | None:
    """The newest of some adoptions of one card whose version begins so; None where none does. Raises InvalidInput for a
    prefix of several versions."""
    if len(prefix) < PREFIX_LEAST:
        return None
    matching = [each for each in found if each.version.startswith(prefix.lower())]
    versions = sorted({each.card.short_version for each in matching})
    if len(versions) > 1:
        remedy = f"Write more of it: {' or '.join(versions)}."
        raise InvalidInput("Several versions begin so", version=prefix, remedy=remedy)
    return matching[-1] if matching else None


def adopt(
    store: Store,
    card: Scorecard,
    *,
    by: str,
    reason: str,
    time: datetime | int | None = None,
    id: str | None = None,
) -> Adopted:
    """Put a card in force from now on, or from an earlier time; nothing is appended where this very version is in force
    then.

    It is guarded: of two who adopt different cards at once, one is told. So a retry is safe; with an `id` of the event
    also when somebody adopted another card in between.

    Raises ConditionFailed for whoever came second, InvalidEvent without an author or a reason, InvalidModel for a card
    of another kind than the one in force, InvalidTime for a time to come, and IdConflict for an id that is in use.
    """
    if not by or not by.strip() or not reason or not reason.strip():
        remedy = 'Give by="anna" and reason="what for".'
        raise InvalidEvent("An adoption says who and why", scorecard=card.name, remedy=remedy)
    us = None if time is None else to_us(time)
    if us is not None and us > SystemClock().now_us():
        remedy = "Leave the time out, and adopt it when it is to be in force."
        raise InvalidTime("A card is not adopted in advance", time=to_iso(us), remedy=remedy)
    query = Query.of(types=[ADOPTED], tags=[f"{KIND}:{card.name}"])
    event = Event(ADOPTED, _data(card, reason), (f"{KIND}:{card.name}",), id=id, time=time, actor=by)  # type: ignore[arg-type]
    reading = store.read(query)
    found = _adoptions(reading)
    if id is None or not store.positions_of([id_to_raw(id)]):
        current = in_force(found, us)
        if current is not None and current.version == card.version:
            return Adopted(current, False)
        _refuse_other_kind(card, found)
    before = reading.head
    try:
        (position,) = store.append(
            [event], AppendCondition(fail_if_events_match=query, after=before), basis=Basis(query, before)
        )
    except ConditionFailed as conflict:
        newest = max(_adoptions(store.read(query)), key=lambda each: each.event.position)
        if newest.version == card.version:
            return Adopted(newest, False)
        facts = {"scorecard": card.name, "version": newest.card.short_version, "by": newest.by}
        remedy = f"See whence scorecard log {card.name}, and adopt yours again if it is still meant."
        raise ConditionFailed(
            "Another version was adopted meanwhile", **facts, position=newest.event.position, remedy=remedy
        ) from conflict
    made = next(each for each in _adoptions(store.read(query)) if each.event.position == position)
    return Adopted(made, position > before)


def _adoptions(events: Iterable[Recorded]) -> list[Adoption]:
    found: list[Adoption] = []
    last: dict[str, Scorecard] = {}
    for event in sorted(events, key=by_time):
        card, reason = _read(event)
        before = last.get(card.name)
        found.append(Adoption(card, reason, () if before is None else tuple(changes(before, card)), event))
        last[card.name] = card
    return found


def _data(card: Scorecard, reason: str) -> dict[str, Any]:
    return {
        "name": card.name,
        "kind": card.kind,
        "version": card.version,
        "reason": reason,
        "card": card.to_table(),
    }


def _read(event: Recorded) -> tuple[Scorecard, str]:
    """The card and the reason that an adoption says. Raises InvalidEvent for an event that is none."""
    data, problem = event.data, "it has not the fields of an adoption"
    fields = ("name", "version", "reason", "card")
    if isinstance(data, dict) and all(field in data for field in fields) and f"{KIND}:{data['name']}" in event.tags:
        try:
            card = Scorecard.from_table(data["name"], data["card"])
        except WhenceError as said:
            problem = str(said)
        else:
            if card.version == data["version"]:
                return card, str(data["reason"])
            problem = f"the card is of version {card.short_version}, not {str(data['version'])[:SHORT_DIGITS]}"
    remedy = "Adopt cards with whence scorecard adopt, and give other events another type."
    raise InvalidEvent("Not an adoption of a scorecard", position=event.position, problem=problem, remedy=remedy)


def _refuse_other_kind(card: Scorecard, found: Sequence[Adoption]) -> None:
    kinds = {each.card.kind for each in found} - {card.kind}
    if kinds:
        facts = {"scorecard": card.name, "kind": card.kind, "before": ", ".join(sorted(kinds))}
        raise InvalidModel("The scorecard was of another kind before", remedy="Give it another name.", **facts)
