"""Scores that a scorecard or a Python function gives, recorded with what they were made on. What a card comes to at any
moment needs no recording (`whence score`); recorded, it is known later what was acted on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec

from whence.app import Whence
from whence.clock import SystemClock, to_datetime, to_us
from whence.decide import execute
from whence.dependence import fields_read
from whence.errors import InvalidModel, Refused
from whence.events import Event, Recorded
from whence.fingerprint import fingerprint
from whence.model import Model, on
from whence.packs.leads.events import CODEC, Scored
from whence.packs.leads.state import Lead
from whence.query import Query
from whence.scoring import Scorecard, shares

Function = Callable[[Lead], Any]
"""A score as code: from a lead to a number, or to a number and the reason for it. It has to be pure."""
NAMED_MAX = 3
"""So many rules of a card are named in the reason, those that gave most."""


class Rescored(msgspec.Struct, frozen=True):
    """A lead whose score was recorded anew."""

    lead: str
    before: int | float | None
    score: int | float
    reason: str | None
    position: int


def rescore(
    db: Whence,
    leads: Iterable[str] | None = None,
    *,
    card: str | Scorecard | None = None,
    function: Function | None = None,
    name: str | None = None,
    time: Any = None,
    by: str | None = None,
) -> Iterator[Rescored]:
    """Score leads, all of them by default, and record each score that differs from what was recorded last, or was given
    by another method; as of `time`, now by default: of what happened later nothing is looked at, and leads that came
    later are left out.

    By a function of the lead, known by its `name`, or else by a scorecard: the one named, else the kind's. Each is a
    decision under the condition that nothing came between, with the fields that the function reads, or the events of
    the lead, as its basis. Raises Refused for a lead that is not there, before any is recorded, InvalidConfig where
    there is no card, InvalidModel for a function that fails or gives no number, and FoldFailed.
    """
    model = db.pack("leads").states[0]
    when = SystemClock().now_us if time is None else partial(to_us, time)  # now moves on, past what others record
    then = db.history(to_datetime(when()))
    chosen = [tag.partition(":")[2] for tag in then.states(Model.of(model))] if leads is None else list(leads)
    for id in () if leads is None else chosen:
        must_be_known(id, then.events(Query.of(tags=[f"lead:{id}"])))
    way = _by_function(model, function, name) if function else _by_card(db.scorecard("lead", card))
    for id in chosen:
        if (made := _rescored(db, model, id, way, when, by)) is not None:
            yield made


class Events:
    """The events of a lead themselves: what a scorecard counts."""

    kind = "lead"

    def __init__(self) -> None:
        self.all: list[Recorded] = []

    @on()
    def happened(self, event: Recorded) -> None:
        self.all.append(event)


class Way(msgspec.Struct, frozen=True):
    """How leads are scored: from the id of one, what it is and what happened to it until a moment to the points and the
    reason. `reads` are the fields of the lead that are looked at, None for its events themselves."""

    method: str
    version: str
    score: Callable[[str, Any, Sequence[Recorded], int], tuple[int | float, str | None]]
    reads: Sequence[str] | None = None


def _rescored(db: Whence, model: type, id: str, way: Way, when: Callable[[], int], by: str | None) -> Rescored | None:
    """What was recorded of a lead; None where the same score was recorded last, by the same method."""
    entity = f"lead:{id}"
    before: list[Any] = []  # the last counts: it is decided again where somebody else was first

    def decide(events: Any) -> Event | None:
        at_us = when()
        known = _known(events, id, at_us)
        lead = Model.of(model).fold(known)
        before.append(lead.score)
        made = Scored(id, *way.score(id, lead, known, at_us), way.method, way.version)
        if (lead.score, lead.scored_by) == (made.score, made.method):
            return None
        return CODEC.event(made, time=to_datetime(at_us), actor=by)

    # It is decided on the events of the lead; the basis names the fields of it that were looked at, where some were.
    reads = way.reads and _as_they_were(db, model, entity, way.reads, when())
    done = execute(db.store, entity, Events, decide, settings=f"{way.method} {way.version}", reads=reads)
    if not done.events:
        return None
    said = done.events[0].data
    return Rescored(id, before[-1], said["score"], said.get("reason"), done.positions[0])


def _by_card(card: Scorecard) -> Way:
    """By what a scorecard comes to; the reason names the rules that gave most."""

    def score(id: str, lead: Any, known: Sequence[Recorded], at_us: int) -> tuple[int | float, str]:
        made = shares(card, known, at=at_us)
        most = sorted((each for each in made.shares if each.micro), key=lambda each: -abs(each.micro))[:NAMED_MAX]
        reason = ", ".join(f"{each.rule} {_number(each.points)}" for each in most)
        return _number(made.points), reason or "no rule gives points"

    return Way(f"scorecard {card.name}", card.version, score)


def _by_function(model: type, function: Function, name: str | None) -> Way:
    """By what a function gives; its version is a digest of its code."""
    called = str(name or getattr(function, "__qualname__", "function"))
    version = fingerprint(Model.of_function("lead", None, lambda state, event: function(state)))

    def score(id: str, lead: Any, known: Sequence[Recorded], at_us: int) -> tuple[int | float, str | None]:
        try:
            found = function(lead)
        except Exception as problem:  # whatever the code of a user raises
            facts = {"function": called, "lead": id, "problem": f"{type(problem).__name__}: {problem}"}
            remedy = "Let it give a number for every lead, also for one without a stage."
            raise InvalidModel("The function fails", remedy=remedy, **facts) from problem
        points, reason = found if isinstance(found, tuple) else (found, None)
        if isinstance(points, bool) or not isinstance(points, (int, float)) or not math.isfinite(points):
            remedy = "Let it return a number, or a number and a reason."
            raise InvalidModel("A score is a number", function=called, value=repr(found)[:80], remedy=remedy)
        return points, reason

    return Way(called, version, score, fields_read(function, model))


def _as_they_were(db: Whence, model: type, lead: str, reads: Sequence[str], at_us: int) -> Sequence[str]:
    """The fields that are read, where they were then as they are now; else all events of the lead, for `why` shows
    fields as they are where the decision stands."""
    now = db.history()
    if all(event.time_us <= at_us for event in now.events(Query.of(tags=[lead]))):
        return reads
    here, then = now.state(model, lead), db.history(to_datetime(at_us)).state(model, lead)
    return reads if then and all(getattr(here, name, None) == getattr(then, name, None) for name in reads) else ("all",)


def _known(lead: Events, id: str, at_us: int) -> list[Recorded]:
    """What had happened to it by then, as it happened. Raises Refused where nothing had."""
    known = [event for event in lead.all if event.time_us <= at_us]
    must_be_known(id, known)
    return sorted(known, key=lambda event: (event.time_us, event.position))


def must_be_known(id: str, events: Iterable[Recorded]) -> None:
    """Raise Refused for a lead without events."""
    if not any(True for _ in events):
        remedy = "Create it first (whence leads create), or score as of a later time."
        raise Refused("No such lead", lead=id, remedy=remedy)


def _number(points: Any) -> int | float:
    return points if isinstance(points, int) else float(points)
