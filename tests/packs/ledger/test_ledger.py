"""What accounts a ledger has, and what is asked of them: as of any day, by either clock, with the entries behind it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import ledger, opened
from whence.cli import run
from whence.clock import FixedClock
from whence.errors import InvalidInput, InvalidQuery
from whence.pack import load
from whence.packs.book import Book
from whence.packs.ledger.decisions import limit, open_
from whence.packs.ledger.state import Account
from whence.testing import PackSuite


class TestLedger(PackSuite):
    pack = load("ledger")


def test_an_account_is_opened_by_a_path_in_a_currency_that_there_is() -> None:
    db = ledger()
    for name in (":x", "x:", "x::y", "x: :y", " x"):
        with pytest.raises(InvalidInput, match="is a path"):
            db.decide(open_, name, type="asset")
    with pytest.raises(InvalidInput, match="No such currency"):
        db.decide(open_, "cash", type="asset", currency="XYZ")
    db.decide(open_, "Löhne & Gehälter:April 2026", type="expense", currency="eur")
    assert Book(db).state("account:Löhne & Gehälter:April 2026").currency == "EUR"


def test_what_was_posted_before_the_opening_is_dated_counts_too() -> None:
    db = ledger()
    db.decide(open_, "assets:bank", type="asset", time="2026-03-01T00:00:00Z")
    db.decide(open_, "income:sales", type="income", time="2026-03-01T00:00:00Z")
    Book(db).enter("assets:bank", "income:sales", "7 EUR", time="2026-02-01T00:00:00Z")
    assert db.table("ledger.balance", at="2026-02-15", account="assets:bank")[0].balance == 7
    db.decide(open_, "late", type="asset")
    assert [each.balance for each in db.table("ledger.balance", account="income")] == [7]


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


def test_accounts_and_their_limits_are_those_of_the_day_that_is_asked_about() -> None:
    db = ledger()
    opened(db)
    db.decide(limit, "wallets:ben", floor=Decimal(-5), reason="a good customer", time="2026-02-01T00:00:00Z")
    for day, floors in (("2025-12-31", []), ("2026-01-31", [0]), ("2026-02-01", [-5])):
        assert [row.floor for row in db.table("ledger.accounts", at=day, group="wallets:ben")] == floors


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


def test_why_names_the_entries_of_a_balance() -> None:
    db = ledger()
    book = opened(db)
    for cents in (100, 250):
        book.enter("assets:bank", "wallets:ben", f"{cents / 100:.2f} EUR", key=f"t{cents}")
    found = db.why("account:wallets:ben", "balance_minor", model=Account)
    assert found.value == 350
    assert {"t100", "t250"} <= {db.event(each.position).id for each in found.events}
