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
from whence.decide import Decided, execute
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
    the lead, as its basis. Raises Refused for a lead that is not there, InvalidConfig where there is no card,
    InvalidModel for a function that fails or gives no number, and FoldFailed.
    """
    lead = db.pack("leads").states[0]
    when = SystemClock().now_us if time is None else partial(to_us, time)  # now moves on, past what others record
    then = db.history(to_datetime(when()))
    chosen = [tag[5:] for tag in then.states(Model.of(lead))] if leads is None else list(leads)
    score = _by_function(lead, function, name) if function else _by_card(db.scorecard("lead", card))
    for id in chosen:
        before: list[Any] = []
        done = score(db, id, before, when, by)
        for position, event in zip(done.positions, done.events, strict=True):
            yield Rescored(id, before[-1], event.data["score"], event.data.get("reason"), position)


class Events:
    """The events of a lead themselves: what a scorecard counts."""

    kind = "lead"

    def __init__(self) -> None:
        self.all: list[Recorded] = []

    @on()
    def happened(self, event: Recorded) -> None:
        self.all.append(event)


When = Callable[[], int]
Score = Callable[[Whence, str, list[Any], When, str | None], Decided]


def _by_card(card: Scorecard) -> Score:
    def score(db: Whence, id: str, before: list[Any], when: When, by: str | None) -> Decided:
        def decide(lead: Any) -> Event | None:
            at_us = when()
            known = _known(lead, id, at_us)
            last = [event for event in known if event.type == "lead.Scored"]
            score_before, method = (last[-1].data["score"], last[-1].data.get("method")) if last else (None, None)
            before.append(score_before)
            made = shares(card, known, at=at_us)
            most = sorted((each for each in made.shares if each.micro), key=lambda each: -abs(each.micro))[:NAMED_MAX]
            reason = ", ".join(f"{each.rule} {_number(each.points)}" for each in most) or "no rule gives points"
            scored = Scored(id, _number(made.points), reason, f"scorecard {card.name}", card.version)
            return _recorded(scored, score_before, method, at_us, by)

        return execute(db.store, f"lead:{id}", Events, decide, settings=f"scorecard {card.name} {card.version}")

    return score


def _by_function(model: type, function: Function, name: str | None) -> Score:
    called = name or getattr(function, "__qualname__", "function")
    version = fingerprint(Model.of_function("lead", None, lambda state, event: function(state)))

    def score(db: Whence, id: str, before: list[Any], when: When, by: str | None) -> Decided:
        def decide(events: Any) -> Event | None:
            at_us = when()
            lead = Model.of(model).fold(_known(events, id, at_us))
            before.append(lead.score)
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
            return _recorded(Scored(id, points, reason, called, version), lead.score, lead.scored_by, at_us, by)

        reads = _as_they_were(db, model, f"lead:{id}", fields_read(function, model), when())
        return execute(db.store, f"lead:{id}", Events, decide, settings=f"{called} {version}", reads=reads)

    return score


def _as_they_were(db: Whence, model: type, lead: str, reads: Sequence[str] | None, at_us: int) -> Sequence[str] | None:
    """The fields that are read, where they were then as they are now; else all events of the lead, for `why` shows
    fields as they are where the decision stands."""
    now = db.history()
    if reads is None or all(event.time_us <= at_us for event in now.events(Query.of(tags=[lead]))):
        return reads
    here, then = now.state(model, lead), db.history(to_datetime(at_us)).state(model, lead)
    return reads if then and all(getattr(here, name) == getattr(then, name) for name in reads) else ("all",)


def _known(lead: Events, id: str, at_us: int) -> list[Recorded]:
    """What had happened to it by then, as it happened. Raises Refused where nothing had."""
    known = [event for event in lead.all if event.time_us <= at_us]
    if not known:
        remedy = "Create it first (whence leads create), or score as of a later time."
        raise Refused("No such lead", lead=id, remedy=remedy)
    return sorted(known, key=lambda event: (event.time_us, event.position))


def _recorded(made: Scored, score: Any, method: str | None, time_us: int, by: str | None) -> Event | None:
    """The event; None where the same score was recorded last, by the same method."""
    same = (score, method) == (made.score, made.method)
    return None if same else CODEC.event(made, time=to_datetime(time_us), actor=by)


def _number(points: Any) -> int | float:
    return points if isinstance(points, int) else float(points)
