"""Lines to compare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from whence.matching.sides import Item


def item(number: int, amount: int, *, id: str = "", group: str = "", day: int = 1, category: str = "") -> Item:
    when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day - 1)
    return Item(number, id, group, int(when.timestamp()) * 1_000_000, when.date(), amount, "EUR", category)
