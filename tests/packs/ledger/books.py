"""Ledgers to test with: a store in memory or a file, with the accounts that the stories use."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import whence
from whence.config import Config
from whence.packs.book import Book
from whence.packs.ledger.decisions import open_
from whence.stores.memory import MemoryStore

MARCH = "2026-03-15T12:00:00Z"
SHOP: dict[str, tuple[str, Decimal | None]] = {
    "assets:bank": ("asset", None),
    "assets:stripe": ("asset", None),
    "income:sales": ("income", None),
    "expenses:fees": ("expense", None),
    "wallets:ben": ("liability", Decimal(0)),
    "wallets:cleo": ("liability", Decimal(0)),
}


def configured(text: str = "", folder: Path = Path()) -> Config:
    """A configuration that says this, in UTC unless it says otherwise."""
    table = tomllib.loads(text)
    return Config(folder, packs=table.get("pack", {"ledger": {}}))


def ledger(text: str = "", *, clock: Any = None) -> whence.Whence:
    """A ledger in memory."""
    return whence.Whence(MemoryStore(clock=clock) if clock else MemoryStore(), configured(text))


def opened(db: whence.Whence) -> Book:
    """The accounts of a small shop."""
    for name, (type, floor) in SHOP.items():
        db.decide(open_, name, type=type, currency="EUR", floor=floor, time="2026-01-01T00:00:00Z")
    return Book(db)


def book_of(db: whence.Whence) -> Book:
    """The same shop, with a sale in February, and another and a fee in March."""
    book = opened(db)
    book.enter("assets:bank", "income:sales", "100.00 EUR", time="2026-02-10T00:00:00Z", category="sale")
    book.enter("assets:bank", "income:sales", "30.00 EUR", time=MARCH, category="sale", text="<b>& co")
    book.enter("expenses:fees", "assets:bank", "1.25 EUR", time=MARCH, category="fee")
    return book


def balance(book: Book, account: str) -> int:
    """What an account has, in cents."""
    found: int = book.state(f"account:{account}").balances.get("EUR", 0)
    return found
