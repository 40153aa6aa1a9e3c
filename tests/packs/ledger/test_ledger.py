"""What accounts a ledger has, as of any day, and which entries made them so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.packs.ledger.books import ledger, opened
from whence.errors import InvalidInput
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


def test_accounts_and_their_limits_are_those_of_the_day_that_is_asked_about() -> None:
    db = ledger()
    opened(db)
    db.decide(limit, "wallets:ben", floor=Decimal(-5), reason="a good customer", time="2026-02-01T00:00:00Z")
    for day, floors in (("2025-12-31", []), ("2026-01-31", [0]), ("2026-02-01", [-5])):
        assert [row.floor for row in db.table("ledger.accounts", at=day, group="wallets:ben")] == floors


def test_why_names_the_entries_of_a_balance() -> None:
    db = ledger()
    book = opened(db)
    for cents in (100, 250):
        book.enter("assets:bank", "wallets:ben", f"{cents / 100:.2f} EUR", key=f"t{cents}")
    found = db.why("account:wallets:ben", "balance_minor", model=Account)
    assert found.value == 350
    assert {"t100", "t250"} <= {db.event(each.position).id for each in found.events}
