"""A changed past: events are left out, altered and inserted, and entities stop, as it is said in words; what it gives
is what a store of such events would have given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.experiments.leads import STORY, V1, V2, day, happened, history, us
from whence import app
from whence.errors import InvalidEvent, InvalidFile, InvalidModel, InvalidQuery, NotKnown, WhenceError
from whence.events import Event, Recorded
from whence.experiments import TimedValues, changed, experiment, report, sentences, verdict
from whence.experiments.selection import Selection, alteration_of
from whence.history import At, History
from whence.query import Query
from whence.stores.memory import MemoryStore

PAID = [
    happened(1, 0, "Requested", amount=30_000, by={"branch": "north"}),
    happened(1, 1, "Approved"),
    happened(2, 0, "Requested", amount=20_000, by={"branch": "south"}, note="two words"),
    happened(2, 2, "Approved"),
    happened(3, 0, "Requested", amount="much"),
    happened(3, 1, "Declined"),
    Event("Requested", {"amount": 1}, ("deal:1",), time=day(1)),
]


def told(found: History, kind: str = "lead") -> list[tuple[Any, ...]]:
    """The events of each entity as they happened."""
    return sorted(
        (entity, event.time_us, event.type, json.dumps(event.data))
        for event in found.events()
        for entity in event.entities(kind)
    )


# Which events are meant.


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("Requested", [1, 2, 3]),
        ("Approved Declined", [1, 2, 3]),
        ("Requested lead:2", [2]),
        ("lead:2", [2, 2]),
        ("Requested amount=30000", [1]),
        ("amount=20000.0", [2]),
        ("Requested amount=much", [3]),
        ("by.branch=south", [2]),
        ("""note='two words'""", [2]),
        ("""note="two words" Requested""", [2]),
        ("Requested lead:1 if amount > 25000", [1]),
        ("if type(amount)", []),
        ("if amount == 30000 or note == 'two words'", [1, 2]),
        ("if by and by['branch'] == \"north\"", [1]),
    ],
)
def test_events_are_meant_by_type_tag_data_and_a_rule(text: str, leads: list[int]) -> None:
    try:
        selection = Selection.of(text)
        found = [event for event in history(PAID).events() if event.entities("lead") and selection.picks(event)]
    except InvalidModel:
        found = []
    assert [event.tags[0] for event in found] == [f"lead:{number}" for number in leads]


def test_a_function_means_events_too() -> None:
    selection = Selection.of(lambda event: event.type == "Declined")
    assert [event.position for event in history(PAID).events() if selection.picks(event)] == [6]


@pytest.mark.parametrize(
    "text", ["", "  ", "if", "Requested if", "if amount >", "Requested note='two", "Lead:1", "amount=1 amount=2"]
)
def test_what_says_no_events_is_refused(text: str) -> None:
    with pytest.raises((InvalidQuery, InvalidModel, InvalidEvent)) as problem:
        changed(history(PAID), "lead", without=[text])
    assert problem.value.remedy


def test_what_cannot_be_compared_names_the_event() -> None:
    with pytest.raises(InvalidModel, match=r"amount = 'much'.*Event: @5"):
        changed(history(PAID), "lead", stop=["Requested if amount > 25000"])


def test_a_field_that_no_event_has_is_a_mistake_and_not_nobody() -> None:
    with pytest.raises(InvalidModel, match=r"no such field .*amuont.*Did you mean amount"):
        changed(history(PAID), "lead", stop=["Requested if amuont == 25000"])


@pytest.mark.parametrize(
    "change", [{"without": ["Reqested"]}, {"stop": ["Requested amount=7"]}, {"alter": ["X set a=1"]}]
)
def test_a_change_that_touches_nothing_is_refused(change: dict[str, list[str]]) -> None:
    with pytest.raises(NotKnown, match="No event of kind lead is meant"):
        changed(history(PAID), "lead", **change)  # type: ignore[arg-type]


def test_what_is_set_stands_behind_the_last_set() -> None:
    assert alteration_of("Scored if 'set' in x set score=80 note=\"a b\"") == (
        "Scored if 'set' in x ",
        {"score": 80, "note": "a b"},
    )
    for text in ("Scored score=80", "Scored set", "Scored set score", "Scored set lead:1", "set score='8"):
        with pytest.raises(InvalidQuery):
            alteration_of(text)


# What becomes of them.


def test_each_change_looks_at_what_those_before_left_and_says_what_it_touched() -> None:
    more = [happened(4, 3, "Requested", amount=40_000), happened(4, 5, "Approved")]
    past = changed(
        history(PAID),
        "lead",
        without=["Declined"],
        alter=["Requested amount=much set amount=26000"],
        insert=[("plan.jsonl", more)],
        stop=["Requested if amount > 25000"],
    )
    assert [change.text for change in past.changes] == [
        "Without Declined: 1 event of 1 entity never happens.",
        "Altered, Requested amount=much set amount=26000: 1 event of 1 entity.",
        "Inserted from plan.jsonl: 2 events of 1 entity.",
        "Stopped at Requested if amount > 25000: 3 entities, of which 2 later events never happen.",
    ]
    kept = [(entity, type, json.loads(data).get("amount")) for entity, _, type, data in told(past.history)]
    assert kept == [
        ("lead:1", "Requested", 30_000),
        ("lead:2", "Requested", 20_000),
        ("lead:2", "Approved", None),
        ("lead:3", "Requested", 26_000),
        ("lead:4", "Requested", 40_000),
    ]
    assert told(past.history, "deal") == told(history(PAID), "deal")


Row = tuple[int, int, str, int, bool]
ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 8), st.sampled_from("ABC"), st.integers(0, 2), st.booleans()),
    max_size=20,
    unique_by=lambda row: row[:2],
)
"""Events: lead, day, type, number, and whether it is inserted. No two of a lead are of one time, since then it would be
a matter of order which comes first."""


def _events(rows: Sequence[Row]) -> list[Event]:
    return [happened(lead, days, type, n=n) for lead, days, type, n, _ in rows]


@given(ROWS, st.integers(0, 2))
def test_a_changed_past_is_what_a_store_of_such_events_would_have(rows: list[Row], n: int) -> None:
    """Dropped, altered, inserted, then stopped: against lists changed by hand."""
    story, more = [row for row in rows if not row[4]], [row for row in rows if row[4]]
    left = [(*row[:3], 9, False) if row[2] == "B" else row for row in story if row[2:4] != ("A", n)] + more
    expected: list[Row] = []
    for lead in (1, 2, 3):
        own = sorted((row for row in left if row[0] == lead), key=lambda row: row[1])
        at = next((place for place, row in enumerate(own) if row[2:4] == ("C", n)), len(own))
        expected += own[: at + 1]
    changes: dict[str, list[Any]] = {  # what touches nothing is refused, so it is left out
        "without": [f"A n={n}"] * any(row[2:4] == ("A", n) for row in story),
        "alter": ["B set n=9"] * any(row[2] == "B" for row in story),
        "insert": [("more", _events(more))] * bool(more),
        "stop": [f"C if n == {n}"] * any(row[2:4] == ("C", n) for row in left),
    }
    whole = _history(story)
    assert told(changed(whole, "lead", **changes).history) == told(_history(expected))
    assert told(whole) == told(_history(story))


def _history(rows: Sequence[Row]) -> History:
    return history(_events(rows)) if rows else History.of(MemoryStore())


def test_an_inserted_event_comes_after_the_last_of_its_entity_by_then_in_both_orders() -> None:
    past = changed(history(STORY), "lead", insert=[("plan", [happened(2, 1.5, "Demo"), happened(1, -1, "Seen")])])
    for order in ("position", "occurred"):
        own = past.history.events(Query.of(tags=["lead:2"]), order=order)
        assert [event.type for event in own] == ["Created", "Opened", "Demo", "Opened", "Won"]
        first = next(iter(past.history.events(Query.of(tags=["lead:1"]), order=order)))
        assert first.type == "Seen"


def test_what_is_inserted_is_as_good_as_recorded() -> None:
    """It is altered by a later change, stops an entity, and does not happen after a stop."""
    past = changed(history(STORY), "lead", insert=[("plan", [happened(2, 1.5, "Demo", n=1), happened(2, 30, "Demo")])])
    again = changed(past.history, "lead", alter=["Demo n=1 set n=2"], stop=["Demo n=2"])
    assert [event.type for event in again.history.events(Query.of(tags=["lead:2"]))] == ["Created", "Opened", "Demo"]
    assert again.changes[1].events == 3
    without = changed(past.history, "lead", without=["Demo lead:2"]).history
    assert told(without) == told(history(STORY))


def test_what_is_inserted_after_the_time_looked_at_is_not_there_yet() -> None:
    upto = history(STORY).at(At(occurred_us=us(10)))
    past = changed(upto, "lead", insert=[("plan", [happened(2, 9, "Demo"), happened(2, 11, "Demo")])])
    assert past.changes[0].events == 1
    with pytest.raises(NotKnown, match="No event to insert by then"):
        changed(upto, "lead", insert=[("plan", [happened(2, 11, "Demo")])])


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event("Demo", {}, ("lead:1",)), "needs a time"),
        (Event("Demo", {}, ("deal:1",), time=day(1)), "about no lead"),
    ],
)
def test_an_inserted_event_needs_a_time_and_an_entity(event: Event, said: str) -> None:
    with pytest.raises(InvalidEvent, match=said):
        changed(history(STORY), "lead", insert=[("plan", [event])])


def test_an_event_that_has_happened_is_not_inserted_again() -> None:
    story = [Event("Demo", {}, ("lead:1",), "demo-1", time=day(1))]
    with pytest.raises(InvalidQuery, match=r"has happened already .*Id: demo-1, Position: 1, Source: plan"):
        changed(history(story), "lead", insert=[("plan", story)])


def test_data_that_are_no_object_have_no_fields_to_set() -> None:
    with pytest.raises(InvalidEvent, match=r"no object .*Event: 1"):
        changed(history([Event("Noted", [1], ("lead:1",), time=day(0))]), "lead", alter=["Noted set a=1"])


# In an experiment.


def test_the_experiment_says_what_was_changed_and_that_the_rest_was_kept() -> None:
    whole = history(STORY)
    past = changed(whole, "lead", without=["Demo lead:1"])
    found = experiment(whole, V1, V1, kind="lead", past=past, outcome="Won", samples=0)
    assert found.crossings is not None
    assert found.crossings.lost == ("lead:1",)
    assert found.changes == past.changes
    assert (found.events, found.past_events) == (16, 15)
    assert sentences(found)[0] == (
        "Of 6 lead entities, 1 reach qualified with v1 in the changed past, 1 fewer than the 2 with v1 as recorded "
        "(0 gained, 1 lost)."
    )
    assert verdict(found).tone == "open"
    pytest.importorskip("plotly")
    page = report(found)
    assert "Without Demo lead:1: 1 event of 1 entity never happens." in page
    assert "nobody decides again" in page


def too_old(event: Recorded) -> bool:
    return event.type == "Opened" and event.time_us > us(2)


def test_in_python_changes_are_texts_functions_events_and_files(tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    path.write_text('{"type": "Demo", "tags": ["lead:4"], "time": "2026-01-03T00:00:00Z"}\n')
    with app.open(tmp_path / "leads.db", create=True) as db:
        db.append(STORY)
        one = db.experiment("lead", V1, without="Created", stop=too_old, insert=path, samples=0)
        assert [(change.how, change.said) for change in one.changes] == [
            ("without", "Created"),
            ("insert", "plan.jsonl"),
            ("stop", "too_old"),
        ]
        assert one.crossings is not None
        assert (one.crossings.gained, one.crossings.lost) == (("lead:4",), ("lead:1",))
        two = db.experiment("lead", V2, V1, insert=[happened(4, 2, "Demo")], alter=("Created", {"source": "x"}))
        assert [(change.said, change.events) for change in two.changes] == [
            ("Created set source", 6),
            ("events given", 1),
        ]
        assert (two.baseline.name, two.candidate.name) == ("v1", "v2")
        assert db.experiment("lead", baseline=V1, without="Demo", samples=0).candidate.name == "v1"
        with pytest.raises(InvalidQuery, match="nothing to compare"):
            db.experiment("lead")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"type": "Demo", "tags": ["lead:4"]}', "needs a time .*plan.jsonl, Line: 2, Type: Demo"),
        ('{"type": "Demo", "time": "2026-01-03T00:00:00Z"}', "about no lead .*Line: 2"),
        ('{"type": "Demo", "tag": "lead:4"}', "no such field .*Line: 2, Field: tag"),
        ('{"type": 7, "tags": ["lead:4"]}', "Not an event type .*Line: 2"),
        ('{"type": "Demo", "time": "soon"}', "Not a time .*Line: 2"),
        ('{"type": "Demo"', "cannot be read .*Line: 2"),
        ("7", "Not an object .*Line: 2"),
    ],
)
def test_an_event_of_a_file_that_cannot_be_names_its_line(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    path.write_text(f'{{"type": "Demo", "tags": ["lead:4"], "time": "2026-01-03T00:00:00Z"}}\n{line}\n')
    with app.open(tmp_path / "leads.db", create=True) as db:
        db.append(STORY)
        with pytest.raises(InvalidFile, match=said) as problem:
            db.experiment("lead", V1, insert=path)
        assert isinstance(problem.value, WhenceError)


def test_a_file_says_nothing_of_another_past() -> None:
    whole = history(STORY)
    past = changed(whole, "lead", without=["Demo"])
    for numbers in ({"lead:1": 3}, TimedValues([("lead:1", us(1), 80)])):
        with pytest.raises(InvalidModel, match="nothing of another past"):
            experiment(whole, V1, numbers, kind="lead", past=past)
        assert experiment(whole, numbers, V1, kind="lead", past=past, samples=0).changes == past.changes


def test_with_segments_a_changed_past_comes_to_the_same(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    with app.open(tmp_path / "leads.db", create=True) as db:
        db.append(STORY)
        asked = {"stop": "Opened", "outcome": "Won", "samples": 0}
        before = db.experiment("lead", V1, **asked)
        db.segments("lead").close()
        assert db.experiment("lead", V1, **asked) == before
