"""A bank account and the bank's own file of it, with faults planted of which it is known what and where they are.

Everything is drawn from a seed, so that a run can be had again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import whence
from tests.packs.ledger.books import configured, opened
from whence.packs.ledger.events import CODEC, AccountOpened, Posted, Posting
from whence.stores.memory import MemoryStore

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("missing-here", "missing-there", "amount", "currency", "duplicate-there", "order", "rounding", "format")
SIDE = """
[pack.ledger.side.bank]
unit = "major"
currency = "currency"
amount = "amount"
id = "reference"
time = "booked"
category = "type"
balance = "balance?"
"""
UNREAD = SIDE.replace("balance = ", "# balance = ")
HEADER = "booked,reference,type,amount,currency\n"


class Planted(NamedTuple):
    """The faults by kind, each by the reference of its line."""

    faults: dict[str, set[str]]
    file: Path


def plant(db: whence.Whence, folder: Path, *, lines: int, faults: int, seed: int = 0) -> Planted:
    """Post so many transactions, and write the bank's file of them with so many faults."""
    chance = random.Random(seed)
    references = [f"ref-{number:06}" for number in range(lines)]
    chosen = chance.sample(range(1, lines - 1, 3), faults)
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    fate = {number: KINDS[place % len(KINDS)] for place, number in enumerate(chosen)}
    for number, kind in fate.items():
        found[kind].add(references[number])
    rows, events = [], []
    for number, reference in enumerate(references):
        minor = chance.choice([-1, 1]) * chance.randint(101, 99_999)
        time = START + timedelta(seconds=number * 60)
        kind = fate.get(number)
        if kind != "missing-here":
            events.append((reference, minor, time))
        if kind != "missing-there":
            rows.append((number, list(_rows(kind, reference, minor, time, chance))))
    rows = _moved(rows, {number for number, kind in fate.items() if kind == "order"}, chance)
    file = folder / "bank.csv"
    text = "".join(",".join(row) + "\n" for _, own in rows for row in own)
    file.write_text("booked,reference,type,amount,currency,balance\n" + text, encoding="utf-8")
    _post(db, events)
    return Planted(found, file)


def _rows(kind: str | None, reference: str, minor: int, time: datetime, chance: random.Random) -> Iterator[list[str]]:
    sign, cents = "-" if minor < 0 else "", abs(minor)
    amount = f"{sign}{cents // 100}.{cents % 100:02}"
    currency = "EUR"
    match kind:
        case "amount":
            amount = f"{sign}{cents // 100 + 1}.{cents % 100:02}"
        case "currency":
            currency = chance.choice(["USD", "GBP", "CHF"])
        case "rounding":
            amount += str(chance.randint(1, 9))
        case "format":
            amount = f"{sign}1.{cents // 100:03},{cents % 100:02}"
    row = [time.isoformat(), reference, "card" if cents % 2 else "transfer", amount, currency, ""]
    if kind == "format":
        row[3] = f'"{amount}"'
    yield row
    if kind == "duplicate-there":
        yield list(row)


def _moved(
    rows: list[tuple[int, list[list[str]]]], numbers: set[int], chance: random.Random
) -> list[tuple[int, list[list[str]]]]:
    """The rows, of which some stand elsewhere."""
    stay = [row for row in rows if row[0] not in numbers]
    for row in rows:
        if row[0] in numbers:
            far = [place for place in range(len(stay)) if abs(stay[place][0] - row[0]) > 5]
            stay.insert(chance.choice(far), row)
    return stay


def _post(db: whence.Whence, entries: list[tuple[str, int, datetime]]) -> None:
    made = [
        CODEC.event(AccountOpened("assets:bank", "asset", "EUR")),
        CODEC.event(AccountOpened("equity:rest", "equity")),
    ]
    for reference, minor, time in entries:
        postings = (Posting("assets:bank", minor, "EUR"), Posting("equity:rest", -minor, "EUR"))
        category = "card" if abs(minor) % 2 else "transfer"
        posted = Posted(f"bank:{reference}", category, postings, source="bank", reference=reference)
        made.append(CODEC.event(posted, id=posted.transaction, time=time))
    for start in range(0, len(made), 5_000):
        db.append(made[start : start + 5_000])


def unread(tmp_path: Path) -> tuple[whence.Whence, str]:
    """A ledger without entries, and a file with a line of January and one of no day that cannot be read."""
    db = whence.Whence(MemoryStore(), configured(UNREAD))
    opened(db)
    file = tmp_path / "january.csv"
    file.write_text(f"{HEADER}2026-01-05,j5,card,10.005,EUR\nsomeday,j6,card,1.00,EUR\n")
    return db, f"bank={file}"
