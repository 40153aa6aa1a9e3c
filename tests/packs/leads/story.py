"""A pipeline in a folder of its own, and three leads in it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

import whence
from whence.cli import run
from whence.packs.advancing.decisions import lose, move, win
from whence.packs.leads.decisions import create, touch

DAY = "2026-01-{:02}T09:00:00Z"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--pack", "leads", "--zone", "UTC", "--store", "leads.db"]) == 0
    return tmp_path


@pytest.fixture
def db(folder: Path) -> Iterator[whence.Whence]:
    with whence.open() as db:
        yield db


@pytest.fixture
def told(db: whence.Whence) -> whence.Whence:
    """Three leads: one won, one lost, one that waits."""
    for id, source, day in (("1", "website", 1), ("2", "website", 2), ("3", "referral", 3)):
        db.decide(create, id, source=source, owner="anna", by="form", time=DAY.format(day))
    for id, day in (("1", 4), ("2", 6), ("3", 8)):
        db.decide(touch, id, "opened", campaign="spring", by="mailer", time=DAY.format(day))
        db.decide(move, id, "contacted", reason="called", by="anna", time=DAY.format(day + 1))
    db.decide(move, "1", "qualified", reason="budget", by="anna", time=DAY.format(10))
    db.decide(win, "1", reason="price", amount=Decimal("1200.50"), currency="EUR", by="ben", time=DAY.format(20))
    db.decide(lose, "2", reason="no budget", by="ben", time=DAY.format(12))
    return db
