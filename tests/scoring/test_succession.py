"""A score as it was made, by the versions in force: equal to live with one version, to a plain reckoning with several,
and live, shares and crossings to each other."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exam import counts
from tests.scoring.entities import at, event
from tests.scoring.test_agreement import cards, histories, moments, told
from whence.clock import to_datetime
from whence.errors import InvalidModel
from whence.events import Event, Recorded, encode, recorded_from
from whence.history import Inserted, by_time
from whence.scoring import Group, Rule, Score, Scorecard, Standing, Threshold, live, shares, succession
from whence.scoring.decay import DAY_US
from whence.scoring.live import standing_from
from whence.scoring.matching import in_order
from whence.scoring.succession import Succession, Version

ROUNDS = counts.EXAMPLES // 2
"""A succession takes as long to draw as several cards."""


def adopted(card: Scorecard, us: int, position: int = 0) -> Version:
    made = Event("scorecard.Adopted", {}, (f"scorecard:{card.name}",), id=f"a{us}/{position}", time=to_datetime(us))
    return Version(card, recorded_from(encode(made), position, at(100), None))


@st.composite
def named_cards(draw: st.DrawFn) -> Scorecard:
    """A card whose rules are named alike in all versions, so that some stay, some go and some come."""
    card = draw(cards())
    names = draw(st.permutations([f"r{number}" for number in range(6)]))
    rules = [msgspec.structs.replace(rule, name=name) for rule, name in zip(card.rules, names, strict=False)]
    return msgspec.structs.replace(card, rules=rules)


@st.composite
def successions(draw: st.DrawFn, order: str | None = None) -> Succession:
    """One to four versions, adopted at the moments that events have too, at any position."""
    several = draw(st.lists(named_cards(), min_size=1, max_size=4))
    if order is not None:
        several = [msgspec.structs.replace(card, order=order) for card in several]
    if draw(st.booleans()):
        several = [msgspec.structs.replace(card, thresholds=several[0].thresholds) for card in several]
    positions = draw(st.permutations(range(1, 15)))
    return Succession([adopted(card, draw(moments), each) for card, each in zip(several, positions, strict=False)])


its = histories().map(lambda events: [each for each in events if "lead:1" in each.tags])


@settings(max_examples=ROUNDS)
@given(named_cards(), its, moments, st.none() | moments | st.just(at(120)))
def test_one_version_scores_as_live_does(card: Scorecard, events: list[Recorded], us: int, moment: int | None) -> None:
    one = Succession([adopted(card, us)])
    assert succession.score(one, events, moment) == live.score(card, events, moment)
    assert succession.crossings(one, events, moment) == live.crossings(card, events, moment)
    for each in card.scores:
        assert succession.shares(one, events, each.name, moment) == shares(card, events, each.name, moment)


@settings(max_examples=ROUNDS)
@given(named_cards(), its, st.lists(moments, min_size=2, max_size=4, unique=True), moments)
def test_the_same_card_adopted_again_changes_no_score(
    card: Scorecard, events: list[Recorded], times: list[int], moment: int
) -> None:
    again = Succession([adopted(card, us) for us in times])
    assert succession.score(again, events, moment) == live.score(card, events, moment)


def reckoned(versions: Succession, events: list[Recorded], moment: int) -> Standing:
    """The definition once more, each award scored by a card of its own."""
    known = [each for each in versions.versions if each.adopted.time_us <= moment] or [versions.versions[0]]
    last = known[-1].card
    points: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for each in in_order(last, events, moment):
        before = [version for version in known if by_time(version.adopted) < by_time(each)]
        card = (before or known)[-1].card if before else known[0].card
        for rule in card.rules:
            if rule.on is not None and rule.on != "*" and each.type not in rule.on:
                continue
            if rule.on is None or not _meets(rule, each):
                continue
            if rule.at_most is None or given[rule.name] < rule.at_most:
                given[rule.name] += 1
                points[rule.name] += _alone(rule, [each], moment, last.order)
    for rule in last.rules:
        if rule.on is None:
            points[rule.name] += _alone(rule, events, moment, last.order)
    groups = {rule.name: rule.group for version in known for rule in version.card.rules}
    sums = {group.name: sum(n for name, n in points.items() if groups[name] == group.name) for group in last.groups}
    started = bool(in_order(last, events, moment))
    return standing_from(last, sums if started else dict.fromkeys(sums, 0), moment)


def _alone(rule: Rule, events: list[Recorded], moment: int, order: str) -> int:
    one = msgspec.structs.replace(rule, group="g", at_most=None)
    card = Scorecard(
        name="lead",
        rules=[one],
        order=order,
        groups=[Group(name="g")],
        scores=[Score(name="s", groups=["g"], digits=6)],
    )
    return live.score(card, events, moment).scores_micro["s"]


def _meets(rule: Rule, each: Recorded) -> bool:
    """Whether an event is an award of a rule; with points from a field, whether it says any."""
    fixed = msgspec.structs.replace(rule, points=1, half_life=None, fade=None, expires=None)
    field = rule.points_field
    says = field is None or each.data.get(field) is not None
    return says and _alone(fixed, [each], each.time_us, "occurred") > 0


@settings(max_examples=ROUNDS)
@given(successions(), its, moments | st.just(at(120)))
def test_a_score_is_what_the_definition_says(versions: Succession, events: list[Recorded], moment: int) -> None:
    assert succession.score(versions, events, moment) == reckoned(versions, events, moment)


@settings(max_examples=ROUNDS)
@given(successions(), its, st.none() | moments | st.just(at(120)), st.randoms(use_true_random=False))
def test_shares_add_up_to_the_score_and_their_events_are_enough(
    versions: Succession, events: list[Recorded], moment: int | None, random: Any
) -> None:
    if not any(isinstance(each, Inserted) for each in events):  # two inserted after one event keep their order
        random.shuffle(events)
    standing = succession.score(versions, events, moment)
    for name, micro in standing.scores_micro.items():
        made_of = succession.shares(versions, events, name, moment)
        assert (made_of.at_us, made_of.version) == (standing.at_us, standing.version)
        total = sum(share.micro for share in made_of.shares) + sum(step.micro for step in made_of.adjustments)
        assert total == made_of.micro == micro
        assert all(sum(award.micro for award in share.awards) == share.micro for share in made_of.shares)
        assert len({share.rule for share in made_of.shares}) == len(made_of.shares)
        again = succession.score(versions, made_of.events, made_of.at_us)
        assert again.scores_micro[name] == micro, "the events that shares name are enough"


@settings(max_examples=ROUNDS)
@given(successions(order="occurred"), its, st.none() | moments | st.just(at(120)))
def test_crossings_tell_the_stages_that_hold_at_every_moment(
    versions: Succession, events: list[Recorded], until: int | None
) -> None:
    found = succession.crossings(versions, events, until)
    times = [each.time_us for each in events]
    assert [each.at_us for each in found] == sorted(each.at_us for each in found)
    assert events or not found, "who has no events crosses nothing"
    first, changes = min(times, default=0), [each.adopted.time_us for each in versions.versions[1:]]
    day_ends = [(first // DAY_US + day) * DAY_US for day in (1, 2, 3, 4, 5, 8, 13, 30, 45)]
    last = max([*times, *changes], default=0) if until is None else until
    for moment in (us for us in {*times, *changes, *day_ends} if events and first <= us <= last):
        reached: dict[tuple[str, str], bool] = {}
        for each in found:
            if each.at_us <= moment:
                reached[each.threshold.score, each.threshold.stage] = each.entered
        card = versions.upto(moment).card
        scores = succession.score(versions, events, moment).scores_micro
        held = {(t.score, t.stage) for t in card.thresholds if live.holds(t, scores)}
        assert {key for key, entered in reached.items() if entered} == held


# What the rules mean, by example.

OPENED = Rule(name="opened", on="Opened", points=10, at_most=3)


def card(*rules: Rule, **more: Any) -> Scorecard:
    return Scorecard(name="lead", rules=rules, **more)


def test_each_award_is_made_by_the_version_in_force_at_its_event() -> None:
    better = msgspec.structs.replace(OPENED, points=15)
    two = Succession([adopted(card(OPENED), at(0), 1), adopted(card(better), at(10), 5)])
    events = [event(2, at(-5)), event(3, at(5)), event(7, at(11))]
    assert succession.score(two, events).scores == {"score": 10 + 10 + 15}, "before the first, the first counts"
    (share,) = succession.shares(two, events).shares
    assert [(award.events[0].position, award.version) for award in share.awards] == [
        (2, card(OPENED).version),
        (3, card(OPENED).version),
        (7, card(better).version),
    ]


def test_of_one_time_the_position_says_what_came_first() -> None:
    better = msgspec.structs.replace(OPENED, points=15)
    two = Succession([adopted(card(OPENED), at(0), 1), adopted(card(better), at(10), 5)])
    assert succession.score(two, [event(4, at(10))]).scores == {"score": 10}
    assert succession.score(two, [event(6, at(10))]).scores == {"score": 15}


def test_a_cap_counts_what_earlier_versions_gave() -> None:
    two = Succession([adopted(card(OPENED), at(0)), adopted(card(msgspec.structs.replace(OPENED, points=15)), at(10))])
    events = [event(2, at(1)), event(3, at(2)), event(7, at(11)), event(8, at(12))]
    assert succession.score(two, events).scores == {"score": 10 + 10 + 15}


def test_a_rule_that_is_gone_keeps_its_points_and_its_decay() -> None:
    fading = Rule(name="fair", on="Met", points=40, half_life="1 day")
    two = Succession([adopted(card(OPENED, fading), at(0)), adopted(card(OPENED), at(10))])
    events = [event(2, at(9), "Met"), event(3, at(11), "Met")]
    assert succession.score(two, events, at(11)).scores == {"score": 10}, "a quarter of 40, and nothing for the second"
    assert [share.rule for share in succession.shares(two, events, at=at(11)).shares] == ["opened", "fair"]


def test_a_rule_that_moves_takes_its_points_along_and_a_group_that_goes_takes_them_away() -> None:
    def grouped(*groups: str, moved: str) -> Scorecard:
        rules = [Rule(name=f"in {name}", group=name, on="Other", points=1) for name in groups]
        return card(msgspec.structs.replace(OPENED, group=moved), *rules, groups=[Group(name=name) for name in groups])

    first = grouped("a", "b", moved="a")
    moved = Succession([adopted(first, at(0)), adopted(grouped("a", "b", moved="b"), at(10))])
    assert succession.score(moved, [event(2, at(1))]).groups == {"a": 0, "b": 10}
    without = card(Rule(name="x", group="b", on="X", points=1), groups=[Group(name="b")])
    gone = Succession([adopted(first, at(0)), adopted(without, at(10))])
    assert succession.score(gone, [event(2, at(1))]).scores == {"score": 0}


def test_facts_are_those_of_the_version_in_force_at_the_moment() -> None:
    old, new = (card(Rule(name="fit", while_={"plan": "pro"}, points=points)) for points in (20, 30))
    two = Succession([adopted(old, at(0)), adopted(new, at(10))])
    events = [event(2, at(1), plan="pro")]
    assert succession.score(two, events, at(5)).scores == {"score": 20}
    assert succession.score(two, events, at(15)).scores == {"score": 30}


def test_an_adoption_can_be_what_crosses_a_threshold() -> None:
    low, high = (card(OPENED, thresholds=[Threshold(score="score", at=each, stage="warm")]) for each in (5, 15))
    three = Succession([adopted(high, at(0), 1), adopted(low, at(10), 5), adopted(card(OPENED), at(20), 6)])
    found = succession.crossings(three, [event(2, at(1))])
    assert [each.event and each.event.position for each in found] == [5, 6]
    assert [(each.entered, each.at_us, each.version) for each in found] == [
        (True, at(10), low.version),
        (False, at(20), card(OPENED).version),
    ]
    assert told(succession.crossings(three, [event(2, at(30))])) == []


def test_a_succession_is_of_one_kind() -> None:
    other = Scorecard(name="lead", kind="deal", rules=[OPENED])
    with pytest.raises(InvalidModel, match="of one kind"):
        Succession([adopted(card(OPENED), at(0)), adopted(other, at(1))])
    with pytest.raises(InvalidModel, match="of one kind"):
        Succession([])
