"""Holds that were meant until a day which is over: they are released, each by an event of its own, so that what is set
aside never stays aside for good."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from whence.app import Whence
from whence.decide import Decided
from whence.errors import Refused
from whence.packs.ledger.book import Book
from whence.packs.ledger.state import Hold
from whence.packs.ledger.tables import day_of


def expire(db: Whence, *, on: date | None = None, by: str | None = None) -> list[Decided]:
    """Release every open hold that was meant until a day before `on`, today unless it is named. One that somebody
    captures or releases meanwhile is left to them."""
    asked, book = db.asked(), Book(db)
    today = day_of(asked.moment_us, asked.zone) if on is None else on
    done = []
    for id, hold in asked.states(Hold).items():
        if hold.status == "open" and hold.until is not None and date.fromisoformat(hold.until) < today:
            with suppress(Refused):
                done.append(book.release(id, reason=f"held until {hold.until}", by=by))
    return done
