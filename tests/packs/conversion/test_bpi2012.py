"""A bank's loan applications as leads: its states are stages, read by [pack.leads.events], and every number comes out,
in file order and in time order."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

import whence
from whence.config import Config
from whence.events import Event
from whence.stores.memory import MemoryStore

CONFIGURATION = """
store = "loans.db"

[import.loans]
type = "activity"
tags = ["lead:{case_id}"]
time = "timestamp"
actor = "resource"
data = ["amount_req", "lifecycle"]

[pack.leads]
won = "approved"
lost = ["declined", "cancelled"]
qualified = "accepted"

[pack.leads.stages]
submitted = ["preaccepted", "declined", "cancelled"]
preaccepted = ["accepted", "declined", "cancelled"]
accepted = ["offer_sent", "declined", "cancelled"]
offer_sent = ["offer_back", "declined", "cancelled"]
offer_back = ["offer_sent", "approved", "declined", "cancelled"]
approved = []
declined = []
cancelled = []

[pack.leads.events]
A_SUBMITTED = { as = "Moved", stage = "submitted" }
A_PREACCEPTED = { as = "Moved", stage = "preaccepted" }
A_ACCEPTED = { as = "Moved", stage = "accepted" }
O_SENT = { as = "Moved", stage = "offer_sent" }
O_SENT_BACK = { as = "Moved", stage = "offer_back" }
A_APPROVED = { as = "Won", stage = "approved", amount = "$amount_req", currency = "EUR" }
A_REGISTERED = { as = "Won", stage = "approved", amount = "$amount_req", currency = "EUR" }
A_ACTIVATED = { as = "Won", stage = "approved", amount = "$amount_req", currency = "EUR" }
A_DECLINED = { as = "Lost", stage = "declined" }
A_CANCELLED = { as = "Lost", stage = "cancelled" }
"""
STAGES = ("submitted", "preaccepted", "accepted", "offer_sent", "offer_back", "approved", "declined", "cancelled")
READ = {line.partition(" ")[0] for line in CONFIGURATION.splitlines() if line.startswith(("A_", "O_"))}
REACHED = {
    None: ((13087, 7367, 5113, 5015, 3254, 2246, 7635, 2807), 399),
    "2012-01-01T00:00:00Z": ((7455, 4139, 2863, 2815, 1614, 1130, 4334, 1346), 645),
    "2011-11-01T00:00:00Z": ((2393, 1424, 1001, 981, 439, 227, 1246, 240), 680),
}


def loans(data_folder: Path) -> Iterator[Event]:
    """The rows that are read: work items and the rest mean nothing for a stage."""
    with gzip.open(data_folder / "bpi2012_loans/bpi2012.csv.gz", "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["activity"] in READ:
                tags = (f"lead:{row['case_id']}",)
                yield Event(row["activity"], {"amount_req": row["amount_req"]}, tags, time=row["timestamp"])


def configured(folder: Path) -> Config:
    path = folder / "whence.toml"
    path.write_text(CONFIGURATION)
    return Config.load(path)


@pytest.fixture(scope="module", params=["file order", "time order"])
def db(
    request: pytest.FixtureRequest, data_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> whence.app.Whence:
    events = list(loans(data_folder))
    if request.param == "time order":
        events.sort(key=lambda event: event.time)
    store = MemoryStore()
    for start in range(0, len(events), 10_000):
        store.append(events[start : start + 10_000])
    return whence.app.Whence(store, configured(tmp_path_factory.mktemp("loans")))


@pytest.mark.parametrize("day", REACHED)
def test_how_many_reached_each_stage_by_any_day(db: whence.app.Whence, day: str | None) -> None:
    reached, undecided = REACHED[day]
    rows = db.table("leads.conversion", at=day)
    assert tuple(row.stage for row in rows) == STAGES
    assert tuple(row.reached for row in rows) == reached
    assert sum(row.here for row in rows[:5]) == undecided
    assert sum(row.leads for row in db.table("leads.pipeline", at=day)[:5]) == undecided


def test_the_days_from_submission_to_approval_and_those_that_never_get_there(db: whence.app.Whence) -> None:
    (row,) = db.table("leads.times", from_="submitted", to="approved")
    assert row.median_days == 14.44
    assert (row.went, row.waiting, row.elsewhere) == (2246, 399, 7635 + 2807)
    assert row.q1_days < row.median_days < row.q3_days
    (then,) = db.table("leads.times", from_="submitted", to="approved", at="2012-01-01T00:00:00Z")
    assert (then.went, then.waiting, then.elsewhere) == (1130, 645, 4334 + 1346)


def test_the_last_day_of_the_pipeline_over_time_is_the_pipeline(db: whence.app.Whence) -> None:
    day = "2012-01-01T00:00:00Z"
    rows = db.table("leads.over-time", every="month", ended=True, at=day)
    assert [row.leads for row in rows[-len(STAGES) :]] == [row.leads for row in db.table("leads.pipeline", at=day)]
    assert len({row.time for row in rows}) == 5  # September to December, and the moment itself
    november = {row.stage: row.leads for row in rows if row.time.isoformat().startswith("2011-10-31")}
    of_open = sum(leads for stage, leads in november.items() if stage in STAGES[:5])
    assert of_open == REACHED["2011-11-01T00:00:00Z"][1]


def test_what_was_approved_is_summed_exactly(db: whence.app.Whence) -> None:
    (quality,) = db.table("leads.sources")
    assert (quality.leads, quality.open, quality.won, quality.lost) == (13087, 399, 2246, 10442)
    assert quality.value == f"{12_211_878 + 23_078_460} EUR"
    assert quality.qualified == 5113


def test_the_file_itself_is_imported_by_its_mapping(data_folder: Path, tmp_path: Path) -> None:
    with gzip.open(data_folder / "bpi2012_loans/bpi2012.csv.gz", "rt", newline="") as lines:
        part = "".join(line for _, line in zip(range(1500), lines, strict=False))
    (tmp_path / "loans.csv").write_text(part)
    with whence.open(tmp_path / "loans.db", create=True, config=configured(tmp_path)) as db:
        assert db.import_file(tmp_path / "loans.csv").appended == 1499
        rows = list(csv.DictReader(part.splitlines()))
        for stage, activity in (("offer_sent", "O_SENT"), ("declined", "A_DECLINED")):
            meant = len({row["case_id"] for row in rows if row["activity"] == activity})
            assert next(row.reached for row in db.table("leads.conversion") if row.stage == stage) == meant
        (why,) = db.why("lead:173688", "amount").contributions[-1:]
        assert why.recorded.type in ("A_APPROVED", "A_REGISTERED", "A_ACTIVATED")
