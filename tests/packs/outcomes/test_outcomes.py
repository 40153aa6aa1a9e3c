"""What comes of the three leads, by source, owner, reason and touch."""

from __future__ import annotations

import whence
from tests.packs.leads.story import DAY
from whence.packs.advancing.decisions import move
from whence.packs.leads.decisions import assign
from whence.packs.outcomes import owners, reasons, sources, touches


def test_outcomes_by_source_reason_touch_and_owner(told: whence.Whence) -> None:
    website, referral = told.table(sources)
    assert (website.source, website.leads, website.qualified, website.won, website.rate) == ("website", 2, 1, 1, 0.5)
    assert (website.value, website.median_days, referral.open) == ("1200.50 EUR", 19, 1)
    assert [(row.outcome, row.reason, row.leads) for row in told.table(reasons)] == [
        ("won", "price", 1),
        ("lost", "no budget", 1),
    ]
    assert [(row.touch, row.times, row.won) for row in told.table(touches)] == [("opened", 3, 1)]
    told.decide(assign, "3", "carla", time=DAY.format(15))
    assert {row.owner: row.leads for row in told.table(owners)} == {"anna": 2, "carla": 1}


def test_a_lead_is_qualified_that_went_beyond_the_qualified_stage_and_not_one_that_was_lost(
    told: whence.Whence,
) -> None:
    assert {row.source: row.qualified for row in told.table(sources)} == {"website": 1, "referral": 0}
    told.decide(move, "3", "qualified", reason="budget", time=DAY.format(16))
    told.decide(move, "3", "proposal", reason="asked for one", time=DAY.format(17))
    assert {row.source: row.qualified for row in told.table(sources)} == {"website": 1, "referral": 1}
