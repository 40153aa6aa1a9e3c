"""The kernel, beside its agreement with live: its arrays, what it refuses, and that it can do without numba."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.scoring.entities import at, event
from whence.errors import InvalidInput
from whence.scoring import Group, Rule, Score, Scorecard, Threshold, crossings, score
from whence.scoring.compiled import COMPILED
from whence.scoring.kernel import Awards, awards_of, score_all
from whence.scoring.sequence import DAY_END, NO_RULE

CARD = Scorecard(
    name="lead",
    rules=[
        Rule(group="engagement", on="Opened", points=10, half_life="2 days", at_most=2),
        Rule(group="engagement", on="Bounced", points=-30, fade="4 days"),
        Rule(group="fit", while_={"industry": "SaaS"}, points=20),
    ],
    groups=[Group(name="engagement", floor=-5), Group(name="fit")],
    scores=[Score(name="total", groups=["engagement", "fit"])],
    thresholds=[Threshold(score="total", at=15, stage="engaged"), Threshold(score="total", at=25, stage="qualified")],
)

EVENTS = [
    event(1, at(0), "Created", industry="SaaS"),
    event(2, at(0, hours=6)),
    event(3, at(1), "Created", "lead:2"),
    event(4, at(1, hours=1), "Bounced"),
    event(5, at(2), "Left", "lead:2"),
    event(6, at(3), "Created", industry="Retail"),
]


def _awards(**columns: Any) -> Awards:
    rows: dict[str, Any] = {"entity": [0], "time_us": [0], "position": [1], "rule": [0], "points": [1], **columns}
    types = {"entity": np.int32, "rule": np.int32}
    return Awards(**{name: np.array(each, types.get(name, np.int64)) for name, each in rows.items()})


def test_awards_are_rows_sorted_by_entity_and_an_event_without_any_has_a_row_of_its_own() -> None:
    entities, awards = awards_of(CARD, EVENTS)
    assert entities == ["lead:1", "lead:2"]
    rows = zip(awards.entity, awards.position, awards.rule, awards.points // 1_000_000, strict=True)
    assert [tuple(map(int, row)) for row in rows] == [
        (0, 1, 2, 20),
        (0, 2, 0, 10),
        (0, 4, 1, -30),
        (0, 6, 2, 0),
        (1, 3, NO_RULE, 0),
        (1, 5, NO_RULE, 0),
    ]
    assert [awards.entity.dtype, awards.time_us.dtype, awards.rule.dtype] == [np.int32, np.int64, np.int32]


def test_the_arrays_that_come_out() -> None:
    _, awards = awards_of(CARD, EVENTS)
    found = score_all(CARD, awards, at(9))
    assert found.entity.tolist() == [0, 1]
    assert found.at_us.tolist() == [at(9), at(9)]
    assert found.scores_micro.shape == (2, 1)
    assert found.groups_micro.shape == (2, 2)
    its = found.crossings
    told = list(
        zip(its.entity.tolist(), its.threshold.tolist(), its.entered.tolist(), its.position.tolist(), strict=True)
    )
    assert told == [
        (0, one.threshold is CARD.thresholds[1], one.entered, one.event.position if one.event else DAY_END)
        for one in crossings(CARD, [each for each in EVENTS if "lead:1" in each.tags], at(9))
    ]


def test_without_a_moment_each_entity_is_as_of_its_own_last_event() -> None:
    _, awards = awards_of(CARD, EVENTS)
    assert score_all(CARD, awards).at_us.tolist() == [at(3), at(2)]


def test_columns_of_a_file_and_slices_are_taken_as_they_are() -> None:
    _, awards = awards_of(CARD, EVENTS)
    columns = {name: getattr(awards, name) for name in awards.__struct_fields__}
    doubled = {name: np.repeat(column, 2)[::2] for name, column in columns.items()}
    for column in columns.values():
        column.flags.writeable = False
    for other in (awards, Awards(**doubled)):
        assert score_all(CARD, other, at(9)).scores_micro.tolist() == [[0], [0]]


def test_no_events_give_no_entities() -> None:
    entities, awards = awards_of(CARD, [])
    found = score_all(CARD, awards, at(1))
    assert (entities, len(found.entity), len(found.crossings.at_us)) == ([], 0, 0)


def test_an_entity_without_events_by_the_moment_has_what_the_bounds_give() -> None:
    _, awards = awards_of(CARD, EVENTS)
    found = score_all(CARD, awards, at(-1))
    assert found.standing(CARD, 0) == score(CARD, EVENTS, at(-1))
    assert len(found.crossings.at_us) == 0


def test_many_crossings_find_room() -> None:
    card = Scorecard(
        name="lead",
        rules=[Rule(on="Opened", points=10), Rule(on="Bounced", points=-10)],
        thresholds=[Threshold(score="score", at=5, stage="engaged")],
    )
    events = [event(number, at(number), "Bounced" if number % 2 else "Opened") for number in range(2, 200)]
    _, awards = awards_of(card, events)
    assert len(score_all(card, awards).crossings.at_us) == len(crossings(card, events)) == 198


@pytest.mark.parametrize("points", [1, 999_999, 9_999_999_999_999, -9_999_999_999_999, 123_456_789_012])
def test_the_largest_points_fade_without_losing_a_digit(points: int) -> None:
    card = Scorecard(name="lead", rules=[Rule(on="A", points="$n", fade="3 days")])
    (opened,) = [event(1, at(0), "A", n=f"{points / 1_000_000:.6f}")]
    awards = _awards(time_us=[at(0)], points=[points])
    for hours in range(0, 73, 5):
        found = score_all(card, awards, at(hours=hours))
        assert found.groups_micro[0, 0] == score(card, [opened], at(hours=hours)).groups_micro["points"]


@pytest.mark.parametrize(
    ("columns", "fact"),
    [
        ({"rule": [3]}, "A rule that the card does not have"),
        ({"rule": [-2]}, "A rule that the card does not have"),
        ({"points": [10**13 + 1]}, "More points than one award can have"),
        ({"points": [1, 2]}, "Arrays of different lengths"),
    ],
)
def test_arrays_that_mean_nothing_are_refused(columns: dict[str, Any], fact: str) -> None:
    with pytest.raises(InvalidInput, match=fact):
        score_all(CARD, _awards(**columns))


@pytest.mark.parametrize(
    ("order", "columns", "row"),
    [
        ("occurred", {"entity": [1, 0]}, 1),
        ("occurred", {"time_us": [6, 5]}, 1),
        ("occurred", {"time_us": [5, 5], "position": [2, 1]}, 1),
        ("position", {"position": [2, 1]}, 1),
        ("position", {"time_us": [6, 5]}, None),
        ("occurred", {"position": [2, 1], "time_us": [4, 5]}, None),
    ],
)
def test_rows_that_are_not_sorted_are_refused(order: str, columns: dict[str, Any], row: int | None) -> None:
    card = Scorecard(name="lead", rules=[Rule(on="A", points=1)], order=order)
    columns = {"entity": [0, 0], "time_us": [5, 5], "position": [1, 2], "rule": [0, 0], "points": [1, 1], **columns}
    if row is None:
        assert score_all(card, _awards(**columns)).groups_micro.tolist() == [[2]]
    else:
        with pytest.raises(InvalidInput, match=rf"not in order \(Row: {row}\)"):
            score_all(card, _awards(**columns))


def test_a_sum_beyond_64_bits_is_refused_and_not_wrapped() -> None:
    rows = 231_000
    columns = {"entity": np.zeros(rows), "time_us": np.zeros(rows), "position": np.arange(rows), "rule": np.zeros(rows)}
    with pytest.raises(InvalidInput, match="More points of one entity than can be added"):
        score_all(CARD, _awards(**columns, points=np.full(rows, 10**13)))


def test_a_card_in_order_of_position_is_cut_before_its_awards_are_made() -> None:
    card = Scorecard(name="lead", rules=CARD.rules, groups=CARD.groups, order="position")
    _, awards = awards_of(card, EVENTS)
    with pytest.raises(InvalidInput, match="Awards after the moment"):
        score_all(card, awards, at(1))
    _, awards = awards_of(card, EVENTS, at(1))
    assert score_all(card, awards, at(1)).entity.tolist() == [0, 1]


def test_without_numba_the_answers_are_the_same() -> None:
    assert COMPILED
    code = """
import sys
if sys.argv[1] == "without":
    sys.modules["numba"] = None
from tests.scoring.test_kernel import CARD, EVENTS, at
from whence.scoring.compiled import COMPILED
from whence.scoring.kernel import awards_of, score_all
found = score_all(CARD, awards_of(CARD, EVENTS)[1], at(9))
columns = [found.crossings.at_us, found.crossings.position, found.crossings.score_micro, found.groups_micro]
print([found.scores_micro.tolist(), *(column.tolist() for column in columns)])
assert COMPILED == (sys.argv[1] == "with")
"""
    root = Path(__file__).parents[2]
    printed = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code, how], cwd=root, check=True, capture_output=True, text=True
        ).stdout
        for how in ("with", "without")
    ]
    assert printed[0] == printed[1] != ""
