"""`whence grid`, as it is typed: what is printed, what is refused, and that it is listed with the experiments."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from running import Run

CARD = """
[scorecard.lead]
[[scorecard.lead.rule]]
name = "opened"
on = "Opened"
points = 20
[[scorecard.lead.threshold]]
score = "score"
at = 40
stage = "warm"
"""


@pytest.fixture
def leads(folder: Path, whence: Run) -> Path:
    """Eighty leads: those that open twice are won."""
    assert whence("init", "--zone", "UTC").code == 0
    (folder / "whence.toml").write_text((folder / "whence.toml").read_text() + CARD)
    rows = ["when,what,lead"]
    for lead in range(80):
        opened = lead % 4
        rows += [f"2026-01-{1 + n:02} 09:00,Opened,{lead}" for n in range(opened)]
        rows += [f"2026-01-01 08:00,Created,{lead}"]
        rows += [f"2026-01-20 09:00,Won,{lead}"] if opened >= 2 and lead % 5 else []
    rows.append("2026-06-01 08:00,Created,last")
    (folder / "leads.csv").write_text("\n".join(rows) + "\n")
    with (folder / "whence.toml").open("a") as config:
        config.write('[import.crm]\ntype = "what"\ntime = "when"\nzone = "UTC"\ntags = ["lead:{lead}"]\n')
    assert whence("import", "leads.csv").code == 0
    return folder


def test_sentences_then_the_frontier_with_the_present_card_below(leads: Path, whence: Run) -> None:
    done = whence("grid", "lead", "--vary", "warm=20:60:20", "--vary", "opened=10,20", "--outcome", "Won")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("Of 6 combinations of lead, ")
    assert "which had no part in the choice" in done.out
    (header,) = [line for line in lines if line.lstrip().startswith("warm")]
    assert header.split()[:2] == ["warm", "opened"]
    assert any(line.startswith("now") for line in lines)
    assert "the other half is" in lines[-1]


def test_all_combinations_as_csv_and_one_object_as_json(leads: Path, whence: Run) -> None:
    words = ("grid", "lead", "--vary", "warm=20:60:20", "--vary", "opened=10,20", "--outcome", "Won", "--samples", "5")
    rows = list(csv.DictReader(whence(*words, "--csv").out.splitlines()))
    values = [(row["thresholds.warm"], row["rules.opened.points"]) for row in rows]
    assert values == [(warm, opened) for warm in ("20", "40", "60") for opened in ("10", "20")]
    assert [row["present"] for row in rows].count("true") == 1
    assert next(row for row in rows if row["present"] == "true")["thresholds.warm"] == "40"
    (line,) = whence(*words, "--json").out.splitlines()
    said = json.loads(line)
    assert (said["tried"], said["present"]["values"], said["outcome"]) == (6, [40, 20], ["Won"])


def test_a_grid_that_was_kept_is_listed_and_compared(leads: Path, whence: Run) -> None:
    words = ("grid", "lead", "--vary", "warm=20:60:10", "--outcome", "Won", "--samples", "5", "--save")
    assert "open experiments/one/report.html" in whence(*words, "experiments/one").err
    assert whence(*words, "experiments/two", "--seed", "1").code == 0
    rows = [json.loads(line) for line in whence("experiments", "--json").out.splitlines()]
    assert [(row["name"], row["baseline"], row["candidate"]) for row in rows] == [
        ("one", "lead", "best of 5"),
        ("two", "lead", "best of 5"),
    ]
    done = whence("experiments", "--compare", "one", "two")
    assert "seed differs: 0, 1" in done.err
    assert any(line.split()[0] == "precision" for line in done.out.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--vary", "warm"), "--vary names what and the values"),
        (("--vary", "warm=1", "--vary", "warm=2"), "Give all values of a name at once"),
        (("--vary", "worm=1"), "Did you mean warm?"),
        (("--vary", "warm=0:100000"), "100,001"),
    ],
)
def test_what_cannot_be_varied_is_said_with_the_remedy(leads: Path, whence: Run, words: tuple[str], said: str) -> None:
    done = whence("grid", "lead", *words, "--outcome", "Won")
    assert done.code == 2
    assert said in done.err


def test_a_rule_about_a_type_that_no_event_has_is_pointed_out(leads: Path, whence: Run) -> None:
    asked = ("grid", "lead", "--vary", "warm=20,40", "--outcome", "Won")
    assert "No event yet" not in whence(*asked).err
    path = leads / "whence.toml"
    path.write_text(path.read_text().replace('on = "Opened"', 'on = ["Opened", "Opend"]'))
    assert "No event yet of a type that the scorecard lead asks for: Opend." in whence(*asked).err
