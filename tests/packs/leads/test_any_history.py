"""What holds of every pipeline, whatever happened in it and in whichever order it was recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

import whence
from whence.config import Config
from whence.events import Event
from whence.packs.advancing import pipeline
from whence.packs.conversion import conversion, over_time, times
from whence.packs.leads.events import CODEC, Created, Lost, Moved, Touched, Won
from whence.packs.leads.pipeline import USUAL
from whence.packs.outcomes import reasons, sources
from whence.stores.memory import MemoryStore

START = datetime(2026, 1, 1, tzinfo=UTC)
LEADS = st.sampled_from(["1", "2", "3", "4"])


def event_of(hour: int, lead: str, what: str, stage: str) -> Event:
    ours = {
        "Created": Created(lead, "website"),
        "Touched": Touched(lead, "opened"),
        "Moved": Moved(lead, stage, "moved"),
        "Won": Won(lead, reason="price"),
        "Lost": Lost(lead, reason="budget"),
    }
    time = START + timedelta(hours=hour)
    if what == "StageChanged":
        return Event(what, {"stage": stage}, (f"lead:{lead}",), time=time)
    return CODEC.event(ours[what], time=time)


KINDS = st.sampled_from(["Created", "Touched", "Moved", "Won", "Lost", "StageChanged"])
HISTORIES = st.lists(
    st.builds(event_of, st.integers(0, 24 * 40), LEADS, KINDS, st.sampled_from([*USUAL.moves, "elsewhere"])),
    min_size=1,
    max_size=24,
)


def of(events: list[Event]) -> whence.Whence:
    store = MemoryStore()
    store.append(events)
    return whence.Whence(store, Config(Path()))


@given(HISTORIES)
def test_over_time_is_the_pipeline_at_each_of_these_moments(events: list[Event]) -> None:
    db = of(events)
    end = START + timedelta(days=45)
    for every in ("day", "week", "month"):
        for row in db.table(over_time, every=every, ended=True, at=end):
            then = {each.stage: each.leads for each in db.table(pipeline, at=row.time)}
            assert then.get(row.stage, 0) == row.leads, (row, every)
            if every == "day" and row.time.day > 5:
                break


def test_the_ends_of_a_calendar_are_told_in_the_zone() -> None:
    store = MemoryStore()
    store.append([CODEC.event(Created("1"), time="2026-10-24T10:00:00+02:00")])
    db = whence.Whence(store, Config(Path()).in_zone(ZoneInfo("Europe/Berlin")))
    rows = db.table(over_time, every="day", at="2026-10-26T12:00:00+01:00")  # the clocks go back on the 25th
    assert [row.time.isoformat() for row in rows if row.stage == "new"] == [
        "2026-10-24T23:59:59.999999+02:00",
        "2026-10-25T23:59:59.999999+01:00",
        "2026-10-26T12:00:00+01:00",
    ]


@given(HISTORIES)
def test_every_lead_is_counted_once(events: list[Event]) -> None:
    db = of(events)
    leads = db.history().states(db.pack("leads").states[0])
    staged = sum(lead.stage is not None for lead in leads.values())
    assert sum(row.leads for row in db.table(pipeline)) == staged
    assert sum(row.here for row in db.table(conversion)) == staged
    assert all(row.here <= row.reached <= len(leads) for row in db.table(conversion))
    quality = db.table(sources)
    assert sum(row.leads for row in quality) == len(leads)
    assert all(row.leads == row.open + row.won + row.lost for row in quality)
    assert sum(row.leads for row in db.table(reasons)) == sum(row.won + row.lost for row in quality)
    for row in db.table(times):
        began = sum(row.from_ in lead.reached for lead in leads.values())
        assert row.went + row.waiting + row.elsewhere == began


@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_answers_are_the_same_in_whichever_order_it_was_recorded(events: list[Event], random: object) -> None:
    by_time = sorted({event.time: event for event in events}.values(), key=lambda event: event.time)  # one at a time
    mixed = list(by_time)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    end = START + timedelta(days=45)
    for table in (pipeline, conversion, times, sources, reasons, over_time):
        assert of(by_time).table(table, at=end) == of(mixed).table(table, at=end), table.name
