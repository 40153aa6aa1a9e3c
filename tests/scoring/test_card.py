"""Scorecards in TOML, Python and JSON say the same card, and each mistake names the card, the rule and the line."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import whence.scoring.card
from whence.config import Config
from whence.errors import InvalidConfig, InvalidEvent, InvalidModel
from whence.scoring import Grade, Group, Rule, Score, Scorecard, Threshold

EXAMPLE = "\n".join(
    line.removeprefix("    ") for line in (whence.scoring.card.__doc__ or "").split("\n") if line.startswith("    ")
)

IN_PYTHON = Scorecard(
    name="lead",
    rules=[
        Rule(
            name="opened an email",
            group="engagement",
            on="EmailOpened",
            when={"campaign": "spring", "seconds": {"at_least": 10}},
            points=5,
            at_most=3,
            half_life=timedelta(days=7),
            expires="90 days",
        ),
        Rule(group="fit", while_={"industry": "SaaS"}, points=Decimal("20.0")),
    ],
    groups=[Group(name="fit", floor=0, ceiling=50), Group(name="engagement")],
    scores=[Score(name="total", groups=["fit", "engagement"], floor=0, ceiling=100)],
    grades=[Grade(name="A", at_least={"total": 80})],
    thresholds=[Threshold(score="total", at=70, stage="qualified")],
)


def _read(toml: str) -> Scorecard:
    return Scorecard.from_table("lead", tomllib.loads(toml)["scorecard"]["lead"])


def _config(folder: Path, text: str) -> Config:
    (folder / "whence.toml").write_text(text, encoding="utf-8")
    return Config.load(folder / "whence.toml")


def test_the_documented_card_is_the_same_in_toml_and_in_python(tmp_path: Path) -> None:
    assert _read(EXAMPLE) == IN_PYTHON
    config = _config(tmp_path, EXAMPLE)
    assert config.scorecard() == config.scorecard("lead") == IN_PYTHON
    assert list(config.problems()) == []


def test_a_card_goes_through_json_and_comes_back_the_same() -> None:
    text = IN_PYTHON.to_json()
    assert Scorecard.from_json("lead", text) == IN_PYTHON
    assert Scorecard.from_json("lead", text).to_json() == text
    assert '"half_life":"7 days"' in text


def test_the_version_is_of_what_a_card_says_and_not_of_how_it_is_written() -> None:
    short = _read('[scorecard.lead]\nrule = [{ on = "A", points = 5, expires = "14 days" }]')
    wordy = _read(
        """
        [scorecard.lead]
        kind = "lead"
        order = "occurred"
        [[scorecard.lead.rule]]
        name = "rule 1"
        expires = "2 weeks"
        on = ["A", "A"]
        points = "5.00"
        group = "points"
        [scorecard.lead.group.points]
        [scorecard.lead.score.score]
        groups = ["points"]
        """
    )
    assert short == wordy
    assert short.version == wordy.version
    assert len(short.version) == 32
    other = Scorecard(name="lead", rules=[Rule(on="A", points=6, expires="14 days")])
    assert other.version != short.version
    assert Scorecard(name="hot", kind="lead", rules=short.rules).version == short.version, "the name apart"


def test_decimals_are_kept_exactly() -> None:
    card = _read('[scorecard.lead]\nrule = [{ on = "A", points = 0.1 }, { on = "A", points = "-2.50" }]')
    assert [rule.points for rule in card.rules] == [Decimal("0.1"), Decimal("-2.5")]
    assert [rule.micro for rule in card.rules] == [100_000, -2_500_000]
    assert Scorecard.from_json("lead", card.to_json()) == card


def test_a_card_in_python_says_what_is_wrong_without_a_line() -> None:
    with pytest.raises(InvalidModel, match=r"A rule gives no points \(Key: points\)\. Write points = 5"):
        Rule(on="A")
    with pytest.raises(
        InvalidModel, match=r"There is no such group \(Scorecard: lead, Rule: seen, .*Group: fti\)\. Did you"
    ):
        Scorecard(name="lead", rules=[Rule(name="seen", on="A", points=1, group="fti")], groups=[Group(name="fit")])
    with pytest.raises(InvalidModel, match=r"Not rules as Python makes them \(Scorecard: lead\)\. Give rules=\[Rule"):
        Scorecard(name="lead", rules=[{"on": "A", "points": 1}])  # type: ignore[list-item]
    with pytest.raises(InvalidModel, match="Not a kind of entity"):
        Scorecard(name="Hot leads", rules=[Rule(on="A", points=1)])
    with pytest.raises(InvalidModel, match="no such score"):
        IN_PYTHON.score("totl")


def test_json_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidEvent):
        Scorecard.from_json("lead", "{")
    with pytest.raises(InvalidConfig, match="Not a list of tables"):
        Scorecard.from_json("lead", '{"rule": 1}')


HEAD = """\
[scorecard.lead]
kind = "lead"

