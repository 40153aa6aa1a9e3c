"""What a lead is: where it came from, whose it is, which stage it is in and since when, and what was done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from msgspec.structs import replace

from whence.events import Recorded
from whence.meaning import Meaning, add_readers, reading
from whence.model import on
from whence.packs.leads.events import CODEC, Assigned, Changed, Created, Known, Lost, Moved, Scored, Touched, Won
from whence.packs.leads.pipeline import USUAL, Pipeline


class Lead:
    """Somebody who may buy. `reached` says when each stage was first entered, `since` when the lead was first heard of,
    `stage_since` when it entered the stage that it is in."""

    kind = "lead"
    order = "occurred"
    codec = CODEC
    _pipeline: ClassVar[Pipeline] = USUAL

    def __init__(self) -> None:
        self.stage: str | None = None
        self.stage_since: datetime | None = None
        self.reason: str | None = None
        self.owner: str | None = None
        self.source: str | None = None
        self.name: str | None = None
        self.company: str | None = None
        self.industry: str | None = None
        self.employees: int | None = None
        self.country: str | None = None
        self.score: int | float | None = None
        self.scored_by: str | None = None
        self.amount: Decimal | None = None
        self.currency: str | None = None
        self.since: datetime | None = None
        self.last_touch: datetime | None = None
        self.touches: dict[str, int] = {}
        self.reached: dict[str, datetime] = {}
        self._path: list[tuple[str, datetime]] = []

    @property
    def outcome(self) -> str:
        """`open`, `won` or `lost`."""
        return self._pipeline.outcome(self.stage)

    @classmethod
    def pipeline(cls) -> Pipeline:
        """The stages and moves that are in force."""
        return cls._pipeline

    def path(self) -> list[tuple[str, datetime]]:
        """Each stage that it entered, and when, in order."""
        return self._path

    @on(Created)
    def created(self, event: Created, recorded: Recorded) -> None:
        if self.stage is None:
            self._enter(self._pipeline.first, recorded.time)
        self._learn(event)

    @on(Changed)
    def changed(self, event: Changed, recorded: Recorded) -> None:
        self._hear(recorded.time)
        self._learn(event)

    @on(Touched)
    def touched(self, event: Touched, recorded: Recorded) -> None:
        self.touches[event.touch] = self.touches.get(event.touch, 0) + 1
        self.last_touch = recorded.time
        self._hear(recorded.time)

    @on(Assigned)
    def assigned(self, event: Assigned, recorded: Recorded) -> None:
        self._hear(recorded.time)
        self.owner = event.owner

    @on(Scored)
    def scored(self, event: Scored, recorded: Recorded) -> None:
        self._hear(recorded.time)
        self.score, self.scored_by = event.score, event.method

    @on(Moved)
    def moved(self, event: Moved, recorded: Recorded) -> None:
        self._enter(event.stage, recorded.time, event.reason)

    @on(Won)
    def won(self, event: Won, recorded: Recorded) -> None:
        self._enter(event.stage or self.pipeline().end("won", self.stage), recorded.time, event.reason)
        if event.amount is not None:
            self.amount, self.currency = event.amount, event.currency

    @on(Lost)
    def lost(self, event: Lost, recorded: Recorded) -> None:
        self._enter(event.stage or self.pipeline().end("lost", self.stage), recorded.time, event.reason)

    def _enter(self, stage: str, time: datetime, reason: str | None = None) -> None:
        self._hear(time)
        if stage != self.stage:
            self.stage, self.stage_since, self.reason = stage, time, None
            self._path.append((stage, time))
            self.reached.setdefault(stage, time)
        if reason is not None:
            self.reason = reason

    def _hear(self, time: datetime) -> None:
        if self.since is None:
            self.since = time

    def _learn(self, event: Known) -> None:  # field by field, so that `why` sees which
        if event.source is not None:
            self.source = event.source
        if event.name is not None:
            self.name = event.name
        if event.company is not None:
            self.company = event.company
        if event.industry is not None:
            self.industry = event.industry
        if event.employees is not None:
            self.employees = event.employees
        if event.country is not None:
            self.country = event.country


# Events of others: each is read as one of ours, and handled so.


def in_pipeline(pipeline: Pipeline) -> type[Lead]:
    """What a lead is in another pipeline: other stages, and other events that are read."""
    if pipeline == Lead.pipeline():
        return Lead  # as it comes, so that other processes can import it
    return reading(Lead, pipeline.events, _all_of, _pipeline=pipeline)


def _all_of(lead: Lead, event: Any, meaning: Meaning, recorded: Recorded) -> Iterator[Any]:
    """The events of ours that one of others comes to, which was read as `event`. It is that alone, but LeadCreated
    {owner: "anna"} is Assigned and then Created, and StageChanged {stage: "won", amount: 9} is Won.

    An owner that does not fit is passed over where no line of whence.toml speaks of it.
    """
    if type(event) is Created:
        may_not_fit = meaning.lenient or "owner" not in meaning.fields
        if owned := replace(meaning, event=Assigned, lenient=may_not_fit).of(recorded):
            yield owned
    if type(event) is Moved and event.stage in lead.pipeline().ends["won"]:
        fields = {"stage": event.stage, "reason": event.reason}
        event = replace(meaning, event=Won, fields=fields).of(recorded)
    yield event


add_readers(Lead, USUAL.events, _all_of)
