"""The loan applications as journeys, in the order of their file and in that of time: the numbers that others have
published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

import whence
from tests.ask.test_bpi2012 import _events as loan_events
from tests.packs.touchpoints.histories import stored
from whence.events import Event
from whence.packs import funnels, transitions
from whence.packs.touchpoints import touchpoints

STEPS = [
    "A_SUBMITTED",
    "A_PREACCEPTED",
    "A_ACCEPTED",
    "O_SENT",
    "O_SENT_BACK",
    "approved: A_APPROVED|A_REGISTERED|A_ACTIVATED",
]
REACHED = {
    None: [13087, 7367, 5113, 5015, 3254, 2246],
    "2012-01-01T00:00:00Z": [7455, 4139, 2863, 2815, 1614, 1130],
    "2011-11-01T00:00:00Z": [2393, 1424, 1001, 981, 439, 227],
}


@pytest.fixture(scope="module")
def applications(data_folder: Path) -> list[Event]:
    return list(loan_events(data_folder))


@pytest.fixture(scope="module", params=["file order", "time order"])
def loans(request: pytest.FixtureRequest, applications: list[Event]) -> Iterator[whence.Whence]:
    with stored(applications, request.param) as db:
        yield db


def test_the_funnel_of_the_loans_on_any_day_their_times_and_who_dropped_out(loans: whence.Whence) -> None:
    with touchpoints(loans) as asked:
        for day, reached in REACHED.items():
            (group,) = funnels.funnel(asked.at(day), STEPS).groups
            assert [row.did_it_at_all for row in group.rows] == reached
            assert [row.customers for row in group.rows] == reached  # each did all before it, in order
        assert asked.head == 262_200
        (whole,) = transitions.times(asked, [STEPS[0], STEPS[-1]])
        assert whole.customers == 2246
        assert round((whole.median_s or 0) / 86_400, 2) == 14.44
        *between, last = transitions.times(asked, STEPS)
        assert len(between) == 5
        assert (last.from_step, last.to_step, last.median_s) == (STEPS[0], "approved", whole.median_s)
        gone = transitions.dropped(asked, STEPS, step="O_SENT_BACK")
        assert len(gone) == 3254 - 2246
        without = funnels.funnel(asked, [STEPS[0], "O_ACCEPTED", STEPS[-1]]).groups[0].rows
        assert without[-1].customers == 2246 - 3
