"""Live, shares and kernel are equal to the last digit: random cards and histories, with decay, caps, expiry, bounds,
facts that change, ties in time, arrivals out of order, and events that were inserted in a branch."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exam import counts
from tests.scoring.entities import HOUR_US, at
from whence.clock import to_datetime
from whence.events import Event, Recorded, encode, recorded_from
from whence.history import Inserted
from whence.scoring import Crossing, Grade, Group, Rule, Score, Scorecard, Threshold, crossings, score, shares
from whence.scoring.kernel import Standings, awards_of, score_all
from whence.scoring.sequence import DAY_END

TYPES = ("A", "B", "C")
ENTITIES = ("lead:1", "lead:2")
GROUPS = ("g1", "g2")

points = st.sampled_from([1, 5, 10, 20, -4, -10, "0.000001", "0.000005", "2.5", "-0.500001", 3.3, "7.123457"])
bounds = st.none() | st.none() | st.none() | st.integers(-15, 15) | st.sampled_from(["0.5", "-2.5", "7.1234567"[:8]])
types = st.sampled_from(TYPES) | st.just("*") | st.lists(st.sampled_from(TYPES), min_size=1)
conditions = st.sampled_from(
    [{"x": "a"}, {"x": {"not": "a"}}, {"n": {"at_least": 2}}, {"x": {"one_of": ["a", "b"]}, "n": {"less_than": 5}}]
)
durations = st.sampled_from(["1 hour", "5 hours", "1 day", "30 hours", "3 days", "1 week"])


@st.composite
def event_rules(draw: st.DrawFn) -> Rule:
    decay = draw(st.sampled_from(["", "half_life", "half_life", "fade"]))
    return Rule(
        group=draw(st.sampled_from(GROUPS)),
        on=draw(types),
        when=draw(st.just({}) | st.just({}) | conditions),
        points=draw(points | points | st.just("$n")),
        at_most=draw(st.none() | st.none() | st.integers(1, 3)),
        expires=draw(st.none() | durations),
        **({decay: draw(durations)} if decay else {}),
    )


fact_rules = st.builds(Rule, group=st.sampled_from(GROUPS), while_=conditions, points=points)


@st.composite
def cards(draw: st.DrawFn) -> Scorecard:
    def bounded(part: Any, **more: Any) -> Any:
        floor, ceiling = draw(bounds), draw(bounds)
        if floor is not None and ceiling is not None and float(floor) > float(ceiling):
            floor, ceiling = ceiling, floor
        return part(floor=floor, ceiling=ceiling, **more)

    digits = st.sampled_from([0, 1, 6, 6])
    thresholds = [
        Threshold(score=name, at=at_points, stage=f"{name} {at_points}")
        for name in ("s1", "s2")
        for at_points in sorted(draw(st.sets(st.sampled_from([-9, -4, -1, 1, 2, 4, 7, 12]), min_size=1, max_size=4)))
    ]
    return Scorecard(
        name="lead",
        order=draw(st.sampled_from(["occurred", "position"])),
        rules=draw(st.lists(event_rules() | event_rules() | fact_rules, min_size=1, max_size=5)),
        groups=[bounded(Group, name=name) for name in GROUPS],
        scores=[
            bounded(Score, name="s1", groups=GROUPS, digits=draw(digits)),
            bounded(Score, name="s2", groups=draw(st.sampled_from([["g1"], ["g2"]])), digits=draw(digits)),
        ],
        grades=[Grade(name="A", at_least={"s1": 5, "s2": 2}), Grade(name="B", at_least={"s1": 3})],
        thresholds=thresholds,
    )


moments = st.builds(
    lambda days, hours, us: at(days, hours) + us,
    st.integers(0, 4) | st.integers(0, 40),
    st.sampled_from([0, 0, 1, 5, 6, 13]),  # few hours, so that awards end on the microsecond of an event or a day end
    st.sampled_from([0, 0, 0, 1, -1, HOUR_US // 2]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Recorded]:
    """Events in order of position, whose times are in any order; some inserted after another, at its position."""
    made: list[Recorded] = []
    position = 0
    for number in range(draw(st.integers(1, 5) | st.integers(0, 14))):
        data = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "x": st.sampled_from(["a", "b", "c", None]),
                    "n": st.sampled_from([0, 1, 2, 5, -3, 2.5, "4.75", "0.0000005", None]),
                },
            )
        )
        time_us = draw(moments)
        if made and (after_hours := draw(st.sampled_from([None, 0, 0, 1, 5, 24, 30, 72, 168, 400]))) is not None:
            time_us = made[-1].time_us + after_hours * HOUR_US  # the moments at which awards end
        tags = draw(st.sampled_from([ENTITIES, ENTITIES[:1], ENTITIES[1:]]))
        event = Event(draw(st.sampled_from(TYPES)), data, tags, id=f"e{number}", time=to_datetime(time_us))
        is_inserted = draw(st.integers(0, 9)) == 0
        position += not is_inserted
        recorded = recorded_from(encode(event), position, at(100), None)
        made.append(Inserted(*msgspec.structs.astuple(recorded)) if is_inserted else recorded)
    return made


def told(found: list[Crossing]) -> list[tuple[str, bool, int, int, int]]:
    return [
        (one.threshold.stage, one.entered, one.at_us, one.score_micro, one.event.position if one.event else DAY_END)
        for one in found
    ]


def told_of(card: Scorecard, code: int, found: Standings) -> list[tuple[str, bool, int, int, int]]:
    """The same of one entity from the kernel."""
    its = found.crossings
    return [
        (
            card.thresholds[its.threshold[k]].stage,
            bool(its.entered[k]),
            int(its.at_us[k]),
            int(its.score_micro[k]),
            int(its.position[k]),
        )
        for k in range(len(its.entity))
        if its.entity[k] == code
    ]


@settings(max_examples=counts.SCORED)
@given(cards(), histories(), st.none() | moments | st.just(at(120)), st.randoms(use_true_random=False))
def test_live_shares_and_kernel_agree(card: Scorecard, events: list[Recorded], moment: int | None, random: Any) -> None:
    entities, awards = awards_of(card, events, moment if card.order == "position" else None)
    found = score_all(card, awards, moment)
    rows = {code: row for row, code in enumerate(found.entity.tolist())}
    for code, entity in enumerate(entities):
        its = [event for event in events if entity in event.tags]
        if not any(isinstance(event, Inserted) for event in its):  # two inserted after one event keep their order
            random.shuffle(its)
        standing = score(card, its, moment)
        if code in rows or card.order == "occurred":
            assert found.standing(card, rows[code]) == standing
        assert told_of(card, code, found) == told(crossings(card, its, moment))
        for name, micro in standing.scores_micro.items():
            made_of = shares(card, its, name, moment)
            total = sum(share.micro for share in made_of.shares) + sum(step.micro for step in made_of.adjustments)
            assert total == made_of.micro == micro
            assert all(sum(award.micro for award in share.awards) == share.micro for share in made_of.shares)
            again = score(card, made_of.events, made_of.at_us)
            assert again.scores_micro[name] == micro, "the events that shares name are enough"


@st.composite
def silences(draw: st.DrawFn) -> tuple[Scorecard, list[Recorded]]:
    """A card whose awards all end, up and down, and an entity whose events are days apart."""
    rules = [
        Rule(
            on=draw(st.sampled_from(["A", "B", "*"])),
            points=draw(st.sampled_from([10, 20, -10, -15, "0.000005"])),
            **{draw(st.sampled_from(["half_life", "fade", "expires"])): draw(durations)},
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    thresholds = [
        Threshold(score="score", at=each, stage=str(each)) for each in (-20, -9, -3, "0.000001", 1, 4, 9, 12, 25)
    ]
    events, time_us = [], at(0)
    for number in range(1, draw(st.integers(2, 6))):
        time_us += draw(st.sampled_from([0, 1, 24, 30, 72, 400])) * HOUR_US + draw(st.sampled_from([0, 0, 1]))
        made = Event(draw(st.sampled_from(["A", "B"])), None, ("lead:1",), id=str(number), time=to_datetime(time_us))
        events.append(recorded_from(encode(made), number, at(100), None))
    scores = [Score(name="score", groups=["points"], digits=draw(st.sampled_from([0, 6])))]
    return Scorecard(name="lead", rules=rules, scores=scores, thresholds=thresholds), events


@settings(max_examples=counts.SCORED)
@given(silences(), st.none() | moments | st.just(at(120)))
def test_crossings_by_decay_alone_agree(made: tuple[Scorecard, list[Recorded]], moment: int | None) -> None:
    card, events = made
    found = score_all(card, awards_of(card, events)[1], moment)
    assert found.standing(card, 0) == score(card, events, moment)
    assert told_of(card, 0, found) == told(crossings(card, events, moment))


@settings(max_examples=counts.SCORED)
@given(cards())
def test_a_card_comes_back_from_json_the_same(card: Scorecard) -> None:
    again = Scorecard.from_json("lead", card.to_json())
    assert again == card
    assert again.version == card.version


@pytest.mark.parametrize("days", [3, 400])
def test_long_silences_of_mixed_awards_agree(days: int) -> None:
    """Awards up and down that fade at different speeds cross back and forth within one silence."""
    card = Scorecard(
        name="lead",
        rules=[
            Rule(on="A", points=100, half_life="20 days"),
            Rule(on="A", points=-90, fade="60 days"),
            Rule(on="A", points=-40, expires="100 days"),
        ],
        thresholds=[Threshold(score="score", at=each, stage=str(each)) for each in range(-40, 40, 2)],
    )
    made = [
        recorded_from(
            encode(Event("A", None, ("lead:1",), id=str(k), time=to_datetime(at(k * days, k)))), k, at(0), None
        )
        for k in range(1, 5)
    ]
    _, awards = awards_of(card, made)
    found = score_all(card, awards, at(3000))
    assert told_of(card, 0, found) == told(crossings(card, made, at(3000)))
    assert len(found.crossings.at_us) > 40
