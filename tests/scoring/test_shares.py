"""Shares: what each rule gives to a score, from which events, and what bounds and rounding add to it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.scoring.entities import at, event
from whence.errors import InvalidModel
from whence.scoring import Group, Rule, Score, Scorecard, score, shares

CARD = Scorecard(
    name="lead",
    rules=[
        Rule(name="opened", group="engagement", on="Opened", points=10, at_most=2, half_life="2 days"),
        Rule(name="visited", group="engagement", on="Visited", points="2.3", expires="3 days"),
        Rule(name="saas", group="fit", while_={"industry": "SaaS", "seats": {"at_least": 5}}, points=40),
        Rule(name="free mail", group="fit", while_={"free_mail": True}, points=-5),
    ],
    groups=[Group(name="fit", floor=0, ceiling=30), Group(name="engagement", floor=6)],
    scores=[Score(name="total", groups=["fit", "engagement"], ceiling=100), Score(name="fit", groups=["fit"])],
)

EVENTS = [
    event(1, at(0), "Created", industry="SaaS", free_mail=False),
    event(2, at(1)),
    event(3, at(1), "Visited", seats=7),
    event(4, at(2)),
    event(5, at(3)),
]


def test_each_rule_has_its_exact_share_and_the_events_behind_it() -> None:
    found = shares(CARD, EVENTS)
    told = {
        share.rule: (share.points, [[each.position for each in award.events] for award in share.awards])
        for share in found.shares
    }
    assert told == {
        "opened": (Decimal("12.07107"), [[2], [4]]),
        "visited": (Decimal("2.3"), [[3]]),
        "saas": (40, [[1, 3]]),
        "free mail": (0, [[1]]),
    }
    assert [award.micro for award in found.shares[0].awards] == [5_000_000, 7_071_070]
    assert [award.given_micro for award in found.shares[0].awards] == [10_000_000, 10_000_000]


def test_bounds_and_rounding_are_named_and_all_sum_to_the_score() -> None:
    found = shares(CARD, EVENTS)
    assert [(each.name, each.group, each.points) for each in found.adjustments] == [
        ("ceiling", "fit", -10),
        ("rounding", None, Decimal("-0.37107")),
    ]
    assert found.points == 44
    assert found.micro == score(CARD, EVENTS).scores_micro["total"]
    assert (found.score, found.at_us, found.version) == ("total", at(3), CARD.version)


def test_what_has_expired_gives_nothing_and_stays_only_where_it_keeps_others_out() -> None:
    found = shares(CARD, EVENTS, at=at(90))
    opened, visited = found.shares[:2]
    assert [(award.events[0].position, award.micro) for award in opened.awards] == [(2, 0), (4, 0)]
    assert visited.awards == ()
    assert ("floor", "engagement", 6) in [(each.name, each.group, each.points) for each in found.adjustments]
    assert found.points == 36


def test_the_named_events_alone_give_the_same_score() -> None:
    for moment in (at(3), at(5), at(90)):
        found = shares(CARD, EVENTS, at=moment)
        assert score(CARD, found.events, moment).scores_micro["total"] == found.micro
    assert [each.position for each in shares(CARD, EVENTS).events] == [1, 2, 3, 4]


def test_another_score_of_the_card_has_shares_of_its_own_groups() -> None:
    found = shares(CARD, EVENTS, "fit")
    assert [share.rule for share in found.shares] == ["saas", "free mail"]
    assert found.points == 30
    with pytest.raises(InvalidModel, match=r"no such score \(Scorecard: lead, Score: ft\)\. Did you mean fit"):
        shares(CARD, EVENTS, "ft")


def test_without_events_the_bounds_alone_make_the_score() -> None:
    found = shares(CARD, [])
    assert (found.points, found.at_us, found.events) == (6, None, ())
    assert [(each.name, each.group, each.points) for each in found.adjustments] == [("floor", "engagement", 6)]
