"""The evidence of a closed period: one folder whose digests are right, the same whenever it is written."""

from __future__ import annotations

import csv
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.packs.ledger.books import MARCH, book_of, ledger
from whence.clock import to_us
from whence.errors import CannotWrite, NotKnown
from whence.packs.closing.signing import close
from whence.packs.evidence.folder import evidence
from whence.packs.ledger.events import CODEC, Posted, Posting
from whence.packs.reconciliation.reconciliation import reconcile

REDATE = '[pack.ledger]\nclosed = "redate"\n'
BANK = '[pack.ledger.side.bank]\nunit = "major"\ncurrency = "currency"\namount = "amount"\nid = "id"\ntime = "time"\n'


def test_the_page_shows_times_in_the_zone_that_it_names(tmp_path: Path) -> None:
    db = ledger(REDATE)
    db.config = msgspec.structs.replace(db.config, zone=ZoneInfo("Europe/Vienna"))
    book = book_of(db)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    book.enter("assets:bank", "income:sales", "1 EUR", time=MARCH)
    page = next(each for each in evidence(db, "2026-03", tmp_path / "march") if each.name == "index.html").read_text()
    assert "<time>2026-04-01 00:00:00</time>" in page
    assert "<time>2026-03-15 13:00:00</time>" in page
    assert "times in Europe/Vienna" in page


def test_the_evidence_shows_an_account_that_nobody_opened_as_it_was_posted_to(tmp_path: Path) -> None:
    db = ledger()
    db.append(CODEC.event(Posted("t", "sale", (Posting("a", 500, "EUR"), Posting("b", -500, "EUR"))), time=MARCH))
    close(db, "2026-03", by="anna", reviewed_by="ben")
    files = {each.name: each.read_text("utf-8") for each in evidence(db, "2026-03", tmp_path / "march")}
    rows = csv.DictReader(files["entries.csv"].splitlines())
    assert [(row["account"], row["debit"], row["credit"]) for row in rows] == [
        ("a", "5.00", "0.00"),
        ("b", "0.00", "5.00"),
    ]


def test_the_evidence_is_one_folder_whose_digests_are_right(tmp_path: Path) -> None:
    db = ledger()
    book_of(db)
    with pytest.raises(NotKnown, match="No such period"):
        evidence(db, "2026-03", tmp_path / "march")
    close(db, "2026-03", by="anna", reviewed_by="ben")
    files = {each.name: each.read_bytes() for each in evidence(db, "2026-03", tmp_path / "march")}
    digests = json.loads(files.pop("digests.json"))
    assert digests["files"] == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    page = files["index.html"].decode()
    assert "reviewed by ben" in page
    assert "128.75" in page
    assert "assets:<wbr>bank" in page
    assert "<b>& co" not in page
    assert "100.00" in files["roll-forward.csv"].decode()
    rows = list(csv.DictReader(files["entries.csv"].decode().splitlines()))
    assert len(rows) == 4
    assert sum(Decimal(row["debit"]) for row in rows) == sum(Decimal(row["credit"]) for row in rows) > 0
    assert {row["time"][10:] for row in rows} == {"T12:00:00+00:00"}
    again = {each.name: each.read_bytes() for each in evidence(db, "2026-03", tmp_path / "march")}
    assert {name: content for name, content in again.items() if name != "digests.json"} == files
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    close(db, "2026-02", by="anna", reviewed_by="ben")
    for period, folder in (("2026-03", "other"), ("2026-02", "march")):
        with pytest.raises(CannotWrite, match="Something else"):
            evidence(db, period, tmp_path / folder)
    assert (tmp_path / "march" / "index.html").read_bytes() == files["index.html"]


def test_the_page_says_what_is_proved_and_that_what_came_since_is_not_in_it(tmp_path: Path) -> None:
    db = ledger()
    book_of(db)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    pages = []
    for folder in ("before", "after"):
        evidence(db, "2026-03", tmp_path / folder)
        pages.append((tmp_path / folder / "index.html").read_text("utf-8"))
        late = Posted("late", "sale", (Posting("assets:bank", 500, "EUR"), Posting("income:sales", -500, "EUR")))
        db.append(CODEC.event(late, time=MARCH))
    assert all("The history as it was known then still comes to these figures" in page for page in pages)
    assert ["is not in these figures" in page for page in pages] == [False, True]


def test_what_somebody_put_beside_the_evidence_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = ledger()
    book_of(db)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    evidence(db, "2026-03", tmp_path / "march")
    (tmp_path / "march" / "signed.pdf").write_bytes(b"by hand")
    with pytest.raises(CannotWrite, match=r"more than the evidence.*signed\.pdf"):
        evidence(db, "2026-03", tmp_path / "march")
    assert (tmp_path / "march" / "signed.pdf").read_bytes() == b"by hand"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert Path("index.html") in evidence(db, "2026-03", ".")
    assert {each.name for each in tmp_path.iterdir()} == {"march", "here"}


def test_the_evidence_of_the_same_history_has_the_same_bytes_a_year_later(tmp_path: Path) -> None:
    db = ledger(BANK)
    book_of(db)
    bank = tmp_path / "bank.csv"
    bank.write_text("id,time,amount,currency\nx,2026-03-05,7.00,EUR\n")
    reconcile(db, "assets:bank", f"bank={bank}", record=True)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    made = []
    for now in ("2026-05-01T00:00:00Z", "2027-05-01T00:00:00Z"):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("whence.clock.SystemClock.now_us", lambda self, now=now: to_us(now))
            made.append({each.name: each.read_bytes() for each in evidence(db, "2026-03", tmp_path / now[:4])})
    assert b"missing-here" in made[0]["differences.csv"]
    assert made[0] == made[1]
