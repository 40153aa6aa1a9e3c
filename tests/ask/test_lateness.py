"""What was so then and what was known then: where the two clocks differ, which events make the difference."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence import Whence
from whence.app import open as open_whence
from whence.clock import FixedClock
from whence.config import Config
from whence.errors import NotKnown
from whence.events import Event
from whence.explaining.lateness import Lateness, lateness
from whence.history import At, History
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store

TAGS = st.sets(st.sampled_from(["lead:1", "lead:2", "b:1", "xlead:1"]))


@given(
    st.lists(st.tuples(TAGS, st.integers(0, 9), st.integers(0, 3)), max_size=20),
    st.integers(-1, 12),
    st.sampled_from(["lead:1", "lead", "b", None]),
)
def test_it_names_every_event_that_one_clock_counts_and_the_other_does_not(
    happenings: list[Any], us: int, about: str | None
) -> None:
    clock = FixedClock("1970-01-01T00:00:00Z")
    store, recorded_us = MemoryStore(clock), 0
    for tags, time, pause in happenings:
        recorded_us += pause
        clock.set(recorded_us)
        store.append([Event("A", None, tuple(tags), time=time)])
    late, early = [], []
    for event in store.read():
        kinds = [tag.partition(":")[0] for tag in event.tags]
        if about is None or about in event.tags or about in kinds:
            if event.time_us <= us < event.recorded_us:
                late.append(event.position)
            if event.recorded_us <= us < event.time_us:
                early.append(event.position)
    for at in (At(occurred_us=us), At(recorded_us=us)):
        found = lateness(History.of(store), about, at)
        assert found == Lateness(late, early)
        assert bool(found) is bool(late or early)


@pytest.fixture(params=["memory", "log.jsonl", "sqlite.db"])
def leads(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Whence]:
    """A webinar's list comes in a day late; a meeting is entered a day before it takes place."""
    clock = FixedClock("2026-01-05T09:00:00Z")
    path = ":memory:" if request.param == "memory" else tmp_path / request.param
    with Whence(open_store(path, create=True, clock=clock), Config(tmp_path)) as db:
        db.append(Event("LeadCreated", {"source": "fair"}, ("lead:42",)))
        clock.set("2026-01-09T09:00:00Z")
        db.append(Event("Met", {"place": "Ulm"}, ("lead:42",), time="2026-01-10T09:00:00Z"))
        clock.set("2026-01-11T06:00:00Z")
        db.append(Event("Attended", {"webinar": "W1"}, ("lead:42", "webinar:W1"), time="2026-01-09T14:00:00Z"))
        yield db


def test_a_day_is_answered_by_both_clocks_and_the_difference_is_named(leads: Whence) -> None:
    then = leads.state("lead:42", at="2026-01-09")
    known = leads.state("lead:42", at=leads.at("2026-01-09", clock="recorded"))
    assert then is not None
    assert known is not None
    assert ("webinar" in then, "place" in then) == (True, False)
    assert ("webinar" in known, "place" in known) == (False, True)
    for about in ("lead:42", "lead", None):
        assert leads.lateness(about, "2026-01-09") == Lateness(late=[3], early=[2])
    assert leads.lateness("webinar:W1", "2026-01-09") == Lateness(late=[3], early=[])


def test_now_and_a_position_are_the_same_by_both_clocks(leads: Whence) -> None:
    for moment in (None, 2, "@2", "2026-01-12"):
        assert not leads.lateness("lead:42", moment)


