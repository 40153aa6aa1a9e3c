"""A closed period: what was signed stays provable, nothing is posted into it, and what would alter it is listed."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from tests.packs.ledger.books import MARCH, book_of, ledger, opened
from whence.cli import run
from whence.clock import to_iso, to_us
from whence.errors import InvalidTime, NotKnown, Refused
from whence.history import At
from whence.packs.balances.entries import balances
from whence.packs.book import Book
from whence.packs.closing.signing import close
from whence.packs.ledger.events import CODEC, Posted, Posting
from whence.testing.racing import together

APRIL = "2026-04-02T12:00:00Z"
REDATE = '[pack.ledger]\nclosed = "redate"\n'


def test_a_close_is_an_event_with_its_position_and_totals() -> None:
    db = ledger()
    book_of(db)
    head = db.store.head()
    done = close(db, "2026-03", by="anna", reviewed_by="ben")
    event = db.event(done.positions[0])
    totals = {each["account"]: each["balance_minor"] for each in event.data["totals"]}
    assert totals == {"assets:bank": 12875, "expenses:fees": 125, "income:sales": -13000}
    assert (event.actor, event.data["reviewed_by"], event.data["at_position"]) == ("anna", "ben", head)
    (row,) = db.table("ledger.periods")
    assert (row.period, row.transactions, row.proved) == ("2026-03", 3, True)


def test_nothing_is_posted_into_a_closed_period() -> None:
    db = ledger()
    book = book_of(db)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    for each in (book, Book(db)):
        with pytest.raises(Refused, match=r"closed \(Period: 2026-03, .*Open from: 2026-04-01"):
            each.enter("assets:bank", "income:sales", "1 EUR", time=MARCH)
    book.enter("assets:bank", "income:sales", "1 EUR", time=APRIL)
    assert db.table("ledger.since-close") == []


def test_it_is_dated_into_the_open_period_where_that_is_configured() -> None:
    db = ledger(REDATE)
    book = book_of(db)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    done = book.enter("assets:bank", "income:sales", "1 EUR", time=MARCH)
    event = db.event(done.positions[0])
    assert to_iso(event.time_us) == "2026-04-01T00:00:00Z"
    assert event.data["dated"] == "2026-03-15T12:00:00Z"
    rows = db.table("ledger.since-close")
    assert [(row.amount, row.alters) for row in rows] == [(Decimal(1), False), (Decimal(-1), False)]


def test_what_is_dated_before_a_closed_period_is_refused_since_it_would_change_the_balances_that_were_signed() -> None:
    db = ledger()
    book = book_of(db)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    signed = balances(db.history().at(At(occurred_us=to_us("2026-03-31T23:59:59Z"))))
    for time in ("2025-03-01T00:00:00Z", "2026-02-28T23:59:59Z"):
        with pytest.raises(Refused, match="Period: 2026-03"):
            book.enter("assets:bank", "income:sales", "500 EUR", time=time)
    assert balances(db.history().at(At(occurred_us=to_us("2026-03-31T23:59:59Z")))) == signed


def test_what_is_dated_before_a_closed_period_is_dated_behind_it_where_that_is_configured() -> None:
    db = ledger(REDATE)
    book = book_of(db)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    (event,) = book.enter("assets:bank", "income:sales", "500 EUR", time="2025-03-01T00:00:00Z").events
    assert to_iso(to_us(event.time or 0)) == "2026-04-01T00:00:00Z"
    rows = db.table("ledger.since-close")
    assert [(row.dated.year, row.alters) for row in rows] == [(2025, False), (2025, False)]


@pytest.mark.parametrize("closed", [("2026-01", "2026-03"), ("2026-03", "2026-01")])
def test_a_gap_between_two_closed_periods_is_closed_and_can_be_signed_later(closed: tuple[str, str]) -> None:
    for text in ("", REDATE):
        db = ledger(text)
        book = book_of(db)
        for period in closed:
            close(db, period, by="anna", reviewed_by="ben")
        if text:
            (event,) = book.enter("assets:bank", "income:sales", "1 EUR", time="2026-02-15T00:00:00Z").events
            assert to_iso(to_us(event.time or 0)) == "2026-04-01T00:00:00Z"
        else:
            for time, period in (("2026-01-15T00:00:00Z", "2026-01"), ("2026-02-15T00:00:00Z", "2026-03")):
                with pytest.raises(Refused, match=f"Period: {period}.*Open from: 2026-04-01"):
                    book.enter("assets:bank", "income:sales", "1 EUR", time=time)
        close(db, "2026-02", by="anna", reviewed_by="ben")
        assert [row.proved for row in db.table("ledger.periods")] == [True, True, True]


def test_a_close_says_which_period_it_overlaps() -> None:
    db = ledger()
    book_of(db)
    close(db, "2026-01", by="anna", reviewed_by="ben")
    with pytest.raises(Refused, match=r"Period: 2026-Q1, Closed: 2026-01"):
        close(db, "2026-Q1", by="anna", reviewed_by="ben")


def test_whoever_posts_into_a_closed_period_is_told_where_it_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text(f'store = "shop.db"\nzone = "Europe/Vienna"\n{REDATE}')
    with whence.open(create=True) as db:
        book_of(db)
        close(db, "2026-03", by="anna", reviewed_by="ben")
    assert run(["ledger", "enter", "assets:bank", "income:sales", "1 EUR", "--time", "2026-03-15"]) == 0
    assert "2026-03-15 00:00:00 is closed: it is dated 2026-04-01 00:00:00" in capsys.readouterr().err
    assert run(["ledger", "since-close"]) == 0
    assert " 2026-04-01 00:00:00  2026-03-15 00:00:00 " in capsys.readouterr().out


def test_what_is_no_period_is_refused_with_one_that_is() -> None:
    db = ledger()
    with pytest.raises(InvalidTime, match=r"Period: 2026-13.*2026-Q1"):
        close(db, "2026-13", by="anna", reviewed_by="ben")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("2026-3-15", "2026-03-15"),
        ("march 2026", "2026-03"),
        ("2026-3", "2026-03"),
        ("2026Q1", "2026-Q1"),
        ("2025", "2025"),
    ],
)
def test_a_period_has_one_name_however_it_was_said(said: str, name: str) -> None:
    db = ledger()
    book_of(db)
    assert close(db, said, by="anna", reviewed_by="ben").events[0].data["period"] == name


def test_what_was_closed_as_last_month_stays_closed_when_that_is_another_one() -> None:
    db = ledger()
    book_of(db)
    (row,) = close(db, "last month", by="anna", reviewed_by="ben").events
    assert re.fullmatch(r"\d{4}-\d\d", row.data["period"])
    with pytest.raises(InvalidTime, match="a day, a month, a quarter or a year"):
        close(db, "last week", by="anna", reviewed_by="ben")


def test_the_last_month_that_there_is_is_not_over() -> None:
    for period in ("9999-12", "9999-Q4"):
        with pytest.raises(Refused, match="The period is not over"):
            close(ledger(), period, by="anna", reviewed_by="ben")


def test_a_balance_that_an_event_cannot_hold_is_not_signed() -> None:
    db = ledger()
    book = opened(db)
    for _ in range(2):
        book.enter("assets:bank", "income:sales", "90071992547409 EUR", time=MARCH)
    with pytest.raises(Refused, match=r"too large to be signed exactly .*180,143,985,094,818"):
        close(db, "2026-03", by="anna", reviewed_by="ben")


def test_what_may_be_chosen_is_said_on_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "open", "assets:bank", "--store", str(tmp_path / "shop.db")]) == 2
    assert "Missing option '--type'. Choose from: asset, liability, equity, income, expense" in capsys.readouterr().err


def test_where_nothing_is_closed_that_is_said() -> None:
    with pytest.raises(NotKnown, match="No period is closed"):
        ledger().table("ledger.since-close")


def test_what_comes_past_the_book_is_listed_as_altering_the_figures() -> None:
    db = ledger()
    book_of(db)
    close(db, "2026-03", by="anna", reviewed_by="ben")
    late = Posted("late", "sale", (Posting("assets:bank", 500, "EUR"), Posting("income:sales", -500, "EUR")))
    db.append(CODEC.event(late, time="2025-03-01T00:00:00Z"))
    rows = db.table("ledger.since-close", period="2026-03")
    assert [(row.account, row.alters) for row in rows] == [("assets:bank", True), ("income:sales", True)]
    assert db.table("ledger.periods")[0].proved


def test_a_period_is_closed_once_by_two_when_it_is_over() -> None:
    db = ledger()
    book_of(db)
    with pytest.raises(Refused, match="Another person"):
        close(db, "2026-03", by="anna", reviewed_by="anna")
    with pytest.raises(Refused, match="not over"):
        close(db, "2126-03", by="anna", reviewed_by="ben")
    with pytest.raises(InvalidTime, match="a day, a month, a quarter or a year"):
        close(db, "2026-03-01 12:00", by="anna", reviewed_by="ben")
    close(db, "2026-03", by="anna", reviewed_by="ben")
    with pytest.raises(Refused, match="closed before"):
        close(db, "2026-03-15", by="anna", reviewed_by="ben")
    close(db, "2026-04", by="anna", reviewed_by="ben")
    assert [row.period for row in db.table("ledger.periods")] == ["2026-03", "2026-04"]


def test_a_quarter_is_a_period() -> None:
    db = ledger()
    book = book_of(db)
    close(db, "2026-Q1", by="anna", reviewed_by="ben")
    with pytest.raises(Refused, match=r"Period: 2026-Q1"):
        book.enter("assets:bank", "income:sales", "1 EUR", time="2026-03-31T23:59:59Z")
    book.enter("assets:bank", "income:sales", "1 EUR", time="2026-04-01T00:00:00Z")
    with pytest.raises(Refused, match="closed before"):
        close(db, "2026-02", by="anna", reviewed_by="ben")
    assert [(row.period, row.transactions, row.proved) for row in db.table("ledger.periods")] == [("2026-Q1", 3, True)]


def test_racing_with_a_close_nothing_slips_into_the_period() -> None:
    db = ledger()
    book_of(db)
    books = [Book(db) for _ in range(4)]

    def act(racer: int) -> None:
        if racer == 0:
            close(db, "2026-03", by="anna", reviewed_by="ben")
            return
        for _ in range(5):
            books[racer % 4].enter("assets:bank", "income:sales", "1 EUR", time=MARCH)

    together(8, act, among=(Refused, whence.errors.ConditionFailed))
    signed = [event for event in db.store.read() if event.type == "ledger.PeriodClosed"]
    for event in signed:
        (later,) = [each for each in db.store.read() if each.position == event.position]
        after = [each for each in db.store.read(after=later.position) if each.type == "ledger.Posted"]
        assert after == []
        assert event.data["at_position"] == event.position - 1
        assert event.data["totals"] == [
            {"account": name, "currency": code, "balance_minor": minor}
            for (name, code), minor in sorted(balances(db.history()).items())
        ]
