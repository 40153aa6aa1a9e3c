"""Leads move from stage to stage by command, for a reason and as whence.toml allows, and are counted in each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from tests.packs.leads.story import DAY
from whence.errors import InvalidInput, NotKnown, Refused
from whence.events import Event
from whence.packs.advancing.decisions import lose, move, win
from whence.packs.advancing.tables import pipeline
from whence.packs.conversion import ageing
from whence.packs.leads.decisions import assign, create, score, touch
from whence.packs.leads.state import Lead


def test_a_status_changes_by_command_with_its_reason(told: whence.Whence) -> None:
    explained = told.why("lead:2", "stage")
    last = explained.contributions[-1].recorded
    assert (last.type, last.actor, last.data["reason"]) == ("lead.Lost", "ben", "no budget")
    assert last.basis is not None
    told.decide(create, "4", time=DAY.format(20))
    with pytest.raises(Refused, match="may go to: contacted, qualified, lost"):
        told.decide(move, "4", "proposal", reason="hurry")


def test_the_pipeline_now_and_then(told: whence.Whence) -> None:
    def at(day: int) -> dict[str, int]:
        return {row.stage: row.leads for row in told.table(pipeline, at=DAY.format(day)) if row.leads}

    assert at(3) == {"new": 3}
    assert at(9) == {"contacted": 3}
    assert at(21) == {"contacted": 1, "won": 1, "lost": 1}
    assert next(row.value for row in told.table(pipeline) if row.stage == "won") == "1200.50 EUR"
    with pytest.raises(NotKnown):
        told.table(pipeline, at=DAY.format(9), clock="recorded")  # all of it was recorded just now


def test_a_status_changes_for_a_reason_that_says_something(told: whence.Whence) -> None:
    for decision, more in ((move, ("lost",)), (win, ()), (lose, ()), (score, (5,))):
        with pytest.raises(Refused, match="A reason says something"):
            told.decide(decision, "3", *more, reason=" ")
    with pytest.raises(Refused, match="A touch has a name"):
        told.decide(touch, "3", "")


def test_of_racers_one_wins_a_lead(told: whence.Whence) -> None:
    told.decide(move, "3", "qualified", reason="budget", time=DAY.format(10))

    def attempt(number: int) -> int:
        return len(told.decide(win, "3", reason=f"by {number}", amount=Decimal(number), currency="EUR").positions)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(32))) == 1
    assert len(list(told.log("lead:3", types=["lead.Won"]))) == 1


def test_other_stages_are_configured_and_the_moves_they_allow(folder: Path) -> None:
    text = (folder / "whence.toml").read_text()
    (folder / "whence.toml").write_text(text.replace('new = ["contacted", ', 'new = ["proposal", "contacted", '))
    with whence.open() as db:
        db.decide("leads.create", "1")
        db.decide(move, "1", "proposal", reason="hurry")  # the decision as it is imported obeys whence.toml too
        assert db.state("lead:1")["stage"] == "proposal"
        assert [row.stage for row in db.table(pipeline) if row.leads] == ["proposal"]


def test_a_lead_that_was_won_and_then_lost_bought_for_nothing(told: whence.Whence) -> None:
    (won,) = (row.value for row in told.table(pipeline) if row.stage == "won")
    assert won == "1200.50 EUR"
    (id,) = (id for id, lead in told.asked().states(Lead).items() if lead.stage == "won")
    told.append([Event("StageChanged", {"stage": "lost"}, [f"lead:{id}"], time=DAY.format(25))])
    assert {row.value for row in told.table(pipeline)} == {""}


def test_a_currency_of_no_amount_is_refused(told: whence.Whence) -> None:
    with pytest.raises(Refused, match="A currency is of an amount"):
        told.decide(win, "3", currency="EUR", reason="best price")


def test_a_currency_is_one_of_iso_4217_and_an_amount_no_finer(told: whence.Whence) -> None:
    told.decide(move, "3", "qualified", reason="budget", time=DAY.format(10))
    for currency in ("eur", "EURO"):
        with pytest.raises(InvalidInput, match=r"No such currency .* Did you mean EUR"):
            told.decide(win, "3", amount=Decimal(5), currency=currency, reason="price")
    for amount, currency, said in (("1200.555", "EUR", "1200.56 or 1200.55"), ("9.4", "JPY", "9 or 10")):
        with pytest.raises(Refused, match=f"finer than its currency .* Say {said}"):
            told.decide(win, "3", amount=Decimal(amount), currency=currency, reason="price")
    assert told.decide(win, "3", amount=Decimal("7.5000"), currency="EUR", reason="price").events


def test_a_mistyped_owner_is_named_as_a_source_is(told: whence.Whence) -> None:
    told.decide(assign, "3", "anna", time=DAY.format(10))
    assert sum(row.leads for row in told.table(pipeline, owner="anna")) >= 1
    for more, near in (({"owner": "ana"}, "anna"), ({"source": "websit"}, "website")):
        with pytest.raises(NotKnown, match=f"Did you mean {near}"):
            told.table(pipeline, **more)


def test_what_lies_ahead_has_been_in_its_stage_for_no_days(told: whence.Whence) -> None:
    told.decide(create, "4", time="2999-01-01T00:00:00Z")
    told.decide(move, "4", "qualified", reason="budget", time="2999-02-01T00:00:00Z")
    assert [row.median_days for row in told.table(pipeline) if row.stage == "qualified"] == [0]
    assert [(row.days_here, row.days) for row in told.table(ageing) if row.lead == "4"] == [(0, 0)]
