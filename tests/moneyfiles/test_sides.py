"""A file as a side: what is wrong in its table is named, and of a line that cannot be read what is wrong with it."""

from __future__ import annotations

import io
from datetime import UTC, date

import pytest

from whence.errors import InvalidConfig
from whence.moneyfiles.sides import SideReader

PLAIN = {"unit": "major", "currency": "cur", "amount": "amount", "time": "day"}


def test_what_is_wrong_in_the_table_of_a_side_is_named() -> None:
    with pytest.raises(InvalidConfig, match=r"Source: bank, Format: camt\)\. Did you mean camt053"):
        SideReader("bank", {**PLAIN, "format": "camt"})
    with pytest.raises(InvalidConfig, match="Source: bank, Unit: 'cents'"):
        SideReader("bank", {**PLAIN, "unit": "cents"})
    for key, value in (("amount", 5), ("ids", "onw"), ("balance", []), ("currency", 5)):
        with pytest.raises(InvalidConfig, match=f"Key: {key}.*Write"):
            SideReader("bank", {**PLAIN, key: value})


def test_a_line_that_cannot_be_read_is_a_fault_with_its_kind_its_id_and_its_day() -> None:
    lines = ["a,2026-01-05,10.00,EUR", "b,2026-01-05,10.005,EUR", "c,2026-01-06,ten,EUR", "d,some day,1.00,EUR"]
    file = io.BytesIO("\n".join(["id,day,amount,cur", *lines]).encode())
    side = SideReader("bank", {**PLAIN, "id": "id"}, UTC).read(file)
    assert [each.id for each in side.items] == ["a"]
    assert [(each.line, each.kind, each.id, each.day) for each in side.faults] == [
        (3, "rounding", "b", date(2026, 1, 5)),
        (4, "format", "c", date(2026, 1, 6)),
        (5, "format", "d", None),
    ]


def test_what_is_said_of_a_line_that_cannot_be_read_stays_since_recorded_differences_are_known_by_it() -> None:
    file = io.BytesIO(b"id,day,amount,cur\nc,2026-01-06,ten,EUR\n")
    (fault,) = SideReader("bank", {**PLAIN, "id": "id"}, UTC).read(file).faults
    assert fault.reason == (
        "Not an amount as this source writes them (Amount: 'ten'). Its decimal sign is said to be '.'; say decimal, "
        "thousands, symbol or parentheses."
    )
