"""What led to an event and what followed from it, wherever and in whatever order it was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence import Whence
from whence.config import Config
from whence.errors import NotKnown
from whence.events import Event, Recorded
from whence.explaining.lineage import NESTED_MAX, Effect, Lineage, More, lineage
from whence.history import History
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store


def stored(causes: list[int | None]) -> MemoryStore:
    """Events 0, 1, 2 … each with the cause of this number, which may come behind it or be nowhere."""
    store = MemoryStore()
    for number, cause in enumerate(causes):
        id, named = f"e{number}", None if cause is None else f"e{cause}"
        store.append([Event("A", number, id=id, cause=named, correlation=f"c{number % 3}")])
    return store


def brute_force(store: MemoryStore, root: Recorded) -> list[tuple[str, int]]:
    """The ids of all that followed with their depths, each behind its cause, by looking at every event for each."""
    found = []
    waiting = [(root.id, 0)]
    while waiting:
        id, depth = waiting.pop()
        found += [(id, depth)] if depth else []
        effects = (event.id for event in store.read(backwards=True) if event.cause == id and event.id != root.id)
        waiting += [(effect, depth + 1) for effect in effects]
    return found


@given(st.lists(st.one_of(st.none(), st.integers(0, 14)), min_size=1, max_size=12), st.data())
def test_the_tree_is_what_looking_at_every_event_for_each_finds(causes: list[int | None], data: Any) -> None:
    store = stored(causes)
    root = next(iter(store.read(after=data.draw(st.integers(0, len(causes) - 1)), limit=1)))
    found = lineage(History.of(store), root, correlated=True)
    assert [(effect.recorded.id, effect.depth) for effect in found.effects] == brute_force(store, root)
    chain, number = [], root.data
    while causes[number] is not None and causes[number] < len(causes) and f"e{causes[number]}" not in [root.id, *chain]:
        number = causes[number]
        chain.append(f"e{number}")
    assert [cause.id for cause in found.causes] == chain
    end = causes[number]
    assert found.missing_cause == (f"e{end}" if end is not None and end >= len(causes) else None)
    assert found.circular == (end is not None and end < len(causes))
    others = [event for event in store.read() if event.correlation == root.correlation and event.id != root.id]
    assert found.companions == others
    assert found.correlated == ({"A": len(others)} if others else {})


@given(st.lists(st.integers(0, 14), min_size=1, max_size=40), st.integers(1, 4), st.integers(1, 3))
def test_a_cut_tree_counts_all_that_it_leaves_out(parents: list[int], depth_max: int, siblings_max: int) -> None:
    store = stored([None, *(parent % number for number, parent in enumerate(parents, 1))])
    root = next(iter(store.read(limit=1)))
    found = lineage(History.of(store), root)
    items = list(found.tree(depth_max, siblings_max))
    shown = [item for item in items if isinstance(item, Effect)]
    assert len(shown) + sum(item.count for item in items if isinstance(item, More)) == len(parents)
    assert all(effect.depth <= depth_max for effect in shown)
    names = {effect.recorded.id for effect in shown}
    for effect in found.effects:
        siblings = [other for other in found.effects if other.recorded.cause == effect.recorded.cause]
        is_kept = effect.depth <= depth_max and effect in siblings[:siblings_max]
        cause_shown = effect.recorded.cause == root.id or effect.recorded.cause in names
        assert (effect.recorded.id in names) == (is_kept and cause_shown)
    assert list(found.tree()) == found.effects
    assert json.dumps(found.to_json()).count('"effects"') == len(parents) + 1


@pytest.fixture(params=["memory", "log.jsonl", "sqlite.db"])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Whence]:
    """A campaign's e-mail is opened, the lead re-scored and a call made; the page views of a visit belong together."""
    path = ":memory:" if request.param == "memory" else tmp_path / request.param
    with Whence(open_store(path, create=True), Config(tmp_path)) as db:
        db.append(
            Event("Called", None, ("lead:7",), id="call", cause="scored"),  # the dialler's file came in first
            Event("Planned", None, ("campaign:spring",), id="plan", cause="from-elsewhere"),
            Event("Sent", None, ("campaign:spring", "lead:7"), id="sent", cause="plan"),
            Event("Viewed", {"page": "/"}, ("lead:7",), id="view", cause="sent", correlation="visit:1"),
            Event("Viewed", {"page": "/pricing"}, ("lead:7",), id="pricing", cause="view", correlation="visit:1"),
            Event("Asked", None, ("lead:7",), id="ask", correlation="visit:1"),
            Event("Scored", {"score": 80}, ("lead:7",), id="scored", cause="view"),
        )
        yield db


