"""Real files in: every row kept, once, whatever was done to the file in between."""

from __future__ import annotations

import gzip
import io
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from whence.events import IMPORT_STARTED, IMPORTED
from whence.files.importer import import_events
from whence.files.mapping import Mapping
from whence.query import Query, QueryItem
from whence.stores.memory import MemoryStore

CDNOW = {
    "type": {"value": "Purchase"},
    "tags": ["customer:{customer_id}"],
    "time": "date",
    "time_format": "%Y%m%d",
    "zone": "UTC",
    "delimiter": "spaces",
    "numbers": ["number_of_cds"],
}
LOANS = {
    "type": "activity",
    "tags": {"application": "case_id"},
    "time": "timestamp",
    "actor": "resource",
    "numbers": ["amount_req"],
}
BERKA = {
    "type": "type",
    "tags": ["account:{account_id}"],
    "time": "date",
    "time_format": "%y%m%d",
    "zone": "Europe/Prague",
    "delimiter": ";",
    "format": "csv",
}


def test_every_purchase_is_kept_and_a_grown_shuffled_file_adds_only_what_is_new(data_folder: Path) -> None:
    mapping, store = Mapping.from_table("cdnow", CDNOW), MemoryStore()
    path = data_folder / "cdnow/CDNOW_master.txt.gz"
    first = import_events(store, mapping, path)
    assert (first.rows, first.appended, first.refused_count) == (69_659, 69_659, 0)
    head = store.head()
    again = import_events(store, mapping, path)
    assert (again.appended, again.already, store.head()) == (0, 69_659, head)
    header, *lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    lines += [b" 99999 19980101  1   %d.00\n" % number for number in range(500)]
    lines += [b" 99998 19980101  1   1.00\n"] * 500
    random.Random(7).shuffle(lines)
    grown = import_events(store, mapping, io.BytesIO(header + b"".join(lines)))
    assert (grown.appended, grown.already) == (1000, 69_659)


def test_the_published_summary_of_customers_comes_out(data_folder: Path) -> None:
    table = {
        **CDNOW,
        "tags": ["customer:{sample_id}"],
        "numbers": [],
        "columns": ["id", "sample_id", "date", "n", "usd"],
    }
    store = MemoryStore()
    import_events(store, Mapping.from_table("sample", table), data_folder / "cdnow/CDNOW_sample.txt.gz")
    end, days = datetime(1997, 9, 30, tzinfo=UTC), dict[int, set[datetime]]()
    for event in store.read(Query((QueryItem(types=("Purchase",)),))):
        if event.time <= end:
            days.setdefault(int(event.tags[0].split(":")[1]), set()).add(event.time)
    published = (
        gzip.decompress((data_folder / "cdnow/cdnow_customers_summary.csv.gz").read_bytes()).decode().split()[1:]
    )
    assert len(published) == 2357
    for line in published:
        customer, frequency, recency, age = line.split(",")
        bought = days[int(customer)]
        assert len(bought) - 1 == float(frequency)
        assert round((max(bought) - min(bought)).days / 7, 2) == pytest.approx(float(recency), abs=0.011)
        assert round((end - min(bought)).days / 7, 2) == pytest.approx(float(age), abs=0.011)


def test_loans_come_in_with_types_made_to_fit_and_the_original_kept(data_folder: Path) -> None:
    store = MemoryStore()
    report = import_events(store, Mapping.from_table("loans", LOANS), data_folder / "bpi2012_loans/bpi2012.csv.gz")
    assert (report.rows, report.appended, report.refused_count) == (262_200, 262_200, 0)
    types = Counter(event.type for event in store.read())
    assert types["A_SUBMITTED"] == 13_087
    assert types["W_Completeren_aanvraag"] == 54_850
    assert (types[IMPORT_STARTED], types[IMPORTED]) == (1, 1)
    one = next(iter(store.read(Query((QueryItem(types=("W_Completeren_aanvraag",)),)), limit=1)))
    assert one.meta == {"type": "W_Completeren aanvraag"}
    assert one.correlation == f"import:{report.import_id}"


def test_the_half_line_at_the_end_of_a_cut_file_is_reported(data_folder: Path) -> None:
    store = MemoryStore()
    report = import_events(store, Mapping.from_table("bank", BERKA), data_folder / "berka_bank/trans_prefix.asc.gz")
    assert (report.appended, report.refused_count, report.cut_off_line) == (49_102, 1, 49_104)


def test_webhooks_are_stored_unchanged(data_folder: Path) -> None:
    path, store = data_folder / "github_webhooks/github_webhook_payloads.jsonl.gz", MemoryStore()
    table = {"type": "github.{x_github_event}", "data": "payload"}
    assert import_events(store, Mapping.from_table("github", table), path).appended == 273
    from whence.jsonvalue import canonical, parse

    sent = [canonical(parse(line)["payload"]) for line in gzip.decompress(path.read_bytes()).splitlines()]
    kept = [canonical(event.data) for event in store.read() if event.type.startswith("github.")]
    assert kept == sent


def test_an_event_id_with_other_content_is_a_conflict_never_swallowed(data_folder: Path) -> None:
    store = MemoryStore()
    lines = (data_folder / "stripe_samples/djstripe_fixtures.jsonl").read_bytes().splitlines(keepends=True)
    events = b"".join(line for line in lines if b'"object": {"id": "evt_' in line)
    table = {"type": "object.type", "id": "object.id", "data": "object", "format": "jsonl"}
    report = import_events(store, Mapping.from_table("stripe", table), io.BytesIO(events))
    assert (report.rows, report.appended, report.already, report.refused_count) == (11, 4, 2, 5)
    assert "in use for other content" in report.refused[0][1]
