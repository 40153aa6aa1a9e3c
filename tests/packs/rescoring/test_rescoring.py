"""Leads are scored by a card or a function, and the scores recorded with what they were made on."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

import whence
from tests.packs.leads.story import DAY
from whence.cli import run
from whence.errors import InvalidModel, Refused
from whence.events import Event
from whence.packs.leads.decisions import create, touch
from whence.packs.leads.state import Lead
from whence.packs.rescoring import rescore
from whence.packs.rescoring.commands import COMMANDS


def by_touches(lead: Lead) -> tuple[int, str]:
    return 10 * sum(lead.touches.values()) + (20 if lead.source == "referral" else 0), "touches and source"


def by_stage(lead: Lead) -> tuple[int, str | None]:
    return len(lead.stage or ""), lead.stage


def test_a_score_by_a_function_is_recorded_with_what_it_was_made_on(told: whence.Whence) -> None:
    done = {each.lead: each.score for each in rescore(told, function=by_touches, name="scoring.py:by_touches", by="me")}
    assert done == {"1": 10, "2": 10, "3": 30}
    assert list(rescore(told, function=by_touches, name="scoring.py:by_touches")) == []
    (event,) = told.log("lead:3", types=["lead.Scored"])
    assert event.basis is not None
    assert set(event.basis.reads) == {"touches", "source"}
    assert event.basis.settings.startswith("scoring.py:by_touches ")
    looked_at = told.why("lead:3", "score").contributions[-1].looked_at
    assert looked_at is not None
    assert {each.field: each.value for each in looked_at.fields} == {"touches": {"opened": 1}, "source": "referral"}
    told.decide(touch, "3", "replied")
    assert [(each.lead, each.before, each.score) for each in rescore(told, function=by_touches, name="f")][-1:] == [
        ("3", 30, 40)
    ]


def test_a_score_by_a_card_is_recorded_with_its_version_and_can_be_tried_otherwise(told: whence.Whence) -> None:
    at = DAY.format(25)
    done = {each.lead: (each.score, each.reason) for each in rescore(told, time=at, by="scorer")}
    assert done["3"] == (21, "recommended 20, opened an e-mail 0.742996")
    (event,) = told.log("lead:3", types=["lead.Scored"])
    assert event.data["version"] == told.scorecard("lead").version
    assert list(rescore(told, time=at)) == []
    assert [each.score for each in rescore(told, ["1"], card="lead_v2", time=at)] == [0]
    tried = told.experiment("lead", "lead_v2", outcome="lead.Won", within="30 days", threshold=20)
    assert (tried.baseline.name, tried.candidate.name, len(tried.values)) == ("lead", "lead_v2", 3)
    recorded = told.experiment("lead", "lead_v2", "lead.Scored.score", threshold=20)
    assert recorded.baseline.sort == "recorded"


def test_a_score_by_a_card_is_compared_with_the_one_that_the_lead_has_whoever_gave_it(told: whence.Whence) -> None:
    assert [each.lead for each in rescore(told, ["3"], time=DAY.format(25))] == ["3"]
    told.append(Event("LeadScored", {"score": 77}, ["lead:3"], actor="crm", time=DAY.format(26)))
    assert [(each.before, each.score < 77) for each in rescore(told, ["3"], time=DAY.format(27))] == [(77, True)]


def test_a_function_in_a_file_scores_from_the_command_line(
    told: whence.Whence, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "scoring.py").write_text("def by_source(lead):\n    return 20 if lead.source == 'referral' else 5\n")
    assert run(["leads", "rescore", "--function", "scoring.py:by_source", "--by", "me", "--json"]) == 0
    assert [json.loads(line)["score"] for line in capsys.readouterr().out.splitlines()] == [5, 5, 20]
    assert run(["leads", "rescore", "--function", "scoring.py:by_sources"]) == 2
    assert "Did you mean by_source" in capsys.readouterr().err


def test_a_function_scores_the_lead_as_it_was_then(told: whence.Whence) -> None:
    done = list(rescore(told, ["1"], function=by_stage, name="f", time=DAY.format(6)))
    assert [each.reason for each in done] == ["contacted"]  # it was won on the 20th
    looked_at = told.why("lead:1", "score").contributions[-1].looked_at
    assert looked_at is not None
    assert not looked_at.fields  # not "stage = won"
    done = list(rescore(told, ["1"], function=by_touches, name="g", time=DAY.format(6)))
    looked_at = told.why("lead:1", "score").contributions[-1].looked_at
    assert looked_at is not None
    assert {each.field for each in looked_at.fields} == {"touches", "source"}  # as they were then
    done = list(rescore(told, function=by_stage, name="f", time=DAY.format(2)))
    assert [(each.lead, each.reason) for each in done] == [("1", "new"), ("2", "new")]  # the third came on the 3rd


@pytest.mark.parametrize("how", [{}, {"function": by_touches, "name": "f"}])
def test_of_two_that_rescore_at_once_each_score_is_recorded_once(told: whence.Whence, how: dict[str, Any]) -> None:
    first = rescore(told, by="a", **how)
    assert next(first).lead == "1"
    assert [each.lead for each in rescore(told, by="b", **how)] == ["2", "3"]
    assert list(first) == []


def test_a_lead_that_is_not_there_gets_no_score(told: whence.Whence) -> None:
    head = told.store.head()
    for more in ({}, {"function": by_touches, "name": "f"}):
        with pytest.raises(Refused, match="No such lead"):
            list(rescore(told, ["nobody"], **more))  # type: ignore[arg-type]
        with pytest.raises(Refused, match="No such lead"):
            list(rescore(told, ["3"], time=DAY.format(2), **more))  # type: ignore[arg-type]
    assert told.store.head() == head


def test_a_function_that_fails_is_named_with_the_lead(told: whence.Whence) -> None:
    with pytest.raises(InvalidModel, match=r"Lead: 1, Problem: KeyError: 'won'"):
        list(rescore(told, ["1"], function=lambda lead: {"new": 1}[lead.stage], name="stages"))


def test_a_function_that_asks_for_what_no_lead_has_is_named_also_as_of_an_earlier_day(told: whence.Whence) -> None:
    for when in (None, DAY.format(6)):  # it was won on the 20th
        with pytest.raises(InvalidModel, match=r"Function: budgets, Lead: 1, Problem: AttributeError"):
            list(rescore(told, ["1"], function=lambda lead: lead.budget, name="budgets", time=when))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "high", None])
def test_what_is_no_number_is_no_score(told: whence.Whence, wrong: Any) -> None:
    with pytest.raises(InvalidModel, match="A score is a number"):
        list(rescore(told, ["1"], function=lambda lead: wrong, name="wrong"))


@pytest.mark.parametrize("example", [example for each in COMMANDS for example in each.examples])  # type: ignore[attr-defined]
def test_the_examples_of_the_command_work(told: whence.Whence, example: str) -> None:
    told.decide(create, "42", source="website")
    assert run(shlex.split(example)[1:]) == 0


def test_of_leads_that_are_named_all_are_scored_or_none(told: whence.Whence) -> None:
    with pytest.raises(Refused, match=r"No such lead \(Lead: nope\)"):
        list(rescore(told, ["1", "2", "nope"]))
    assert list(told.log(types=["lead.Scored"])) == []
