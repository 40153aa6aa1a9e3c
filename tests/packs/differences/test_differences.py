"""Differences as reconciliations record them: open until a person decides or they are gone, back when found again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import configured
from tests.packs.reconciliation.planted import HEADER, SIDE, plant, unread
from whence.cli import run
from whence.packs.differences.decisions import settle
from whence.packs.differences.events import DifferenceFound, DifferenceSettled
from whence.packs.differences.state import Difference
from whence.packs.reconciliation.reconciliation import reconcile
from whence.stores.memory import MemoryStore


def test_a_recorded_reconciliation_is_settled_item_by_item(tmp_path: Path) -> None:
    db = whence.Whence(MemoryStore(), configured(SIDE))
    planted = plant(db, tmp_path, lines=200, faults=8)
    first = reconcile(db, "assets:bank", f"bank={planted.file}", record=True, by="anna")
    again = reconcile(db, "assets:bank", f"bank={planted.file}", record=True, by="anna")
    assert (first.recorded, again.recorded) == (7, 0)
    open_ = db.table("ledger.differences")
    assert all(row.age is not None and row.age >= 58 for row in open_ if row.day)
    missing = next(row for row in open_ if row.what == "missing-here")
    db.decide(settle, missing.difference, outcome="corrected", reason="posted now", by="ben")
    carried = next(row for row in open_ if row.what == "missing-there")
    db.decide(settle, carried.difference, outcome="carried", reason="arrives in March", by="ben")
    left = {row.difference: row for row in db.table("ledger.differences")}
    assert missing.difference not in left
    assert left[carried.difference].reason == "arrives in March"
    text = planted.file.read_text().replace(",USD", ",EUR").replace(",GBP", ",EUR").replace(",CHF", ",EUR")
    planted.file.write_text(text)
    reconcile(db, "assets:bank", f"bank={planted.file}", record=True, by="anna")
    gone = [row for row in db.table("ledger.differences", all=True) if row.status == "gone"]
    assert {row.what for row in gone} == {"currency"}
    assert len(db.table("ledger.reconciliations")) == 3
    assert sum(row.items for row in db.table("ledger.ageing")) >= 4


def test_a_command_without_an_example_shows_what_it_cannot_do_without(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "settle", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "$ whence ledger settle DIFFERENCE --outcome OUTCOME --reason REASON" in shown


def test_a_recorded_line_that_cannot_be_read_says_which_it_is_and_why(tmp_path: Path) -> None:
    db = whence.Whence(MemoryStore(), configured(SIDE))
    planted = plant(db, tmp_path, lines=50, faults=8)
    reconcile(db, "assets:bank", f"bank={planted.file}", record=True, by="anna")
    unread = [row for row in db.table("ledger.differences") if row.what in ("format", "rounding")]
    assert unread
    assert all(row.there.startswith("line ") and row.note for row in unread)


def test_a_line_that_cannot_be_read_stays_open_when_another_month_is_compared(tmp_path: Path) -> None:
    db, file = unread(tmp_path)
    january = {"since": date(2026, 1, 1), "until": date(2026, 1, 31)}
    reconcile(db, "assets:bank", file, record=True, **january)
    (tmp_path / "february.csv").write_text(HEADER)
    february = {"since": date(2026, 2, 1), "until": date(2026, 2, 28)}
    reconcile(db, "assets:bank", f"bank={tmp_path / 'february.csv'}", record=True, **february)
    assert [(row.day, row.status) for row in db.table("ledger.differences")] == [("2026-01-05", "open"), (None, "open")]
    ages = [(row.age, row.items, row.amount) for row in db.table("ledger.ageing", at="2100-01-01")]
    assert ages == [("over 90 days", 1, None), ("no day", 1, None)]
    (tmp_path / "january.csv").write_text(HEADER)
    reconcile(db, "assets:bank", file, record=True, **january)
    assert db.table("ledger.differences") == []


def test_a_difference_that_comes_back_is_not_decided_yet() -> None:
    found = DifferenceFound("d1", "a~b", "amount", None, {}, "", "", "")
    difference = Difference()
    difference.found(found)
    difference.settled(DifferenceSettled("d1", "accepted", "a rounding"))
    difference.found(found)
    assert (difference.status, difference.decision, difference.reason) == ("open", None, None)
