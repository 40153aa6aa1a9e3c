"""Amounts: whole numbers of the smallest unit, written as the source is said to write them, and never rounded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import InvalidConfig, InvalidInput
from whence.money import EXPONENTS, MAJOR, Money, Notation, decimal_of, exponent, money

CURRENCIES = st.sampled_from(sorted(EXPONENTS))


@given(CURRENCIES, st.integers(-(10**15), 10**15))
def test_an_amount_comes_back_as_it_was_written(currency: str, minor: int) -> None:
    assert MAJOR.minor(f"{decimal_of(minor, currency):f}", currency) == minor
    assert money(str(Money(abs(minor), currency)).replace(",", "")).minor == abs(minor)


@pytest.mark.parametrize(
    ("text", "minor"), [("12.50 EUR", 1250), ("JPY 500", 500), ("1.234 KWD", 1234), ("-3 EUR", -300)]
)
def test_money_is_said_in_major_units_with_its_currency(text: str, minor: int) -> None:
    assert money(text).minor == minor


@pytest.mark.parametrize(
    "text", ["12.50", "EUR", "12.50 EUR USD", "12,50 EUR", "1e3 EUR", "12.345 EUR", "1 EURO", "1 XXX"]
)
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        money(text)


@pytest.mark.parametrize(
    ("notation", "text", "minor"),
    [
        ({"unit": "minor"}, "-18759", -18759),
        ({"unit": "major", "decimal": ",", "thousands": "."}, "1.234.567,5", 123456750),
        ({"unit": "major", "thousands": ",", "parentheses": True, "symbol": "$"}, "($1,234.50)", -123450),
        ({"unit": "major", "thousands": ","}, "1,234.500", 123450),
        ({"unit": "major"}, "12.5000", 1250),
        ({"unit": "major", "symbol": "€"}, "- 12.50 €", -1250),
    ],
)
def test_a_source_says_how_it_writes(notation: dict[str, object], text: str, minor: int) -> None:
    assert Notation.of(notation).minor(text, "EUR") == minor


@pytest.mark.parametrize(
    ("notation", "text", "fault"),
    [
        ({"unit": "minor"}, "12.50", "whole numbers"),
        ({"unit": "major"}, "12.345", "fraction of the smallest unit"),
        ({"unit": "major"}, "1.500", "fraction or thousands"),
        ({"unit": "major"}, "1,234.50", "as this source writes"),
        ({"unit": "major", "thousands": ","}, "12,34.50", "grouped in threes"),
        ({"unit": "major"}, "", "as this source writes"),
        ({"unit": "major"}, "12.", "as this source writes"),
        ({"unit": "major"}, "(5.00)", "parentheses"),
        ({"unit": "major"}, "\uff11\uff12.50", "as this source writes"),
    ],
)
def test_a_fault_of_the_source_is_named_and_nothing_is_rounded(
    notation: dict[str, object], text: str, fault: str
) -> None:
    with pytest.raises(InvalidInput, match=fault):
        Notation.of(notation).minor(text, "EUR")


def test_the_unit_is_stated_and_never_guessed() -> None:
    with pytest.raises(InvalidConfig, match="never guessed"):
        Notation.of({})


def test_the_digits_are_those_of_the_standard() -> None:
    assert [exponent(each) for each in ("EUR", "JPY", "KWD", "CLF", "CZK", "UGX")] == [2, 0, 3, 4, 2, 0]
    assert decimal_of(5, "JPY") == Decimal(5)
    with pytest.raises(InvalidInput, match="EUR"):
        exponent("EUO")
