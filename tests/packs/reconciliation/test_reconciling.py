"""Two sides compared: what is planted is found and nothing else, totals tie, and what a person decides is kept."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from tests.exam import counts
from tests.matching.items import item
from tests.packs.ledger.books import configured, ledger, opened
from tests.packs.reconciliation.planted import HEADER, KINDS, SIDE, plant, unread
from whence.cli import run
from whence.errors import InvalidConfig, InvalidInput
from whence.matching.comparing import Compared, compare
from whence.matching.sides import Side
from whence.packs.book import Book
from whence.packs.closing.signing import close
from whence.packs.differences.decisions import settle
from whence.packs.differences.state import Difference
from whence.packs.evidence.folder import evidence
from whence.packs.reconciliation import statement as roll_forward
from whence.packs.reconciliation.reconciliation import Reconciliation, reconcile
from whence.packs.reconciliation.statement import statement
from whence.stores.memory import MemoryStore

FAULTS = 60


def named(compared: Compared) -> dict[str, set[str]]:
    """The differences by kind, each by the reference of its line."""
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for each in compared.differences:
        lines = (each.here, each.there)
        found.setdefault(each.what, set()).update(name for name in lines if name.startswith("ref-"))
    return found


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[whence.Whence, dict[str, set[str]], str]:
    folder = tmp_path_factory.mktemp("planted")
    db = whence.Whence(MemoryStore(), configured(SIDE))
    made = plant(db, folder, lines=counts.RECONCILED, faults=FAULTS, seed=5)
    return db, made.faults, f"bank={made.file}"


def compared_with(planted: tuple[whence.Whence, dict[str, set[str]], str]) -> Reconciliation:
    db, _, file = planted
    return reconcile(db, "assets:bank", file, passes=("exact", "id"), order=True)


def test_what_is_planted_is_found_and_nothing_is_invented(
    planted: tuple[whence.Whence, dict[str, set[str]], str],
) -> None:
    made = compared_with(planted)
    assert named(made.compared) == planted[1]
    assert Counter(each.what for each in made.compared.differences) == Counter(
        {kind: len(references) for kind, references in planted[1].items()}
    )
    assert len(made.compared.differences) == FAULTS


def test_the_totals_tie_and_the_statement_explains_what_is_between_them(
    planted: tuple[whence.Whence, dict[str, set[str]], str],
) -> None:
    made = compared_with(planted)
    assert made.compared.unexplained() == {}
    assert [row.difference for row in made.statement if row.line == "unexplained"] == [Decimal(0)] * len(
        {row.currency for row in made.statement}
    )


def test_all_passes_together_invent_nothing_either(planted: tuple[whence.Whence, dict[str, set[str]], str]) -> None:
    db, faults, file = planted
    made = reconcile(db, "assets:bank", file, order=True)
    assert named(made.compared) == faults


def test_open_differences_are_carried_forward(tmp_path: Path) -> None:
    db = whence.Whence(MemoryStore(), configured(SIDE.replace("balance = ", "# balance = ")))
    book = opened(db)
    for day, cents in ((5, 1000), (20, 2000)):
        book.enter(
            "assets:bank", "income:sales", f"{cents / 100:.2f} EUR", time=f"2026-01-{day:02}T00:00:00Z", key=f"j{day}"
        )
    book.enter("assets:bank", "income:sales", "7.00 EUR", time="2026-02-03T00:00:00Z", key="f3")
    file = tmp_path / "bank.csv"
    file.write_text("booked,reference,type,amount,currency\n2026-01-05,j5,card,10.00,EUR\n")
    january = {"since": date(2026, 1, 1), "until": date(2026, 1, 31)}
    reconcile(db, "assets:bank", f"bank={file}", record=True, **january)
    file.write_text(file.read_text() + "2026-02-03,f3,card,7.00,EUR\n")
    made = reconcile(db, "assets:bank", f"bank={file}", since=date(2026, 2, 1), until=date(2026, 2, 28))
    rows = {row.line: row for row in made.statement}
    assert (rows["opening"].here, rows["open from before"].difference) == (Decimal("30.00"), Decimal("-20.00"))
    assert [each.what for each in made.carried.values()] == ["missing-there"]
    assert (rows["opening"].there, rows["closing"].there, made.unexplained) == (None, Decimal("17.00"), {})


def test_what_was_accepted_or_is_theirs_to_mend_explains_the_balances_of_later_months(tmp_path: Path) -> None:
    db = whence.Whence(MemoryStore(), configured(SIDE))
    book = opened(db)
    file = tmp_path / "bank.csv"
    file.write_text(
        "booked,reference,type,amount,currency,balance\n"
        "2026-01-05,a,card,10.00,EUR,10.00\n2026-01-31,fee,fee,-1.50,EUR,8.50\n2026-02-03,b,card,4.00,EUR,12.50\n"
    )
    for name, day, amount in (("a", "01-05", "10 EUR"), ("b", "02-03", "4 EUR")):
        book.enter("assets:bank", "income:sales", amount, time=f"2026-{day}T00:00:00Z", key=name)
    reconcile(db, "assets:bank", f"bank={file}", until=date(2026, 1, 31), record=True)
    (fee,) = db.table("ledger.differences")
    for outcome, line in (("carried", "open"), ("accepted", "settled"), ("source-error", "settled")):
        db.decide(settle, fee.difference, outcome=outcome, reason="a fee", by="ben")
        made = reconcile(db, "assets:bank", f"bank={file}", since=date(2026, 2, 1))
        assert made.unexplained == {}
        assert {row.line: row.difference for row in made.statement}[f"{line} from before"] == Decimal("-1.50")


def test_days_apart_are_not_negative(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "reconcile", "assets:bank", "bank=bank.csv", "--days", "-1"]) == 2
    assert "-1 is not in the range x>=0" in capsys.readouterr().err


def test_a_side_that_there_is_not_is_refused() -> None:
    db = ledger()
    opened(db)
    with pytest.raises(InvalidConfig, match="No such side"):
        reconcile(db, "assets:bank", "bank=x.csv")
    with pytest.raises(InvalidInput, match="before the first"):
        reconcile(db, "assets:bank", "assets:stripe", since=date(2026, 2, 1), until=date(2026, 1, 1))


def test_a_line_that_cannot_be_read_is_named_on_its_own_side(tmp_path: Path) -> None:
    db, file = unread(tmp_path)
    for sides, column in (((file, "assets:bank"), "here"), (("assets:bank", file), "there")):
        found = reconcile(db, *sides).compared.differences
        other = "there" if column == "here" else "here"
        assert [(getattr(each, column), getattr(each, other)) for each in found] == [("line 2", ""), ("line 3", "")]


def test_a_line_that_cannot_be_read_belongs_to_the_days_of_its_own_day(tmp_path: Path) -> None:
    db, file = unread(tmp_path)
    january = reconcile(db, "assets:bank", file, since=date(2026, 1, 1), until=date(2026, 1, 31))
    assert [each.day for each in january.compared.differences] == ["2026-01-05", None]
    february = reconcile(db, "assets:bank", file, since=date(2026, 2, 1), until=date(2026, 2, 28))
    assert [each.day for each in february.compared.differences] == [None]


def test_the_lines_of_the_statement_add_up_to_what_is_between_the_sides() -> None:
    ours = [item(1, 1000, id="a", category="charge"), item(2, -30, id="b", category="fee")]
    theirs = [item(1, 970, id="c", category="payout")]
    for here, there in ((ours, theirs), (theirs, ours)):
        rows = statement(compare(Side("a", here, opening={"EUR": 0}), Side("b", there, opening={"EUR": 0})))
        place = [row.line for row in rows].index("closing")
        assert sum(row.difference or 0 for row in rows[:place]) == rows[place].difference
        assert None not in [row.there for row in rows[:place]]


def test_a_file_that_states_no_balance_is_taken_to_begin_as_the_account(tmp_path: Path) -> None:
    db, file = unread(tmp_path)
    book = Book(db)
    for day in ("2026-01-05", "2026-02-05"):
        book.enter("assets:bank", "income:sales", "10 EUR", time=f"{day}T00:00:00Z", key=day)
    (tmp_path / "january.csv").write_text(f"{HEADER}2026-02-05,2026-02-05,card,10.00,EUR\n")
    for sides, unknown in (((file, "assets:bank"), "here"), (("assets:bank", file), "there")):
        rows = {row.line: row for row in reconcile(db, *sides, since=date(2026, 2, 1)).statement}
        known = "there" if unknown == "here" else "here"
        assert (getattr(rows["opening"], unknown), getattr(rows["opening"], known)) == (None, Decimal(10))
        assert (rows["closing"].here, rows["closing"].there) == (Decimal(20), Decimal(20))
        assert rows["unexplained"].difference == 0


def test_a_currency_that_only_one_side_began_with_or_is_carried_is_in_the_statement() -> None:
    carried = Difference()
    carried.status, carried.effect_minor = "open", {"CHF": 300}
    there = Side("b", [], opening={"EUR": 500}, sha256="of a file")
    rows = statement(compare(Side("a", []), there), [carried])
    left = {row.currency: row.difference for row in rows if row.line == "closing"}
    assert left == {"CHF": Decimal(3), "EUR": Decimal(5)}


def test_a_fee_is_a_word_of_its_own() -> None:
    categories = ("coffee", "stripe_fee", "application-fee", "bank fees", "fee")
    ours = [item(place, 100, id=each, category=each) for place, each in enumerate(categories)]
    lines = [row.line for row in statement(compare(Side("a", ours), Side("b", ours)))]
    fees = [f"fees: {each}" for each in sorted(categories[1:])]
    assert lines == ["opening", "activity: coffee", *fees, "closing", "unexplained"]


def test_categories_that_only_one_side_names_are_not_compared() -> None:
    ours, theirs = [item(1, 1000, id="a", category="charge")], [item(1, 1000, id="a")]
    for here, there in ((ours, theirs), (theirs, ours)):
        rows = {row.line: row for row in statement(compare(Side("a", here), Side("b", there)))}
        assert [rows[f"activity: {each}"].difference for each in ("all", "charge")] == [None, None]
        assert rows["closing"].difference == rows["unexplained"].difference == 0


def test_lines_that_cannot_be_read_are_counted_once_below_all_currencies(tmp_path: Path) -> None:
    db, file = unread(tmp_path)
    path = tmp_path / "january.csv"
    path.write_text(f"{path.read_text()}2026-01-06,j7,card,5.00,EUR\n2026-01-06,j8,card,5,JPY\n")
    rows = [row for row in reconcile(db, "assets:bank", file).statement if row.line.startswith("unreadable")]
    assert [(row.currency, row.line, row.items) for row in rows] == [
        ("", "unreadable: rounding", 1),
        ("", "unreadable: format", 1),
    ]


def test_the_page_of_a_period_leaves_room_for_why_a_line_cannot_be_read(tmp_path: Path) -> None:
    db, file = unread(tmp_path)
    reconcile(db, "assets:bank", file, record=True, by="anna")
    close(db, "2026-01", by="anna", reviewed_by="ben")
    page = next(each for each in evidence(db, "2026-01", tmp_path / "january") if each.name == "index.html").read_text()
    assert '<th class="long">note</th>' in page
    assert "td.long" in page


def test_sides_that_begin_with_balances_that_differ_do_not_tie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text(f'store = "shop.db"\nzone = "UTC"\n{SIDE}')
    (tmp_path / "bank.csv").write_text("booked,reference,type,amount,currency,balance\n2026-01-05,a,x,1.00,EUR,8.00\n")
    with whence.open(create=True) as db:
        opened(db).enter("assets:bank", "income:sales", "1 EUR", time="2026-01-05T00:00:00Z", key="a")
    assert run(["ledger", "reconcile", "assets:bank", "bank=bank.csv"]) == 1
    said = capsys.readouterr().err
    assert "0 differences" in said
    assert "Beyond that 7.00 EUR are between the balances" in said


def test_a_file_with_the_newest_line_at_the_top_ties_as_the_other_way_round(tmp_path: Path) -> None:
    header = "booked,reference,type,amount,currency,balance"
    lines = ["2026-01-10,a,x,1.00,EUR,1.00", "2026-01-10,b,x,2.00,EUR,3.00", "2026-01-11,c,x,5.00,EUR,8.00"]
    db = whence.Whence(MemoryStore(), configured(SIDE))
    book = opened(db)
    for name, day, amount in (("a", 10, 1), ("b", 10, 2), ("c", 11, 5)):
        book.enter("assets:bank", "income:sales", f"{amount} EUR", time=f"2026-01-{day}T00:00:00Z", key=name)
    made = []
    for told in (lines, lines[::-1]):
        (tmp_path / "bank.csv").write_text("\n".join([header, *told]))
        made.append(reconcile(db, "assets:bank", f"bank={tmp_path / 'bank.csv'}", since=date(2026, 1, 10)))
    assert [each.unexplained for each in made] == [{}, {}]
    assert made[0].statement == made[1].statement
    assert {row.there for row in made[1].statement if row.line == "closing"} == {Decimal("8.00")}


def test_lines_before_and_after_those_that_state_a_balance_move_it_too(tmp_path: Path) -> None:
    lines = [
        "10,a,x,1.00,EUR,",
        "10,b,x,2.00,EUR,103.00",
        "11,c,x,4.00,EUR,",
        "11,d,x,8.00,EUR,115.00",
        "12,e,x,16.00,EUR,",
    ]
    db = whence.Whence(MemoryStore(), configured(SIDE))
    book = opened(db)
    book.enter("assets:bank", "income:sales", "100 EUR", time="2026-01-01T00:00:00Z")
    for line in lines:
        day, name, _, amount, *_ = line.split(",")
        book.enter("assets:bank", "income:sales", f"{amount} EUR", time=f"2026-01-{day}T00:00:00Z", key=name)
    for told in (lines, lines[::-1]):
        rows = "".join(f"2026-01-{line}\n" for line in told)
        (tmp_path / "bank.csv").write_text(f"booked,reference,type,amount,currency,balance\n{rows}")
        made = reconcile(db, "assets:bank", f"bank={tmp_path / 'bank.csv'}", since=date(2026, 1, 10))
        there = {row.line: row.there for row in made.statement}
        assert (there["opening"], there["closing"], made.unexplained) == (Decimal(100), Decimal(131), {})


def test_the_example_of_the_roll_forward_is_true() -> None:
    def side(name: str, fee: int) -> Side:
        charges = [item(place, 2500, id=f"c{place}", category="charge") for place in (1, 2)]
        less = [item(3, fee, id="f", category="fee"), item(4, -4000, id="p", category="payout")]
        return Side(name, [*charges, *less], opening={"EUR": 10000})

    example = (roll_forward.__doc__ or "").split("items\n")[1].splitlines()
    told = [re.match(r" *([a-z]+(?:: [a-z]+)?)((?: +-?[\d.]+)+)", line) for line in example]
    rows = statement(compare(side("a", -150), side("b", -200)))
    shown = [[each for each in (row.here, row.there, row.difference, row.items) if each is not None] for row in rows]
    assert [row.line for row in rows] == [found[1] for found in told if found]
    assert shown == [[Decimal(each) for each in found[2].split()] for found in told if found]