[scorecard.lead.group.fit]
[scorecard.lead.group.engagement]

[scorecard.lead.score.total]
groups = ["fit", "engagement"]

[[scorecard.lead.rule]]
name = "opened"
group = "engagement"
on = "EmailOpened"
points = 5
"""
"""14 lines; the next one is 15."""
RULE = '\n[[scorecard.lead.rule]]\nname = "more"\ngroup = "fit"\n'
"""16 to 18; the next one is 19."""

MISTAKES: dict[str, tuple[str, str, int | None, str]] = {
    # what is wrong: the text, the message up to its bracket, the line, what it says beside that
    "unknown key of a rule": (
        RULE + 'on = "A"\nponts = 5',
        "No such key",
        20,
        "Rule: more, Key: ponts|Did you mean points?",
    ),
    "unknown key of the card": ("[scorecard.lead.rules]", "No such key", 15, "Key: rules|Did you mean rule?"),
    "no points": (RULE + 'on = "A"', "A rule gives no points", 16, "Rule: more, Key: points|points = 5"),
    "points of a wrong type": (RULE + 'on = "A"\npoints = true', "Not a number of points", 20, "Rule: more|True"),
    "points that are words": (RULE + 'on = "A"\npoints = "five"', "Not a number of points", 20, "'five'"),
    "points that are none": (RULE + 'on = "A"\npoints = nan', "Not a number of points", 20, "nan"),
    "too fine points": (RULE + 'on = "A"\npoints = 0.0000001', "Finer than a millionth of a point", 20, "Rule: more"),
    "too many points": (RULE + 'on = "A"\npoints = 10_000_001', "Too many points", 20, "Most: 10,000,000"),
    "no field of points": (RULE + 'on = "A"\npoints = "$"', "A $ without a name", 20, "Rule: more, Key: points"),
    "neither event nor fact": (RULE + "points = 5", "A rule is about an event or about a fact", 16, "Rule: more"),
    "both event and fact": (
        RULE + 'points = 5\non = "A"\nwhile = { a = 1 }',
        "A rule is about an event or about a fact, not both",
        16,
        "Rule: more",
    ),
    "not an event type": (RULE + 'points = 5\non = "9x"', "Not an event type", 20, "Rule: more, Key: on"),
    "no event types": (RULE + "points = 5\non = []", "Not event types", 20, "Rule: more, Key: on"),
    "a group that is not there": (
        HEAD.replace('"engagement"\non', '"engagment"\non')
        and RULE.replace('"fit"', '"fitt"') + 'on = "A"\npoints = 1',
        "There is no such group",
        18,
        "Rule: more, Group: fitt|Did you mean fit?",
    ),
    "a rule without a group": (
        RULE.replace('group = "fit"\n', "") + 'on = "A"\npoints = 1',
        "Which group",
        16,
        "Rule: more",
    ),
    "a bad duration": (
        RULE + 'on = "A"\npoints = 5\nhalf_life = "7d"',
        "Not a duration",
        21,
        "Key: half_life|'7d'|7 days",
    ),
    "a duration without a unit": (RULE + 'on = "A"\npoints = 5\nexpires = 90', "Not a duration", 21, "Key: expires"),
    "too long a duration": (RULE + 'on = "A"\npoints = 5\nfade = "4000 days"', "Not a duration", 21, "up to 3650 days"),
    "two decays": (
        RULE + 'on = "A"\npoints = 5\nhalf_life = "1 day"\nfade = "1 day"',
        "Two ways to decay",
        22,
        "Key: fade",
    ),
    "a cap of nothing": (RULE + 'on = "A"\npoints = 5\nat_most = 0', "Not a whole number from 1", 21, "Key: at_most"),
    "a cap on a fact": (
        RULE + "while = { a = 1 }\npoints = 5\nat_most = 2",
        "A rule about a fact counts once, and while it holds",
        21,
        "Key: at_most|Take at_most out",
    ),
    "points of a fact from a field": (
        RULE + 'while = { a = 1 }\npoints = "$x"',
        "Points from a field for a fact",
        20,
        "more",
    ),
    "conditions that are none": (
        RULE + 'on = "A"\npoints = 5\nwhen = "x"',
        "Not a table of conditions",
        21,
        "Key: when",
    ),
    "an unknown test": (
        RULE + 'on = "A"\npoints = 5\nwhen = { seats = { atleast = 5 } }',
        "No such test",
        21,
        "Key: when.seats.atleast|Did you mean at_least?",
    ),
    "a comparison with words": (
        RULE + 'on = "A"\npoints = 5\nwhen = { seats = { at_least = "many" } }',
        "Not a number to compare with",
        21,
        "Key: when.seats.at_least",
    ),
    "one of no list": (
        RULE + 'on = "A"\npoints = 5\nwhen = { a = { one_of = "x" } }',
        "Not a list of values",
        21,
        "Rule: more",
    ),
    "a list as a value": (
        RULE + 'on = "A"\npoints = 5\nwhen = { a = ["x"] }',
        "A list is no value to compare with",
        21,
        "one_of",
    ),
    "a time as a value": (
        RULE + 'on = "A"\npoints = 5\nwhen = { a = 2026-01-05 }',
        "Not a value to compare with",
        21,
        "as text",
    ),
    "a condition on nothing": (
        RULE + 'on = "A"\npoints = 5\nwhen = { a = {} }',
        "A condition that asks for nothing",
        21,
        "more",
    ),
    "a field without a name": (
        RULE + 'on = "A"\npoints = 5\nwhen = { "a." = 1 }',
        "Not the name of a field",
        21,
        "Rule: more",
    ),
    "two rules of one name": (
        RULE.replace("more", "opened") + 'on = "A"\npoints = 5',
        "Two rules of one name",
        17,
        "Key: name, Name: opened",
    ),
    "rules that are no list": (
        "[scorecard.lead.threshold]",
        "Not a list of tables, one for each threshold",
        15,
        "[[scor",
    ),
    "a group that is no table": ("[scorecard.lead.group]\nother = 5", "A group is a table", 16, "Group: other|5"),
    "a group that no score counts": ("[scorecard.lead.group.lost]", "A group that no score counts", 15, "Group: lost"),
    "a floor above the ceiling": (
        '[scorecard.lead.score.other]\ngroups = ["fit"]\nfloor = 5\nceiling = 1',
        "A floor above the ceiling",
        17,
        "Score: other|Exchange them",
    ),
    "a score of no group": ("[scorecard.lead.score.other]", "Not the names of groups", 15, "Score: other, Key: groups"),
    "a score of an unknown group": (
        '[scorecard.lead.score.other]\ngroups = ["fit", "ft"]',
        "There is no such group",
        16,
        "Score: other|Group: ft|Did you mean fit?",
    ),
    "digits that are none": (
        '[scorecard.lead.score.other]\ngroups = ["fit"]\ndigits = 7',
        "Not a number of digits, 0 to 6",
        17,
        "Score: other, Key: digits",
    ),
    "a threshold without a score": (
        '\n[[scorecard.lead.threshold]]\nat = 70\nstage = "qualified"',
        "A threshold is one of a score",
        16,
        "Threshold: 1, Key: score",
    ),
    "a threshold of an unknown score": (
        '\n[[scorecard.lead.threshold]]\nat = 70\nstage = "qualified"\nscore = "totle"',
        "There is no such score",
        19,
        "Threshold: 1|Score: totle|Did you mean total?",
    ),
    "a threshold at nothing": (
        '\n[[scorecard.lead.threshold]]\nscore = "total"\nstage = "qualified"',
        "A threshold says from how many points on it holds",
        16,
        "Key: at",
    ),
    "a threshold without a stage": (
        '\n[[scorecard.lead.threshold]]\nscore = "total"\nat = 70',
        "A threshold names a stage",
        16,
        "Key: stage",
    ),
    "thresholds that do not rise": (
        '[[scorecard.lead.threshold]]\nscore = "total"\nat = 70\nstage = "hot"\n'
        '[[scorecard.lead.threshold]]\nscore = "total"\nat = 50\nstage = "warm"',
        "A threshold that is not above the one before",
        21,
        "Threshold: 2, Score: total, Key: at",
    ),
    "a grade without a name": (
        "[[scorecard.lead.grade]]\nat_least = { total = 5 }",
        "A grade has a name",
        15,
        "Key: name",
    ),
    "a grade of an unknown score": (
        '[[scorecard.lead.grade]]\nname = "A"\nat_least = { totl = 5 }',
        "There is no such score",
        17,
        "Grade: A|Score: totl",
    ),
    "a grade of a word": (
        '[[scorecard.lead.grade]]\nname = "A"\nat_least = { total = "x" }',
        "Not a number of points",
        17,
        "Grade: A, Key: at_least.total",
    ),
}


@pytest.mark.parametrize("wrong", MISTAKES)
def test_a_mistake_names_the_card_the_rule_and_the_line(wrong: str, tmp_path: Path) -> None:
    text, fact, line, said = MISTAKES[wrong]
    config = _config(tmp_path, HEAD + text + "\n")
    with pytest.raises(InvalidConfig) as raised:
        config.scorecard("lead")
    message = str(raised.value)
    assert raised.value.fact.rstrip("?") == fact
    assert message.startswith(f"{raised.value.fact} (File: {tmp_path / 'whence.toml'}, Scorecard: lead, ")
    assert [part for part in said.split("|") if part not in message] == [], message
    assert raised.value.facts["line"] == line, message
    assert raised.value.remedy or wrong == "a group that is no table"
    assert list(config.problems()) == [message]


@pytest.mark.parametrize(
    ("text", "fact", "line"),
    [
        ("[scorecard.lead]\n", "A scorecard without rules", 1),
        ('[scorecard.lead]\norder = "time"\n[[scorecard.lead.rule]]\non = "A"\npoints = 1', "No such order", 2),
        ('[scorecard.lead]\nkind = "Lead"\n[[scorecard.lead.rule]]\non = "A"\npoints = 1', "Not a kind of entity", 2),
        ('[scorecard.Lead]\n[[scorecard.Lead.rule]]\non = "A"\npoints = 1', "Not a kind of entity", 1),
        (
            '[scorecard.lead]\n\n[[scorecard.lead.rule]]\non = "A"\npoints = 1\ngroup = "fit"',
            "There is no such group",
            6,
        ),
        (
            '[scorecard.lead]\n[[scorecard.lead.rule]]\non = "A"\npoints = 1\n\n[[scorecard.lead.rule]]\non = "B"\n'
            'points = 1\ngroup = "fit"',
            "Which group",
            2,
        ),
    ],
)
def test_a_mistake_of_the_whole_card_has_its_line_too(text: str, fact: str, line: int, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig) as raised:
        _config(tmp_path, text).scorecard()
    assert (raised.value.fact, raised.value.facts["line"]) == (fact, line)


def test_a_card_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = _config(tmp_path, HEAD + HEAD.replace("lead", "account"))
    with pytest.raises(InvalidConfig, match=r"No such scorecard .*Did you mean lead"):
        config.scorecard("laed")
    with pytest.raises(InvalidConfig, match=r"Several scorecards are there .*Say which: lead or account"):
        config.scorecard()
    with pytest.raises(InvalidConfig, match="No scorecard is there"):
        Config(tmp_path).scorecard()
    with pytest.raises(InvalidConfig, match="A key outside a named table"):
        _config(tmp_path, "[scorecard]\nlead = 5")


def test_values_that_no_event_can_have_are_refused() -> None:
    values: list[Any] = [float("nan"), 2**53, datetime(2026, 1, 5, tzinfo=UTC), None]
    for value in values:
        with pytest.raises(InvalidModel):
            Rule(on="A", points=1, when={"field": value})


def test_reading_a_card_and_scoring_live_need_no_numba_and_no_numpy() -> None:
    code = "import sys, whence.scoring; sys.exit(bool({'numba', 'numpy'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
