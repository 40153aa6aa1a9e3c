"""`whence score`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from running import Run

from whence import Event
from whence import open as opened

CARD = """
[scorecard.lead]

[[scorecard.lead.rule]]
name = "opened"
group = "engagement"
on = "EmailOpened"
points = 5.5

[[scorecard.lead.rule]]
name = "met at a fair"
group = "fit"
while = { source = "fair" }
points = 30

[scorecard.lead.group.engagement]
[scorecard.lead.group.fit]
ceiling = 25

[[scorecard.lead.threshold]]
score = "score"
at = 30
stage = "warm"
"""


@pytest.fixture
def carded(pipeline: Path) -> Path:
    path = pipeline / "whence.toml"
    path.write_text(path.read_text() + CARD)
    return pipeline


def test_the_parts_add_up_to_the_score(carded: Path, whence: Run) -> None:
    (said,) = map(json.loads, whence("score", "lead:42", "--json").out.splitlines())
    assert (said["scores"], said["stage"]) == ({"score": 30}, "warm")
    assert sum(part["points"] for part in said["made_of"]) == 30
    assert [(part["part"], part["points"], part["events"]) for part in said["made_of"]] == [
        ("opened", 5.5, [4]),
        ("met at a fair", 30, [1]),
        ("ceiling", -5, []),
        ("rounding", -0.5, []),
    ]


def test_the_screen_names_no_more_events_than_can_be_taken_in(carded: Path, whence: Run) -> None:
    with opened(carded / "whence.db") as db:
        db.append([Event("EmailOpened", {}, ["lead:9"]) for _ in range(30)])
    (said,) = map(json.loads, whence("score", "lead:9", "--json").out.splitlines())
    positions = said["made_of"][0]["events"]
    assert len(positions) == 30
    named = " ".join(f"@{position}" for position in positions[:20])
    assert f"165  {named} and 10 more\n" in whence("score", "lead:9").out
    assert f"@{positions[-1]}" in whence("score", "lead:9", "--csv").out


def test_the_score_of_a_day_is_that_of_its_events(carded: Path, whence: Run) -> None:
    assert whence("score", "lead:42", "--at", "2026-01-07").out.startswith("lead:42  score 25\n")
    done = whence("score", "lead:42", "--at", "2026-01-01")
    assert (done.code, done.out) == (1, "")


def test_crossings_name_the_event(carded: Path, whence: Run) -> None:
    (row,) = map(json.loads, whence("score", "lead:42", "--crossings", "--json").out.splitlines())
    assert (row["stage"], row["crossed"], row["points"], row["event"]) == ("warm", "reached", 30, 4)
    assert whence("score", "lead:7", "--crossings").code == 1


def test_all_of_a_kind_the_highest_first(carded: Path, whence: Run) -> None:
    rows = [json.loads(line) for line in whence("score", "lead", "--json").out.splitlines()]
    (version,) = {row.pop("version") for row in rows}
    assert rows == [
        {"lead": "lead:42", "score": 30, "grade": None, "stage": "warm"},
        {"lead": "lead:7", "score": 0, "grade": None, "stage": None},
    ]
    assert f"2 entities by the scorecard lead, version {version[:12]}; as of @6" in whence("score", "lead").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deal",), 2, "Write one: [scorecard.deal]"),
        (("deal:1", "--card", "lead"), 2, "is for another kind"),
        (("lead", "--card", "led"), 2, "No such scorecard"),
        (("lead", "--at", "@3"), 2, "or ask about one entity"),
        (("lead:nobody",), 1, "Nothing is known of lead:nobody"),
        (("lead", "--at", "2020-01-01"), 1, "No lead was known then."),
        (("lead:7",), 0, "No rule of the scorecard gave points"),
    ],
)
def test_what_cannot_be_scored_says_what_to_do(
    carded: Path, whence: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    done = whence("score", *words)
    assert (done.code, said in done.err) == (code, True), done.err


def test_a_recorded_score_beside_the_card(carded: Path, whence: Run) -> None:
    done = whence("score", "lead", "--against", "Scored.score", "--json")
    (row,) = map(json.loads, done.out.splitlines())
    assert done.code == 1
    assert (row["entity"], row["position"], row["recorded"], row["scored"]) == ("lead:42", 2, 60, 25)
    assert "0 of 1 entity agree, and 0 of 2 scores recorded." in done.err
    assert whence("score", "lead", "--against", "Scored.score", "--within", "60").code == 0
    assert "has a number in nope" in whence("score", "lead", "--against", "Scored.nope").err
    assert "0 of 1 entity agree, and 0 of 2 scores" in whence("score", "lead:42", "--against", "Scored.score").err
    done = whence("score", "lead:7", "--against", "Scored.score")
    assert (done.code, done.out) == (1, "")
    assert "No event Scored of lead:7 has a number in score." in done.err
    assert whence("score", "lead", "--against", "Scored").code == 2
