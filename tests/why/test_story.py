"""The story of a lead, scored 60, three e-mails opened, a webinar, re-scored 80: why it is at 80 comes out complete,
whether the score is folded from the events, decided on them, or given by somebody outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import whence
from whence.app import Whence
from whence.clock import FixedClock
from whence.config import Config
from whence.events import Event, Recorded
from whence.model import on

LEAD = "lead:42"
DAYS = [("LeadScored", "05"), ("EmailOpened", "08"), ("EmailOpened", "08"), ("EmailOpened", "08"), ("Webinar", "10")]


@pytest.fixture
def db() -> Iterator[Whence]:
    """Five days in January, one event after the other."""
    clock = FixedClock("2026-01-05T09:00:00Z")
    with whence.open(":memory:", create=True, clock=clock) as made:
        for type, day in DAYS:
            clock.set(f"2026-01-{day}T09:00:00Z")
            data = {"score": 60, "reason": "initial assessment"} if type == "LeadScored" else {"campaign": "spring"}
            made.append(Event(type, data, [LEAD], actor="scorer" if type == "LeadScored" else "mailer"))
        clock.set("2026-01-12T09:00:00Z")
        yield made


class Folded:
    kind = "lead"
    score = 0

    @on("LeadScored")
    def scored(self, event: Recorded) -> None:
        self.score = event.data["score"]

    @on("EmailOpened")
    def opened(self, event: Recorded) -> None:
        self.score += 5

    @on("Webinar")
    def attended(self, event: Recorded) -> None:
        self.score += 5


class Decided:
    kind = "lead"
    score = opened = attended = 0
    owner = ""

    @on("LeadScored")
    def scored(self, event: Recorded) -> None:
        self.score = event.data["score"]

    @on("EmailOpened")
    def was_opened(self, event: Recorded) -> None:
        self.opened += 1

    @on("Webinar")
    def was_attended(self, event: Recorded) -> None:
        self.attended += 1

    @on("Assigned")
    def assigned(self, event: Recorded) -> None:
        self.owner = event.data["owner"]


def rescored(lead: Decided) -> Event:
    """The decision: what the lead did since it was scored."""
    score = lead.score + 5 * lead.opened + 5 * lead.attended
    return Event("LeadScored", {"score": score, "reason": "opened, attended"}, [LEAD], actor="scorer")


def test_folded_every_event_is_named_with_what_it_added(db: Whence) -> None:
    found = db.why(LEAD, "score", model=Folded)
    assert found.value == 80
    assert [(each.recorded.type, each.role, each.added) for each in found.contributions] == [
        ("LeadScored", "set", 60),
        ("EmailOpened", "added", 5),
        ("EmailOpened", "added", 5),
        ("EmailOpened", "added", 5),
        ("Webinar", "added", 5),
    ]
    assert found.between == ()


def test_decided_the_decision_leads_on_to_what_it_looked_at(db: Whence) -> None:
    db.append(Event("Assigned", {"owner": "anna"}, [LEAD]))  # which the decision does not read
    db.execute(LEAD, rescored, model=Decided, settings="v1")
    found = db.why(LEAD, "score", model=Decided)
    (made,) = found.contributions
    assert (found.value, made.before, made.after, made.recorded.actor) == (80, 60, 80, "scorer")
    looked = made.looked_at
    assert looked is not None
    assert (looked.basis.settings, looked.basis.position, looked.narrowed) == ("v1", 6, True)
    assert [event.position for event in looked.events] == [1, 2, 3, 4, 5]
    assert {field.field: field.value for field in looked.fields} == {"attended": 1, "opened": 3, "score": 60}
    assert found.between == ()


def test_a_decision_on_a_decision_can_be_followed_to_any_depth(db: Whence) -> None:
    for _ in range(3):
        db.execute(LEAD, rescored, model=Decided)
    (last,) = db.why(LEAD, "score", model=Decided, depth=3).contributions
    scores = []
    while last.looked_at is not None:
        score = next(field for field in last.looked_at.fields if field.field == "score")
        (last,) = score.contributions
        scores.append(score.value)
    assert scores == [100, 80, 60]


def test_given_from_outside_one_event_is_proven_and_the_rest_stands_apart(db: Whence) -> None:
    db.append(Event("PromptChanged", {"prompt": "p4"}, ["setting:scorer"], actor="lena"))
    db.append(Event("LeadScored", {"score": 80, "reason": "re-scored"}, [LEAD], actor="crm"))
    named = Whence(db.store, Config(db.config.folder, settings=("PromptChanged",)))
    found = named.why(LEAD, "score", model=Decided)
    assert [(each.recorded.position, each.role) for each in found.contributions] == [(7, "set")]
    assert [event.position for event in found.between] == [1, 2, 3, 4, 5, 6]


def test_a_value_that_was_so_already_names_the_event_by_which_it_came_to_be_so(db: Whence) -> None:
    scores = [Event("LeadScored", {"score": score}, [LEAD], actor=by) for score, by in [(90, "anna"), (90, "ben")]]
    db.append(*scores, Event("LeadScored", {"score": 90}, [LEAD], actor="carla"))
    found = db.why(LEAD, "score", model=Folded)
    assert [each.actor for each in found.events] == ["carla"]
    assert found.came_by is not None
    assert (found.came_by.actor, found.came_by.position) == ("anna", 6)
    told = db.told(found)
    assert "carla set it to 90 again on 12 January 2026: lead scored, entry 8" in told
    assert "It was so already since 12 January 2026: lead scored, entry 6 (recorded by anna)." in told
    assert db.why(LEAD, "score", model=Folded, at=6).came_by is None


@pytest.mark.parametrize(("lists", "came"), [([[1], [1]], 6), ([[1] * 999, [2] * 999], None)])
def test_what_is_too_long_to_be_compared_is_not_said_to_have_been_so(db: Whence, lists: Any, came: int | None) -> None:
    db.append(*(Event("Listed", {"places": places}, [LEAD]) for places in lists))
    found = db.why(LEAD, "places").came_by
    assert (found and found.position) == came


def test_without_an_event_the_value_is_another(db: Whence) -> None:
    left_out = db.without(LEAD, "score", "@2", "@3", model=Folded)
    assert (left_out.value, left_out.without, left_out.matters) == (80, 70, True)
    each = list(db.without_each(LEAD, "score", model=Folded))
    assert [one.without for one in each] == [20, 75, 75, 75, 75]
