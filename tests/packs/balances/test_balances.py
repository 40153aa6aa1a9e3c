"""Balances as of any day, by either clock, with the entries behind them; and the same over columns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import book_of, ledger, opened
from whence.cli import run
from whence.clock import FixedClock
from whence.errors import InvalidQuery
from whence.packs.balances.columns import balances as balances_over_columns
from whence.packs.balances.entries import balances


def test_a_balance_is_asked_by_either_clock() -> None:
    clock = FixedClock("2026-02-01T00:00:00Z")
    db = ledger(clock=clock)
    book = opened(db)
    book.enter("assets:bank", "income:sales", "10 EUR", time="2026-01-10T00:00:00Z")
    clock.set("2026-02-05T00:00:00Z")
    book.enter("assets:bank", "income:sales", "5 EUR", time="2026-01-11T00:00:00Z")

    def on(day: str, clock: str) -> list[Decimal]:
        return [row.balance for row in db.table("ledger.balance", at=day, clock=clock, account="assets:bank")]

    assert on("2026-01-31", "occurred") == [Decimal(15)]
    assert on("2026-02-03", "recorded") == [Decimal(10)]
    assert on("2026-02-06", "recorded") == on("2026-02-06", "occurred") == [Decimal(15)]
    assert len(db.table("ledger.statement", at="2026-01-10", account="assets:bank")) == 1
    (before, after) = db.table("ledger.statement", account="assets:bank", since=date(2026, 1, 11))
    assert (before.category, before.balance, after.balance) == ("opening", Decimal(10), Decimal(15))


def test_a_group_has_a_line_for_each_account_that_was_open_then() -> None:
    db = ledger()
    book = opened(db)
    book.enter("assets:stripe", "income:sales", "5 EUR", time="2026-01-03T00:00:00Z")
    rows = [(row.account, row.balance) for row in db.table("ledger.balance", account="assets", at="2026-01-03")]
    assert rows == [("assets:bank", Decimal(0)), ("assets:stripe", Decimal(5))]
    assert db.table("ledger.balance", account="assets", at="2025-12-31") == []
    assert [row.balance for row in db.table("ledger.balance", account="assets:bank", at="2025-12-31")] == [Decimal(0)]
    assert db.table("ledger.balance", account="expenses", at="2025-12-31") == []


def test_a_statement_that_ends_before_it_begins_is_refused() -> None:
    db = ledger()
    opened(db)
    with pytest.raises(InvalidQuery, match="Let --at be the later day"):
        db.table("ledger.statement", account="assets:bank", since=date(2026, 1, 20), at="2026-01-10")


def test_times_in_a_file_say_that_they_are_in_utc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text('store = "shop.db"\nzone = "Europe/Vienna"\n')
    with whence.open(create=True) as db:
        opened(db).enter("assets:bank", "income:sales", "1 EUR", time="2026-03-14T23:00:00Z")
    for form, said in (
        ([], "2026-03-15 00:00:00 "),
        (["--csv"], "2026-03-14T23:00:00Z,"),
        (["--json"], "14T23:00:00Z"),
    ):
        assert run(["ledger", "statement", "assets:bank", *form]) == 0
        assert said in capsys.readouterr().out


def test_balances_over_columns_are_those_of_the_history(tmp_path: Path) -> None:
    with whence.open(tmp_path / "shop.db", create=True, config=ledger().config) as db:
        book_of(db)
        for moment in (None, "2026-02-28", "@8"):
            assert balances_over_columns(db, at=moment) == balances(db.history(moment))
    assert balances_over_columns(ledger()) == {}
