"""The same answers from files and from memory, and for customers of several names as if they had had one all along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

import whence
from tests.exam import counts
from tests.packs.touchpoints.histories import TOGETHER, store, visit
from whence.events import Event
from whence.packs import attribution, funnels, journeys, retention, sequence, sessions, transitions
from whence.packs.journeys.people import People
from whence.packs.touchpoints import Touchpoints, touchpoints
from whence.segments import building

NAMES = ("customer:1", "customer:2", "lead:1", "lead:2", "visitor:1", "visitor:2", "visitor:3")
KINDS = ["customer", "lead", "visitor"]
history = st.tuples(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from("ABC"), st.integers(0, 90)), min_size=3, max_size=20),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=4),
)
histories = st.lists(history, min_size=TOGETHER, max_size=TOGETHER)
STEPS = ["A", "B", "C"]


def answers(asked: Touchpoints) -> dict[str, Any]:
    """What does not depend on names."""
    known = [step for step in STEPS if step in asked.types]
    return {
        "funnel": msgspec.to_builtins(funnels.funnel(asked, known).groups),
        "within": msgspec.to_builtins(funnels.funnel(asked, known, within="20 minutes").groups),
        "strict": msgspec.to_builtins(funnels.funnel(asked, known, order="strict").groups),
        "cohorts": msgspec.to_builtins(retention.cohorts(asked, unit="day", total="n")),
        "dropped": sorted((each.since_us, each.step, each.last_us) for each in transitions.dropped(asked, known)),
        "sessions": sorted((each.began_us, each.events, each.entry, each.exit) for each in sessions.sessions(asked)),
        "paths": msgspec.to_builtins(attribution.paths(asked)),
        "credits": msgspec.to_builtins(attribution.attribution(asked, known[-1], known)),
    }


@settings(max_examples=counts.JOURNEYS // 2 // TOGETHER)
@given(histories)
def test_names_that_are_joined_are_as_one_name(histories: Sequence[Any]) -> None:
    rows = [(f"{name}.{at}", type, minute) for at, (rows, _) in enumerate(histories) for name, type, minute in rows]
    pairs = [(f"{one}.{at}", f"{other}.{at}") for at, (_, pairs) in enumerate(histories) for one, other in pairs]
    joined = [pair for pair in pairs if pair[0] != pair[1]]
    people = People(joined, KINDS)
    made = [visit(name, type, minute, n=at) for at, (name, type, minute) in enumerate(rows)]
    alone = [visit(people.names_of(name)[0], type, minute, n=at) for at, (name, type, minute) in enumerate(rows)]
    with store(made) as db:
        for one, other in joined:
            db.decide(journeys.identify, one, other)
        with touchpoints(db, kinds=KINDS) as asked:
            found = answers(asked)
    with store(alone) as db, touchpoints(db, kinds=KINDS) as asked:
        assert answers(asked) == found


def events() -> list[Event]:
    made = [
        visit(
            NAMES[(at * 5) % 7],
            "ABC"[(at // 2 + at * at) % 3],
            (at * 7) % 90,
            n=at if at % 4 else str(at),
            source=f"s{at % 3}",
        )
        for at in range(60)
    ]
    both = [Event("B", {"n": 1}, ("customer:1", "customer:2"), time="2026-01-05T09:30:00Z")]
    return [*made[:30], *both, *made[30:]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[whence.Whence]:
    """A store on disk of which the first events are in segments of 25, with names joined in the middle."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patched, whence.open(folder / "shop.db", create=True) as db:
        patched.setattr(building.build, "__kwdefaults__", {"segment_events": 25})
        made = events()
        db.append(made[:30])
        db.decide(journeys.identify, "visitor:1", "lead:1", time="2026-01-05T09:20:00Z")
        db.decide(journeys.identify, "lead:1", "customer:1", time="2026-01-05T09:40:00Z")
        db.append(made[30:])
        yield db


@pytest.mark.parametrize("at", [None, "@45", "2026-01-05 09:35"])
def test_files_and_memory_give_the_same(shop: whence.Whence, at: str | None) -> None:
    with touchpoints(shop, kinds=KINDS) as now:
        asked = now.at(at)
        assert asked.built > 0
        assert asked.segments.built == 50
        found, whole = answers(asked), answers(now)
        assert (found == whole) is (at is None)
    with whence.open(":memory:") as memory:
        memory.append([each.to_event() for each in shop.store.read()])
        with touchpoints(memory, kinds=KINDS, at=at) as asked:
            assert asked.built == 0
            assert answers(asked) == found


def test_without_building_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building.build, "__kwdefaults__", {"segment_events": 25})
    with whence.open(tmp_path / "shop.db", create=True) as db:
        db.append(events())
        with touchpoints(db, build=False) as asked:
            assert funnels.funnel(asked, STEPS).groups[0].rows[0].customers > 0
    assert not (tmp_path / "shop.db.segments").exists()


def test_an_empty_store_has_no_journeys() -> None:
    with whence.open(":memory:") as db, touchpoints(db) as asked:
        assert retention.cohorts(asked) == []
        assert sessions.sessions(asked) == sessions.sessions_by(asked, "day") == []
        assert [each.eligible for each in retention.retention(asked, upto=1)] == [0, 0]
        assert sequence.check(asked, "n").events == 0
