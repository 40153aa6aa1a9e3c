"""A bank's 262,200 events answered by a Python model, and by rules without Python, in file order and in time order."""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections.abc import Iterator
from math import log2
from pathlib import Path
from typing import Any

import pytest

from whence.clock import to_us
from whence.events import Event
from whence.explaining.bisect import bisect, first_breach
from whence.explaining.why import why
from whence.history import At, History
from whence.model import Model, on
from whence.query import Query
from whence.rules import from_toml
from whence.stores.memory import MemoryStore

REACHED = ("submitted", "preaccepted", "accepted", "offer_sent", "offer_back", "approved", "declined", "cancelled")
ANSWERS = {
    None: (262200, (13087, 7367, 5113, 5015, 3254, 2246, 7635, 2807), 399),
    "2012-01-01T00:00:00Z": (138797, (7455, 4139, 2863, 2815, 1614, 1130, 4334, 1346), 645),
    "2011-11-01T00:00:00Z": (38575, (2393, 1424, 1001, 981, 439, 227, 1246, 240), 680),
}
WITHOUT_OFFER = {"application:177083", "application:180310", "application:198310"}


class Application:
    kind = "application"
    order = "occurred"
    submitted = preaccepted = accepted = offer_sent = offer_back = approved = declined = cancelled = False
    offer_accepted = False

    @on("A_SUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_DECLINED", "A_CANCELLED")
    def moved(self, event: Any) -> None:
        setattr(self, event.type[2:].lower(), True)

    @on("A_APPROVED", "A_REGISTERED", "A_ACTIVATED")
    def was_approved(self, event: Any) -> None:
        self.approved = True

    @on("O_SENT")
    def sent(self, event: Any) -> None:
        self.offer_sent = True

    @on("O_SENT_BACK")
    def came_back(self, event: Any) -> None:
        self.offer_back = True

    @on("O_ACCEPTED")
    def took_offer(self, event: Any) -> None:
        self.offer_accepted = True


RULES = """
order = "occurred"
built_in = false
fields = { submitted = false, preaccepted = false, accepted = false, offer_sent = false, offer_back = false, \
approved = false, declined = false, cancelled = false, offer_accepted = false }
rule = [
  { on = "A_SUBMITTED", set = { submitted = true } },
  { on = "A_PREACCEPTED", set = { preaccepted = true } },
  { on = "A_ACCEPTED", set = { accepted = true } },
  { on = "O_SENT", set = { offer_sent = true } },
  { on = "O_SENT_BACK", set = { offer_back = true } },
  { on = ["A_APPROVED", "A_REGISTERED", "A_ACTIVATED"], set = { approved = true } },
  { on = "A_DECLINED", set = { declined = true } },
  { on = "A_CANCELLED", set = { cancelled = true } },
  { on = "O_ACCEPTED", set = { offer_accepted = true } },
]
"""


def _events(data_folder: Path) -> Iterator[Event]:
    with gzip.open(data_folder / "bpi2012_loans/bpi2012.csv.gz", "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            type = row["activity"].replace(" ", "_").replace("-", "_")
            tags = (f"application:{row['case_id']}",)
            yield Event(type, {"lifecycle": row["lifecycle"]}, tags, time=row["timestamp"])


@pytest.fixture(scope="module", params=["file order", "time order"])
def history(request: pytest.FixtureRequest, data_folder: Path) -> History:
    events = list(_events(data_folder))
    if request.param == "time order":
        events.sort(key=lambda event: event.time)
    store = MemoryStore()
    for start in range(0, len(events), 10_000):
        store.append(events[start : start + 10_000])
    return History.of(store)


@pytest.mark.parametrize("model", [Model.of(Application), from_toml("application", tomllib.loads(RULES))], ids=repr)
@pytest.mark.parametrize("day", ANSWERS)
def test_reached_stages_are_right_on_any_day(history: History, model: Model, day: str | None) -> None:
    then = history if day is None else history.at(At(occurred_us=to_us(day)))
    states = [model.fields(state) for state in then.states(model).values()]
    reached = tuple(sum(state[stage] for state in states) for stage in REACHED)
    undecided = sum(not (state["approved"] or state["declined"] or state["cancelled"]) for state in states)
    assert (then.count(), reached, undecided) == ANSWERS[day]


@pytest.mark.parametrize("model", [Model.of(Application), from_toml("application", tomllib.loads(RULES))], ids=repr)
def test_approved_without_an_accepted_offer(history: History, model: Model) -> None:
    states = {entity: model.fields(state) for entity, state in history.states(model).items()}
    assert {e for e, state in states.items() if state["approved"] and not state["offer_accepted"]} == WITHOUT_OFFER


REACHED_BY = {
    "submitted": {"A_SUBMITTED"},
    "preaccepted": {"A_PREACCEPTED"},
    "accepted": {"A_ACCEPTED"},
    "offer_sent": {"O_SENT"},
    "offer_back": {"O_SENT_BACK"},
    "offer_accepted": {"O_ACCEPTED"},
    "approved": {"A_APPROVED", "A_REGISTERED", "A_ACTIVATED"},
}


@pytest.mark.parametrize("model", [Model.of(Application), from_toml("application", tomllib.loads(RULES))], ids=repr)
def test_why_one_application_is_approved_and_what_it_was_on_each_day(history: History, model: Model) -> None:
    one = "application:173688"
    (made,) = why(history, model, one, "approved").contributions
    assert made.recorded.type in REACHED_BY["approved"]
    assert made.recorded.time.isoformat() == "2011-10-13T08:37:29.226000+00:00"
    rows = [(event.type, event.time_us) for event in history.events(Query.of(tags=[one]))]
    for day in range(1, 15):
        end_us = to_us(f"2011-10-{day:02}T23:59:59Z")
        fields = model.fields(history.at(At(occurred_us=end_us)).state(model, one))
        for stage, types in REACHED_BY.items():
            assert fields[stage] == any(type in types and us <= end_us for type, us in rows), (day, stage)


RULE = "not approved or offer_accepted"


@pytest.mark.parametrize("model", [Model.of(Application), from_toml("application", tomllib.loads(RULES))], ids=repr)
def test_bisect_finds_the_approvals_without_an_accepted_offer(history: History, model: Model) -> None:
    found = bisect(history, model, "application", RULE)
    assert set(found.broken) == WITHOUT_OFFER
    assert found.replays <= 2 * log2(262_200)
    for entity in WITHOUT_OFFER:
        breach = bisect(history, model, entity, RULE).breach
        assert breach is not None
        assert breach.recorded.type in ("A_APPROVED", "A_REGISTERED", "A_ACTIVATED")
        assert breach.before is not None
        assert (breach.before["approved"], breach.after["approved"]) == (False, True)
        assert breach == first_breach(history, model, entity, RULE).breach
    assert found.breach is not None
    assert found.breach == bisect(history, model, found.breach.entity, RULE).breach


def test_the_scan_finds_the_very_first_approval_without_an_offer(history: History) -> None:
    first = first_breach(history, Application, "application", RULE).breach
    assert first is not None
    assert first.recorded.type in ("A_APPROVED", "A_REGISTERED", "A_ACTIVATED")
    before = history.at(At(occurred_us=first.recorded.time_us - 1)).states(Application)
    assert all(not state.approved or state.offer_accepted for state in before.values())
