"""The purchases of a shop, in the order of their file and in that of time: the numbers that others have published or
that were counted independently."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from tests.packs.touchpoints.histories import stored
from whence.events import Event
from whence.packs import retention
from whence.packs.touchpoints import touchpoints


def purchases(path: Path, column: int) -> list[Event]:
    """The purchases of a file of columns with spaces between them; `column` is that of the customer's number."""
    with gzip.open(path, "rt") as lines:
        rows = [line.split() for line in lines if line.split()[0].isdigit()]
    return [
        Event(
            "Purchase",
            {"cds": int(row[-2]), "dollars": row[-1]},
            (f"customer:{row[column]}",),
            time=f"{row[-3][:4]}-{row[-3][4:6]}-{row[-3][6:]}T00:00:00Z",
        )
        for row in rows
    ]


def published(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("order", ["file order", "time order"])
def test_frequency_recency_and_age_are_as_published_for_2357_customers(data_folder: Path, order: str) -> None:
    folder = data_folder / "cdnow"
    known = published(folder / "cdnow_customers_summary_with_transactions.csv.gz")
    summary = published(folder / "cdnow_customers_summary.csv.gz")
    with (
        stored(purchases(folder / "CDNOW_sample.txt.gz", 1), order) as db,
        touchpoints(db, at="1997-09-30") as asked,
    ):
        found = {row.customer: row for row in retention.customers(asked, "Purchase", total="dollars")}
    assert len(found) == 2357
    for rows, frequency, recency in ((known, "x", "t_x"), (summary, "frequency", "recency")):
        for row in rows:
            mine = found[f"customer:{int(row['ID']):04}"]
            weeks = [round(days / 7, 2) for days in (mine.recency, mine.age)]
            assert [mine.frequency, *weeks] == [int(row[frequency]), float(row[recency]), float(row["T"])]
            if "zbar" in row:
                assert abs((mine.monetary or 0) - Decimal(row["zbar"])) <= Decimal("0.005")


@pytest.fixture(scope="module")
def shop(data_folder: Path) -> list[Event]:
    return purchases(data_folder / "cdnow/CDNOW_master.txt.gz", 0)


@pytest.mark.parametrize("order", ["file order", "time order"])
def test_cohorts_and_retention_of_the_shop(shop: list[Event], order: str) -> None:
    months: dict[str, set[str]] = defaultdict(set)
    for event in shop:
        months[event.tags[0]].add(event.time.isoformat()[:7])  # type: ignore[union-attr]
    cohorts: Counter[tuple[str, int]] = Counter()
    for each in months.values():
        first = min(each)
        cohorts.update((first, _months(first, month)) for month in each)
    with stored(shop, order) as db, touchpoints(db, at="1998-06-30") as asked:
        found = retention.cohorts(asked, begin="Purchase")
        assert [row.customers for row in found] == [cohorts[month, 0] for month in ("1997-01", "1997-02", "1997-03")]
        assert sum(row.customers for row in found) == 23_570
        for row in found:
            month = row.began.isoformat()[:7]
            assert list(row.values) == [cohorts[month, number] for number in range(len(row.values))]
        paid = retention.cohorts(asked, begin="Purchase", total="dollars")
        assert sum(value for row in paid for value in row.values) == Decimal("2500315.63")
        second, *_ = retention.retention(asked, unit="month", begin="Purchase", upto=1)[1:]
        assert (second.eligible, second.returned) == (
            23_570,
            sum(cohorts[month, 1] for month, _ in list(cohorts) if _ == 1),
        )


def _months(first: str, month: str) -> int:
    return (int(month[:4]) - int(first[:4])) * 12 + int(month[5:]) - int(first[5:])
