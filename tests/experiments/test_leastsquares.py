"""A coefficient is the planted difference, not what came along with it; errors hold where values are alike; and where
too little is known, nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

from whence.duration import DAY_US
from whence.experiments.leastsquares import coefficient
from whence.experiments.statistics import Floats, Ints, Mask

DAYS, A_DAY = 40, 50
TIMES_US: Ints = np.arange(DAYS * A_DAY, dtype=np.int64) * (DAY_US // A_DAY)
EACH: Ints = np.arange(DAYS * A_DAY, dtype=np.int64)
TREATED: Mask = EACH // A_DAY >= DAYS // 2


def noise(seed: int, count: int = DAYS * A_DAY) -> Floats:
    return np.random.Generator(np.random.PCG64(seed)).normal(size=count)


def test_a_planted_difference_is_found_beside_a_trend_the_weekdays_and_another_one() -> None:
    other = (EACH // A_DAY) % 3 == 0
    days = TIMES_US / DAY_US
    values = 5.0 * TREATED + 2.0 * other + 0.3 * days + (days // 1 % 7 == 2) + 0.01 * noise(1)
    found = coefficient(values, TREATED, times_us=TIMES_US, entities=EACH, others=[other])
    assert found is not None
    low, high = found.interval(1e-6)
    assert low < 5.0 < high
    assert found.value == pytest.approx(5.0, abs=0.01)
    assert found.p < 1e-9


def test_a_difference_that_chance_alone_makes_is_found_as_rarely_as_its_chance_says() -> None:
    found = [coefficient(noise(seed), TREATED, times_us=TIMES_US, entities=EACH) for seed in range(100)]
    assert sum(each is not None and each.p < 0.01 for each in found) <= 5


def test_values_of_one_entity_are_not_taken_for_independent() -> None:
    side = EACH % 2 == 0
    entities = EACH % 20  # each on one side, and alike
    values = noise(3, 20)[entities] + 0.1 * noise(4)
    alone = coefficient(values, side, times_us=TIMES_US, entities=EACH)
    alike = coefficient(values, side, times_us=TIMES_US, entities=entities)
    assert alone is not None
    assert alike is not None
    assert alike.value == alone.value
    assert alike.error > 3 * alone.error


def test_of_too_few_values_or_days_or_two_things_that_are_one_nothing_is_said() -> None:
    values = noise(5)

    def told(treated: Mask, *others: Mask) -> bool:
        return coefficient(values, treated, times_us=TIMES_US, entities=EACH, others=others) is not None

    assert told(TREATED)
    assert not told(EACH % 41 == 0)  # 49 values
    assert not told(EACH // A_DAY >= DAYS - 2)  # two days
    assert not told(TREATED, TREATED)
