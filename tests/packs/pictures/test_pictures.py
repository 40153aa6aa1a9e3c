"""Pictures of balances show what the history says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.packs.ledger.books import book_of, ledger
from whence.errors import InvalidQuery, NotKnown
from whence.packs.pictures.pictures import balance_over_time, save_balance, waterfall


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
