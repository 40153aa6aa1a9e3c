"""How far the three leads got, and in which time, also drawn."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path

import pytest

import whence
from tests.packs.leads.story import DAY
from whence.cli import run
from whence.errors import InvalidQuery, NotKnown
from whence.events import Event
from whence.packs.advancing.decisions import move
from whence.packs.advancing.tables import pipeline
from whence.packs.conversion import ageing, conversion, over_time, times
from whence.packs.conversion.commands import COMMANDS
from whence.packs.leads.decisions import assign, create


def test_what_is_not_known_yet_is_counted_apart(told: whence.Whence) -> None:
    rows = {(row.from_, row.to): row for row in told.table(times)}
    won = rows[("new", "won")]
    assert (won.went, won.waiting, won.elsewhere, won.median_days) == (1, 1, 1, 19)
    contacted = rows[("new", "contacted")]
    assert (contacted.went, contacted.q1_days, contacted.median_days) == (3, 4.5, 5)


def test_each_stage_is_a_share_of_those_that_reached_the_one_before(told: whence.Whence) -> None:
    reached = {row.stage: (row.reached, row.of_before) for row in told.table(conversion)}
    assert reached["contacted"] == (3, 1.0)
    assert reached["qualified"] == (1, 0.3333)
    assert reached["lost"] == (1, None)
    assert [row.reached for row in told.table(conversion, source="referral", since=None)][:2] == [1, 1]


def test_where_nobody_was_there_is_no_share(told: whence.Whence) -> None:
    rows = {row.stage: (row.reached, row.of_before, row.of_all) for row in told.table(conversion)}
    assert (rows["proposal"], rows["won"]) == ((0, 0.0, 0.0), (1, None, 0.3333))  # it skipped the proposal
    assert {row.of_all for row in told.table(conversion, since=date(2026, 3, 1))} == {None}


def test_a_lead_that_skips_a_stage_is_none_of_those_that_reached_it(told: whence.Whence) -> None:
    for id in ("7", "8", "9"):
        told.decide(create, id, time=DAY.format(3))
        told.decide(move, id, "qualified", reason="knows us", time=DAY.format(5))
    shares = {row.stage: (row.reached, row.of_before) for row in told.table(conversion)}
    assert shares["contacted"] == (3, 0.5)
    assert shares["qualified"] == (4, 0.3333)  # of the three that were contacted, one
    rows = {(row.from_, row.to): row for row in told.table(times)}
    contacted, qualified = rows[("new", "contacted")], rows[("qualified", "proposal")]
    assert (contacted.went, contacted.waiting, contacted.elsewhere) == (3, 0, 3)  # they wait for a proposal
    assert (qualified.went, qualified.waiting, qualified.elsewhere) == (0, 3, 1)


def test_times_go_from_open_stage_to_open_stage_and_to_one_won_stage_each_once(folder: Path) -> None:
    def steps(stages: str) -> list[tuple[str, str]]:
        folder.joinpath("whence.toml").write_text(f'store = "leads.db"\n[pack.leads]\n{stages}\nlost = []\n')
        with whence.open() as db:
            return [(row.from_, row.to) for row in db.table(times)]

    with whence.open() as db:
        db.decide(create, "1")
    short = '[pack.leads.stages]\nnew = ["won", "lost"]\nwon = []'
    assert steps(short) == [("new", "won")]
    several = 'won = ["won", "partner"]\n[pack.leads.stages]\nnew = ["won"]\ncalled = ["won"]\npartner = []\nwon = []'
    assert steps(several) == [("new", "called"), ("called", "won"), ("new", "won")]


def test_ageing_names_the_open_ones_and_since_when(told: whence.Whence) -> None:
    (row,) = told.table(ageing, at=DAY.format(29))
    assert (row.lead, row.stage, row.days_here, row.days_quiet, row.days) == ("3", "contacted", 20, 21, 26)
    assert told.table(ageing, at=DAY.format(29), over=21) == []


def test_a_mistyped_source_is_named(told: whence.Whence) -> None:
    for table in (pipeline, conversion, ageing):
        with pytest.raises(NotKnown, match=r"(?s)No lead has this source then.*Did you mean referral\?"):
            told.table(table, source="refferal")
    assert sum(row.leads for row in told.table(pipeline, source="referral", at="2025-12-31")) == 0


def test_a_mistyped_stage_is_named(told: whence.Whence) -> None:
    for asked in (lambda: told.table(ageing, stage="contcted"), lambda: told.table(times, from_="contcted")):
        with pytest.raises(NotKnown, match=r"(?s)No such stage.*Did you mean contacted\?"):
            asked()
    told.append(Event("StageChanged", {"stage": "tasting"}, ["lead:3"]))
    assert [row.stage for row in told.table(ageing, stage="tasting")] == ["tasting"]
    told.decide(assign, "2", "ben")
    assert told.table(ageing, stage="tasting", owner="ben") == [], "a stage of others is a stage"


def test_a_span_that_ends_before_it_begins_is_refused(told: whence.Whence) -> None:
    with pytest.raises(InvalidQuery, match="ends before it begins"):
        told.table(conversion, since=date(2026, 3, 1), until=date(2026, 2, 1))


@pytest.mark.parametrize("example", [example for each in COMMANDS for example in each.examples])  # type: ignore[attr-defined]
def test_the_examples_of_the_pictures_work(told: whence.Whence, example: str) -> None:
    pytest.importorskip("plotly")
    assert run(shlex.split(example)[1:]) == 0


def test_over_time_ends_with_the_moment_asked_about(told: whence.Whence) -> None:
    rows = told.table(over_time, every="day", ended=True, at=DAY.format(21))
    assert {row.stage: row.leads for row in rows[-6:]} == {
        row.stage: row.leads for row in told.table(pipeline, at=DAY.format(21))
    }
    on_9 = {row.stage: row.leads for row in rows if row.time.isoformat().startswith("2026-01-09")}
    assert (on_9["new"], on_9["contacted"]) == (0, 3)


@pytest.mark.parametrize("every", ["day", "week", "month"])
def test_over_time_ends_where_the_calendar_does(db: whence.Whence, every: str) -> None:
    db.decide(create, "1", time="9999-10-30T00:00:00Z")
    rows = db.table(over_time, every=every, at="9999-12-31")
    assert rows[-1].leads == 0
    assert {row.leads for row in rows if row.stage == "new"} == {1}


def test_the_pipeline_over_time_and_the_funnel_are_drawn(told: whence.Whence, folder: Path) -> None:
    pytest.importorskip("plotly")
    assert run(["leads", "picture", "over-time", "pipeline.html", "--every", "day", "--at", "2026-01-21"]) == 0
    assert run(["leads", "picture", "funnel", "funnel.html", "--source", "website"]) == 0
    text = (folder / "pipeline.html").read_text()
    assert '"stackgroup":"stages"' in text
    assert "contacted" in text
    assert "source: website" in (folder / "funnel.html").read_text()
    assert run(["leads", "picture", "funnel", "funnel.gif"]) == 2


def test_of_no_lead_there_is_no_picture(told: whence.Whence, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("plotly")
    for what in ("over-time", "funnel"):
        assert run(["leads", "picture", what, "none.html", "--source", "nowhere"]) == 1
        assert "Source: nowhere" in capsys.readouterr().err
    assert not (folder / "none.html").exists()


def test_no_lead_is_in_its_stage_for_fewer_days_than_none(told: whence.Whence) -> None:
    for days in (-3, float("nan")):
        with pytest.raises(InvalidQuery, match="Say --over 14"):
            told.table(ageing, over=days)


def test_stages_that_are_lost_are_grey_in_a_pipeline_of_ones_own(folder: Path) -> None:
    folder.joinpath("whence.toml").write_text(
        'store = "leads.db"\n[pack.leads]\nlost = "closed"\n[pack.leads.stages]\n'
        'new = ["won", "closed"]\nwon = []\nclosed = []\n'
    )
    assert run(["leads", "create", "1"]) == 0
    assert run(["leads", "lose", "1", "--reason", "no budget"]) == 0
    assert run(["leads", "picture", "funnel", "funnel.html"]) == 0
    assert '"color":["#0a5ea8","#0a5ea8","#5b6b7b"]' in folder.joinpath("funnel.html").read_text()
