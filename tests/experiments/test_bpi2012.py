"""A bank's 13,087 applications with another past: requests over 25,000 are refused when they are submitted."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from whence.events import Event, Recorded
from whence.experiments import experiment, sentences, stopped
from whence.history import History
from whence.stores.memory import MemoryStore

APPROVED = {"A_APPROVED", "A_REGISTERED", "A_ACTIVATED"}


def _events(data_folder: Path) -> Iterator[Event]:
    with gzip.open(data_folder / "bpi2012_loans/bpi2012.csv.gz", "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            type = row["activity"].replace(" ", "_").replace("-", "_")
            data = {"amount": int(row["amount_req"])} if type == "A_SUBMITTED" else None
            yield Event(type, data, (f"application:{row['case_id']}",), time=row["timestamp"])


@pytest.fixture(scope="module")
def history(data_folder: Path) -> History:
    store, events = MemoryStore(), list(_events(data_folder))
    for start in range(0, len(events), 10_000):
        store.append(events[start : start + 10_000])
    return History.of(store)


def too_much(event: Recorded) -> bool:
    return event.type == "A_SUBMITTED" and event.data["amount"] > 25_000


def approved_amount(events: list[Recorded]) -> int:
    approved = any(event.type in APPROVED for event in events)
    return sum(event.data["amount"] for event in events if approved and event.type == "A_SUBMITTED")


def approved(events: list[Recorded]) -> bool:
    return any(event.type in APPROVED for event in events)


def test_what_if_requests_over_25_000_had_been_refused_at_submission(history: History) -> None:
    refused = stopped(history, "application", too_much)
    assert (len(refused.entities), refused.events) == (1643, 40_491)

    found = experiment(history, approved_amount, approved_amount, kind="application", past=refused.history, samples=0)
    lost = [row for row in found.values if row.baseline and not row.candidate]
    assert (len(lost), sum(row.baseline or 0 for row in lost)) == (335, 12_211_878)
    assert (sum(row.candidate != 0 for row in found.values), found.contrast.candidate.total) == (1911, 23_078_460)
    assert (found.events, found.past_events) == (262_200, 262_200 - 40_491)
    assert (found.contrast.changed, found.contrast.lowered) == (335, 335)
    assert {row.entity for row in lost} <= set(refused.entities)
    assert len({row.entity for row in lost}) == 335


def test_the_335_are_named_as_lost_where_approval_is_the_threshold(history: History) -> None:
    refused = stopped(history, "application", too_much)
    found = experiment(history, approved, approved, kind="application", past=refused.history, threshold=1, samples=100)
    assert found.crossings is not None
    assert (found.crossings.baseline, found.crossings.candidate) == (2246, 1911)
    assert len(set(found.crossings.lost)) == 335
    assert found.crossings.gained == ()
    assert sentences(found)[0] == (
        "Of 13,087 application entities, 1,911 reach the threshold with approved in the changed past, 335 fewer than "
        "the 2,246 with approved as recorded (0 gained, 335 lost)."
    )
