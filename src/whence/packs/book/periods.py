"""What becomes of what is dated up to the end of a closed period, as whence.toml says; and the closed periods:

    [pack.ledger]
    closed = "refuse"              # or "redate": it is dated behind the last closed period, and its own day is kept

What a close signs are balances at the period's end. So every moment up to then is closed, whether or not it lies in a
period: what is dated a year before changes those balances, too.

How a period is summed up, signed and proved is left to `closing`, and what [pack.ledger.source.NAME] and
[pack.ledger.side.NAME] say to `sources` and `reconciliation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec

from whence.clock import SystemClock, to_iso
from whence.codec import Codec, Tag
from whence.errors import Refused
from whence.model import on
from whence.moneyfiles.layout import check
from whence.packs.ledger.events import Movement, Posted

M = TypeVar("M", bound=Movement)

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
        """The closed period that a moment lies in or before, the first of them; None for one that is open."""
        behind = (each for each in self.closed.values() if us <= each.last_us)
        return min(behind, key=lambda each: each.last_us, default=None)

    def open_from_us(self) -> int:
        """The first moment that is open, behind all closed periods, of which there is one."""
        return max(each.last_us for each in self.closed.values()) + 1


def checked(table: Mapping[str, Any]) -> list[type]:
    """Check what [pack.ledger] says when it is read, before anything is posted. Nothing comes of it, since no state of
    the ledger is configured. Raises InvalidConfig naming the key."""
    check("pack.ledger", table, {"closed": (Literal["refuse", "redate"], 'closed = "refuse" or "redate"')})
    return []


def dated(movement: M, time_us: int | None, periods: Periods, policy: str) -> tuple[int | None, M]:
    """When a movement happens, and what it is then: up to the end of a closed period it is refused, or dated behind all
    of them, as the policy `closed` says. A time of None is now."""
    if not periods.closed:
        return time_us, movement
    us = SystemClock().now_us() if time_us is None else time_us
    if (period := periods.holding(us)) is None:
        return time_us, movement
    open_us = periods.open_from_us()
    if policy == "refuse":
        facts = {"period": period.period, "asked": to_iso(us), "open_from": to_iso(open_us)}
        remedy = 'Date it later, or write closed = "redate" under [pack.ledger].'
        raise Refused("This time is closed", **facts, remedy=remedy)
    if isinstance(movement, Posted):
        movement = msgspec.structs.replace(movement, dated=to_iso(us))
    return open_us, movement
