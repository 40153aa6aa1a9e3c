"""Numbers from a file that say when they came to be: they are in force from then on, and never before."""

from __future__ import annotations

from tests.experiments.leads import STORY, V1, history, us
from whence.experiments import TimedValues, experiment

ROWS = [("lead:1", us(4), 80), ("lead:1", us(1), 10), ("lead:2", us(13), 90), ("lead:3", us(3), 70)]


def test_a_number_is_in_force_from_its_time_on() -> None:
    found = experiment(history(STORY), V1, TimedValues(ROWS), kind="lead", outcome="Won")
    reached = {row.entity: row.candidate_us for row in found.reached}
    assert (reached["lead:1"], reached["lead:3"]) == (us(4), us(3))
    values = {row.entity: row.candidate for row in found.values}
    assert (values["lead:1"], values["lead:3"], values["lead:4"]) == (80, 70, None)


def test_a_number_after_the_outcome_foretells_nothing() -> None:
    late = experiment(history(STORY), V1, TimedValues([("lead:2", us(13), 90)]), kind="lead", outcome="Won")
    early = experiment(history(STORY), V1, TimedValues([("lead:2", us(11), 90)]), kind="lead", outcome="Won")
    assert late.prediction is not None
    assert early.prediction is not None
    assert (late.prediction.candidate.hits, early.prediction.candidate.hits) == (0, 1)
