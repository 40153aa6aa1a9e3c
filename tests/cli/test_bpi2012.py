"""A bank's 262,200 events from the command line alone: imported by a mapping, answered by rules, without Python; in
file order into one store, and sorted by time into another."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONFIG = """
store = "loans.db"
zone = "UTC"

[import.loans]
type = "activity"
tags = ["application:{case_id}"]
time = "timestamp"
actor = "resource"
data = ["lifecycle", "amount_req"]
numbers = ["amount_req"]

[model.application]
order = "occurred"
built_in = false
fields = { preaccepted = false, accepted = false, offer_sent = false, offer_back = false, offer_accepted = false, \
approved = false, outcome = "undecided", approved_amount = 0 }
rule = [
  { on = "A_SUBMITTED", set = { submitted = true } },
  { on = "A_PREACCEPTED", set = { preaccepted = true } },
  { on = "A_ACCEPTED", set = { accepted = true } },
  { on = "O_SENT", set = { offer_sent = true } },
  { on = "O_SENT_BACK", set = { offer_back = true } },
  { on = "O_ACCEPTED", set = { offer_accepted = true } },
  { on = ["A_APPROVED", "A_REGISTERED", "A_ACTIVATED"], \
set = { approved = true, outcome = "approved", approved_amount = "$amount_req" } },
  { on = "A_DECLINED", set = { outcome = "declined" } },
  { on = "A_CANCELLED", set = { outcome = "cancelled" } },
]
"""
REACHED = ("submitted", "preaccepted", "accepted", "offer_sent", "offer_back")
ANSWERS = {
    "": (262200, (13087, 7367, 5113, 5015, 3254), (2246, 7635, 2807, 399)),
    "2012-01-01T00:00:00Z": (138797, (7455, 4139, 2863, 2815, 1614), (1130, 4334, 1346, 645)),
    "2011-11-01T00:00:00Z": (38575, (2393, 1424, 1001, 981, 439), (227, 1246, 240, 680)),
}


def _whence(folder: Path, *words: str) -> list[dict[str, Any]]:
    """The rows that a command prints as JSON lines."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WHENCE")}
    line = [sys.executable, "-W", "error", "-c", "from whence.cli import main; main()", *words]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(row) for row in done.stdout.splitlines()]


@pytest.fixture(scope="module", params=["file order", "time order"])
def loans(request: pytest.FixtureRequest, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loans")
    (folder / "whence.toml").write_text(CONFIG)
    source = data_folder.resolve() / "bpi2012_loans/bpi2012.csv.gz"
    if request.param == "time order":
        with gzip.open(source, "rt", newline="") as lines:
            header, *rows = csv.reader(lines)
        rows.sort(key=lambda row: _utc(row[header.index("timestamp")]))
        source = folder / "sorted.csv"
        with source.open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
    (report,) = _whence(folder, "import", str(source), "--json")
    assert (report["rows"], report["appended"], report["refused_count"]) == (262200, 262200, 0)
    return folder


def _utc(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("day", ANSWERS)
def test_every_answer_comes_out_right_on_any_day(loans: Path, day: str) -> None:
    events, reached, outcomes = ANSWERS[day]
    at = ["--at", day] if day else []
    by = [word for field in REACHED for word in ("--by", field)]
    rows = _whence(loans, "states", "application", *by, "--by", "outcome", *at, "--json")
    assert tuple(sum(row["application"] for row in rows if row[stage]) for stage in REACHED) == reached
    found = {name: sum(row["application"] for row in rows if row["outcome"] == name) for name in _outcomes(rows)}
    assert tuple(found[name] for name in ("approved", "declined", "cancelled", "undecided")) == outcomes
    if day:
        (counted,) = _whence(loans, "at", day, "--json")
        assert counted["events"] == events


def _outcomes(rows: list[dict[str, Any]]) -> set[str]:
    return {row["outcome"] for row in rows}


def test_approved_without_an_accepted_offer(loans: Path) -> None:
    rows = _whence(
        loans, "states", "application", "--where", "approved=true", "--where", "offer_accepted=false", "--json"
    )
    assert {row["application"] for row in rows} == {f"application:{n}" for n in (177083, 180310, 198310)}


def test_a_recorded_result_a_table_of_states_and_the_purity_of_the_rules_hold(loans: Path) -> None:
    (origin,) = _whence(loans, "replay", "application", "--save", "result.jsonl.gz", "--json")
    assert (origin["entities"], origin["kind"]) == (13087, "application")
    assert (loans / "result.jsonl.gz").stat().st_size < 1_000_000
    assert _whence(loans, "replay", "--check", "result.jsonl.gz", "--json") == []
    rows = _whence(loans, "states", "application", "--json")
    (loans / "states.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert _whence(loans, "verify-state", "application", "states.jsonl", "--json") == []
    (report,) = _whence(loans, "check", "--models", "--json")
    assert report["pure"]


def test_the_events_that_approved_without_an_accepted_offer(loans: Path) -> None:
    (found,) = _whence(loans, "bisect", "application", "not approved or offer_accepted", "--json")
    assert set(found["broken"]) == {f"application:{n}" for n in (177083, 180310, 198310)}
    for entity in found["broken"]:
        (each,) = _whence(loans, "bisect", entity, "not approved or offer_accepted", "--json")
        assert each["event"]["type"] in ("A_APPROVED", "A_REGISTERED", "A_ACTIVATED")
        assert (each["before"]["approved"], each["after"]["approved"]) == (False, True)


def test_what_if_requests_over_25_000_had_been_refused_at_submission(loans: Path, data_folder: Path) -> None:
    """In one line, with the list of the 335 whose approval would have been lost."""
    words = ("experiment", "application", "--candidate", "application.approved", "--threshold", "1", "--samples", "0")
    (said,) = _whence(loans, *words, "--stop", "A_SUBMITTED if amount_req > 25000", "--json")
    (change,) = said["changes"]
    assert (change["how"], change["entities"], change["events"]) == ("stop", 1643, 40_491)
    crossed = said["crossings"]
    assert (crossed["baseline"], crossed["candidate"], len(crossed["gained"])) == (2246, 1911, 0)
    assert len(set(crossed["lost"])) == 335
    with gzip.open(data_folder / "bpi2012_loans/bpi2012.csv.gz", "rt", newline="") as lines:
        amounts = {f"application:{row['case_id']}": int(row["amount_req"]) for row in csv.DictReader(lines)}
    assert sum(amounts[entity] for entity in crossed["lost"]) == 12_211_878
    assert said["sentences"][0].startswith(
        "Of 13,087 application entities, 1,911 reach the threshold with application.approved in the changed past, 335 "
    )


def test_what_the_335_had_asked_for_is_a_total_of_the_experiment(loans: Path) -> None:
    words = ("experiment", "application", "--candidate", "application.approved_amount", "--samples", "0", "--json")
    (said,) = _whence(loans, *words, "--stop", "A_SUBMITTED if amount_req > 25000")
    differs = said["contrast"]
    assert (differs["changed"], differs["candidate"]["total"]) == (335, 23_078_460)
    assert differs["baseline"]["total"] - differs["candidate"]["total"] == 12_211_878
