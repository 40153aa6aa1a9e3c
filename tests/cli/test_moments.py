"""Times as people say them, in a zone, at a known now: Wednesday 2026-01-14 15:30 in Berlin."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from whence.clock import EARLIEST_US, LATEST_US, to_us
from whence.errors import InvalidConfig, InvalidQuery, InvalidTime
from whence.history import At
from whence.moments import at_of, period_of, span_of, text_of, zone_of, zone_text

BERLIN = ZoneInfo("Europe/Berlin")
NOW_US = to_us(datetime(2026, 1, 14, 15, 30, tzinfo=BERLIN))


def spoken(text: str) -> tuple[str, str]:
    span = span_of(text, zone=BERLIN, now_us=NOW_US)
    return text_of(span.first_us, BERLIN), text_of(span.last_us // 1_000_000 * 1_000_000, BERLIN)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("yesterday", "2026-01-13 00:00:00", "2026-01-13 23:59:59"),
        ("today", "2026-01-14 00:00:00", "2026-01-14 23:59:59"),
        ("last tuesday", "2026-01-13 00:00:00", "2026-01-13 23:59:59"),
        ("last wednesday", "2026-01-07 00:00:00", "2026-01-07 23:59:59"),
        ("3 days ago", "2026-01-11 00:00:00", "2026-01-11 23:59:59"),
        ("2 weeks ago", "2025-12-31 00:00:00", "2025-12-31 23:59:59"),
        ("last week", "2026-01-05 00:00:00", "2026-01-11 23:59:59"),
        ("last month", "2025-12-01 00:00:00", "2025-12-31 23:59:59"),
        ("jan 9", "2026-01-09 00:00:00", "2026-01-09 23:59:59"),
        ("dec 24", "2025-12-24 00:00:00", "2025-12-24 23:59:59"),
        ("2026-01-09", "2026-01-09 00:00:00", "2026-01-09 23:59:59"),
        ("2026-01", "2026-01-01 00:00:00", "2026-01-31 23:59:59"),
        ("2025", "2025-01-01 00:00:00", "2025-12-31 23:59:59"),
        ("2025-03-30", "2025-03-30 00:00:00", "2025-03-30 23:59:59"),
        ("2026-01-09 14:30", "2026-01-09 14:30:00", "2026-01-09 14:30:00"),
        ("2026-01-09T14:30:00Z", "2026-01-09 15:30:00", "2026-01-09 15:30:00"),
        ("yesterday at 9am", "2026-01-13 09:00:00", "2026-01-13 09:00:00"),
        ("an hour ago", "2026-01-14 14:30:00", "2026-01-14 14:30:00"),
        ("now", "2026-01-14 15:30:00", "2026-01-14 15:30:00"),
        ("last friday at 5pm", "2026-01-09 17:00:00", "2026-01-09 17:00:00"),
        ("12:30", "2026-01-14 12:30:00", "2026-01-14 12:30:00"),
        ("9:00", "2026-01-14 09:00:00", "2026-01-14 09:00:00"),
        ("01:00", "2026-01-14 01:00:00", "2026-01-14 01:00:00"),
        ("23:59:59", "2026-01-14 23:59:59", "2026-01-14 23:59:59"),
        ("noon", "2026-01-14 12:00:00", "2026-01-14 12:00:00"),
        ("midnight", "2026-01-14 00:00:00", "2026-01-14 00:00:00"),
        ("9am", "2026-01-14 09:00:00", "2026-01-14 09:00:00"),
        ("12 am", "2026-01-14 00:00:00", "2026-01-14 00:00:00"),
        ("9:15 PM", "2026-01-14 21:15:00", "2026-01-14 21:15:00"),
        ("yesterday noon", "2026-01-13 12:00:00", "2026-01-13 12:00:00"),
        ("9:00 yesterday", "2026-01-13 09:00:00", "2026-01-13 09:00:00"),
        ("9:00 on monday", "2026-01-12 09:00:00", "2026-01-12 09:00:00"),
        ("Monday  9:00", "2026-01-12 09:00:00", "2026-01-12 09:00:00"),
        ("the day before yesterday", "2026-01-12 00:00:00", "2026-01-12 23:59:59"),
        ("next week", "2026-01-19 00:00:00", "2026-01-25 23:59:59"),
        ("next monday", "2026-01-19 00:00:00", "2026-01-19 23:59:59"),
        ("tomorrow at 8:15", "2026-01-15 08:15:00", "2026-01-15 08:15:00"),
        ("in 3 days", "2026-01-17 00:00:00", "2026-01-17 23:59:59"),
        ("a week ago", "2026-01-07 00:00:00", "2026-01-07 23:59:59"),
        ("3 months ago", "2025-10-01 00:00:00", "2025-10-31 23:59:59"),
        ("5m ago", "2026-01-14 15:25:00", "2026-01-14 15:25:00"),
        ("1 hour 5 minutes ago", "2026-01-14 14:25:00", "2026-01-14 14:25:00"),
        ("march", "2025-03-01 00:00:00", "2025-03-31 23:59:59"),
        ("mar 2025", "2025-03-01 00:00:00", "2025-03-31 23:59:59"),
        ("5th of march", "2025-03-05 00:00:00", "2025-03-05 23:59:59"),
        ("Jan 5, 2026", "2026-01-05 00:00:00", "2026-01-05 23:59:59"),
        ("09-Jan-2026", "2026-01-09 00:00:00", "2026-01-09 23:59:59"),
        ("9 Jan 2026 2pm", "2026-01-09 14:00:00", "2026-01-09 14:00:00"),
        ("2026-1-9", "2026-01-09 00:00:00", "2026-01-09 23:59:59"),
        ("2026/01/09", "2026-01-09 00:00:00", "2026-01-09 23:59:59"),
        ("20260109", "2026-01-09 00:00:00", "2026-01-09 23:59:59"),
        ("2026-01-09 9:00", "2026-01-09 09:00:00", "2026-01-09 09:00:00"),
        ("2026-01-09 at noon", "2026-01-09 12:00:00", "2026-01-09 12:00:00"),
        ("2026-01-09 09:00 UTC", "2026-01-09 10:00:00", "2026-01-09 10:00:00"),
        ("2026-01-09 09:00 Europe/Berlin", "2026-01-09 09:00:00", "2026-01-09 09:00:00"),
        ("20260109T143000Z", "2026-01-09 15:30:00", "2026-01-09 15:30:00"),
        ("09.01.2026", "2026-01-09 00:00:00", "2026-01-09 23:59:59"),
        ("15.02.2026", "2026-02-15 00:00:00", "2026-02-15 23:59:59"),
        ("1.2.2026 14:30", "2026-02-01 14:30:00", "2026-02-01 14:30:00"),
        ("25/12/2025", "2025-12-25 00:00:00", "2025-12-25 23:59:59"),
        ("12/25/2025 9:00", "2025-12-25 09:00:00", "2025-12-25 09:00:00"),
        ("25-12-2025", "2025-12-25 00:00:00", "2025-12-25 23:59:59"),
        ("9/9/2025", "2025-09-09 00:00:00", "2025-09-09 23:59:59"),
    ],
)
def test_a_time_in_words_is_the_whole_of_what_it_names(text: str, first: str, last: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert spoken(text) == (first, last)


def test_a_day_ends_with_its_last_microsecond_also_when_the_clocks_change() -> None:
    span = span_of("2025-03-30", zone=BERLIN)
    assert span.last_us - span.first_us == 23 * 3600 * 1_000_000 - 1
    autumn = span_of("2025-10-26", zone=BERLIN)
    assert autumn.last_us - autumn.first_us == 25 * 3600 * 1_000_000 - 1


def test_hours_ago_are_not_bent_by_a_change_of_the_clocks() -> None:
    after_the_change = to_us(datetime(2025, 3, 30, 3, 30, tzinfo=BERLIN))
    assert (
        span_of("2 hours ago", zone=BERLIN, now_us=after_the_change).last_us == after_the_change - 2 * 3600 * 1_000_000
    )


@pytest.mark.parametrize("text", ["lastt tuesday", "soon", "42 bananas", "", "2026-13-40", "2026-02-30 10:00", "12345"])
def test_what_cannot_be_read_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidTime, match=r"yesterday.*last tuesday.*@120"):
        span_of(text)


@pytest.mark.parametrize(
    "text", ["9/1/2026", "01-02-2026", "12/11/2026 9:00", "1-2-26", "26-01-05", "15.02.26", "9/1/26"]
)
def test_a_date_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(InvalidTime, match=r"read in two ways.*Write the year first"):
        spoken(text)


@pytest.mark.parametrize("text", ["9.3.", "9.3", "01/02", "9/1", "1-2", "9.30", "2026-009", "9:00 9/1"])
def test_numbers_that_are_no_whole_date_are_refused(text: str) -> None:
    with pytest.raises(InvalidTime, match="more than one way"):
        spoken(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-01",
        "2026-13",
        "2026-00",
        "13/13/2026",
        "31.04.2026",
        "2026-02-29",
        "20261301",
    ],
)
def test_a_date_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(InvalidTime, match="There is no such date"):
        spoken(text)


@pytest.mark.parametrize("text", ["24:00", "25:00", "12:60", "yesterday 25:00", "13pm", "0am"])
def test_a_time_of_day_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(InvalidTime, match="No such time of day"):
        spoken(text)


@pytest.mark.parametrize("text", ["last week 9:00", "march at noon", "3 hours ago 9:00", "2026 9:00"])
def test_a_time_of_day_goes_with_one_day(text: str) -> None:
    with pytest.raises(InvalidTime, match="needs one day"):
        spoken(text)


@pytest.mark.parametrize(
    "text",
    ["the 5th", "at 9", "99 jan", "jan 32", "5 Jan 26", "monday 13", "Q1 2026", "this morning", "tonight", "feb 30"],
)
def test_words_that_could_only_be_guessed_at_are_refused(text: str) -> None:
    with pytest.raises(InvalidTime, match=r"Not a time.*yesterday"):
        spoken(text)


@pytest.mark.parametrize("hour", [0, 7, 23])
def test_a_time_of_day_alone_is_todays_at_whatever_hour_it_is_said(hour: int) -> None:
    now_us = to_us(datetime(2026, 1, 14, hour, 30, tzinfo=BERLIN))
    for text in ("12:30", "at 12:30", "12:30:00", "12:30pm", "12:30 Europe/Berlin", "11:30 UTC", "12:30+01:00"):
        assert span_of(text, zone=BERLIN, now_us=now_us).first_us == to_us("2026-01-14T11:30:00Z"), text


def test_a_position_is_a_number_with_or_without_an_at_sign_and_a_year_is_a_year() -> None:
    assert at_of("@120") == at_of("120") == At(position=120)
    assert at_of("@2026") == At(position=2026)
    assert at_of("@20260113") == At(position=20260113)
    with pytest.raises(InvalidTime, match="Write 2026-01-13 for the day, or @20260113 for the position"):
        at_of("20260113")
    assert at_of("20261301") == At(position=20261301)
    assert at_of("2026", zone=UTC) == At(occurred_us=to_us("2027-01-01T00:00:00Z") - 1)


def test_the_clock_says_which_of_the_two_times_is_meant_and_nothing_is_now() -> None:
    us = to_us("2026-01-09T14:30:00Z")
    assert at_of("2026-01-09 14:30", clock="recorded") == At(recorded_us=us)
    assert at_of("2026-01-09 14:30") == At(occurred_us=us)
    assert at_of(None) == At()


def test_a_zone_is_named_as_it_was_given_and_a_mistyped_one_gets_near_matches() -> None:
    assert zone_text(zone_of("Europe/Berlin")) == "Europe/Berlin"
    assert zone_text(zone_of("utc")) == "UTC"
    with pytest.raises(InvalidConfig, match="Did you mean Europe/Berlin"):
        zone_of("Europe/Berln")


@pytest.mark.parametrize("text", ["9999-12-31", "9999-12", "dec 9999"])
def test_a_day_that_has_no_next_ends_with_the_last_year(text: str) -> None:
    assert span_of(text, zone=BERLIN).last_us == LATEST_US


def test_a_time_is_shown_with_every_digit_that_is_stored() -> None:
    assert text_of(to_us("2026-01-09T14:30:00Z")) == "2026-01-09 14:30:00"
    assert text_of(to_us("2026-01-09T14:30:00.250000Z")) == "2026-01-09 14:30:00.25"
    assert text_of(to_us("2026-01-09T14:30:00.123456Z")) == "2026-01-09 14:30:00.123456"


def test_a_time_that_a_zone_has_no_year_for_is_shown_in_utc() -> None:
    assert text_of(LATEST_US, BERLIN) == "9999-12-31 23:59:59.999999Z"
    assert text_of(EARLIEST_US, ZoneInfo("America/New_York")) == "0001-01-01 00:00:00Z"
    assert text_of(LATEST_US, ZoneInfo("America/New_York")) == "9999-12-31 18:59:59.999999"


def test_a_period_is_what_one_text_names_or_from_one_to_another() -> None:
    days = period_of("2026-01-05..2026-01-11", zone=BERLIN)
    assert (text_of(days.first_us, BERLIN), text_of(days.last_us, BERLIN)) == (
        "2026-01-05 00:00:00",
        "2026-01-11 23:59:59.999999",
    )
    assert period_of("2026-01", zone=BERLIN) == span_of("2026-01", zone=BERLIN)
    assert period_of("2026-01..2026-02").last_us == span_of("2026-02").last_us


@pytest.mark.parametrize("text", ["2026-01..", "..2026-01", "", "2026-02..2026-01"])
def test_a_period_without_an_end_or_backwards_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery):
        period_of(text)
