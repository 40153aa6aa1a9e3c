"""What differs between two cards, and a card as text: rules, thresholds and the rest, part by part."""

from __future__ import annotations

import tomllib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exam import counts
from tests.scoring.test_agreement import cards
from whence.scoring import Grade, Group, Rule, Scorecard, Threshold, changes
from whence.scoring.written import written


def card(*rules: Rule, **more: object) -> Scorecard:
    return Scorecard(name="lead", rules=rules or [OPENED], **more)  # type: ignore[arg-type]


OPENED = Rule(name="opened", on="EmailOpened", points=10)
DEMO = Rule(name="demo", on="FormSent", when={"form": "demo"}, points="2.5", expires="30 days")


def told(before: Scorecard, after: Scorecard) -> list[str]:
    return [*map(str, changes(before, after))]


def test_a_change_is_told_rule_by_rule() -> None:
    better = msgspec.structs.replace(OPENED, points=15, at_most=3)
    assert told(card(OPENED, DEMO), card(better)) == [
        "rule opened: points 10 → 15",
        "rule opened: at_most — → 3",
        "rule demo removed",
    ]
    assert told(card(), card(OPENED, DEMO)) == [
        "rule demo added: points 2.5, group points, on FormSent, when form demo, expires 30 days"
    ]


def test_a_condition_that_asks_otherwise_names_the_field() -> None:
    trial = msgspec.structs.replace(DEMO, when={"form": "trial", "seats": {"at_least": 5}})
    assert told(card(DEMO), card(trial)) == [
        "rule demo: when.form demo → trial",
        "rule demo: when.seats.at_least — → 5",
    ]
    path = Rule(name="demo", on="A", when={"a": {"at_least": 5}}, points=1)
    assert told(card(path), card(msgspec.structs.replace(path, when={"a.at_least": 5}))) == [
        "rule demo: when.a.at_least 5 → —",
        'rule demo: when."a.at_least" — → 5',
    ]


def test_thresholds_are_known_by_their_stage_and_score() -> None:
    low, high = (card(thresholds=[Threshold(score="score", at=at, stage="sales")]) for at in (70, 65))
    assert told(low, high) == ["threshold sales (score): at 70 → 65"]


def test_parts_in_another_order_are_a_change() -> None:
    a, b = Grade(name="A", at_least={"score": 5}), Grade(name="B", at_least={"score": 2})
    assert told(card(grades=[a, b]), card(grades=[b, a])) == ["grade: order A, B → B, A"]
    assert told(card(grades=[a, a, b]), card(grades=[a, b])) == ["grade A 2 removed"]


def test_a_rule_without_a_name_is_told_by_its_number() -> None:
    plain = Rule(on="A", points=1)
    assert told(card(OPENED), card(OPENED, plain)) == ["rule 2 added: points 1, group points, on A"]
    assert told(card(order="position"), card()) == ["card: order position → occurred"]


@settings(max_examples=counts.EXAMPLES)
@given(cards(), cards())
def test_there_is_no_change_exactly_when_the_version_is_the_same(one: Scorecard, other: Scorecard) -> None:
    assert (changes(one, other) == []) == (one.version == other.version)
    assert changes(one, msgspec.structs.replace(one, name="v2")) == []
    assert {each.key is None for each in changes(one, one)} == set()
    mixed = msgspec.structs.replace(one, rules=other.rules)
    assert (changes(one, mixed) == []) == (one.version == mixed.version)


@settings(max_examples=counts.EXAMPLES)
@given(cards(), st.sampled_from(["lead", "v2", "of two words", 'a "quoted".name', "Größe", "\x7f"]))
def test_a_card_written_as_toml_is_read_the_same(one: Scorecard, name: str) -> None:
    table = tomllib.loads(written(one, name))["scorecard"][name]
    kind = table.pop("kind", name)
    assert kind == "lead"
    assert Scorecard.from_table(name, {**table, "kind": kind}).version == one.version


@pytest.mark.parametrize(
    "when", [{"x": 1.0}, {"x": True}, {"x": "a\\b\n'"}, {'q"uote.d': {"one_of": ["ä", 5e-324, 1e300]}}]
)
def test_every_value_of_a_condition_comes_back_from_toml(when: dict[str, object]) -> None:
    one = card(Rule(on="A", group="points", when=when, points=1), groups=[Group(name="points", floor="-0.5")])
    again = Scorecard.from_table("lead", tomllib.loads(written(one))["scorecard"]["lead"])
    assert again.version == one.version
