"""Files posted by rules: a line is a balanced transaction, once, or is refused by name; Stripe's own objects tie."""

from __future__ import annotations

import io
import json
from csv import DictReader
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import configured, ledger, opened
from tests.packs.sources.stripe import HEAD, STRIPE, csv, stripe
from whence.cli import run
from whence.clock import to_iso
from whence.errors import Refused
from whence.files.importer import import_events
from whence.files.mapping import Mapping
from whence.matching.comparing import compare
from whence.matching.sides import Item, Side
from whence.packs.balances.entries import balances
from whence.packs.book import Book
from whence.packs.closing.signing import close
from whence.packs.ledger.decisions import open_
from whence.packs.ledger.events import Posted, Posting
from whence.packs.posting.batches import BatchBook
from whence.packs.posting.files import post_file, preview_file
from whence.packs.reconciliation.sides import of_account
from whence.packs.sources.source import Draft
from whence.query import Query
from whence.stores.memory import MemoryStore
from whence.testing.racing import together


def test_the_balance_transactions_of_stripe_tie(data_folder: Path) -> None:
    db = stripe(('"refunds"', '"source"'))
    report = post_file(db, "stripe", data_folder / "stripe_samples/fivetran_balance_transaction.csv")
    assert (report.lines, report.posted, report.refused_count) == (9, 9, 0)
    sums = balances(db.history())
    assert sum(sums.values()) == 0
    assert sums["assets:bank", "USD"] == 18759
    side = of_account(db.asked(), "assets:stripe")
    charges = [each for each in side.items if each.category == "charge"]
    payouts = [
        Item(1, each.id, each.group, each.us, each.day, -each.amount_minor, each.currency)
        for each in side.items
        if each.category == "payout"
    ]
    found = compare(Side("stripe", charges), Side("bank", payouts), passes=["group"])
    assert [(match.here[0].amount_minor, match.there[0].id) for match in found.matches] == [
        (18759, "po_0IV4rIig6peNXzgD51VFKdaB")
    ]


def test_the_events_of_stripe_are_taken_once_and_conflicts_are_named(data_folder: Path) -> None:
    path = data_folder / "stripe_samples/djstripe_fixtures.jsonl"
    objects = [json.loads(line)["object"] for line in path.read_text("utf-8").splitlines()]
    lines = "\n".join(json.dumps({"event": each}) for each in objects if each.get("object") == "event")
    inbox = {"format": "jsonl", "type": "event.type", "id": "event.id", "data": "event", "source": "stripe"}
    report = import_events(MemoryStore(), Mapping.from_table("stripe", inbox), io.BytesIO(lines.encode()))
    assert (report.rows, report.appended, report.already, report.refused_count) == (11, 4, 2, 5)


def test_a_line_is_refused_by_name() -> None:
    report = post_file(
        stripe(),
        "stripe",
        csv(
            "t1,2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_1,po_1,,",
            "t2,2026-01-05T00:00:00Z,topup,1000,0,1000,eur,,,,",
            "t3,2026-01-05T00:00:00Z,charge,1000,30,971,eur,ch_3,,,",
            "t4,2026-01-05T00:00:00Z,charge,10.00,0.30,9.70,eur,ch_4,,,",
            "t5,2026-01-05T00:00:00Z,charge,1000,30,970,eurx,ch_5,,,",
            "t6,yesterday,charge,1000,30,970,eur,ch_6,,,",
            "t7,2026-01-06T00:00:00Z,refund,-1001,0,-1001,eur,re_1,,,ch_1",
            "t1,2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_1,po_1,,",
            "t1,2026-01-05T00:00:00Z,charge,2000,30,1970,eur,ch_1,po_1,,",
            "t8,2026-01-06T00:00:00Z,refund,-400,,-400,eur,re_2,,,ch_1",
            "t9,2026-01-06T00:00:00Z,refund,-601,,-601,eur,re_3,,,ch_1",
        ),
    )
    reasons = dict(report.refused)
    assert (report.posted, report.already, report.conflicts) == (2, 1, 1)
    for line, said in {
        3: "No posting rule takes this line",
        4: "do not balance",
        5: "whole numbers",
        6: "No such currency",
        7: "Time",
        8: "at most what was charged",
        10: "another content",
        12: "Left: 6.00 EUR",
    }.items():
        assert said.lower() in reasons[line].lower(), (line, reasons[line])
    assert "'topup'" in reasons[3]


