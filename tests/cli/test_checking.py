"""replay, verify-state and test-for on real stores."""

from __future__ import annotations

import json
from pathlib import Path

from running import Run

LEAD = """
from whence import on

class Lead:
    kind = "lead"
    score = 0

    @on("Scored")
    def scored(self, event):
        self.score = event.data["score"]
"""


def test_replay_names_the_first_event_and_field_that_come_out_otherwise(pipeline: Path, whence: Run) -> None:
    (pipeline / "lead.py").write_text(LEAD)
    model = ("--model", "lead.py:Lead")
    done = whence("replay", "lead", "--save", "result.jsonl", *model)
    assert done.code == 0
    assert done.out.startswith("Wrote result.jsonl: 2 entities of kind lead up to @6, by Lead (")
    whence("append", "lead:42", "Scored", "score=90")
    done = whence("replay", "--check", "result.jsonl", *model)
    assert (done.code, done.err) == (0, "")
    assert done.out == "The same: 2 entities of kind lead, as in result.jsonl, up to @6.\n"
    (pipeline / "lead.py").write_text(LEAD.replace('event.data["score"]', 'min(event.data["score"], 70)'))
    done = whence("replay", "--check", "result.jsonl", *model)
    assert done.code == 1
    assert done.out.splitlines() == [
        "Not the same: 1 of 2 entities of kind lead come out otherwise. The first:",
        "lead:42  @6 Scored by scoring, 2026-01-12 09:30:00",
        "field  recorded  now",
        "score  80        70",
    ]
    assert done.err == "The code of Lead is not the one that was recorded.\n"
    (row,) = map(json.loads, whence("replay", "--check", "result.jsonl", *model, "--json").out.splitlines())
    assert (row["entity"], row["position"], row["field"], row["recorded"], row["now"]) == (
        "lead:42",
        6,
        "score",
        "80",
        "70",
    )
    assert whence("replay", "--check", "result.jsonl", "--csv", *model).out.splitlines()[0].startswith("entity,what")


def test_replay_keeps_the_moment_and_refuses_what_makes_no_sense(pipeline: Path, whence: Run) -> None:
    assert whence("replay", "lead", "--save", "then.jsonl.gz", "--at", "2026-01-06").code == 0
    done = whence("replay", "--check", "then.jsonl.gz")
    assert (done.code, done.out.split(", up to ")[1]) == (0, "@6.\n")
    for words in (
        ("lead",),
        ("--save", "x"),
        ("lead", "--check", "then.jsonl.gz"),
        ("lead", "--save", "a", "--check", "b"),
    ):
        assert whence("replay", *words).code == 2, words
    done = whence("replay", "--check", "whence.toml")
    assert (done.code, "Not a recorded result" in done.err) == (2, True)
    assert whence("replay", "lead", "--save", "missing/result.jsonl").code == 4
    done = whence("replay", "lead", "--save", "a", "--at", "1999-01-01", "--clock", "recorded")
    assert (done.code, "Not known: " in done.err) == (1, True)


def test_a_mistyped_kind_leaves_no_result_that_would_agree_with_any_code(pipeline: Path, whence: Run) -> None:
    done = whence("replay", "leed", "--save", "result.jsonl")
    assert (done.code, done.out, done.err) == (1, "", "There is no leed here. Did you mean lead?\n")
    assert not (pipeline / "result.jsonl").exists()


def test_verify_state_agrees_with_what_states_wrote_and_names_what_drifted(pipeline: Path, whence: Run) -> None:
    for form, name in (("--csv", "states.csv"), ("--json", "states.jsonl")):
        (pipeline / name).write_text(whence("states", "lead", form).out)
        done = whence("verify-state", "lead", name)
        assert (done.code, done.err) == (0, ""), done
        assert done.out.startswith("Agrees: 2 entities of kind lead, in ")
    (pipeline / "crm.csv").write_text("id,score,owner\n42,75,anna\n8,1,ben\n")
    done = whence("verify-state", "lead", "crm.csv")
    assert done.code == 1
    assert done.out.splitlines() == [
        "Drift: 1 of 1 entities of kind lead differ.",
        "entity   field  stored  replayed",
        "lead:42  score  75      80",
        "only in the file: lead:8",
        "only in the history: lead:7",
        "now, times in UTC",
    ]
    assert done.err == "Not compared, as no lead has such a field: owner.\n"
    rows = [json.loads(row) for row in whence("verify-state", "lead", "crm.csv", "--json").out.splitlines()]
    assert [(row["what"], row["entity"], row["stored"], row["replayed"]) for row in rows] == [
        ("differs", "lead:42", "75", 80),
        ("only stored", "lead:8", None, None),
        ("only replayed", "lead:7", None, None),
    ]
    assert whence("verify-state", "lead", "crm.csv", "--at", "@3").code == 1
    assert "There is no deal here" in whence("verify-state", "deal", "crm.csv").err


def test_test_for_writes_a_test_that_says_what_is_wrong(pipeline: Path, whence: Run) -> None:
    (pipeline / "lead.py").write_text(LEAD)
    words = ("lead:42", "score <= 70", "--model", "lead.py:Lead")
    done = whence("test-for", *words, "-o", "test_lead_42.py")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "Wrote test_lead_42.py, with 5 events.\nIt fails now: score = 80\nNext: pytest test_lead_42.py\n"
    )
    text = (pipeline / "test_lead_42.py").read_text()
    assert text == whence("test-for", *words).out
    assert "def test_lead_42_keeps_score_70():" in text
    done = whence("test-for", *words, "-o", "test_lead_42.py")
    assert (done.code, "is there already" in done.err) == (4, True)
    done = whence("test-for", "lead:42", "score <= 80")
    assert (done.code, "The rule holds" in done.err) == (1, True)
    assert whence("test-for", "lead:42", "score <= ").code == 2


def test_test_for_names_the_entity_that_was_meant(pipeline: Path, whence: Run) -> None:
    done = whence("test-for", "lead:4", "score <= 70")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Nothing is known of lead:4. Did you mean lead:42")
