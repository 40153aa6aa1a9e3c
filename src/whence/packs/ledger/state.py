"""What the events come to: an account, a charge, a hold, a transaction. What may happen to them is left to decisions
and movements."""

from __future__ import annotations

from collections.abc import Iterable

from whence.model import on
from whence.packs.ledger.events import (
    CODEC,
    AccountClosed,
    AccountOpened,
    Held,
    LimitChanged,
    Posted,
    Posting,
    Released,
)


class Account:
    """An account: its balances and what is held of it, both seen from its own side (an asset grows by debits, income
    by credits). Postings of before it was opened count too: they wait in `_before`, since its name is not
    known until then."""

    kind = "account"
    codec = CODEC

    def __init__(self) -> None:
        self.status = "none"
        self.account = ""
        self.type: str | None = None
        self.currency: str | None = None
        self.floor_minor: int | None = None
        self.balances: dict[str, int] = {}
        self.holds: dict[str, tuple[str, int]] = {}
        self.entries = 0
        self._before: list[Posting] = []

    @on(AccountOpened)
    def opened(self, event: AccountOpened) -> None:
        self.status, self.account, self.type = "open", event.account, event.type
        self.currency, self.floor_minor = event.currency, event.floor_minor
        self._move(self._before)
        self._before = []

    @on(LimitChanged)
    def limited(self, event: LimitChanged) -> None:
        self.floor_minor = event.floor_minor

    @on(AccountClosed)
    def closed(self, event: AccountClosed) -> None:
        self.status = "closed"

    @on(Posted)
    def posted(self, event: Posted) -> None:
        if self.status == "none":
            self._before += event.postings
        else:
            self._move(event.postings)
        if event.hold is not None:
            self._free(event.hold, event.freed_minor)

    @on(Held)
    def held(self, event: Held) -> None:
        self.holds[event.hold] = (event.currency, event.amount_minor)

    @on(Released)
    def released(self, event: Released) -> None:
        self._free(event.hold, event.amount_minor)

    def _move(self, postings: Iterable[Posting]) -> None:
        for each in postings:
            if each.account == self.account:
                amount = self.from_its_side(each.amount_minor)
                self.balances[each.currency] = self.balances.get(each.currency, 0) + amount
                self.entries += 1

    def _free(self, hold: str, amount_minor: int) -> None:
        if hold in self.holds:  # else it is another account's
            currency, left = self.holds[hold]
            if left > amount_minor:
                self.holds[hold] = (currency, left - amount_minor)
            else:
                del self.holds[hold]

    def from_its_side(self, amount_minor: int) -> int:
        """A signed amount as the account sees it: positive where it grows, assets and expenses by debits, the others by
        credits."""
        return amount_minor if self.type in ("asset", "expense") else -amount_minor

    @property
    def balance_minor(self) -> int | None:
        """The balance of an account in one currency; None for one in several."""
        return None if len(self.balances) > 1 else sum(self.balances.values())

    def held_minor(self, currency: str) -> int:
        return sum(left for code, left in self.holds.values() if code == currency)

    def available_minor(self, currency: str) -> int:
        """What is there and not held."""
        there = self.balances.get(currency, 0)
        return there - self.held_minor(currency) if self.holds else there


class Charge:
    """What somebody was charged, and how much of it was given back."""

    kind = "charge"
    codec = CODEC

    def __init__(self) -> None:
        self.status = "none"
        self.transaction = ""
        self.currency: str | None = None
        self.charged_minor = 0
        self.refunded_minor = 0
        self.debited: str | None = None
        self.credited: str | None = None

    @on(Posted)
    def posted(self, event: Posted) -> None:
        if not event.charged_minor:
            return
        if event.charged_minor > 0 and event.reverses is None:  # the reversal of a refund charges nobody
            self.transaction, self.currency = event.transaction, event.postings[0].currency
            self.debited = next((each.account for each in event.postings if each.amount_minor > 0), None)
            self.credited = next((each.account for each in event.postings if each.amount_minor < 0), None)
            self.charged_minor += event.charged_minor
        else:
            self.refunded_minor -= event.charged_minor
        self.status = "charged" if self.left_minor > 0 else "refunded"

    @property
    def left_minor(self) -> int:
        """What may still be given back."""
        return self.charged_minor - self.refunded_minor


class Hold:
    """Money that is set aside: it is captured or released, and nothing of it is left then."""

    kind = "hold"
    codec = CODEC

    def __init__(self) -> None:
        self.status = "none"
        self.account = ""
        self.currency = ""
        self.held_minor = 0
        self.captured_minor = 0
        self.released_minor = 0
        self.until: str | None = None

    @on(Held)
    def held(self, event: Held) -> None:
        self.status, self.account, self.currency = "open", event.account, event.currency
        self.held_minor, self.until = event.amount_minor, event.until

    @on(Posted)
    def captured(self, event: Posted) -> None:
        moved = -sum(each.amount_minor for each in event.postings if each.amount_minor < 0)
        self.captured_minor += moved
        self.released_minor += event.freed_minor - moved
        self._settle("captured")

    @on(Released)
    def released(self, event: Released) -> None:
        self.released_minor += event.amount_minor
        self._settle("released")

    def _settle(self, status: str) -> None:
        if self.left_minor == 0:
            self.status = status

    @property
    def left_minor(self) -> int:
        """What is still held."""
        return self.held_minor - self.captured_minor - self.released_minor


class Transaction:
    """A transaction, and by which other it was reversed."""

    kind = "transaction"
    codec = CODEC

    def __init__(self) -> None:
        self.status = "none"
        self.transaction = ""
        self.category = ""
        self.postings: tuple[Posting, ...] = ()
        self.charge: str | None = None
        self.charged_minor = 0
        self.hold: str | None = None
        self.reverses: str | None = None
        self.reversed_by: str | None = None

    @on(Posted)
    def posted(self, event: Posted) -> None:
        if self.status == "none":
            self.status, self.transaction, self.category = "posted", event.transaction, event.category
            self.postings, self.reverses = event.postings, event.reverses
            self.charge, self.charged_minor, self.hold = event.charge, event.charged_minor, event.hold
        elif event.reverses == self.transaction:
            self.status, self.reversed_by = "reversed", event.transaction
