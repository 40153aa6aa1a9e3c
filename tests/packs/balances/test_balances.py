"""Balances over columns and as pictures: both say what the history says."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import book_of, ledger
from whence.errors import InvalidQuery, NotKnown
from whence.packs.balances.columns import balances as balances_over_columns
from whence.packs.balances.pictures import balance_over_time, save_balance, waterfall
from whence.packs.balances.ties import Step, chained
from whence.packs.ledger.entries import balances


def test_balances_over_columns_are_those_of_the_history(tmp_path: Path) -> None:
    with whence.open(tmp_path / "shop.db", create=True, config=ledger().config) as db:
        book_of(db)
        for moment in (None, "2026-02-28", "@8"):
            assert balances_over_columns(db, at=moment) == balances(db.history(moment))
    assert balances_over_columns(ledger()) == {}


def test_a_waterfall_that_ends_before_it_begins_is_refused() -> None:
    db = ledger()
    book_of(db)
    with pytest.raises(InvalidQuery, match="before it begins"):
        waterfall(db.asked("2026-03-31"), "assets:bank", since=date(2026, 4, 1))


def test_pictures_show_what_the_history_says(tmp_path: Path) -> None:
    db = ledger()
    book_of(db)
    figure = balance_over_time(db.asked(), "assets:bank")
    assert list(figure.data[0].y) == [100.0, 128.75]
    assert figure.data[0].mode == "lines+markers"
    fall = waterfall(db.asked("2026-03-31"), "assets:bank", since=date(2026, 3, 1))
    assert list(fall.data[0].x) == ["opening", "sale", "fee", "closing"]
    assert list(fall.data[0].text) == ["100.00", "30.00", "-1.25", "128.75"]
    save_balance(db.asked(), "assets:bank", tmp_path / "balance.html")
    assert "plotly" in (tmp_path / "balance.html").read_text()
    with pytest.raises(NotKnown):
        balance_over_time(db.asked("2026-01-05"), "assets:bank")


def test_a_day_of_thousands_of_lines_ties_in_the_order_in_which_they_were_booked() -> None:
    steps = [Step(amount_minor=1, reported_minor=number) for number in range(1, 3_001)]
    shuffled = random.Random(7).sample(steps, len(steps))
    assert chained(0, shuffled, 0) == steps
    assert chained(5, shuffled, 0) is None
