"""A rule as people type it: what it may say, and what is said when it cannot be read or fails."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from whence.errors import InvalidModel
from whence.expression import Expression

LEAD = {"score": 80, "stage": "won", "tags": ["a", "b"], "sum": 3, "lead score": 5, "worth": Decimal("1.50")}
LEAD["since"] = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "score <= 100",
        'score <= 100 and stage != "lost"',
        "len(tags) == 2",
        "all(tag in stage + 'ab' for tag in tags)",
        "sorted(tags, key=lambda tag: tag)[0] == 'a'",
        "sum == 3",
        'fields["lead score"] == 5',
        "worth == Decimal('1.50')",
        "since.date() >= date(2025, 3, 1)",
        "owner is None",
        "max(score, *[n for n in (1, 2)]) == 80",
    ],
)
def test_a_rule_is_a_python_expression_on_the_fields(text: str) -> None:
    assert Expression.parse(text).holds(LEAD)
    assert not Expression.parse(f"not ({text})").holds(LEAD)


def test_the_names_are_the_fields_that_a_rule_looks_at() -> None:
    assert Expression.parse("any(x > score for x in tags) or len(stage) > limit").names == {
        "score",
        "tags",
        "stage",
        "limit",
    }


def test_a_name_that_is_no_field_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidModel, match=r"no such field \(Field: scor\)\. Did you mean score\?"):
        Expression.parse("scor <= 100").refuse_unknown(LEAD)
    Expression.parse("len(tags) <= score").refuse_unknown(LEAD)


@pytest.mark.parametrize("text", ["", "score =< 100", "score = 100", "(score", 'stage is "won"', "a\0b", "(" * 5000])
def test_what_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidModel, match=r"no rule.*for example score <= 100"):
        Expression.parse(text)


def test_the_place_that_cannot_be_read_is_named() -> None:
    with pytest.raises(InvalidModel, match="Column: 7"):
        Expression.parse("score =< 100")


def test_a_rule_that_fails_names_the_values_and_what_to_write() -> None:
    with pytest.raises(InvalidModel, match=r"fails on this state .*grade = None.*write \(grade or 0\)"):
        Expression.parse("grade <= score").holds(LEAD)
    with pytest.raises(InvalidModel, match=r"TypeError.*score = 80"):
        Expression.parse("score < 'a'").holds(LEAD)


def test_names_of_python_that_are_not_listed_are_fields() -> None:
    with pytest.raises(InvalidModel):
        Expression.parse("open('x')").holds(LEAD)
    assert Expression.parse("open").names == {"open"}


@pytest.mark.parametrize(
    "text",
    [
        "all(score for score in tags) and score == 80",
        "(lambda score: score)(1) < score",
        "sum([sum for sum in [1]]) == 1",
    ],
)
def test_a_name_that_is_bound_within_is_a_field_without(text: str) -> None:
    lead = {name: value for name, value in LEAD.items() if name != "sum"}
    assert Expression.parse(text).holds(lead)
    assert Expression.parse("(y := score) > 1 and y < 81").names == {"score"}
