"""`whence experiment`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Run

FILES = ["report.html", "result.json", "run.json", "values.parquet"]
CARDS = """
[scorecard.lead]
[[scorecard.lead.rule]]
on = "WebinarAttended"
points = 70
[[scorecard.lead.threshold]]
score = "score"
at = 70
stage = "warm"

[scorecard.v2]
kind = "lead"
[[scorecard.v2.rule]]
name = "opened"
on = "EmailOpened"
points = 75
[[scorecard.v2.threshold]]
score = "score"
at = 70
stage = "warm"
"""


@pytest.fixture
def carded(pipeline: Path) -> Path:
    path = pipeline / "whence.toml"
    path.write_text(path.read_text() + CARDS)
    return pipeline


def test_it_begins_with_three_sentences(carded: Path, whence: Run) -> None:
    lines = whence("experiment", "lead", "--candidate", "v2").out.splitlines()
    assert lines[:3] == [
        "Of 2 lead entities, 1 reach warm with v2, as many as the 1 with lead (0 gained, 0 lost).",
        "No outcome was named, so nothing says whether the change is for the better.",
        "The one that reaches it with both does so 2.2 days earlier in the median (1 earlier, 0 later), and whether by "
        "chance cannot be told.",
    ]
    assert any(line.split() == ["lead:42", "70", "75", "rule", "1", "-70,", "opened", "+75"] for line in lines)


def test_json_has_all_but_the_rows_of_each_entity(carded: Path, whence: Run) -> None:
    done = whence("experiment", "lead", "--candidate", "v2", "--outcome", "Scored", "--within", "1 day", "--json")
    (said,) = map(json.loads, done.out.splitlines())
    assert len(said["sentences"]) == 3
    assert said["contrast"]["changed"] == 1
    assert said["prediction"]["candidate"]["reached_after"] == 1
    assert "values" not in said


def test_the_same_bytes_are_saved_again(carded: Path, whence: Run) -> None:
    line = ("experiment", "lead", "--candidate", "v2", "--outcome", "Scored", "--save", "runs/one")
    assert whence(*line).code == 0
    before = (carded / "runs/one/result.json").read_bytes()
    said = json.loads(before)
    assert (said["format"], said["candidate"]["card"]["rule"][0]["points"]) == (1, 75)
    assert "values" not in said
    assert "started" in json.loads((carded / "runs/one/run.json").read_bytes())
    assert b"started" not in before
    assert whence(*line).code == 0
    assert (carded / "runs/one/result.json").read_bytes() == before
    assert sorted(path.name for path in (carded / "runs/one").iterdir()) == FILES


def test_a_recorded_score_may_be_the_baseline(carded: Path, whence: Run) -> None:
    done = whence(
        "experiment", "lead", "--candidate", "v2", "--baseline", "Scored.score", "--threshold", "60", "--json"
    )
    said = json.loads(done.out)
    assert said["baseline"]["sort"] == "recorded"
    assert (said["crossings"]["baseline"], said["crossings"]["candidate"]) == (1, 1)
    assert said["crossings"]["later"] == 1


def test_the_store_is_not_touched(carded: Path, whence: Run) -> None:
    assert whence("experiment", "lead", "--candidate", "v2").code == 0
    before = {path.name: path.read_bytes() for path in carded.iterdir()}
    assert whence("experiment", "lead", "--candidate", "v2", "--outcome", "Scored").code == 0
    assert {path.name: path.read_bytes() for path in carded.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("lead", "--candidate", "v3"), 2, "No such scorecard"),
        (("lead", "--candidate", "v2", "--stage", "hot"), 2, "There are: warm"),
        (("lead", "--candidate", "v2", "--outcome", "LeadWonn"), 1, "No entity has had this outcome"),
        (("lead", "--candidate", "v2", "--outcome", "Scord"), 1, "Did you mean Scored?"),
        (("lead", "--candidate", "v2", "--within", "30"), 2, "30 days"),
        (("lead", "--candidate", "Scored.scroe"), 1, "No number was ever recorded there (Side: Scored.scroe)"),
        (("deal", "--candidate", "v2"), 2, "The scorecard is for another kind (Scorecard: v2, Kind: lead)"),
        (("deal", "--candidate", "Scored.score", "--baseline", "Scored.score"), 1, "There is no deal here"),
        (("lead",), 2, "--candidate"),
    ],
)
def test_what_cannot_be_ends_with_what_to_do(
    carded: Path, whence: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    done = whence("experiment", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_candidate_beside_the_card_leaves_the_score_alone(carded: Path, whence: Run) -> None:
    pytest.importorskip("duckdb")
    assert "score 70" in whence("score", "lead:42").out


# Files of values, and what became of those gained and lost.


def test_a_file_of_values_is_a_side(carded: Path, whence: Run) -> None:
    (carded / "crm.csv").write_text("lead,time,score\n42,2026-01-06,75\nlead:99,2026-01-06,20\n")
    done = whence("experiment", "lead", "--candidate", "crm.csv", "--outcome", "WebinarAttended", "--within", "1 week")
    assert done.out.startswith("Of 1 lead entity that crm.csv covers (of 2), 1 reach warm with crm.csv")
    covered = "crm.csv has a number for 1 of 2 of kind lead; the other 1 (lead:7) counts for neither side; 1 stands in"
    assert covered in done.out
    (said,) = map(json.loads, whence("experiment", "lead", "--candidate", "crm.csv", "--json").out.splitlines())
    assert said["coverage"][0]["missing_entities"] == ["lead:7"]


def test_a_file_that_cannot_be_read_names_the_line(carded: Path, whence: Run) -> None:
    (carded / "crm.csv").write_text("lead,time,score\n42,soon,75\n")
    done = whence("experiment", "lead", "--baseline", "crm.csv", "--candidate", "v2")
    assert (done.code, done.out) == (2, "")
    assert "Not a time (File: crm.csv, Line: 2, Column: time, Value: 'soon')" in done.err
    assert "2026-01-09" in done.err


def test_each_gained_is_told_with_what_became_of_it(carded: Path, whence: Run) -> None:
    done = whence("experiment", "lead", "--candidate", "v2", "--threshold", "71", "--outcome", "WebinarAttended")
    rows = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "lead reached WebinarAttended" in rows
    assert "lead:42 gained 2026-01-08 11:00:00 yes, after 2.2 days" in rows
    assert "1 gained: 1 had WebinarAttended within 30 days, 0 had not" in rows
    bare = whence("experiment", "lead", "--candidate", "v2", "--threshold", "71").out
    assert "lead:42 gained 2026-01-08 11:00:00" in [" ".join(line.split()) for line in bare.splitlines()]


# Another past.


def test_of_one_rule_and_two_pasts_each_line_says_which(carded: Path, whence: Run) -> None:
    said = whence("experiment", "lead", "--without", "EmailOpened", "--outcome", "Scored").out
    assert "by lead as recorded, the lowest first" in said
    assert "by lead in the changed past, the lowest first" in said


def test_a_changed_past_says_what_it_touched_and_that_the_rest_was_kept(carded: Path, whence: Run) -> None:
    (carded / "plan.jsonl").write_text(
        '{"type": "WebinarAttended", "tags": ["lead:7"], "time": "2026-01-07T00:00:00Z"}\n'
    )
    done = whence(
        *(
            "experiment",
            "lead",
            "--without",
            "EmailOpened campaign:spring",
            "--alter",
            "Scored if score > 70 set score=70",
        ),
        *("--insert", "plan.jsonl", "--stop", "LeadCreated source=fair", "--save", "runs/one"),
    )
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == (
        "Of 2 lead entities, 1 reach warm with lead in the changed past, as many as the 1 with lead as recorded "
        "(1 gained, 1 lost)."
    )
    assert lines[4:9] == [
        "Without EmailOpened campaign:spring: 1 event of 1 entity never happens.",
        "Altered, Scored if score > 70 set score=70: 1 event of 1 entity.",
        "Inserted from plan.jsonl: 1 event of 1 entity.",
        "Stopped at LeadCreated source=fair: 1 entity, of which 3 later events never happen.",
        "All else is kept as it was recorded: nobody decides again, so what was decided later, and what came of it, "
        "stand as they were.",
    ]
    assert "Stopped at LeadCreated source=fair" in (carded / "runs/one/report.html").read_text()
    kept = json.loads((carded / "runs/one/result.json").read_bytes())
    assert [each["how"] for each in kept["changes"]] == ["without", "alter", "insert", "stop"]
    assert whence("experiment", "lead", "--stop", "LeadCreated", "--save", "runs/two").code == 0
    compared = whence("experiments", "--compare", "runs/one", "runs/two")
    assert "changed past differs: without EmailOpened campaign:spring; alter Scored" in compared.err


def test_rows_of_a_mapping_are_inserted_too(carded: Path, whence: Run) -> None:
    with (carded / "whence.toml").open("a") as config:
        config.write('[import.plan]\ntype = "what"\ntime = "when"\nzone = "UTC"\ntags = ["lead:{lead}"]\n')
    (carded / "plan.csv").write_text("when,what,lead\n2026-01-07 09:00,WebinarAttended,7\n")
    done = whence("experiment", "lead", "--insert", "plan.csv", "--mapping", "plan", "--json")
    assert json.loads(done.out)["crossings"]["gained"] == ["lead:7"]
    (carded / "plan.csv").write_text("when,what,lead\nsoon,WebinarAttended,7\n")
    done = whence("experiment", "lead", "--insert", "plan.csv", "--mapping", "plan", "--json")
    assert (done.code, done.out) == (2, "")
    assert "A row is no event (File: plan.csv, Line: 2" in done.err


def test_a_field_of_the_model_is_a_side(carded: Path, whence: Run) -> None:
    with (carded / "whence.toml").open("a") as config:
        config.write("[model.lead]\nfields = { opened = 0 }\n")
        config.write('[[model.lead.rule]]\non = "EmailOpened"\ncount = "opened"\n')
    done = whence(
        *("experiment", "lead", "--candidate", "lead.opened", "--threshold", "1", "--without", "EmailOpened", "--json")
    )
    said = json.loads(done.out)
    assert (said["baseline"]["sort"], said["crossings"]["lost"]) == ("model", ["lead:42"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--stop", "LeadCreated source=fax"), "No event of kind lead is meant"),
        (("--stop", "if"), "This says no events"),
        (("--alter", "Scored score=80"), "Write what is set behind set"),
        (("--without", "Scored if scroe > 1"), "Did you mean score?"),
        (("--insert", "absent.jsonl"), "The file cannot be read"),
        ((), "There is nothing to compare"),
    ],
)
def test_a_past_that_cannot_be_ends_with_what_to_do(
    carded: Path, whence: Run, words: tuple[str, ...], said: str
) -> None:
    done = whence("experiment", "lead", *words)
    assert (done.code, done.out) == (1 if "is meant" in said else 2, "")
    assert said in done.err


def test_in_the_environment_each_line_says_events(carded: Path, whence: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHENCE_EXPERIMENT_WITHOUT", "EmailOpened campaign:spring\nScored score=60")
    said = json.loads(whence("experiment", "lead", "--json").out)
    assert [change["said"] for change in said["changes"]] == ["EmailOpened campaign:spring", "Scored score=60"]


# What is mistyped.


def test_a_rule_about_a_type_that_no_event_has_is_pointed_out(carded: Path, whence: Run) -> None:
    path = carded / "whence.toml"
    assert "No event yet" not in whence("experiment", "lead", "--candidate", "v2", "--by", "source").err
    path.write_text(path.read_text().replace('"EmailOpened"', '"EmailOpend"'))
    note = "No event yet of a type that the scorecard v2 asks for: EmailOpend. See whence types."
    done = whence("experiment", "lead", "--candidate", "v2", "--by", "sauce")
    assert (done.code, note in done.err) == (0, True), done.err
    assert "No event has a field sauce, so it parts nobody." in done.err