def test_an_event_is_traced_across_entities_in_any_store(story: Whence) -> None:
    found = story.trace("sent")
    assert [event.id for event in found.causes] == ["plan"]
    assert (found.missing_cause, found.circular) == ("from-elsewhere", False)
    shown = [(effect.recorded.id, effect.depth) for effect in found.effects]
    assert shown == [("view", 1), ("pricing", 2), ("scored", 2), ("call", 3)]
    assert story.trace("@3") == found == story.trace(3)


def test_what_has_the_same_correlation_is_counted_and_given_when_asked_for(story: Whence) -> None:
    assert story.trace("view").correlated == {"Viewed": 1, "Asked": 1}
    assert story.trace("view").companions == []
    assert [event.id for event in story.trace("view", correlated=True).companions] == ["pricing", "ask"]
    assert story.trace("sent").correlated == {}


def test_what_is_not_there_cannot_be_traced(story: Whence) -> None:
    with pytest.raises(NotKnown, match="from-elsewhere"):
        story.trace("from-elsewhere")


def test_progress_is_told_up_to_the_head(story: Whence) -> None:
    told: list[Any] = []
    story.trace("sent", progress=lambda *done: told.append(done))
    assert told[-1] == (7, 7)


def test_json_nests_the_effects(story: Whence) -> None:
    whole = story.trace("sent").to_json()
    assert (whole["event"]["id"], whole["missing_cause"]) == ("sent", "from-elsewhere")
    (view,) = whole["effects"]
    assert [effect["event"]["id"] for effect in view["effects"]] == ["pricing", "scored"]
    assert view["effects"][1]["effects"][0] == {"event": story.event("call").to_json(), "effects": []}
    assert story.trace("sent").to_json(1)["effects"] == [{"event": view["event"], "effects": [], "more": 3}]


def test_a_chain_that_is_long_is_traced_and_its_json_can_be_read() -> None:
    store = stored([None, *range(2999)])
    found = lineage(History.of(store), next(iter(store.read(limit=1))))
    assert found.effects[-1].depth == 2999
    whole = json.loads(json.dumps(found.to_json()))
    depth = 0
    while whole["effects"]:
        (whole,) = whole["effects"]
        depth += 1
    assert (depth, whole["more"]) == (NESTED_MAX, 2999 - NESTED_MAX)
    last = next(iter(store.read(after=2999)))
    assert len(lineage(History.of(store), last).causes) == 2999


class Balanced(HTMLParser):
    """Collects the text of well-nested lists."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


@given(st.lists(st.integers(0, 14), max_size=40))
def test_a_notebook_shows_well_nested_lists(parents: list[int]) -> None:
    store = stored([None, *(parent % number for number, parent in enumerate(parents, 1))])
    page = Balanced(lineage(History.of(store), next(iter(store.read(limit=1))))._repr_html_())
    assert page.text.startswith("@1 A")


def test_a_notebook_is_sent_no_markup_out_of_an_event() -> None:
    store = MemoryStore()
    store.append([Event("A", None, ("note:<b>",), id="a", actor="<script>", cause="<i>", correlation="<u>")])
    store.append([Event("A", None, correlation="<u>")])
    page: Lineage = lineage(History.of(store), next(iter(store.read(limit=1))))
    assert "<script>" not in page._repr_html_()
    assert Balanced(page._repr_html_()).text.count("<") == 4
