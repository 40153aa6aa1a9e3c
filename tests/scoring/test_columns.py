"""Scored over columns, every entity comes to what live gives it, to the last digit: with fields of mixed types, values
that are not wholly in columns, several segments and a tail."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("duckdb")

from tests.exam import counts
from tests.scoring.entities import at
from tests.scoring.test_agreement import ENTITIES, cards, histories, told, told_of
from whence.errors import InvalidEvent
from whence.events import Event, Recorded
from whence.history import Inserted
from whence.query import Query
from whence.scoring import Rule, Scorecard, crossings, score
from whence.scoring.kernel import awards_of, score_all
from whence.segments import rows
from whence.segments.building import build
from whence.segments.reading import Segments
from whence.segments.scoring import Scored, awards_in, score_segments
from whence.stores.memory import MemoryStore


def scored(card: Scorecard, store: MemoryStore, size: int, moment: int | None = None) -> Scored:
    """From several segments, a few rows at a time; asked twice, what was kept comes to the same."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(rows, "SHARE", 3)
        patched.setattr(rows, "SAMPLED", 1)
        build(store, card.kind, Path(folder), segment_events=size)
        with Segments.open_built(store, card.kind, folder) as segments:
            found = score_segments(segments, card, moment)
            again = score_segments(segments, card, moment)
            assert again.standings.groups_micro.tolist() == found.standings.groups_micro.tolist()
            assert again.standings.crossings.at_us.tolist() == found.standings.crossings.at_us.tolist()
            return found


@settings(max_examples=counts.SCORED // 4)  # each of them builds segments
@given(cards(), histories(), st.integers(1, 20), st.none() | st.integers(0, 40).map(at))
def test_columns_and_live_agree(card: Scorecard, history: list[Recorded], size: int, moment: int | None) -> None:
    store = MemoryStore()
    store.restore(event for event in history if not isinstance(event, Inserted))
    found = scored(card, store, size, moment)
    row_of = {found.entities[code]: row for row, code in enumerate(found.standings.entity.tolist())}
    for entity in ENTITIES:
        events = list(store.read(Query.of(tags=[entity])))
        if not any(moment is None or event.time_us <= moment for event in events):
            assert entity not in row_of
            continue
        row = row_of[entity]
        assert found.standings.standing(card, row) == score(card, events, moment)
        code = int(found.standings.entity[row])
        assert told_of(card, code, found.standings) == told(list(crossings(card, events, moment)))


def filled(*data: object) -> MemoryStore:
    store = MemoryStore()
    for number, value in enumerate(data):
        store.append([Event("Opened", value, [f"lead:{number % 2}"], time=at(number))])
    return store


@pytest.mark.parametrize(
    "when",
    [
        {"n": 5},
        {"n": 5.0},
        {"n": {"not": 5}},
        {"n": {"at_least": 5}},
        {"n": {"less_than": "5.1"}},
        {"n": {"at_least": 0.1}},
        {"n": {"one_of": [1, True, "5", 5.0]}},
        {"deep.n": 5},
        {"deep": {"is": 5}},
        {"ok": True},
        {"n": "5"},
        {"time": 7},
        {"absent": {"not": 1}},
    ],
)
@pytest.mark.parametrize("size", [2, 5, 100])
def test_every_condition_means_the_same_of_a_column(when: dict[str, object], size: int) -> None:
    store = filled(
        {"n": 5},
        {"n": 5.0},
        {"n": "5"},
        {"n": 5.25},
        {"n": True},
        {"n": None},
        {"deep": {"n": 5}},
        {"deep": {"n": 5.0}, "n": 0.1},
        {"deep": 5},
        {"ok": True, "time": 7},
        {"ok": 1},
        [5],
        None,
        {},
    )
    card = Scorecard(name="lead", rules=[Rule(on="Opened", when=when, points=1)])
    found = scored(card, store, size)
    _, awards = awards_of(card, store.read())
    expected = score_all(card, awards)
    assert found.standings.scores_micro.tolist() == expected.scores_micro.tolist()


def test_a_field_of_points_that_is_no_number_names_the_event() -> None:
    card = Scorecard(name="lead", rules=[Rule(on="Opened", points="$n", name="amount")])
    with pytest.raises(InvalidEvent, match=r"Not a number of points \(Position: 2.*amount"):
        scored(card, filled({"n": "7"}, {"n": "many"}, {"n": "8"}), 100)


def test_the_arrays_are_those_of_plain_python_but_for_the_order_within_an_event() -> None:
    card = Scorecard(name="lead", rules=[Rule(on="Opened", points=1), Rule(while_={"n": 1}, points=5)])
    store = filled({"n": 1}, {"n": 1}, {"n": 2}, {}, {"n": 1})
    with Segments.open_built(store, "lead", None) as segments:
        found = awards_in(segments, card)
    _, expected = awards_of(card, store.read())
    assert sorted(zip(found.position.tolist(), found.rule.tolist(), found.points.tolist(), strict=True)) == sorted(
        zip(expected.position.tolist(), expected.rule.tolist(), expected.points.tolist(), strict=True)
    )
