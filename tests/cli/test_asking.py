"""state, at, states, diff, why, export and case, on the story of two leads."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from running import Run

from whence.events import Recorded


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_state_is_the_last_value_of_each_field(pipeline: Path, whence: Run) -> None:
    text = whence("state", "lead:42").out
    for word in ("score", "80", "source", "fair", "campaign", "spring"):
        assert word in text


@pytest.mark.parametrize(
    ("words", "score"),
    [
        (("state", "lead:42"), 80),
        (("state", "lead:42", "--at", "2026-01-09"), 60),
        (("state", "lead:42", "--at", "@2"), 60),
        (("at", "2026-01-09", "lead:42"), 60),
        (("at", "2026-01-12", "lead:42"), 80),
        (("at", "2026-01-12 09:29", "lead:42"), 60),
    ],
)
def test_a_moment_is_inclusive_and_a_day_means_all_of_it(
    pipeline: Path, whence: Run, words: tuple[str, ...], score: int
) -> None:
    found = rows(whence(*words, "--json").out)
    values = {row["field"]: row["value"] for row in found} if "field" in found[0] else found[0]
    assert values["score"] == score


def test_before_anything_was_recorded_nothing_is_known(pipeline: Path, whence: Run) -> None:
    done = whence("state", "lead:42", "--at", "2026-01-09", "--clock", "recorded")
    assert done.code == 1
    assert "Not known" in done.err
    assert "clock occurred" in done.err


def test_an_entity_without_events_is_no_answer(pipeline: Path, whence: Run) -> None:
    done = whence("state", "lead:43")
    assert (done.code, done.out) == (1, "")
    assert "lead:42" in done.err


def test_a_file_sorted_newest_first_gives_the_newest_value(pipeline: Path, whence: Run) -> None:
    (pipeline / "deals.csv").write_text("when,what,deal,stage\n2026-01-09,Moved,D1,won\n2026-01-05,Moved,D1,new\n")
    (pipeline / "deals.toml").write_text('type = "what"\ntime = "when"\nzone = "UTC"\ntags = ["deal:{deal}"]\n')
    assert whence("import", "deals.csv", "--mapping", "deals.toml").code == 0
    now, then = (rows(whence("state", "deal:D1", *at, "--json").out) for at in ((), ("--at", "2026-01-06")))
    assert [(state["stage"], state["events"]["Moved"]["count"]) for (state,) in (now, then)] == [("won", 2), ("new", 1)]


def test_a_position_beyond_the_head_is_no_moment_of_this_store(pipeline: Path, whence: Run) -> None:
    for words in (
        ("state", "lead:42", "--at", "@7"),
        ("states", "lead", "--at", "@7"),
        ("at", "@7"),
        ("diff", "lead:42", "@1", "@7"),
        ("why", "lead:42", "score", "--at", "7"),
        ("export", "-", "--at", "@7"),
    ):
        done = whence(*words)
        assert (done.code, done.out) == (1, ""), words
        assert "No event at this position yet (Position: 7, Head: 6)" in done.err
    assert whence("at", "@6").code == 0
    assert "@20260113" in whence("state", "lead:42", "--at", "20260113").err


def test_before_the_first_event_of_an_entity_its_beginning_is_named(pipeline: Path, whence: Run) -> None:
    assert whence("at", "1999-01-01", "lead:7").err == (
        "Nothing was known of lead:7 then: its first event is of 2026-01-06 08:00.\n"
    )
    assert whence("at", "@2", "lead:7").err == "Nothing was known of lead:7 then: its first event is @3.\n"
    assert whence("state", "ship:1").err == "Nothing is known of ship:1: no event has this tag.\n"


@pytest.mark.parametrize(
    "words", [("state", "D001"), ("at", "now", "D001"), ("diff", "D001", "@1"), ("why", "D001", "x")]
)
def test_what_is_no_entity_gets_an_example(words: tuple[str, ...], pipeline: Path, whence: Run) -> None:
    done = whence(*words)
    assert done.code == 2
    assert done.err == "error: Not an entity (Entity: 'D001').\n  Write kind:value, for example lead:D001.\n"
    remedy = "Write kind:value, for example lead:42. All of a kind are shown by whence states lead."
    assert remedy in whence("state", "lead").err


def test_an_entity_without_events_has_no_differences_and_no_whys(pipeline: Path, whence: Run) -> None:
    for words in (("diff", "lead:24", "@1"), ("why", "lead:24", "score")):
        done = whence(*words)
        assert (done.code, done.out) == (1, "")
        assert done.err == "Nothing is known of lead:24. Did you mean lead:42 or lead:7?\n"


def test_on_the_screen_each_type_is_one_row_in_the_zone_of_the_footer(pipeline: Path, whence: Run) -> None:
    out = whence("state", "lead:42", "--zone", "Europe/Berlin").out
    assert "events.Scored 2, last 2026-01-12 10:30" in " ".join(out.split())
    assert "{" not in out
    assert json.loads(whence("state", "lead:42", "--json").out)["events"]["Scored"]["count"] == 2
    changed = " ".join(whence("diff", "lead:42", "@5").out.split())
    assert "events.Scored 1, last 2026-01-05 10:00 2, last 2026-01-12 09:30" in changed
    assert "events.EmailOpened" not in changed


def test_a_time_that_a_rule_set_is_shown_in_the_zone_of_the_footer(pipeline: Path, whence: Run) -> None:
    with (pipeline / "whence.toml").open("a") as file:
        file.write('[[model.lead.rule]]\non = "Scored"\nset = { seen = "$time" }\n')
    shown = "2026-01-12 10:30:00"
    for words in (("state", "lead:42"), ("states", "lead"), ("why", "lead:42", "seen"), ("diff", "lead:42", "@1")):
        assert shown in whence(*words, "--zone", "Europe/Berlin").out, words
    assert '"seen": "2026-01-12T09:30:00Z"' in whence("state", "lead:42", "--json").out


def test_a_column_that_is_not_there_is_refused(pipeline: Path, whence: Run) -> None:
    done = whence("states", "lead", "--show", "scor")
    assert done.code == 2
    assert "Did you mean score?" in done.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("lead", "--where", "sorce=web"), 2, "There is no such field (Field: sorce).\n  Did you mean source?"),
        (("lead", "--where", "source=WEB"), 1, "No lead has source=WEB. Did you mean source=web?"),
        (("lead", "--where", "source=mars"), 1, "No lead has source=mars. There are: fair, web."),
        (("lead", "--where", "source=web", "--where", "score=80"), 1, "No lead has all of that at once."),
        (("laed",), 1, "There is no laed here. Did you mean lead?"),
        (("ship",), 1, "There is no ship here. There are: campaign, lead."),
        (("lead", "--at", "1999-01-01"), 1, "No lead was known then."),
    ],
)
def test_states_that_are_not_there_are_told_apart_from_words_that_are_not_there(
    words: tuple[str, ...], code: int, said: str, pipeline: Path, whence: Run
) -> None:
    done = whence("states", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_rule_that_waits_for_what_there_is_not_is_named(pipeline: Path, whence: Run) -> None:
    with (pipeline / "whence.toml").open("a") as file:
        file.write('[[model.lead.rule]]\non = "Scord"\nset = { y = "$score" }\n')
        file.write('[[model.lead.rule]]\non = "Scored"\nset = { y = "$scor", z = "$time" }\n')
    said = (
        "[model.lead] rule 1: no event of type Scord here. Did you mean Scored?\n"
        "[model.lead] rule 2: no event of type Scored here has scor. Did you mean score?\n"
    )
    assert whence("state", "lead:42").err == said
    assert whence("states", "lead").err == said


def test_the_footer_of_a_diff_says_zone_and_clock_once(pipeline: Path, whence: Run) -> None:
    footer = whence("diff", "lead:42", "2026-01-09", "2026-01-12 10:00").out.splitlines()[-1]
    assert footer == "from end of 2026-01-09 to 2026-01-12 10:00, times in UTC, occurred clock"
    assert whence("diff", "lead:42", "@1").out.splitlines()[-1] == "from @1 to now, times in UTC"


def test_a_moment_alone_has_no_column_of_dashes(pipeline: Path, whence: Run) -> None:
    assert " ".join(whence("at", "2026-01").out.split()) == (
        "events moment 6 end of 2026-01-31 times in UTC, occurred clock"
    )
    assert whence("at", "@3").out.split() == ["events", "position", "3", "3"]
    assert rows(whence("at", "@3", "--json").out) == [{"events": 3, "moment": None, "position": 3}]


def test_states_are_counted_and_filtered(pipeline: Path, whence: Run) -> None:
    counted = rows(whence("states", "lead", "--by", "source", "--json").out)
    assert sorted((row["source"], row["lead"]) for row in counted) == [("fair", 1), ("web", 1)]
    (only,) = rows(whence("states", "lead", "--where", "score=80", "--json").out)
    assert only["lead"] == "lead:42"
    done = whence("states", "lead", "--by", "sorce")
    assert done.code == 2
    assert "Did you mean source?" in done.err


def test_diff_shows_what_changed_between_two_moments(pipeline: Path, whence: Run) -> None:
    changes = {
        row["field"]: (row["before"], row["after"]) for row in rows(whence("diff", "lead:42", "@2", "@4", "--json").out)
    }
    assert changes["campaign"] == (None, "spring")
    assert "score" not in changes


def test_a_table_shows_named_parts_by_their_names_and_times_in_the_zone(pipeline: Path, whence: Run) -> None:
    berlin = ("--zone", "Europe/Berlin")
    whence("append", "lead:42", "Moved", "--data", '{"address": {"city": "Ulm", "zip": "89073"}}')
    state = " ".join(whence("state", "lead:42", *berlin).out.split())
    assert "events.Scored 2, last 2026-01-12 10:30 " in state
    assert "address.city Ulm" in state
    whence("append", "lead:42", "Moved", "--data", '{"address": {"city": "Bonn", "zip": "89073"}}')
    changed = whence("diff", "lead:42", "@7").out
    assert "address.city" in changed
    assert "address.zip" not in changed
    states = whence("states", "lead", *berlin)
    assert "not shown: events, address (--show events, or --json)" in states.out
    assert "Scored 2" not in states.out
    assert "LeadCreated 1, Scored 2" in whence("states", "lead", "--show", "events", *berlin).out
    assert rows(whence("states", "lead", "--json").out)[0]["events"]["Scored"]["count"] == 2


def test_a_preview_shows_the_rows_as_events_and_names_those_that_would_be_refused(pipeline: Path, whence: Run) -> None:
    with (pipeline / "whence.toml").open("a") as config:
        config.write('[import.crm]\ntype = "what"\ntime = "when"\nzone = "UTC"\ntags = ["lead:{lead}"]\n')
    (pipeline / "crm.csv").write_text("when,what,lead,note\n2026-01-05,Called,42,two words\n2026-13-05,Called,42,x\n")
    done = whence("import", "crm.csv", "--preview")
    assert done.code == 1
    assert 'note="two words"' in done.out
    assert "line 3: Not a time" in done.err
    *shown, counts = rows(whence("import", "crm.csv", "--preview", "--json").out)
    assert [bool(row["problem"]) for row in shown] == [False, True]
    assert counts == {"rows": 2, "would_append": 1, "refused": 1, "first_refused_line": 3}


def test_why_names_what_set_a_value_and_what_came_in_between(pipeline: Path, whence: Run) -> None:
    (found,) = rows(whence("why", "lead:42", "score", "--json").out)
    (made,) = found["contributions"]
    assert (found["value"], made["role"], made["before"], made["after"]) == (80, "set", 60, 80)
    assert (made["event"]["position"], made["event"]["actor"]) == (6, "scoring")
    assert [event["position"] for event in found["between"]] == [2, 4, 5]
    shown = whence("why", "lead:42", "score").out
    assert "In between, not proven" in shown
    done = whence("why", "lead:42", "scor")
    assert done.code == 2
    assert "Did you mean score?" in done.err


def test_a_cause_is_a_position_on_the_screen_and_an_id_in_json(pipeline: Path, whence: Run) -> None:
    cause = rows(whence("show", "@5", "--json").out)[0]["id"]
    whence("append", "lead:42", "Scored", "score=90", "--cause", cause)
    assert whence("why", "lead:42", "score").out.splitlines()[2].split()[-1] == "@5"
    assert rows(whence("why", "lead:42", "score", "--json").out)[0]["contributions"][0]["event"]["cause"] == cause
    whence("append", "lead:42", "Scored", "score=95", "--cause", "from-elsewhere")
    assert whence("why", "lead:42", "score").out.splitlines()[2].split()[-1] == "from-elsewhere"


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("why lead:24 score", "lead:42"),
        ("diff lead:24 @1", "lead:42"),
        ("state lead:24", "lead:42"),
        ("at yesterday lead:24", "lead:42"),
        ("states leed", "lead"),
        ("states leed --by stage", "lead"),
    ],
)
def test_what_is_not_known_gets_near_matches(line: str, near: str, pipeline: Path, whence: Run) -> None:
    done = whence(*line.split())
    assert (done.code, done.out) == (1, "")
    assert f"Did you mean {near}" in done.err


def test_what_was_not_known_yet_says_where_to_look(pipeline: Path, whence: Run) -> None:
    for line in ("why lead:42 score --at @0", "diff lead:42 @0 @0", "state lead:42 --at @0"):
        done = whence(*line.split())
        assert (done.code, done.out) == (1, "")
        assert done.err == "Nothing was known of lead:42 then: its first event is @1.\n"


@pytest.mark.parametrize("format", ["jsonl", "csv", "cloudevents", "cloudevents-lines"])
def test_what_is_exported_is_imported_with_nothing_lost(pipeline: Path, whence: Run, format: str) -> None:
    kind = "cloudevents" if format.startswith("cloudevents") else "whence"
    file = f"all.{'csv' if format == 'csv' else 'json'}"
    assert whence("export", file, "--format", format).code == 0
    (pipeline / "back.toml").write_text(f'format = "{kind}"\n')
    done = whence("import", file, "--mapping", "back.toml", "--store", "back.db")
    assert done.code == 0, done.err
    assert "None" not in done.out
    original = rows(whence("log", "--json", "--reverse").out)
    assert rows(whence("log", "--json", "--reverse", "--store", "back.db").out)[: len(original)] == original


def test_export_leaves_cells_as_they_are_and_tables_make_formulas_harmless(pipeline: Path, whence: Run) -> None:
    whence("append", "lead:9", "Noted", "note==SUM(A1)")
    assert whence("export", "notes.csv", "lead:9").err == "Wrote 1 event.\n"
    (exported,) = csv.DictReader(io.StringIO((pipeline / "notes.csv").read_text()))
    assert exported["data.note"] == "=SUM(A1)"
    (shown,) = csv.DictReader(io.StringIO(whence("states", "lead", "--where", "note==SUM(A1)", "--csv").out))
    assert shown["note"] == "'=SUM(A1)"


def test_an_export_overwrites_nothing(pipeline: Path, whence: Run) -> None:
    (pipeline / "mine.txt").write_text("mine")
    done = whence("export", "mine.txt")
    assert done.code == 4
    assert (pipeline / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "line",
    ["export out.jsonl --at 'last tusday'", "export out.jsonl Lead:42", "export out.jsonl --type 9A", "export lead:42"],
)
def test_an_export_that_fails_leaves_nothing(line: str, pipeline: Path, whence: Run) -> None:
    before = sorted(pipeline.iterdir())
    assert whence(*shlex.split(line)).code == 2
    assert sorted(pipeline.iterdir()) == before


def test_an_export_that_fails_in_the_middle_leaves_nothing_and_can_be_done_again(
    pipeline: Path, whence: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(event: Recorded) -> dict[str, Any]:
        assert not (pipeline / "out.jsonl").exists()
        raise OSError(28, "No space left on device")

    before = sorted(pipeline.iterdir())
    with monkeypatch.context() as broken:
        broken.setattr(Recorded, "to_json", fail)
        done = whence("export", "out.jsonl")
    assert done.code == 4
    assert "No space left" in done.err
    assert sorted(pipeline.iterdir()) == before
    assert whence("export", "out.jsonl").code == 0
    assert len((pipeline / "out.jsonl").read_text().splitlines()) == 6


def test_a_tag_in_the_place_of_the_file_says_what_to_write(pipeline: Path, whence: Run) -> None:
    done = whence("export", "lead:42", "campaign:spring")
    assert "whence export - lead:42 campaign:spring" in done.err
    assert whence("export", "./lead:42").code == 0
    assert len((pipeline / "lead:42").read_text().splitlines()) == 6


def test_a_case_is_answered_once_and_a_stale_answer_is_kept(pipeline: Path, whence: Run) -> None:
    (pipeline / "case.json").write_text(whence("case", "open", "lead:42", "Rated").out)
    answer = ("case", "answer", "case.json", "rating=A", "--by", "ann")
    assert whence(*answer).code == 0
    assert whence(*answer).code == 0
    assert whence("case", "answer", "case.json", "rating=B", "--by", "ann").code == 3
    unclear = whence("case", "answer", "case.json", "ok", "--by", "ann")
    assert (unclear.code, unclear.err) == (2, "error: An answer is data (Word: ok).\n  Write KEY=VALUE.\n")
    again = whence("case", "open", "lead:42", "Rated")
    assert again.code == 1
    assert "Answered already" in again.err
    whence("append", "lead:42", "Opened")
    (pipeline / "case.json").write_text(whence("case", "open", "lead:42", "Rated").out)
    whence("append", "lead:42", "Called")
    done = whence(*answer)
    assert done.code == 3
    assert "Something came between" in done.err
    assert [row["type"] for row in rows(whence("log", "lead:42", "--json", "--reverse").out)][-4:] == [
        "Rated",
        "Opened",
        "Called",
        "Rated.Stale",
    ]
