"""Times and numbers in a file mean what they say, or their row is refused with the line and the reason."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.errors import InvalidConfig, InvalidTime
from whence.events import Event, Recorded
from whence.files.importer import ImportReport, import_events
from whence.files.mapping import Mapping
from whence.files.reader import Moment, csv_reader, moment
from whence.stores.memory import MemoryStore

TABLE = {"type": "kind", "time": "at", "numbers": ["n"]}
DATES = st.builds("{:04}-{:02}-{:02}".format, st.sampled_from([0, 1, 2, 2024, 9998, 9999]), *[st.integers(0, 32)] * 2)
HOURS = st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 25), *[st.integers(0, 60)] * 2)
FRACTIONS = ["", ".5", ".25", ".125", ".123456", ".1234567", ",125", "."]
ZONES = ["Z", "z", "+00:00", "-23:59", "+05:30", "+24:00", "+01", ""]
TIMES = st.builds(
    "{}{}{}{}{}".format, DATES, st.sampled_from("T t"), HOURS, st.sampled_from(FRACTIONS), st.sampled_from(ZONES)
)


def imported(*rows: str, **changes: object) -> tuple[list[Recorded], ImportReport]:
    """The events of these rows, each a time and a number, and the report."""
    store = MemoryStore()
    content = "kind,at,n\n" + "".join(f"Opened,{row}\n" for row in rows)
    mapping = Mapping.from_table("crm", {**TABLE, **changes})
    report = import_events(store, mapping, io.BytesIO(content.encode()))
    return [event for event in store.read() if event.type == "Opened"], report


@pytest.mark.parametrize(
    ("time", "zone"),
    [
        ("0001-01-01T00:00:00", "Europe/Berlin"),
        ("0001-01-01T00:00:00+02:00", "UTC"),
        ("9999-12-31T23:59:59", "America/New_York"),
        ("9999-12-31T23:59:59-05:00", "UTC"),
    ],
)
def test_a_time_that_is_outside_the_years_1_to_9999_in_utc_refuses_its_row_alone(time: str, zone: str) -> None:
    events, report = imported(f"{time},1", "2026-01-05T09:00:00Z,2", zone=zone)
    assert [event.data for event in events] == [{"n": 2}]
    [(line, reason)] = report.refused
    assert line == 2
    assert "years 1 and 9999" in reason
    assert "Column: at" in reason


def test_the_first_and_the_last_moment_are_times() -> None:
    events, _ = imported("0001-01-01T00:00:00Z,1", "9999-12-31T23:59:59.999999Z,2")
    assert [event.time.year for event in events] == [1, 9999]


@pytest.mark.parametrize("zone", ["+02:00", "-05:00"])
def test_an_event_with_a_time_beyond_the_calendar_is_refused_by_name(zone: str) -> None:
    with pytest.raises(InvalidTime, match="years 1 and 9999"):
        Event("Opened", time=("0001-01-01T00:00:00" if zone[0] == "+" else "9999-12-31T23:59:59") + zone)


@pytest.mark.parametrize("n", ["1e-99999999999999999999", "0e-99999999999999999999", "1e99999999999999999999"])
def test_a_number_with_an_exponent_out_of_all_reason_refuses_its_row_alone(n: str) -> None:
    events, report = imported(f"2026-01-05T09:00:00Z,{n}", "2026-01-05T09:00:00Z,2")
    assert [event.data for event in events] == [{"n": 2}]
    assert report.refused[0][0] == 2
    assert "Column: n" in report.refused[0][1]


COMMA = [
    ("1.250", 1250), ("1250,5", 1250.5), ("18.956,70 €", 18956.7), ("1 250 000", 1250000), ("1\u00a0250,25", 1250.25),
    ("1\u202f250", 1250), ("1'250,50", 1250.5), ("CHF 1\u2019250,50", 1250.5), ("-1.250,00", -1250.0), ("-€ 5", -5),
    ("$-5,5", -5.5), ("0,5", 0.5), ("12", 12), ("1.250.000,125EUR", 1250000.125),
]  # fmt: skip
DOT = [("1.250", 1.25), ("€12.50", 12.5), ("12.50 EUR", 12.5), ("-£5", -5), ("USD 1250", 1250)]


@pytest.mark.parametrize(("cell", "value", "decimal"), [*((*c, ",") for c in COMMA), *((*c, ".") for c in DOT)])
def test_a_number_means_what_the_mapping_says_of_its_decimal_sign(cell: str, value: float, decimal: str) -> None:
    events, report = imported(f'2026-01-05T09:00:00Z,"{cell}"', decimal=decimal)
    assert report.refused == []
    assert [(event.data["n"], type(event.data["n"])) for event in events] == [(value, type(value))]


@pytest.mark.parametrize(
    ("cell", "decimal"),
    [
        *((cell, ",") for cell in ("12.50", "1.2504", "0.250", "1.250.50", "1.250 000", "1,250,000", "5 MIO", "50 ¢")),
        ("5" + " " * 500_000 + "x", ","),
        *((cell, ".") for cell in ("1250,5", "1,250.50", "1 250", "18.956,70 €", "5-", "EUR", "€ 5 €")),
    ],
    ids=lambda said: said[:12],
)
def test_a_number_written_in_another_way_refuses_its_row_and_names_the_key(cell: str, decimal: str) -> None:
    events, report = imported(f'2026-01-05T09:00:00Z,"{cell}"', decimal=decimal)
    assert events == []
    [(_, reason)] = report.refused
    assert reason.startswith("Not a number (Column: n")
    assert 'decimal = ","' in reason


def test_an_amount_with_a_decimal_comma_is_exact_or_refused() -> None:
    _, report = imported('2026-01-05T09:00:00Z,"12.345.678.901.234.567,89"', decimal=",")
    assert "more digits than JSON keeps" in report.refused[0][1]


def test_another_decimal_sign_is_refused_by_name() -> None:
    with pytest.raises(InvalidConfig, match="Key: decimal"):
        imported("2026-01-05T09:00:00Z,1", decimal=";")


@pytest.mark.parametrize("time", ["1711012312345", "1711012312", "17110123123", "20240321090000"])
def test_a_count_of_seconds_is_not_read_as_a_date_of_long_ago(time: str) -> None:
    events, report = imported(f"{time},1", zone="UTC")
    assert events == []
    assert "since 1970" in report.refused[0][1]
    assert "2026-01-05T09:00:00Z" in report.refused[0][1]


@pytest.mark.parametrize("time", ["20260105", "20260105T090000", "20260105 0900", "2026-01-05", "1711-01-23 09:00 "])
def test_dates_with_dashes_or_of_eight_digits_are_read(time: str) -> None:
    events, report = imported(f"{time},1", zone="UTC")
    assert (len(events), report.refused) == (1, [])


@pytest.mark.parametrize(
    "time", ["20260105T090000.1234567Z", "2026-01-05T09:00:00,1234567Z", "20260105T090000,1234567Z"]
)
def test_digits_finer_than_a_microsecond_are_kept_in_meta_and_counted_however_they_are_written(time: str) -> None:
    [event], report = imported(f'"{time}",1')
    assert event.meta == {"time": time}
    assert event.time.microsecond == 123456
    assert report.cut_digits == 1


def test_finer_digits_of_a_recorded_time_are_kept_and_counted_too() -> None:
    store, finer = MemoryStore(), "2026-01-05T09:00:00.1234567Z"
    content = f"kind,stored\nOpened,{finer}\n".encode()
    report = import_events(
        store, Mapping.from_table("crm", {"type": "kind", "recorded": "stored"}), io.BytesIO(content)
    )
    assert next(iter(store.read())).meta == {"recorded": finer}
    assert report.cut_digits == 1


def test_a_foreign_cloudevent_with_nanoseconds_keeps_them_in_meta() -> None:
    store, finer = MemoryStore(), "2026-01-05T09:00:00.123456789Z"
    store.append([Event("First")])
    value = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "time": finer}
    mapping = Mapping.from_table("bus", {"format": "cloudevents"})
    report = import_events(store, mapping, io.BytesIO(json.dumps(value).encode()))
    [event] = [event for event in store.read() if event.type == "t"]
    assert event.meta["time"] == finer
    assert report.cut_digits == 1


def test_a_local_time_that_came_twice_is_the_first_and_one_that_never_was_refuses_its_row() -> None:
    events, report = imported(
        "2026-03-29T01:59:59,1", "2026-03-29T02:30:00,2", "2026-03-29T03:00:00,3",
        "2026-10-25T01:59:59,4", "2026-10-25T02:30:00,5", "2026-10-25T03:00:00,6",
        zone="Europe/Berlin",
    )  # fmt: skip
    assert [(event.data["n"], event.time.strftime("%d %H:%M:%S")) for event in events] == [
        (1, "29 00:59:59"), (3, "29 01:00:00"), (4, "24 23:59:59"), (5, "25 00:30:00"), (6, "25 02:00:00"),
    ]  # fmt: skip
    assert [line for line, _ in report.refused] == [3]
    assert "No such local time" in report.refused[0][1]
    assert report.ambiguous_times == 1
    assert events[3].meta == {"ambiguous_time": "2026-10-25T02:30:00"}


def meant(read: Callable[[str], Moment], text: str) -> Moment | str:
    """The moment, or why there is none."""
    try:
        return read(text)
    except InvalidTime as problem:
        return str(problem)


@given(st.lists(TIMES, min_size=2, max_size=20))
def test_a_time_means_the_same_whatever_times_came_before_it(texts: list[str]) -> None:
    mapping = Mapping.from_table("crm", {"type": "kind", "time": "at", "zone": "Europe/Berlin"})
    part = csv_reader(mapping, ["kind", "at"]).time
    assert part is not None
    parts = zip(texts, texts[1:], reversed(texts), strict=False)
    mixed = [hour[:13] + minute[13:19] + rest[19:] for hour, minute, rest in parts]
    for text in (*texts, *mixed, *texts):
        assert meant(part.made.__getitem__, text) == meant(lambda text: moment(mapping, "time", text), text)
