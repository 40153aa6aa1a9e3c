"""A card beside recorded scores: what agrees is counted by entity and moment, and the first that differs is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.scoring.entities import at, event
from whence.errors import InvalidModel
from whence.events import Recorded
from whence.scoring import Group, Rule, Score, Scorecard, check_scores

CARD = Scorecard(name="lead", rules=[Rule(on="Opened", points="1.5", expires="10 days")])


def history(*events: tuple[int, str, dict[str, Any]]) -> list[Recorded]:
    return [event(position, at(days), type, **data) for position, (days, type, data) in enumerate(events, 1)]


def recorded(days: int, score: Any) -> tuple[int, str, dict[str, Any]]:
    return days, "LeadScored", {"score": score}


def opened(days: int) -> tuple[int, str, dict[str, Any]]:
    return days, "Opened", {}


def test_each_recorded_score_is_set_beside_what_came_before_it() -> None:
    agreeing = history(recorded(0, 0), opened(1), opened(2), recorded(2, 3), recorded(11, "1.5"), recorded(12, 0.0))
    late = history(opened(1), recorded(1, 1.5), opened(2), recorded(3, 7), recorded(4, 8))
    silent = history(opened(1), recorded(1, None), recorded(1, "many"))
    rules = [Rule(on="Opened", points="1.5", expires="10 days", group="g")]
    scores = [Score(name="score", groups=["g"], digits=1)]
    card = Scorecard(name="lead", rules=rules, groups=[Group(name="g")], scores=scores)
    found = check_scores(card, [("lead:1", agreeing), ("lead:2", late), ("lead:3", silent)], "LeadScored", "score")
    assert (found.entities, found.entities_agree) == (2, 1)
    assert (found.moments, found.moments_agree, found.without_number) == (7, 5, 2)
    (differing,) = found.differing
    assert (differing.entity, differing.recorded.position, differing.theirs, differing.ours) == ("lead:2", 4, 7, 3)


@pytest.mark.parametrize(("theirs", "tolerance", "agree"), [(2, 0, 1), (3, 0, 0), (3, Decimal("0.9"), 0), (3, 1, 1)])
def test_scores_may_lie_apart_by_a_tolerance(theirs: int, tolerance: int | Decimal, agree: int) -> None:
    events = history(opened(1), recorded(1, theirs))
    found = check_scores(CARD, [("lead:1", events)], "LeadScored", "score", tolerance=tolerance)
    assert found.moments_agree == agree


def test_a_score_that_the_card_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidModel):
        check_scores(CARD, [], "LeadScored", "score", score="nope")
