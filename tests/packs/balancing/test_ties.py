"""Days tie where their lines can be put in an order in which every stated balance follows from the one before."""

from __future__ import annotations

import random

from whence.packs.balancing.ties import Step, chained


def test_a_day_of_thousands_of_lines_ties_in_the_order_in_which_they_were_booked() -> None:
    steps = [Step(amount_minor=1, reported_minor=number) for number in range(1, 3_001)]
    shuffled = random.Random(7).sample(steps, len(steps))
    assert chained(0, shuffled, 0) == steps
    assert chained(5, shuffled, 0) is None