def test_posting_twice_and_half_a_file_before_changes_nothing() -> None:
    db = stripe()
    lines = [f"t{number},2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_{number},,," for number in range(40)]
    assert post_file(db, "stripe", csv(*lines[:15])).posted == 15
    whole = post_file(db, "stripe", csv(*lines))
    assert (whole.posted, whole.already) == (25, 15)
    assert post_file(db, "stripe", csv(*reversed(lines))).posted == 0
    assert balances(db.history())["assets:stripe", "EUR"] == 40 * 970


def test_many_posting_the_same_file_at_once_post_it_once(tmp_path: Path) -> None:
    lines = [f"t{number},2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_{number},,," for number in range(300)]
    with whence.open(tmp_path / "shop.db", create=True, config=configured(STRIPE)) as db:
        reports = together(6, lambda _: post_file(db, "stripe", csv(*lines)), among=(whence.errors.ConditionFailed,))
        assert all(report.posted + report.already == 300 for report in reports)
        assert sum(report.posted for report in reports) == 300
        assert balances(db.history())["assets:stripe", "EUR"] == 300 * 970


def test_a_charge_is_given_back_in_its_own_currency() -> None:
    db = stripe()
    charged = "t1,2026-01-05T00:00:00Z,charge,2000,0,2000,eur,ch_1,,,"
    refund = "t2,2026-01-06T00:00:00Z,refund,-2000,0,-2000,jpy,re_1,,,ch_1"
    for lines in ([charged, refund], [refund]):  # in one batch, and when the charge is there before
        (_, reason), *more = post_file(db, "stripe", csv(*lines)).refused
        assert reason.startswith("The charge is in another currency (Charge: ch_1, Currency: EUR)")
        assert not more
    assert Book(db).state("charge:ch_1").left_minor == 2000


def test_a_line_that_names_no_charge_charges_nobody_and_gives_nothing_back() -> None:
    db = stripe()
    lines = [f"t{n},2026-01-05T00:00:00Z,{what},,,," for n, what in enumerate(("charge,2000,0,2000,eur", REFUND))]
    report = post_file(db, "stripe", csv(*lines))
    assert [(line, reason.split(" (")[0]) for line, reason in report.refused] == [
        (3, "The line does not name the charge of its refund")
    ]
    Book(db).reverse("stripe:t0")
    assert set(balances(db.history()).values()) == {0}


REFUND = "refund,-9900,0,-9900,eur"


def test_each_of_several_charges_under_one_name_is_reversed_unless_some_of_it_was_refunded() -> None:
    db = stripe()
    lines = [f"t{n},2026-01-05T00:00:00Z,charge,{n}000,0,{n}000,eur,ch_1,,," for n in (1, 2, 3)]
    assert post_file(db, "stripe", csv(*lines)).posted == 3
    book = Book(db)
    book.reverse("stripe:t3")
    charge = book.state("charge:ch_1")
    assert (charge.status, charge.left_minor) == ("charged", 3000)
    book.refund("ch_1", "15.00 EUR")
    with pytest.raises(Refused, match="Some of the charge was refunded"):
        book.reverse("stripe:t2")
    book.reverse("stripe:t1")
    book.refund("ch_1")
    assert book.state("charge:ch_1").status == "refunded"
    assert set(balances(db.history()).values()) == {0}


def test_a_preview_posts_nothing() -> None:
    db = stripe()
    drafts, report = preview_file(
        db, "stripe", csv("t1,2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_1,,,", "t2,x,y,1,1,1,eur,,,,")
    )
    assert [(line, len(draft.posted.postings)) for line, draft in drafts] == [(2, 3)]
    assert (report.refused_count, db.store.head()) == (1, 0)


def test_the_command_shows_a_row_for_each_posting_of_a_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text(f'store = "shop.db"\n{STRIPE}')
    with whence.open(create=True):
        pass
    (tmp_path / "report.csv").write_text(f"{HEAD}t1,2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_1,,,\n")
    assert run(["ledger", "post", "stripe", "report.csv", "--preview", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["account"], row["amount"]) for row in rows] == [
        ("assets:stripe", "9.70"),
        ("expenses:fees", "0.30"),
        ("income:sales", "-10.00"),
    ]


def test_a_preview_says_what_posting_may_still_refuse_and_a_report_is_a_row_of_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text(f'store = "shop.db"\n{STRIPE}')
    with whence.open(create=True) as db:
        close(db, "2026-01", by="anna", reviewed_by="ben")
    charges = (f"t{month},2026-0{month}-05T00:00:00Z,charge,1000,30,970,eur,ch_{month},,,\n" for month in (1, 2))
    (tmp_path / "report.csv").write_text(f"{HEAD}{''.join(charges)}t3,2026-02-06T00:00:00Z,charge,1000,x,970,eur,,,,\n")
    command = ["ledger", "post", "stripe", "report.csv"]
    assert run([*command, "--preview"]) == 1
    told = capsys.readouterr().err
    assert "3 lines of report.csv: 2 would be posted, 1 refused." in told
    assert told.splitlines()[-1].startswith("Nothing was posted, and the rules alone are looked at")
    assert run([*command, "--csv"]) == 1
    printed = capsys.readouterr()
    (row,) = DictReader(printed.out.splitlines())
    assert (row["lines"], row["posted"], row["refused_count"]) == ("3", "1", "2")
    assert "line 2: This time is closed" in printed.err
    assert "line 4: Not an amount as this source writes them (Column: fee, Amount: 'x')" in printed.err


