"""A Czech bank's transactions: every number that others found in them comes out of the ledger."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import configured
from whence.experiments import ModelField, experiment
from whence.packs.ledger.state import Account
from whence.packs.posting.files import Report, post_file
from whence.query import Query
from whence.stores.memory import MemoryStore

RULES = (Path(__file__).parent / "berka.toml").read_text("utf-8")
TENTH = Decimal("0.10")


@pytest.fixture(scope="module")
def posted(data_folder: Path) -> tuple[whence.Whence, Report]:
    db = whence.Whence(MemoryStore(), configured(RULES))
    return db, post_file(db, "berka", data_folder / "berka_bank/trans_prefix.asc.gz", by="bank")


@pytest.fixture
def db(posted: tuple[whence.Whence, Report]) -> whence.Whence:
    return posted[0]


def test_every_line_is_posted_and_the_half_line_is_reported(posted: tuple[whence.Whence, Report]) -> None:
    report = posted[1]
    assert (report.posted, report.refused_count, report.cut_off_line) == (49_102, 1, 49_104)
    assert report.refused[0][0] == 49_104


@pytest.mark.parametrize(
    ("day", "accounts", "said", "added", "of_2378", "of_576"),
    [
        ("1993-06-30", 554, "15946191.30", "15946199.00", "54298.60", "15333.20"),
        ("1993-12-31", 1139, "36575912.90", "36575946.10", "62042.00", "23643.20"),
        ("1994-02-28", 1197, "36710560.90", "36710603.70", "49950.50", "15953.10"),
    ],
)
def test_the_balances_are_those_that_the_bank_reports(
    db: whence.Whence, day: str, accounts: int, said: str, added: str, of_2378: str, of_576: str
) -> None:
    rows = db.table("ledger.reported", at=day, account="customers", tolerance=TENTH)
    assert (len(rows), sum(row.reported for row in rows)) == (accounts, Decimal(said))
    assert sum(row.balance for row in rows) == Decimal(added)
    assert max(abs(row.difference) for row in rows) <= Decimal("0.70")
    by_name = {row.account: row.reported for row in rows}
    assert (by_name["customers:2378"], by_name["customers:576"]) == (Decimal(of_2378), Decimal(of_576))
    (total,) = db.table("ledger.balance", at=day, account="customers", total=True)
    assert total.balance == Decimal(added)


def test_a_reported_balance_says_whether_its_day_ties(db: whence.Whence) -> None:
    for tolerance, reported, ties in ((TENTH, "62042.00", True), (Decimal(0), "62056.60", False)):
        (row,) = db.table("ledger.reported", at="1993-12-31", account="customers:2378", tolerance=tolerance)
        assert (row.reported, row.ties) == (Decimal(reported), ties)


def test_all_account_days_tie_but_the_28_of_the_day_where_the_file_was_cut(db: whence.Whence) -> None:
    rows = db.table("ledger.ties", account="customers", tolerance=TENTH)
    failing = [row for row in rows if not row.ties]
    assert (len(rows), len(failing)) == (39_960, 28)
    assert {row.day for row in failing} == {date(1994, 3, 31)}
    assert len({row.account for row in failing}) == 28


def test_the_trial_balance_is_zero_on_any_day(db: whence.Whence) -> None:
    for day in ("1993-01-01", "1993-06-30", None):
        *_, total = db.table("ledger.trial-balance", at=day)
        assert total.debit == total.credit > 0


def test_what_if_there_had_been_no_service_fee(db: whence.Whence) -> None:
    history = db.history("1994-02-28")
    fees = Query.of(tags=["category:service-fee"])
    assert sum(1 for _ in history.events(fees)) == 4_563
    balance = ModelField(Account, "balance_minor")
    found = experiment(history, balance, balance, kind="account", past=history.drop(fees), samples=0)
    more = [each.candidate - each.baseline for each in found.values if each.entity.startswith("account:customers")]
    assert sum(more) == 7_809_980


def test_the_same_file_again_posts_nothing(db: whence.Whence, data_folder: Path) -> None:
    import gzip

    lines = gzip.decompress((data_folder / "berka_bank/trans_prefix.asc.gz").read_bytes()).splitlines(keepends=True)
    head = db.store.head()
    changed = lines[3].replace(b"1000.00;1000.00", b"1000.01;1000.00")
    again = post_file(db, "berka", io.BytesIO(b"".join([*lines[:3], changed, *lines[4:2000]])))
    assert (again.posted, again.already, again.conflicts, db.store.head()) == (0, 1998, 1, head)
    assert "another content" in again.refused[0][1]
