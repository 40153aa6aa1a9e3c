"""Points in integers, and the tables of what is left of them: every entry is the exact value, rounded half to even."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.scoring.decay import HOURS_MAX, duration_of, fade_table, half_life_table, hours_of
from whence.scoring.points import faded, half_even, micro_of, number_of, points_of, rounded


@pytest.mark.parametrize("hours", [1, 2, 7, 24, 168, 1000])
def test_a_half_life_is_the_power_of_two_to_the_last_digit(hours: int) -> None:
    table = half_life_table(hours)
    with localcontext(prec=80):
        for passed, factor in enumerate((*table, 0)):
            exact = 1_000_000 * Decimal(2) ** (-Decimal(passed) / hours)
            assert factor == int(exact.to_integral_value(ROUND_HALF_EVEN))
    assert table[0] == 1_000_000
    assert table[hours] == 500_000
    assert table[7 * hours] == 7812, "7812.5, to the even one"


@pytest.mark.parametrize("hours", [1, 3, 24, 720])
def test_a_fade_falls_evenly_to_nothing(hours: int) -> None:
    table = fade_table(hours)
    exact = [Decimal(1_000_000) * (hours - passed) / hours for passed in range(hours)]
    assert list(table) == [int(each.to_integral_value(ROUND_HALF_EVEN)) for each in exact]


@pytest.mark.parametrize("table", [half_life_table(HOURS_MAX), fade_table(HOURS_MAX)], ids=["half-life", "fade"])
def test_the_longest_table_falls_and_cannot_be_written(table: memoryview) -> None:
    assert all(one >= other for one, other in zip(table[::97], table[97::97], strict=False))
    assert table[0] == 1_000_000
    assert table[-1] > 0
    with pytest.raises(TypeError):
        table[0] = 1


def test_a_table_is_made_once() -> None:
    assert half_life_table(48) is half_life_table(48)


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_half_even_is_what_decimal_says(numerator: int, divisor: int) -> None:
    with localcontext(prec=60):
        assert (
            half_even(numerator, divisor) == int((Decimal(numerator) / divisor).to_integral_value(ROUND_HALF_EVEN))
            or (2 * numerator) % divisor == 0
        )


@pytest.mark.parametrize(
    ("numerator", "result"), [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2), (-7, -4), (4, 2), (-4, -2)]
)
def test_of_two_as_near_the_even_one_is_taken(numerator: int, result: int) -> None:
    assert half_even(numerator, 2) == result


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, "5"),
        (0.1, "0.1"),
        ("12.50", "12.50"),
        ("-3", "-3"),
        (1e300, "1E+300"),
        (True, None),
        (None, None),
        ("", None),
        ("1e3", None),
        (" 1", None),
        ("1_000", None),
        ("NaN", None),
        ("٣", None),
        ([1], None),
    ],
)
def test_which_values_are_numbers(value: object, number: str | None) -> None:
    assert number_of(value) == (None if number is None else Decimal(number))


def test_micro_points_are_rounded_half_to_even() -> None:
    assert micro_of(Decimal("0.0000005")) == 0
    assert micro_of(Decimal("0.0000015")) == 2
    assert micro_of(Decimal("-0.0000015")) == -2
    assert faded(3, 500_000) == 2
    assert faded(5, 500_000) == 2
    assert rounded(2_500_000, 0) == 2_000_000
    assert rounded(-3_500_000, 0) == -4_000_000
    assert rounded(1_250_000, 1) == 1_200_000


def test_points_are_whole_where_they_can_be() -> None:
    assert (points_of(5_000_000), type(points_of(5_000_000))) == (5, int)
    assert str(points_of(-2_500_000)) == "-2.5"
    assert points_of(1) == Decimal("0.000001")


@pytest.mark.parametrize(
    ("text", "hours", "said"),
    [
        ("1 hour", 1, "1 hour"),
        ("36 hours", 36, "36 hours"),
        ("48 hours", 48, "2 days"),
        ("2 weeks", 336, "14 days"),
        ("3650 days", 87600, "3650 days"),
        ("3651 days", None, ""),
        ("0 days", None, ""),
        ("1.5 days", None, ""),
        ("7d", None, ""),
        ("1 month", None, ""),
        (7, None, ""),
    ],
)
def test_durations(text: object, hours: int | None, said: str) -> None:
    assert hours_of(text) == hours
    if hours is not None:
        assert duration_of(hours) == said
        assert hours_of(said) == hours
