"""`whence bisect`: from a rule to the event that broke it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from running import Run

RULE = "(score or 0) <= 70"


def test_it_names_the_event_that_broke_a_rule_and_the_state_before_and_after(pipeline: Path, whence: Run) -> None:
    done = whence("bisect", "lead:42", RULE)
    assert done.code == 0
    assert "lead:42  (score or 0) <= 70  broken by @6" in done.out
    assert "scoring" in done.out
    rows = [line.split() for line in done.out.splitlines()]
    assert ["score", "60", "80"] in rows
    assert ["source", "fair", "fair"] in rows, "what did not change is shown too"
    assert "--first finds the very first" in done.out


def test_a_rule_that_never_held_is_said_to_be_broken_by_the_first_event(pipeline: Path, whence: Run) -> None:
    done = whence("bisect", "lead:42", "source == 'nowhere'")
    assert "broken by @1" in done.out
    assert "This is its first event: the rule never held of lead:42" in done.out
    assert "flips" not in done.out


@pytest.mark.parametrize("first", [(), ("--first",)])
def test_json_has_all_of_it(pipeline: Path, whence: Run, first: tuple[str, ...]) -> None:
    found = json.loads(whence("bisect", "lead", RULE, "--json", *first).out)
    assert (found["entity"], found["position"], found["about"]) == ("lead:42", 6, "lead")
    assert found["event"]["type"] == "Scored"
    assert found["event"]["time"] == "2026-01-12T09:30:00Z"
    assert "recorded" in found["event"]
    assert (found["before"]["score"], found["after"]["score"]) == (60, 80)
    assert {"field": "score", "before": 60, "after": 80} in found["changes"]
    assert found["first"] == bool(first)
    assert found["broken"] == ([] if first else ["lead:42"])
    assert found["replays"] >= 1


def test_csv_has_a_row_for_each_changed_field(pipeline: Path, whence: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(whence("bisect", "lead:42", RULE, "--csv").out)))
    assert {row["field"] for row in rows} == {"score", "events"}
    assert {row["position"] for row in rows} == {"6"}


def test_the_others_that_are_broken_are_named_with_what_to_type(pipeline: Path, whence: Run) -> None:
    shown = whence("bisect", "lead", "source is None")
    assert shown.code == 0
    assert "Broken at the end as well: lead:7. Ask for each: whence bisect lead:7 RULE" in shown.out


def test_good_and_bad_say_where_to_search(pipeline: Path, whence: Run) -> None:
    assert json.loads(whence("bisect", "lead:42", "(score or 0) <= 50", "--json", "--bad", "@4").out)["position"] == 2
    assert json.loads(whence("bisect", "lead:42", RULE, "--json", "--good", "2026-01-08").out)["position"] == 6
    already = whence("bisect", "lead:42", "(score or 0) <= 50", "--good", "@3")
    assert already.code == 1
    assert "broken already where the search begins: lead:42" in already.err
    holds = whence("bisect", "lead:42", RULE, "--bad", "2026-01-10")
    assert holds.code == 1
    assert "holds at the end" in holds.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("lead:42", "scor < 70"), 2, "Did you mean score?"),
        (("lead:42", "score <"), 2, "This is no rule"),
        (("lead", "score < 70", "--first"), 2, "Entity: lead:42, Position: 1"),
        (("lead:43", RULE), 1, "Nothing is known of lead:43"),
        (("leed", "True"), 1, "Did you mean lead?"),
        (("lead", "True", "--first"), 1, "never broken"),
        (("lead", RULE, "--good", "@5", "--bad", "@3"), 2, "--good is after --bad"),
        (("lead", RULE, "--good", "2026-01-10", "--bad", "2026-01-05"), 2, "--good is after --bad"),
        (("lead", RULE, "--good", "@99"), 1, "No event at this position yet"),
    ],
)
def test_what_cannot_be_found_is_said(
    pipeline: Path, whence: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    done = whence("bisect", *words)
    assert done.code == code
    assert said in done.err
    assert done.out == ""


def test_what_is_broken_now_can_become_a_failing_test(pipeline: Path, whence: Run) -> None:
    rule = "score is None or score <= 70"
    assert "whence test-for lead:42 RULE -o" in whence("bisect", "lead:42", rule).out
    assert "test-for" not in whence("bisect", "lead:42", rule, "--bad", "2026-01-12").out
