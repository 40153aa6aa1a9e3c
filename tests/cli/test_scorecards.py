"""`whence scorecard`, as it is typed, and what a score says of its version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from running import Run

from whence.config import Config

CARD = """
[scorecard.lead]
[[scorecard.lead.rule]]
name = "opened"
on = "EmailOpened"
points = 10
[[scorecard.lead.threshold]]
score = "score"
at = 10
stage = "warm"
"""


@pytest.fixture
def carded(pipeline: Path) -> Path:
    path = pipeline / "whence.toml"
    path.write_text(path.read_text() + CARD)
    return pipeline


def change(carded: Path, old: str, new: str) -> None:
    path = carded / "whence.toml"
    path.write_text(path.read_text().replace(old, new))


def adopt(whence: Run, *more: str) -> None:
    done = whence("scorecard", "adopt", "lead", "--by", "anna", "--why", "Opens matter", *more)
    assert done.code == 0, done.err


def test_without_an_adoption_a_score_names_its_version_and_no_more(carded: Path, whence: Run) -> None:
    version = Config.nearest().scorecard("lead").short_version
    for words in (("lead:42",), ("lead:42", "--crossings"), ("lead", "--against", "Scored.score")):
        done = whence("score", *words)
        assert f"scorecard lead, version {version}\n" in done.out
        assert "adopt" not in done.out + done.err
    for words in (("lead:42",), ("lead:42", "--crossings"), ("lead",), ("lead", "--against", "Scored.score")):
        (said, *_) = map(json.loads, whence("score", *words, "--json").out.splitlines())
        assert said["version"].startswith(version)
        assert "adopted" not in said


def test_an_adopted_card_says_since_when_and_by_whom(carded: Path, whence: Run) -> None:
    adopt(whence, "--time", "2026-01-01")
    done = whence("score", "lead:42")
    assert ", adopted 2026-01-01 00:00:00 by anna\n" in done.out
    assert not done.err
    assert ", adopted 2026-01-01 00:00:00 by anna; as of @7" in whence("score", "lead").out
    (said,) = map(json.loads, whence("score", "lead:42", "--json").out.splitlines())
    assert said["adopted"] == {"since": "2026-01-01T00:00:00Z", "by": "anna"}


def test_a_card_that_differs_from_the_one_in_force_says_so(carded: Path, whence: Run) -> None:
    adopt(whence, "--time", "2026-01-01")
    change(carded, "points = 10", "points = 12")
    done = whence("score", "lead:42")
    assert done.out.startswith("lead:42  score 12")
    assert "Not the card in force" in done.err
    assert "whence scorecard diff lead" in done.err
    done = whence("score", "lead:42", "--card", "lead@now")
    assert done.out.startswith("lead:42  score 10")
    assert not done.err
    rows = [json.loads(line) for line in whence("scorecard", "diff", "lead", "--json").out.splitlines()]
    assert rows == [{"part": "rule", "name": "opened", "what": "points", "before": 10, "after": 12}]
    adopt(whence)
    assert whence("score", "lead:42").err == ""
    assert "No difference." in whence("scorecard", "diff", "lead").err


def test_the_log_has_a_line_for_each_version(carded: Path, whence: Run) -> None:
    assert whence("scorecard", "log", "lead").code == 1
    assert "whence scorecard adopt lead --by WHO" in whence("scorecard", "log", "lead").err
    adopt(whence, "--time", "2026-01-01")
    change(carded, "at = 10", "at = 20")
    adopt(whence)
    rows = [json.loads(line) for line in whence("scorecard", "log", "lead", "--json").out.splitlines()]
    assert [(row["by"], row["why"], row["changed"]) for row in rows] == [
        ("anna", "Opens matter", []),
        ("anna", "Opens matter", ["threshold warm (score): at 10 → 20"]),
    ]
    shown = whence("scorecard", "log").out
    assert "1 rule, 1 group, 1 threshold" in shown
    assert "threshold warm (score): at 10 → 20" in shown


def test_adopting_again_records_nothing_and_says_who_did(carded: Path, whence: Run) -> None:
    adopt(whence)
    done = whence("scorecard", "adopt", "lead", "--by", "ben", "--why", "Me too")
    assert (done.code, "is in force already" in done.out) == (0, True)
    assert "by anna: Opens matter" in done.err
    (said,) = map(
        json.loads, whence("scorecard", "adopt", "lead", "--by", "b", "--why", "c", "--json").out.splitlines()
    )
    assert (said["new"], said["position"]) == (False, 7)


def test_what_is_shown_is_what_whence_toml_says(carded: Path, whence: Run) -> None:
    adopt(whence, "--time", "2026-01-01")
    change(carded, "points = 10", "points = 12")
    adopt(whence)
    shown = whence("scorecard", "show", "lead", "--at", "2026-01-02").out
    (carded / "then.toml").write_text(shown)
    assert "adopted 2026-01-01 00:00:00 by anna (@7)" in shown
    assert whence("score", "lead:42", "--card", "then.toml").out.startswith("lead:42  score 10")
    (said,) = map(json.loads, whence("scorecard", "show", "lead", "--json").out.splitlines())
    assert (said["why"], said["card"]["rule"][0]["points"]) == ("Opens matter", 12)
    assert whence("scorecard", "show", "lead", "--at", "2025-01-02").code == 1
    assert whence("scorecard", "show", "lead@now", "--at", "2025-01-02").code == 2


def test_an_adopted_version_is_a_side_of_an_experiment(carded: Path, whence: Run) -> None:
    adopt(whence, "--time", "2026-01-01")
    change(carded, "points = 10", "points = 12")
    done = whence("experiment", "lead", "--baseline", "lead@now", "--candidate", "lead")
    assert done.code == 0, done.err
    assert "lead@" in done.out


def test_as_scored_names_the_versions_that_made_the_awards(carded: Path, whence: Run) -> None:
    adopt(whence, "--time", "2026-01-01")
    first = Config.nearest().scorecard("lead").version
    change(carded, "points = 10", "points = 4")
    adopt(whence, "--time", "2026-01-09")
    second = Config.nearest().scorecard("lead").version
    whence("append", "lead:42", "EmailOpened", "--time", "2026-01-10")
    done = whence("score", "lead:42", "--as-scored")
    assert done.out.startswith("lead:42  score 14, stage warm\n")
    assert f"{first[:12]} {second[:12]}" in done.out
    assert "as scored by 2 versions, from 2026-01-01 00:00:00 on\n" in done.out
    (said,) = map(json.loads, whence("score", "lead:42", "--as-scored", "--json").out.splitlines())
    assert (said["version"], said["made_of"][0]["versions"]) == (second, [first, second])
    (row,) = map(json.loads, whence("score", "lead:42", "--as-scored", "--crossings", "--json").out.splitlines())
    assert (row["points"], row["version"]) == (10, first)
    assert first[:12] in whence("score", "lead:42", "--as-scored", "--crossings").out
    done = whence("score", "lead", "--as-scored", "--json")
    assert [json.loads(line)["score"] for line in done.out.splitlines()] == [14, 0]
    assert done.err.count("not over columns") == 1
    done = whence("score", "lead", "--as-scored", "--at", "2026-01-08", "--json")
    assert ([json.loads(line)["score"] for line in done.out.splitlines()], done.err) == ([10, 0], "")


def test_as_scored_without_an_adoption_says_what_to_do(carded: Path, whence: Run) -> None:
    done = whence("score", "lead", "--as-scored")
    assert (done.code, "whence scorecard adopt lead --by WHO" in done.err) == (1, True)
    assert whence("score", "lead", "--as-scored", "--against", "Scored.score").code == 2
