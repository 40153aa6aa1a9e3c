"""Times need a zone, are whole microseconds, and ids are UUIDv7."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.clock import EARLIEST_US, LATEST_US, FixedClock, SystemClock, to_datetime, to_iso, to_us
from whence.errors import InvalidTime
from whence.events import Event


@given(st.integers(EARLIEST_US, LATEST_US))
def test_every_microsecond_survives_text_and_datetime(us: int) -> None:
    assert to_us(to_iso(us)) == to_us(to_datetime(us)) == to_us(us) == us


def test_zones_are_understood_and_finer_digits_cut() -> None:
    assert to_us("2026-01-05T10:00:00+01:00") == to_us("2026-01-05T09:00:00Z")
    assert to_iso(to_us("2026-01-05T09:00:00.1234569Z")) == "2026-01-05T09:00:00.123456Z"


@pytest.mark.parametrize("moment", ["2026-01-05T09:00:00", datetime(2026, 1, 5)], ids=str)
def test_a_time_without_a_zone_is_refused_with_how_to_write_it(moment: Any) -> None:
    with pytest.raises(InvalidTime, match="2026-01-05T09:00:00Z"):
        to_us(moment)


@pytest.mark.parametrize("moment", ["yesterday", "", "2026-13-01T00:00:00Z", True, LATEST_US + 1, EARLIEST_US - 1])
def test_what_is_no_time_is_refused(moment: Any) -> None:
    with pytest.raises(InvalidTime):
        to_us(moment)


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(datetime(2026, 1, 5, tzinfo=UTC))
    before = clock.now_us()
    assert clock.now_us() == before
    clock.advance(1.5)
    assert clock.now_us() == before + 1_500_000
    clock.set("2020-01-01T00:00:00Z")
    assert to_iso(clock.now_us()) == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock("2026-01-05T00:00:00Z"), FixedClock(-1)])
def test_ids_are_uuids_of_version_7(clock: Any) -> None:
    one, other = uuid.UUID(bytes=clock.new_id()), uuid.UUID(bytes=clock.new_id())
    assert one != other
    assert (one.version, one.variant) == (7, uuid.RFC_4122)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"])
def test_a_time_that_utc_has_no_year_for_is_refused(moment: str) -> None:
    for given_as in (moment, datetime.fromisoformat(moment)):
        with pytest.raises(InvalidTime, match="Not between the years 1 and 9999"):
            to_us(given_as)
        with pytest.raises(InvalidTime, match="Not between the years 1 and 9999"):
            Event("Happened", time=given_as)  # type: ignore[arg-type]
