"""What a ledger costs: all balances over segments beside SQL by hand on the same files, transactions under an overdraft
rule beside appends of the same events without one, and the reconciliation of an account with its bank's file."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

import whence
from whence.config import Config
from whence.events import Event
from whence.packs.balances.columns import balances_in
from whence.packs.ledger.decisions import open_
from whence.packs.ledger.events import CODEC, AccountOpened, Posted, Posting
from whence.packs.posting.batches import BatchBook
from whence.packs.reconciliation.reconciliation import reconcile
from whence.packs.sources.source import Draft
from whence.segments.columns import table_of
from whence.segments.reading import Segments

ACCOUNTS = 1_000
BATCH = 5_000
START_US = 1_700_000_000_000_000
TRANSACTIONS = 10_000
"""So many are recorded under a rule where there are a million events, fewer where there are fewer."""
POSTINGS = '[{"account": "VARCHAR", "currency": "VARCHAR", "amount_minor": "BIGINT"}]'
SIDE = {"unit": "major", "currency": "currency", "amount": "amount", "id": "id", "time": "time"}


def made(count: int, seed: int = 11) -> Iterator[Posted]:
    """So many transactions of two postings each, between random accounts."""
    rng = random.Random(seed)
    for number in range(count):
        one, other, minor = rng.randrange(ACCOUNTS), rng.randrange(ACCOUNTS - 1), rng.randint(1, 100_000)
        names = f"wallets:{one}", f"wallets:{other + (other >= one)}"
        postings = (Posting(names[0], minor, "EUR"), Posting(names[1], -minor, "EUR"))
        yield Posted(f"t{number}", "transfer", postings)


def fill(folder: str, count: int) -> float:
    """Make the store of half as many transactions, so many postings, and its segments; how many postings a second."""
    began = time.perf_counter()
    with whence.open(os.path.join(folder, "ledger.db"), create=True, config=Config(Path(folder))) as db:
        names = (f"wallets:{number}" for number in range(ACCOUNTS))
        db.append([CODEC.event(AccountOpened(name, "liability", "EUR")) for name in names])
        batch: list[Event] = []
        for number, posted in enumerate(made(count // 2)):
            batch.append(CODEC.event(posted, id=posted.transaction, time=START_US + number * 1_000_000))  # type: ignore[arg-type]
            if len(batch) == BATCH:
                db.append(batch)
                batch = []
        if batch:
            db.append(batch)
        with db.segments("account"):
            pass
    return count / (time.perf_counter() - began)


def compare(folder: str, count: int) -> dict[str, float]:
    """All of it once, in turn."""
    found: dict[str, float] = {}
    with (
        whence.open(os.path.join(folder, "ledger.db"), config=Config(Path(folder))) as db,
        closing(duckdb.connect(":memory:")) as duck,
    ):
        with db.segments("account") as segments:
            query = by_hand(segments, duck)
            ours = {name: minor for (name, _), minor in balances_in(segments).items()}
            assert ours == dict(duck.execute(query).fetchall())
            seconds, hand = _alternating(lambda: balances_in(segments), lambda: duck.execute(query).fetchall())
        found |= {"balances": seconds, "balances by hand": seconds / hand}
        found |= {"reconcile": reconciled(db, folder, count // 10)}
    return found | recorded(max(200, TRANSACTIONS * count // 1_000_000))


def by_hand(segments: Segments, duck: Any) -> str:
    """The SQL that somebody would write over the files of the segments and what is in none of them yet."""
    files = [str(path) for type, path in segments.files() if type == Posted.event_type]
    newest = segments.newest().get(Posted.event_type)
    parts = [f"SELECT postings, copy FROM read_parquet({files}, union_by_name = true)"] if files else []
    if newest is not None:
        duck.register("newest", table_of(newest))
        parts.append("SELECT postings, copy FROM newest")
    return (
        "SELECT p.account, sum(p.amount_minor)::BIGINT FROM (SELECT unnest(from_json(postings, "
        f"'{POSTINGS}')) AS p FROM ({' UNION ALL '.join(parts)}) WHERE NOT coalesce(copy, false)) GROUP BY 1"
    )


def recorded(count: int) -> dict[str, float]:
    """Transactions between accounts that may not be overdrawn, one by one and a thousand at once, each as a share of
    the rate at which the same events are appended without a rule."""
    posted = list(made(count, seed=12))
    found = {}
    for name, at_once in (("one by one", 1), ("a thousand at once", 1_000)):
        rates = []
        for write in (_ruled, _bare):
            with tempfile.TemporaryDirectory() as folder, _opened(folder) as db:
                began = time.perf_counter()
                write(db, posted, at_once)
                rates.append(count / (time.perf_counter() - began))
        found |= {f"rate, {name}": rates[0], f"of bare appends, {name}": rates[0] / rates[1]}
    return found


def _opened(folder: str) -> whence.Whence:
    db = whence.open(os.path.join(folder, "rules.db"), create=True, config=Config(Path(folder)))
    for number in range(ACCOUNTS):
        db.decide(open_, f"wallets:{number}", type="liability", currency="EUR", floor=Decimal(-10_000_000))
    return db


def _ruled(db: whence.Whence, posted: list[Posted], at_once: int) -> None:
    book = BatchBook(db)
    for start in range(0, len(posted), at_once):
        own = posted[start : start + at_once]
        if at_once == 1:
            book.post(own[0].category, own[0].postings, key=own[0].transaction)
        else:
            assert all(isinstance(each, int) for each in book.post_all([Draft(each) for each in own]))


def _bare(db: whence.Whence, posted: list[Posted], at_once: int) -> None:
    for start in range(0, len(posted), at_once):
        db.append([CODEC.event(each, id=each.transaction) for each in posted[start : start + at_once]])


def reconciled(db: whence.Whence, folder: str, count: int) -> float:
    """The seconds that an account of so many lines takes to be compared with its file."""
    path, own = Path(folder) / "bank.csv", os.path.join(folder, "bank.db")
    rng = random.Random(13)
    config = Config(Path(folder), packs={"ledger": {"side": {"bank": SIDE}}})
    with whence.open(own, create=True, config=config) as bank, path.open("w") as file:
        if not bank.store.head():
            bank.append(
                [CODEC.event(AccountOpened("assets:bank", "asset")), CODEC.event(AccountOpened("rest", "equity"))]
            )
        file.write("id,time,amount,currency\n")
        batch = []
        for number in range(count):
            minor, us = rng.randint(1, 99_999), START_US + number * 60_000_000
            file.write(f"r{number},{whence.clock.to_iso(us)},{minor // 100}.{minor % 100:02},EUR\n")
            postings = (Posting("assets:bank", minor, "EUR"), Posting("rest", -minor, "EUR"))
            batch.append(CODEC.event(Posted(f"r{number}", "card", postings), id=f"r{number}", time=us))  # type: ignore[arg-type]
            if len(batch) == BATCH or number == count - 1:
                bank.append(batch)
                batch = []
        file.flush()
        began = time.perf_counter()
        made = reconcile(bank, "assets:bank", f"bank={path}")
        seconds = time.perf_counter() - began
        assert made.compared.differences == []
    return seconds


def _alternating(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """The quicker of three runs each, in turn."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(3):
        for work, own in zip((one, other), seconds, strict=True):
            began = time.perf_counter()
            work()
            own.append(time.perf_counter() - began)
    return min(seconds[0]), min(seconds[1])
