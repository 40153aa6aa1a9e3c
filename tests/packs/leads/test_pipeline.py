"""A pipeline as its users know it: moved by command, configured in whence.toml, filled from files of a CRM."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

import whence
from tests.packs.leads.story import DAY
from whence.cli import run
from whence.config import Config
from whence.errors import FoldFailed, InvalidConfig, InvalidInput, Refused
from whence.events import Event
from whence.packs.advancing.decisions import move, win
from whence.packs.advancing.tables import pipeline
from whence.packs.leads import PACK
from whence.packs.leads.decisions import change, create, score
from whence.packs.leads.pipeline import Pipeline
from whence.packs.leads.state import Lead, in_pipeline
from whence.packs.outcomes import reasons, touches


@pytest.mark.parametrize(
    "heard", [Event("LeadScored", {"score": 60}), Event("OwnerAssigned", {"owner": "anna"}), Event("EmailOpened")]
)
def test_a_lead_is_there_once_anything_is_known_of_it(db: whence.Whence, heard: Event) -> None:
    db.append([msgspec.structs.replace(heard, tags=("lead:42",))])
    assert [*db.decide(move, "42", "contacted", reason="spoke on the phone").positions] == [2]


def test_what_is_known_of_a_lead_is_explained_by_the_field(db: whence.Whence) -> None:
    db.decide(create, "1", source="website", company="Acme")
    db.decide(change, "1", employees=60, reason="annual report")
    answer = db.why("lead:1", "company")
    assert (answer.precision, [each.position for each in answer.events]) == ("fields", [1])


def test_the_later_of_two_events_about_one_end_takes_nothing_away() -> None:
    tags = ["lead:1"]
    for events in (("LeadLost", "StageChanged"), ("StageChanged", "LeadLost")):
        data = {"LeadLost": {"lost_because": "no budget"}, "StageChanged": {"stage": "lost"}}
        lead = state_of({}, *(Event(type, data[type], tags) for type in events))
        assert (lead.stage, lead.reason, len(lead.path())) == ("lost", "no budget", 1)


def test_a_pipeline_as_it_comes_is_the_class_itself_which_any_process_can_import(db: whence.Whence) -> None:
    assert db.pack("leads").states == (Lead,)
    assert in_pipeline(Pipeline.from_table({"qualified": "proposal"})) is not Lead


# Configuration and events of others.


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"stage": {}}, "Did you mean stages"),
        ({"stages": {"new": ["wn"], "won": [], "lost": []}}, "Did you mean won"),
        ({"stages": {"new": "won", "won": [], "lost": []}}, "Not a list of stages"),
        ({"stages": {"new": []}}, "No such stage"),
        ({"won": "customer"}, "No such stage"),
        ({"won": []}, "No stage ends it so"),
        ({"won": ["won", "lost"]}, "not both won and lost"),
        ({"qualified": ["qualified"]}, "No such stage"),
        ({"events": {"X": "Touchd"}}, "Did you mean Touched"),
        ({"events": {"X": {"as": "Touched", "tuch": "a"}}}, "Did you mean touch"),
        ({"events": {"X": {"touch": "a"}}}, "read as one of ours"),
        ({"events": {"no good": "Moved"}}, "pack.leads.events.no good"),
        ({"events": ["X"]}, "Not a table of events"),
    ],
)
def test_a_wrong_pipeline_is_refused_with_its_key(table: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConfig, match=said):
        Pipeline.from_table(table)


def state_of(table: dict[str, Any], *events: Event) -> Lead:
    with whence.open(":memory:", create=True, config=Config(Path())) as db:
        db.append(*events)
        return db.history().state(in_pipeline(Pipeline.from_table(table)), "lead:1")


def test_events_of_others_are_read_as_configured() -> None:
    tags = ["lead:1"]
    cents = {"events": {"Sold": {"as": "Won", "amount": "$cents * 0.01", "currency": "$where.money", "reason": "sold"}}}
    sold = state_of(cents, Event("Sold", {"cents": 120050, "where": {"money": "EUR"}}, tags))
    assert (sold.stage, sold.amount, sold.currency, sold.reason) == ("won", Decimal("1200.50"), "EUR", "sold")
    moved = {"events": {"Changed": [{"when": {"name": "dealstage"}, "as": "Moved", "stage": "$value"}]}}
    two = (
        Event("Changed", {"name": "dealstage", "value": "proposal"}, tags),
        Event("Changed", {"name": "other", "value": "x"}, tags),
    )
    assert state_of(moved, *two).stage == "proposal"
    assert state_of({"events": {"EmailOpened": False}}, Event("EmailOpened", {}, tags)).touches == {}


def test_plain_names_are_understood_and_what_lacks_a_field_means_nothing() -> None:
    tags = ["lead:1"]
    lead = state_of(
        {},
        Event("LeadCreated", {"source": "website", "employees": "40"}, tags),
        Event("EmailOpened", {"campaign": "spring"}, tags),
        Event("StageChanged", {}, tags),
        Event("LeadScored", {"score": 60}, tags, actor="scorer"),
        Event("StageChanged", {"stage": "won", "amount": "5.10"}, tags),
    )
    assert (lead.source, lead.employees, lead.touches, lead.score) == ("website", 40, {"opened": 1}, 60)
    assert (lead.scored_by, lead.stage, lead.amount, list(lead.reached)) == (
        "scorer",
        "won",
        Decimal("5.10"),
        ["new", "won"],
    )


def test_whoever_creates_a_lead_may_say_whose_it_is() -> None:
    created = Event("Created", {"source": "website", "owner": "anna", "rep": "ben"}, ["lead:1"])
    assert (state_of({}, created).owner, state_of({}, created).source) == ("anna", "website")
    assert state_of({"events": {"Created": {"as": "Created", "owner": "$rep"}}}, created).owner == "ben"
    later = Event("OwnerAssigned", {"owner": "carla"}, ["lead:1"])
    assert state_of({}, created, later).owner == "carla"
    assert state_of({}, Event("Created", {"source": "website", "owner": ""}, ["lead:1"])).owner is None


def test_an_owner_that_is_said_to_be_one_and_does_not_fit_stops_the_fold() -> None:
    created = Event("Created", {"source": "website", "owner": 4711}, ["lead:1"])
    assert state_of({}, created).owner is None
    with pytest.raises(FoldFailed, match=r"pack.leads.events.*owner"):
        state_of({"events": {"Created": {"as": "Created", "owner": "$owner"}}}, created)


def test_nobody_has_fewer_employees_than_none(told: whence.Whence) -> None:
    with pytest.raises(InvalidInput, match="beyond its bounds"):
        told.decide(create, "4", employees=-5)
    told.decide(create, "4", employees=0)


def test_what_is_said_of_an_event_and_does_not_fit_stops_the_fold() -> None:
    with pytest.raises(FoldFailed, match=r"pack.leads.events.*stage"):
        state_of({"events": {"StageChanged": "Moved"}}, Event("StageChanged", {}, ["lead:1"]))


def test_a_line_that_an_event_does_not_fit_is_named_with_the_field_and_its_value() -> None:
    line = {"as": "Won", "amount": "$cents * 0.01", "currency": "EUR"}
    for cents, value in ((-5000, "Value: '-50.00', "), ("many", "")):
        sold = Event("Sold", {"cents": cents}, ["lead:1"])
        at = f"Position: 1, Type: Sold, Line: pack.leads.events.Sold, Field: amount, {value}"
        with pytest.raises(FoldFailed, match=rf"^An event is not read as Won \({at}.*Change that line"):
            state_of({"events": {"Sold": line}}, sold)
        lead = state_of({"events": {"Sold": line | {"lenient": True}}}, sold)
        assert (lead.stage, lead.amount) == ("won", None)


def test_an_amount_below_nothing_is_none_where_no_line_speaks_of_it() -> None:
    for event in (
        Event("LeadWon", {"amount": "-50", "currency": "EUR", "reason": "price"}, ["lead:1"]),
        Event("StageChanged", {"stage": "won", "amount": "-50", "reason": "price"}, ["lead:1"]),
    ):
        lead = state_of({}, event)
        assert (lead.stage, lead.amount, lead.reason) == ("won", None, "price")


def test_the_stages_of_the_demonstration_come_out(folder: Path) -> None:
    assert PACK.model("lead") is not None
    with whence.open(":memory:", create=True, config=Config(folder)) as db:
        db.append(
            Event("LeadCreated", {"source": "website"}, ["lead:1"], time=DAY.format(1)),
            Event("StageChanged", {"stage": "new", "from_stage": None}, ["lead:1"], time=DAY.format(1)),
            Event("OwnerAssigned", {"owner": "anna"}, ["lead:1", "owner:anna"], time=DAY.format(1)),
            Event("StageChanged", {"stage": "lost", "from_stage": "new"}, ["lead:1"], time=DAY.format(3)),
            Event("LeadLost", {"lost_because": "no budget"}, ["lead:1"], time=DAY.format(3)),
        )
        (row,) = db.table(reasons)  # no [pack.leads] here: the pack as it comes
        assert (row.outcome, row.reason, row.median_days) == ("lost", "no budget", 2)


HUBSPOT = {"hubspot_deals": "deal_data.csv", "hubspot_stages": "deal_stage_data.csv"}
HUBSPOT |= {"hubspot_contacts": "contact_property_history_data.csv", "hubspot_emails": "email_event_data.csv"}


def test_tables_of_hubspot_are_imported_by_the_mappings_that_come_with_the_pack(
    data_folder: Path, db: whence.Whence
) -> None:
    for mapping, name in HUBSPOT.items():
        report = db.import_file(data_folder / "hubspot_samples" / name, mapping=mapping)
        assert not report.refused, name
        assert report.appended == {"deal_data.csv": 44, "deal_stage_data.csv": 14}.get(name, 100)
    here = {row.stage: row.leads for row in db.table(pipeline) if row.leads}
    assert here["new"] == 44
    assert here["09a969da1d61b38bd3746f0f49c1475a"] == 7  # a stage that is not configured is shown all the same
    assert {row.touch: row.times for row in db.table(touches)} == {"opened": 90, "sent": 4}


# The command line.


def test_the_commands_say_it_as_json_and_csv(told: whence.Whence, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["leads", "times", "--from", "new", "--to", "won", "--json"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["from"], row["to"], row["went"]) == ("new", "won", 1)
    assert run(["leads", "sources", "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("website,2,")
    assert run(["leads", "move", "2", "proposal", "--reason", "x"]) == 1
    assert "From lost it may go to: contacted" in capsys.readouterr().err


# Mistakes.


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_score(told: whence.Whence, wrong: float) -> None:
    with pytest.raises(Refused, match="A score is a number"):
        told.decide(score, "1", wrong, reason="x")
    assert run(["leads", "score", "1", str(wrong), "--reason", "x"]) == 2


@pytest.mark.parametrize("amount", ["nan", "sNaN", "Infinity", "1e999999", "1e-999999", "abc"])
def test_an_amount_that_is_no_money_is_none(told: whence.Whence, amount: str) -> None:
    events = {"Sold": {"as": "Won", "amount": "$cents * 0.01"}}
    with pytest.raises(FoldFailed, match=r"pack.leads.events"):
        state_of({"events": events}, Event("Sold", {"cents": amount}, ["lead:1"]))
    plain = Event("LeadWon", {"amount": amount}, ["lead:1"])  # understood without a line, and so left out
    assert state_of({}, plain).amount is None
    if amount != "abc":
        with pytest.raises(Refused, match="An amount is a number"):
            told.decide(win, "3", reason="x", amount=Decimal(amount), currency="EUR")
        assert run(["leads", "win", "3", "--amount", amount, "--currency", "EUR", "--reason", "x"]) in (1, 2)


def test_an_empty_cell_is_no_amount() -> None:
    events = {"Sold": {"as": "Won", "amount": "$cents * 0.01"}}
    assert state_of({"events": events}, Event("Sold", {"cents": ""}, ["lead:1"])).stage == "won"


def test_an_amount_that_is_none_keeps_no_lead_from_being_won_where_no_line_says_what_it_is() -> None:
    won = Event("StageChanged", {"stage": "won", "amount": "n/a"}, ["lead:1"])
    lead = state_of({}, won)
    assert (lead.stage, lead.amount) == ("won", None)
    with pytest.raises(FoldFailed):
        state_of({"events": {"StageChanged": "Moved"}}, won)


def test_a_lead_that_others_only_touched_can_be_created(db: whence.Whence) -> None:
    db.append([Event("EmailOpened", {}, ["lead:1"])])
    db.decide(create, "1", source="website")
    assert db.asked().states(Lead)["1"].stage == "new"
    with pytest.raises(Refused, match="there already"):
        db.decide(create, "1")
