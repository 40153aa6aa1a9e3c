"""The events of the ledger. Amounts are whole numbers of the currency's smallest unit; a debit is positive, a credit
negative. That the postings of a transaction come to zero in each currency is left to whence.packs.movements.laws."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from whence.codec import Codec, Tag
from whence.events import Event

AccountType = Literal["asset", "liability", "equity", "income", "expense"]


class AccountOpened(msgspec.Struct, frozen=True, omit_defaults=True):
    """`floor_minor` is the least that may be available, seen from the account's own side; None for no such rule."""

    event_type: ClassVar[str] = "ledger.AccountOpened"
    account: Annotated[str, Tag]
    type: AccountType
    currency: str | None = None
    floor_minor: int | None = None
    name: str | None = None


class LimitChanged(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ledger.LimitChanged"
    account: Annotated[str, Tag]
    floor_minor: int | None
    reason: str


class AccountClosed(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ledger.AccountClosed"
    account: Annotated[str, Tag]
    reason: str


ABOUT_ACCOUNTS = (AccountOpened.event_type, LimitChanged.event_type, AccountClosed.event_type)


class Posting(msgspec.Struct, frozen=True, omit_defaults=True):
    """`reported_minor` is the account's balance after it as the source says, in the source's own sign."""

    account: str
    amount_minor: int
    currency: str
    reported_minor: int | None = None


class Posted(msgspec.Struct, frozen=True, omit_defaults=True):
    """A transaction. Of a charge, `charged_minor` is what was charged, and of a refund what was given back, negative;
    of a capture, `freed_minor` is what leaves the hold. `reference` is what the source calls it, `group` what it was
    settled with (a payout), and `dated` the day it was meant for, where that was in a closed period."""

    event_type: ClassVar[str] = "ledger.Posted"
    transaction: Annotated[str, Tag]
    category: Annotated[str, Tag]
    postings: tuple[Posting, ...]
    text: str | None = None
    charge: Annotated[str | None, Tag] = None
    charged_minor: int = 0
    hold: Annotated[str | None, Tag] = None
    freed_minor: int = 0
    reverses: Annotated[str | None, Tag("transaction")] = None
    source: str | None = None
    reference: str | None = None
    group: str | None = None
    dated: str | None = None

    @property
    def accounts(self) -> list[str]:
        return [each.account for each in self.postings]


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    event_type: ClassVar[str] = "ledger.Held"
    hold: Annotated[str, Tag]
    account: Annotated[str, Tag]
    amount_minor: int
    currency: str
    until: str | None = None
    text: str | None = None


class Released(msgspec.Struct, frozen=True):
    event_type: ClassVar[str] = "ledger.Released"
    hold: Annotated[str, Tag]
    account: Annotated[str, Tag]
    amount_minor: int
    currency: str
    reason: str


Movement = Posted | Held | Released
"""What moves money, or sets it aside."""


class LedgerCodec(Codec):
    """A codec that tags a transaction with each account that it moves."""

    def event(self, value: msgspec.Struct, *, tags: Iterable[str] = (), **rest: Any) -> Event:
        if isinstance(value, Posted):
            tags = (*tags, *dict.fromkeys(f"account:{name}" for name in value.accounts))
        return super().event(value, tags=tags, **rest)


CODEC = LedgerCodec(AccountOpened, LimitChanged, AccountClosed, Posted, Held, Released)