def test_before_an_import_nothing_is_known_and_it_says_since_when(leads: Whence, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("when,what,lead\n2024-01-05,Called,7\n")
    (tmp_path / "crm.toml").write_text('type = "what"\ntime = "when"\nzone = "UTC"\ntags = ["lead:{lead}"]\n')
    clock = FixedClock("2026-03-01T09:00:00Z")
    with Whence(MemoryStore(clock), Config(tmp_path)) as db:
        db.import_file(tmp_path / "crm.csv", mapping=str(tmp_path / "crm.toml"))
        then = db.at("2025-01-01", clock="recorded")
        questions: list[Any] = [
            lambda: db.state("lead:7", at=then),
            lambda: db.states("lead", at=then),
            lambda: db.diff("lead:7", then),
            lambda: db.changes("lead", then),
            lambda: db.why("lead:7", "lead", at=then),
            lambda: db.count_events(then),
        ]
        for ask in questions:
            with pytest.raises(NotKnown, match=r"Not known: imported on 2026-03-01 .*clock occurred"):
                ask()
        assert db.lateness("lead", then) == Lateness(late=[2], early=[])


# A bank's events, one of a hundred recorded a week late.

DAYS = ("2011-10-15T12:00:00Z", "2011-11-01T00:00:00Z", "2012-01-01T00:00:00Z")
MAPPING = """
type = "activity"
tags = ["application:{case_id}"]
time = "timestamp"
recorded = "recorded"
actor = "resource"
data = ["lifecycle"]
"""
CONFIG = """
zone = "UTC"

[model.application]
order = "occurred"
built_in = false
fields = { stage = "", events = 0 }
rule = [
  { on = ["A_SUBMITTED", "A_PARTLYSUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED", "A_APPROVED", \
"A_REGISTERED", "A_ACTIVATED", "A_DECLINED", "A_CANCELLED"], set = { stage = "$type" }, count = "events" },
]
"""


class Bank:
    """The rows with both their times, and the store that they were imported into."""

    def __init__(self, db: Whence, rows: list[tuple[datetime, datetime, str, str]]) -> None:
        self.db, self.rows = db, rows

    def states(self, counts: Any) -> dict[str, dict[str, Any]]:
        """The state of every application from the rows that count, in plain Python."""
        states: dict[str, dict[str, Any]] = {}
        for number in sorted(range(len(self.rows)), key=lambda number: (self.rows[number][1], number)):
            recorded, occurred, application, activity = self.rows[number]
            if counts(recorded, occurred):
                state = states.setdefault(application, {"stage": "", "events": 0})
                if activity.startswith("A_"):
                    state["stage"], state["events"] = activity, state["events"] + 1
        return states


@pytest.fixture(scope="module")
def bank(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    folder = tmp_path_factory.mktemp("late")
    with gzip.open(data_folder / "bpi2012_loans/bpi2012.csv.gz", "rt", newline="") as lines:
        given = list(csv.DictReader(lines))
    late = timedelta(days=7)
    for number, row in enumerate(given):
        occurred = datetime.fromisoformat(row["timestamp"]).astimezone(UTC)
        row["recorded"] = (occurred + (late if number * 7919 % 100 == 0 else timedelta())).isoformat()
    given.sort(key=lambda row: datetime.fromisoformat(row["recorded"]))
    with (folder / "late.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(given[0]))
        writer.writeheader()
        writer.writerows(given)
    (folder / "late.toml").write_text(MAPPING)
    (folder / "whence.toml").write_text(CONFIG)
    rows = [
        (
            datetime.fromisoformat(row["recorded"]),
            datetime.fromisoformat(row["timestamp"]),
            f"application:{row['case_id']}",
            row["activity"],
        )
        for row in given
    ]
    with open_whence(folder / "late.db", create=True, config=Config.nearest(folder)) as db:
        report = db.import_file(folder / "late.csv", mapping=str(folder / "late.toml"))
        assert (report.appended, report.refused_count, report.recorded_not_kept) == (len(rows), 0, 0)
        yield Bank(db, rows)


@pytest.mark.parametrize("day", DAYS)
def test_the_bank_is_answered_by_both_clocks_on_any_day(bank: Bank, day: str) -> None:
    moment = datetime.fromisoformat(day)
    occurred, recorded = bank.db.at(day), bank.db.at(day, clock="recorded")
    true_then = bank.states(lambda recorded, occurred: occurred <= moment)
    known_then = bank.states(lambda recorded, occurred: recorded <= moment)
    assert true_then != known_then
    assert bank.db.states("application", at=occurred) == true_then
    assert bank.db.states("application", at=recorded) == known_then
    late = [n for n, (recorded, occurred, *_) in enumerate(bank.rows, 1) if occurred <= moment < recorded]
    assert bank.db.lateness("application", day) == Lateness(late, [])
    one = next(entity for entity in known_then if known_then[entity] != true_then[entity])
    assert bank.db.state(one, at=occurred) == true_then[one]
    assert bank.db.state(one, at=recorded) == known_then[one]
    assert bank.db.why(one, "events", at=recorded).value == known_then[one]["events"]
    assert bank.db.lateness(one, day).late == [n for n in late if bank.rows[n - 1][2] == one]


@pytest.mark.parametrize("clock", ["occurred", "recorded"])
def test_what_changed_in_the_bank_is_right_by_both_clocks(bank: Bank, clock: str) -> None:
    moments = [datetime.fromisoformat(day) for day in DAYS[1:]]
    before, after = (
        bank.states(lambda recorded, occurred, end=end: (recorded if clock == "recorded" else occurred) <= end)
        for end in moments
    )
    found = bank.db.changes("application", *(bank.db.at(day, clock=clock) for day in DAYS[1:]))
    changed = {entity for entity in after if entity in before and before[entity] != after[entity]}
    new = after.keys() - before.keys()
    assert {each.entity for each in found.changed if each.how == "changed"} == changed
    assert {each.entity for each in found.changed if each.how == "new"} == new
    assert found.known == len(after)
    for each in found.changed:
        old, now = before.get(each.entity, {}), after[each.entity]
        fields = {change.field: (change.before, change.after) for change in each.changes}
        assert fields == {name: (old.get(name), now[name]) for name in now if old.get(name) != now[name]}


def test_before_the_bank_recorded_anything_nothing_is_known(bank: Bank) -> None:
    with pytest.raises(NotKnown, match="Not known: nothing was recorded yet"):
        bank.db.states("application", at=bank.db.at("2011-09-01", clock="recorded"))
