"""The command behind `make exam` runs the tests that it names, and counts what they counted."""

from __future__ import annotations

from tests.exam import counts
from tests.exam.run import PARTS, run


def test_a_part_of_the_exam_is_run_and_counted() -> None:
    result = run(PARTS["memory: exactly one of 16 and of 64 racers wins, 1,000 rounds each"], amount="a fraction")
    assert result["passed"]
    assert list(result["figures"].values()) == [counts.RACES] * 2
