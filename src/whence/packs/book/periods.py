"""The closed periods of the book: what is appended when one is closed, and what they come to. How a period is summed
up, signed and proved is left to the pack closing."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from whence.codec import Codec, Tag
from whence.model import on

MAIN = "main"
BOOK = f"book:{MAIN}"
"""The one book, a tag of what closes a period. What moves money does not carry it: it is appended on the condition that
no period was closed meanwhile, and a period is closed on the condition that nothing was posted."""


class Total(msgspec.Struct, frozen=True):
    """An account's balance in a currency, debits positive."""

    account: str
    currency: str
    balance_minor: int


class PeriodClosed(msgspec.Struct, frozen=True):
    """What the book came to at the end of a period, as it was known at a position: the balance of each account, and a
    digest of all transactions up to then. Both ends of the period are in it."""

    event_type: ClassVar[str] = "ledger.PeriodClosed"
    period: Annotated[str, Tag]
    book: Annotated[str, Tag]
    first_us: int
    last_us: int
    at_position: int
    transactions: int
    totals: tuple[Total, ...]
    sha256: str
    reviewed_by: str


CODEC = Codec(PeriodClosed)


class Periods:
    """The periods of the book that are closed, with what each came to."""

    kind = "book"
    codec = CODEC

    def __init__(self) -> None:
        self.closed: dict[str, PeriodClosed] = {}

    @on(PeriodClosed)
    def period_closed(self, event: PeriodClosed) -> None:
        self.closed[event.period] = event

    def holding(self, us: int) -> PeriodClosed | None:
        """The closed period that a moment lies in."""
        return next((each for each in self.closed.values() if each.first_us <= us <= each.last_us), None)

    def open_after(self, us: int) -> int:
        """The first moment from this one on that lies in no closed period."""
        while (found := self.holding(us)) is not None:
            us = found.last_us + 1
        return us