def test_a_preview_names_the_line_whose_id_came_before_with_another_content() -> None:
    line = "t1,2026-01-05T00:00:00Z,charge,1000,30,970,eur,ch_1,,,"
    drafts, report = preview_file(stripe(), "stripe", csv(line, line, line.replace("1000,30,970", "1010,30,980")))
    assert [number for number, _ in drafts] == [2]
    assert [(number, "another content" in reason) for number, reason in report.refused] == [(4, True)]


def test_refused_lines_stand_in_the_order_of_the_file() -> None:
    charged = "t1,2026-01-05T10:00:00Z,charge,1000,59,941,eur,ch_1,,,\n"
    too_much = "t2,2026-01-06T10:00:00Z,refund,-1001,0,-1001,eur,re_1,,,ch_1\n"
    unknown = "t3,2026-01-07T10:00:00Z,topup,1,0,1,eur,tu_1,,,\n"
    report = post_file(stripe(), "stripe", io.BytesIO(f"{HEAD}{charged}{too_much}{unknown}".encode()))
    assert [line for line, _ in report.refused] == [3, 4]


def test_what_was_posted_before_the_first_stated_balance_is_what_the_account_began_with() -> None:
    balance = 'reported = { account = "assets:stripe", balance = "description" }\n'
    db = stripe(('text = "description"\n', balance))
    db.decide(open_, "assets:stripe", type="asset")
    db.decide(open_, "income:sales", type="income")
    Book(db).enter("assets:stripe", "income:sales", "7 EUR", time="2026-01-01T00:00:00Z")
    line = "t1,2026-01-05T10:00:00Z,charge,1000,59,941,eur,ch_1,,1641,\n"
    assert post_file(db, "stripe", io.BytesIO(f"{HEAD}{line}".encode())).posted == 1
    Book(db).enter("assets:stripe", "income:sales", "2 EUR", time="2026-01-06T00:00:00Z")
    (row,) = db.table("ledger.ties", account="assets:stripe")
    assert (row.balance, row.reported, row.ties) == (Decimal("16.41"), Decimal("16.41"), True)


def test_a_charge_that_moves_nothing_spoils_no_state() -> None:
    db = ledger()
    opened(db)
    book = BatchBook(db)
    nothing = (Posting("assets:bank", 0, "EUR"), Posting("income:sales", 0, "EUR"))
    book.post_all([Draft(Posted("t-1", "charge", nothing, charge="c", charged_minor=500))])
    assert [(row.charge, row.left) for row in db.table("ledger.charges")] == [("c", Decimal("5.00"))]
    with pytest.raises(Refused, match="No such charge"):
        book.refund("c")


def test_of_a_file_the_lines_are_refused_that_are_dated_up_to_the_end_of_a_closed_period() -> None:
    db = stripe()
    close(db, "2026-01", by="anna", reviewed_by="ben")
    days = ("2025-01-05", "2026-01-31", "2026-02-01")
    report = post_file(
        db, "stripe", csv(*(f"{day},{day}T10:00:00Z,charge,1000,59,941,eur,ch_{day},,," for day in days))
    )
    assert (report.posted, [line for line, _ in report.refused]) == (1, [2, 3])


def test_a_line_that_is_dated_into_the_open_period_is_there_with_its_own_time_and_no_other() -> None:
    db = stripe(("[pack.ledger.source.stripe]", '[pack.ledger]\nclosed = "redate"\n[pack.ledger.source.stripe]'))
    close(db, "2026-01", by="anna", reviewed_by="ben")
    line = "t1,2025-01-05T10:00:00Z,charge,1000,59,941,eur,ch_1,,,"
    assert post_file(db, "stripe", csv(line)).posted == 1
    (event,) = db.history().events(Query.of(types=[Posted.event_type]))
    assert to_iso(event.time_us) == "2026-02-01T00:00:00Z"
    assert post_file(db, "stripe", csv(line)).already == 1
    assert post_file(db, "stripe", csv(line.replace("01-05", "01-06"))).conflicts == 1
