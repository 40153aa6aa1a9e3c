"""The verbs of the book: what they come to, what they refuse, and that neither racers nor retries change that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import whence
from tests.exam import counts
from tests.packs.ledger.books import balance, configured, ledger, opened
from whence.cli import run
from whence.errors import IdConflict, InvalidInput, InvalidTime, Refused
from whence.money import Money
from whence.packs.balances.entries import balances
from whence.packs.balancing.trialbalance import trial_balance
from whence.packs.book import Book, expire
from whence.packs.ledger.decisions import open_, retire
from whence.packs.ledger.events import Posting
from whence.testing.racing import together


@pytest.fixture
def db(tmp_path: Path) -> Iterator[whence.Whence]:
    with whence.open(tmp_path / "shop.db", create=True, config=configured()) as db:
        yield db


def test_a_charge_is_split_into_what_arrives_and_the_fee() -> None:
    db = ledger()
    book = opened(db)
    book.charge("ch_1", "20.00 EUR", debit="assets:stripe", credit="income:sales", fee="0.88 EUR")
    assert balances(db.history()) == {
        ("assets:stripe", "EUR"): 1912,
        ("expenses:fees", "EUR"): 88,
        ("income:sales", "EUR"): -2000,
    }
    with pytest.raises(Refused, match="charged before"):
        book.charge("ch_1", "1.00 EUR", debit="assets:stripe", credit="income:sales")


@pytest.mark.parametrize("fee", [501, -100])
def test_a_fee_is_a_part_of_the_charge(fee: int) -> None:
    book = opened(ledger())
    with pytest.raises(Refused, match="fee is a part"):
        book.charge("c", "5.00 EUR", debit="assets:bank", credit="income:sales", fee=Money(fee, "EUR"))


def test_a_charge_that_is_given_back_has_nothing_left() -> None:
    book = opened(ledger())
    book.charge("c", "5.00 EUR", debit="assets:bank", credit="income:sales")
    book.refund("c")
    with pytest.raises(Refused, match="Nothing is left"):
        book.refund("c")


@pytest.mark.parametrize("amount", [12.5, Money(12.5, "EUR"), 12, None])  # type: ignore[arg-type]
def test_a_float_is_no_amount(amount: Any) -> None:
    with pytest.raises(InvalidInput, match=r"Not an amount of money .*no float is exact"):
        opened(ledger()).enter("assets:bank", "income:sales", amount)


def test_an_amount_moves_between_two_accounts() -> None:
    book = opened(ledger())
    for act in (book.enter, book.transfer):
        with pytest.raises(Refused, match="between two accounts"):
            act("wallets:ben", "wallets:ben", "1.00 EUR")


def test_an_amount_too_large_to_be_kept_says_the_largest() -> None:
    book = opened(ledger())
    for act in (book.enter, book.transfer):
        with pytest.raises(Refused, match=r"90,071,992,547,409\.91 EUR"):
            act("assets:bank", "assets:stripe", "90071992547409.92 EUR")
    book.enter("assets:bank", "assets:stripe", "90071992547409.91 EUR")


def test_a_refund_is_never_more_than_the_charge() -> None:
    book = opened(ledger())
    book.charge("ch_1", "20.00 EUR", debit="assets:stripe", credit="income:sales")
    book.refund("ch_1", "12.00 EUR")
    with pytest.raises(Refused, match=r"Left: 8.00 EUR"):
        book.refund("ch_1", "8.01 EUR")
    book.refund("ch_1")
    with pytest.raises(Refused, match="at most what was charged"):
        book.refund("ch_1", "0.01 EUR")
    with pytest.raises(Refused, match="No such charge"):
        book.refund("ch_2")
    assert (balance(book, "assets:stripe"), book.state("charge:ch_1").status) == (0, "refunded")


def test_what_does_not_balance_is_refused_with_what_is_over() -> None:
    db = ledger()
    book = opened(db)
    with pytest.raises(Refused, match=r"Over: 0.01 EUR"):
        book.post("x", [Posting("assets:bank", 101, "EUR"), Posting("income:sales", -100, "EUR")])
    with pytest.raises(Refused, match="two postings"):
        book.post("x", [Posting("assets:bank", 0, "EUR")])
    with pytest.raises(Refused, match=r"No such account.*whence ledger accounts lists those"):
        book.enter("assets:bank", "income:nothing", "1 EUR")
    db.decide(retire, "income:sales", reason="no longer sold")
    with pytest.raises(Refused, match=r"is closed .*Take another one: whence ledger accounts"):
        book.enter("assets:bank", "income:sales", "1 EUR")
    with pytest.raises(Refused, match="another currency"):
        book.enter("assets:bank", "income:sales", "1 USD")


def test_an_account_with_a_limit_is_not_overdrawn() -> None:
    book = opened(ledger())
    book.enter("assets:bank", "wallets:ben", "10.00 EUR", category="deposit")
    with pytest.raises(Refused, match=r"Not enough is available \(Account: wallets:ben, Available: 10.00 EUR"):
        book.transfer("wallets:ben", "wallets:cleo", "10.01 EUR")
    book.transfer("wallets:ben", "wallets:cleo", "10.00 EUR")
    assert (balance(book, "wallets:ben"), balance(book, "wallets:cleo")) == (0, 1000)
    with pytest.raises(Refused, match="of one side"):
        book.transfer("wallets:cleo", "assets:bank", "1 EUR")
    for amount, remedy in (("-1 EUR", "Turn the direction around"), ("0 EUR", "Name what is moved")):
        with pytest.raises(Refused, match=f"more than nothing.*{remedy}"):
            book.transfer("wallets:cleo", "wallets:ben", amount)


@pytest.mark.parametrize("cents", [(-500, 600), (600, -500)])
def test_what_a_transaction_does_to_an_account_with_a_limit_counts_as_a_whole(cents: tuple[int, int]) -> None:
    book = opened(ledger())
    own = [Posting("wallets:ben", -minor, "EUR") for minor in cents]
    book.post("settlement", [*own, Posting("assets:bank", sum(cents), "EUR")])
    assert balance(book, "wallets:ben") == 100
    back = [Posting("wallets:ben", -each.amount_minor, "EUR") for each in own]
    with pytest.raises(Refused, match=r"Available: 1\.00 EUR, Wanted: 2\.00 EUR, Least: 0\.00 EUR"):
        book.post("undo", [*back, Posting("wallets:ben", 100, "EUR"), Posting("assets:bank", -200, "EUR")])


def test_what_is_held_is_captured_or_released_and_nothing_leaks() -> None:
    book = opened(ledger())
    book.enter("assets:bank", "wallets:ben", "10.00 EUR")
    book.hold("h_1", "wallets:ben", "8.00 EUR", until="2026-02-01")
    with pytest.raises(Refused, match="Not enough"):
        book.transfer("wallets:ben", "wallets:cleo", "2.01 EUR")
    with pytest.raises(Refused, match="such a hold"):
        book.hold("h_1", "wallets:ben", "1.00 EUR")
    book.capture("h_1", "wallets:cleo", "3.00 EUR", more=True)
    assert book.state("account:wallets:ben").available_minor("EUR") == 200
    with pytest.raises(Refused, match="at most what is held"):
        book.capture("h_1", "wallets:cleo", "5.01 EUR")
    book.capture("h_1", "wallets:cleo", "1.00 EUR")
    hold = book.state("hold:h_1")
    assert (hold.status, hold.captured_minor, hold.released_minor, hold.left_minor) == ("captured", 400, 400, 0)
    assert book.state("account:wallets:ben").available_minor("EUR") == 600
    book.hold("h_2", "wallets:ben", "6.00 EUR")
    book.release("h_2")
    with pytest.raises(Refused, match="was released"):
        book.capture("h_2", "wallets:cleo")
    assert book.state("account:wallets:ben").holds == {}


def test_a_hold_whose_day_is_over_is_released() -> None:
    db = ledger()
    book = opened(db)
    book.enter("assets:bank", "wallets:ben", "10.00 EUR")
    for name, until in (("h_1", "2026-02-01"), ("h_2", "2026-02-02"), ("h_3", None)):
        book.hold(name, "wallets:ben", "1.00 EUR", until=until)
    with pytest.raises(whence.errors.InvalidTime, match="Not a day"):
        book.hold("h_4", "wallets:ben", "1.00 EUR", until="soon")
    assert len(expire(db, on=date(2026, 2, 2), by="nightly")) == 1
    assert [row.hold for row in db.table("ledger.holds")] == ["h_2", "h_3"]
    assert expire(db, on=date(2026, 2, 2)) == []


def test_a_reversal_is_a_counter_entry_that_names_the_original() -> None:
    db = ledger()
    book = opened(db)
    book.charge("ch_1", "20.00 EUR", debit="assets:stripe", credit="income:sales", fee="1.00 EUR", key="t-1")
    book.reverse("t-1", text="wrong customer", key="t-2")
    assert set(balances(db.history()).values()) == {0}
    assert book.state("transaction:t-1").reversed_by == "t-2"
    with pytest.raises(Refused, match="reversed before"):
        book.reverse("t-1")
    with pytest.raises(Refused, match="Nothing is left"):
        book.refund("ch_1")
    book.charge("ch_2", "5 EUR", debit="assets:stripe", credit="income:sales", key="t-3")
    book.refund("ch_2", "2 EUR", key="t-4")
    with pytest.raises(Refused, match="was refunded"):
        book.reverse("t-3")
    book.reverse("t-4")
    assert book.state("charge:ch_2").left_minor == 500


def test_the_same_key_again_changes_nothing_and_another_request_is_a_conflict() -> None:
    db = ledger()
    book = opened(db)
    book.charge("ch_1", "20.00 EUR", debit="assets:stripe", credit="income:sales")
    first = book.refund("ch_1", key="r-1")
    head = db.store.head()
    assert book.refund("ch_1", key="r-1").positions == list(first.positions)
    assert Book(db).refund("ch_1", key="r-1").attempts == 0
    with pytest.raises(
        IdConflict, match=r"another request \(Key: r-1, Before: nothing of it, Now: amount = 1.00 EUR\)"
    ):
        book.refund("ch_1", "1 EUR", key="r-1")
    assert db.store.head() == head


def test_a_retry_of_what_emptied_an_account_is_known_by_its_key() -> None:
    book = opened(ledger())
    book.enter("assets:bank", "wallets:ben", "5.00 EUR")
    out = (Posting("wallets:ben", 500, "EUR"), Posting("assets:bank", -500, "EUR"))
    first = book.post("payout", out, key="p-1")
    assert book.post("payout", out, key="p-1").positions == list(first.positions)


def test_what_a_verb_is_not_told_and_an_empty_key_or_day_are_refused() -> None:
    db = ledger()
    book = opened(db)
    book.charge("ch_1", "20.00 EUR", debit="assets:stripe", credit="income:sales")
    head = db.store.head()
    with pytest.raises(TypeError, match="refund is not told ammount"):
        book.refund("ch_1", ammount="5.00 EUR")
    with pytest.raises(InvalidInput):
        book.refund("ch_1", key="")
    with pytest.raises(InvalidTime, match="Not a day"):
        book.hold("h_1", "assets:stripe", "1.00 EUR", until="")
    assert db.store.head() == head


def test_an_account_that_is_closed_takes_nothing() -> None:
    db = ledger()
    book = opened(db)
    db.decide(retire, "wallets:ben", reason="left us")
    with pytest.raises(Refused, match="closed"):
        book.enter("assets:bank", "wallets:ben", "1 EUR")


def test_an_amount_below_zero_is_told_how_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "enter", "assets:bank", "income:sales", "-10 EUR"]) == 2
    assert "A value that begins with - stands behind -- at the end." in " ".join(capsys.readouterr().err.split())


def test_racers_never_refund_more_than_was_charged(db: whence.Whence, tmp_path: Path) -> None:
    """Through stores opened apart, as processes have them, and several books each."""
    book = opened(db)
    with ExitStack() as stack:
        others = [stack.enter_context(whence.open(tmp_path / "shop.db", config=configured())) for _ in range(3)]
        books = [book, *(Book(each) for each in (db, *others, *others))]
        for number in range(counts.REFUNDED):
            charge = f"ch_{number}"
            book.charge(charge, "10.00 EUR", debit="assets:stripe", credit="income:sales")

            def refund(racer: int, charge: str = charge) -> Any:
                return books[racer % len(books)].refund(charge, "0.30 EUR").positions

            done = together(64, refund, among=(Refused, whence.errors.ConditionFailed))
            paid = sum(not isinstance(each, Exception) for each in done)
            assert Book(db).state(f"charge:{charge}").refunded_minor == 30 * paid
            assert paid <= 33
            assert paid == 33 or any(isinstance(each, whence.errors.ConditionFailed) for each in done)


def test_transfers_around_keep_the_sum_and_overdraw_nobody(db: whence.Whence) -> None:
    book = opened(db)
    names = [f"wallets:{number}" for number in range(6)]
    for name in names:
        db.decide(open_, name, type="liability", currency="EUR", floor=0)
        book.enter("assets:bank", name, "1.00 EUR")

    def around(racer: int) -> None:
        own = Book(db) if racer % 2 else book
        for step in range(3):
            source, target = names[(racer + step) % 6], names[(racer * 5 + step + 1) % 6]
            if source != target:
                own.transfer(source, target, "0.45 EUR")

    together(32, around, among=(Refused, whence.errors.ConditionFailed))
    left = Counter({name: balance(book, name) for name in names})
    assert sum(left.values()) == 600
    assert min(left.values()) >= 0
    assert trial_balance(db.asked())[-1].debit == trial_balance(db.asked())[-1].credit


def test_racing_holds_never_leak(db: whence.Whence) -> None:
    book = opened(db)
    book.enter("assets:bank", "wallets:ben", "5.00 EUR")
    errors = (Refused, whence.errors.ConditionFailed)

    def held(racer: int) -> None:
        own = Book(db) if racer % 2 else book
        own.hold(f"h_{racer % 6}", "wallets:ben", "1.00 EUR")
        own.capture(f"h_{racer % 6}", "wallets:cleo", "0.25 EUR", more=True)
        own.release(f"h_{racer % 6}")

    together(32, held, among=errors)
    for number in range(6):
        if book.state(f"hold:h_{number}").status == "open":
            book.release(f"h_{number}")
    holds = [book.state(f"hold:h_{number}") for number in range(6)]
    assert book.state("account:wallets:ben").holds == {}
    assert all(each.held_minor == each.captured_minor + each.released_minor for each in holds)
    assert balance(book, "wallets:ben") + sum(each.captured_minor for each in holds) == 500


class Books(RuleBasedStateMachine):
    """Verbs in any order: the trial balance is zero, no limit is broken, and states are what the entries add up to."""

    def __init__(self) -> None:
        super().__init__()
        self.db = ledger()
        self.book = opened(self.db)
        self.charges = 0
        self.holds = 0

    def attempt(self, act: Any) -> None:
        with suppress(Refused):
            act()

    @rule(cents=st.integers(1, 500), wallet=st.sampled_from(["wallets:ben", "wallets:cleo"]))
    def pay_in(self, cents: int, wallet: str) -> None:
        self.book.enter("assets:bank", wallet, f"{cents / 100:.2f} EUR")

    @rule(cents=st.integers(1, 500), back=st.booleans())
    def move(self, cents: int, back: bool) -> None:
        names = ("wallets:cleo", "wallets:ben") if back else ("wallets:ben", "wallets:cleo")
        self.attempt(lambda: self.book.transfer(*names, f"{cents / 100:.2f} EUR"))

    @rule(cents=st.integers(1, 500))
    def charge(self, cents: int) -> None:
        self.charges += 1
        amount = f"{cents / 100:.2f} EUR"
        self.book.charge(
            f"c{self.charges}", amount, debit="assets:stripe", credit="income:sales", key=f"t{self.charges}"
        )

    @rule(number=st.integers(1, 3), cents=st.integers(1, 300))
    def refund(self, number: int, cents: int) -> None:
        self.attempt(lambda: self.book.refund(f"c{number}", f"{cents / 100:.2f} EUR"))

    @rule(number=st.integers(1, 3))
    def reverse(self, number: int) -> None:
        self.attempt(lambda: self.book.reverse(f"t{number}"))

    @rule(cents=st.integers(1, 400))
    def hold(self, cents: int) -> None:
        self.holds += 1
        self.attempt(lambda: self.book.hold(f"h{self.holds}", "wallets:ben", f"{cents / 100:.2f} EUR"))

    @rule(number=st.integers(1, 4), cents=st.integers(1, 300), more=st.booleans())
    def capture(self, number: int, cents: int, more: bool) -> None:
        self.attempt(lambda: self.book.capture(f"h{number}", "wallets:cleo", f"{cents / 100:.2f} EUR", more=more))

    @rule(number=st.integers(1, 4))
    def release(self, number: int) -> None:
        self.attempt(lambda: self.book.release(f"h{number}"))

    @invariant()
    def it_balances(self) -> None:
        sums = balances(self.db.history())
        assert sum(sums.values()) == 0
        fresh = Book(self.db)
        for (name, _), minor in sums.items():
            state = fresh.state(f"account:{name}")
            assert abs(balance(fresh, name)) == abs(minor)
            assert state.floor_minor is None or state.available_minor("EUR") >= state.floor_minor
        held = 0
        for number in range(1, self.holds + 1):
            hold = fresh.state(f"hold:h{number}")
            assert hold.held_minor == hold.captured_minor + hold.released_minor + hold.left_minor
            held += hold.left_minor
        assert fresh.state("account:wallets:ben").held_minor("EUR") == held
        assert all(fresh.state(f"charge:c{number}").left_minor >= 0 for number in range(1, self.charges + 1))


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=counts.EXAMPLES // 4, stateful_step_count=15, deadline=None)
