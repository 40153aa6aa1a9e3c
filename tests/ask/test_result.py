"""A recorded result names the first event and field that come out otherwise, and nothing where nothing does."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.checking.result import Comparison, Result, check, replay
from whence.clock import FixedClock
from whence.compare import canonical, same
from whence.errors import FoldFailed, InvalidFile, NotKnown
from whence.events import Event
from whence.history import At, History
from whence.model import Model, on
from whence.rules import built_in
from whence.stores.memory import MemoryStore


class Lead:
    kind = "lead"
    most = 100

    def __init__(self) -> None:
        self.score = 0
        self.log: list[str] = []

    @on("Scored")
    def scored(self, event: Any) -> None:
        self.score = min(self.score + event.data["score"], self.most)

    @on("Noted")
    def noted(self, event: Any) -> None:
        self.log.append(event.data["text"])


class Capped(Lead):
    most = 90


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore(FixedClock("2026-01-05T09:00:00Z"))
    for lead, score in (("lead:1", 60), ("lead:2", 40), ("lead:1", 30), ("lead:2", 55), ("lead:1", 5)):
        store.append([Event("Scored", {"score": score}, [lead], actor="anna")])
    store.append([Event("Noted", {"text": "x" * 100}, ["lead:2"])])
    return store


def compared(store: MemoryStore, before: Any, after: Any, folder: Path, at: At | None = None) -> Comparison:
    """What a result that was saved and loaded says of other code."""
    replay(store, before, at).save(folder / "result.jsonl.gz")
    return check(store, after, Result.load(folder / "result.jsonl.gz"))


def test_the_same_code_comes_out_the_same_though_the_store_went_on(store: MemoryStore, tmp_path: Path) -> None:
    replay(store, Lead).save(tmp_path / "result.jsonl")
    store.append([Event("Scored", {"score": 3}, ["lead:1"]), Event("Scored", {"score": 3}, ["lead:3"])])
    found = check(store, Lead, Result.load(tmp_path / "result.jsonl"))
    assert found.same
    assert found.same_code
    assert found.recorded.entities == 2


def test_the_first_event_and_field_are_named_for_each_entity(store: MemoryStore, tmp_path: Path) -> None:
    found = compared(store, Lead, Capped, tmp_path)
    assert not found.same
    assert not found.same_code
    told = [
        (each.entity, each.what, each.event.position, [(c.field, c.before, c.after) for c in each.changes])  # type: ignore[union-attr]
        for each in found.deviations
    ]
    most = ("most", "100", "90")
    assert told == [("lead:1", "changed", 1, [most]), ("lead:2", "changed", 2, [most])]


def test_a_difference_that_later_events_hide_is_found_at_its_event(store: MemoryStore, tmp_path: Path) -> None:
    class Wobbly(Lead):
        @on("Scored")
        def scored(self, event: Any) -> None:
            wrong = 7 if event.position == 3 else 0
            self.score = min(self.score + event.data["score"], 100) + wrong

        @on("Noted")
        def noted(self, event: Any) -> None:
            self.log.append(event.data["text"].upper())

    class Steady(Wobbly):
        @on("Scored")
        def scored(self, event: Any) -> None:
            self.score = {1: 60, 3: 97, 5: 100}.get(event.position, self.score + event.data["score"])

        @on("Noted")
        def noted(self, event: Any) -> None:
            self.log.append(event.data["text"])

    first, second = compared(store, Lead, Wobbly, tmp_path).deviations
    assert (first.event.position, first.changes[0].before, first.changes[0].after) == (3, "90", "97")  # type: ignore[union-attr]
    assert second.event is not None
    assert second.event.position == 6
    assert second.changes[0].before.startswith("…")
    assert second.changes[0].after == canonical(["X" * 100])
    assert [each.entity for each in compared(store, Lead, Steady, tmp_path).deviations] == ["lead:1"]


def test_a_field_that_is_new_or_gone_differs_from_the_first_event_on(store: MemoryStore, tmp_path: Path) -> None:
    class Renamed(Lead):
        @property
        def points(self) -> int:
            return self.score

    found = compared(store, Lead, Renamed, tmp_path).deviations[0]
    assert [(each.field, each.before, each.after) for each in found.changes] == [("points", None, "60")]


def test_an_order_by_time_counts_late_events_where_they_happened(tmp_path: Path) -> None:
    store = MemoryStore(FixedClock("2026-01-05T09:00:00Z"))
    for day, value in (("05", 1), ("03", 2), ("04", 3)):
        store.append([Event("Set", {"value": value}, ["lead:1"], time=f"2026-01-{day}T00:00:00Z")])  # type: ignore[arg-type]
    result = replay(store, built_in("lead"))
    assert b'"value":1' in bytes(result.entities["lead:1"].fields)
    assert check(store, built_in("lead"), result).same

    class Last:
        kind = "lead"
        order = "occurred"

        @on("Set")
        def set(self, event: Any) -> None:
            self.value = event.data["value"]

    class LastRecorded(Last):
        order = "position"

    found = compared(store, Last, LastRecorded, tmp_path).deviations
    assert [each.event.position for each in found] == [1]  # type: ignore[union-attr]


def test_a_moment_is_kept(store: MemoryStore, tmp_path: Path) -> None:
    cut = compared(store, Lead, Lead, tmp_path, At(position=3))
    assert (cut.same, cut.recorded.head) == (True, 3)
    early = At(occurred_us=History.of(store).at(At(position=3)).events().__next__().time_us)
    assert compared(store, Lead, Lead, tmp_path, early).same


def test_another_history_another_kind_and_a_broken_file_are_refused(store: MemoryStore, tmp_path: Path) -> None:
    file = tmp_path / "result.jsonl"
    replay(store, Lead).save(file)
    other = MemoryStore()
    with pytest.raises(NotKnown, match="nothing to replay"):
        replay(other, Lead)
    other.append([Event("Scored", {"score": 1}, ["lead:1"])])
    with pytest.raises(InvalidFile, match="another history"):
        check(other, Lead, Result.load(file))
    with pytest.raises(InvalidFile, match="another kind"):
        check(store, built_in("deal"), Result.load(file))
    lines = file.read_bytes().splitlines(keepends=True)
    for text, problem in (
        (b"".join(lines[:-1]), "cut off"),
        (b"".join(lines)[:-20], "Not a recorded result"),
        (b"entity,score\n", "Not a recorded result"),
        (b"", "Not a recorded result"),
        (lines[0].replace(b'"lead"', b'"l\xe9ad"', 1), "Not a recorded result"),
        (lines[0].replace(b'"format":1', b'"format":2'), "format not known"),
    ):
        file.write_bytes(text)
        with pytest.raises(InvalidFile, match=problem):
            Result.load(file)
    with pytest.raises(InvalidFile, match="cannot be read"):
        Result.load(tmp_path / "missing.jsonl")


def test_a_line_whose_steps_are_none_is_refused_with_its_entity(store: MemoryStore, tmp_path: Path) -> None:
    path = tmp_path / "result.jsonl"
    replay(store, Lead).save(path)
    origin, *lines = path.read_text().splitlines()
    path.write_text("\n".join([origin, *(re.sub('"steps":.*', '"steps":{"a":1}}', line) for line in lines)]) + "\n")
    with pytest.raises(InvalidFile, match=r"Not a recorded result \(Entity: lead:1"):
        check(store, Lead, Result.load(path))


def test_a_result_is_written_whole_or_not_at_all(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "result.jsonl"
    found = replay(store, Lead)
    found.save(path)
    before = path.read_bytes()

    class Interrupting(dict[str, Any]):
        def items(self) -> Any:
            yield from list(super().items())[:1]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Result(found.origin, Interrupting(found.entities)).save(path)
    assert path.read_bytes() == before


def test_a_fold_that_fails_says_so(store: MemoryStore) -> None:
    def broken(state: int, event: Any) -> int:
        return state + int(event.data["text"])

    with pytest.raises(FoldFailed, match="KeyError"):
        replay(store, Model.of_function("lead", 0, broken))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text('a\n"é', max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
    max_leaves=4,
)


@given(values, values)
def test_the_texts_of_two_values_are_the_same_where_the_values_are(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(one)
    if one != 0 or other != 0:  # 0.0 and -0.0 are equal, and are told apart
        assert (canonical(one) == canonical(other)) == same(one, other)


def test_texts_tell_apart_what_looks_the_same() -> None:
    texts = [canonical(each) for each in (1, 1.0, True, "1", Decimal(1), Decimal("1.0"), [1], (1,), {1}, {"1": 1})]
    assert len(set(texts)) == len(texts)
    assert canonical({"b": 1, "a": {3, 1, 2}}) == canonical({"a": {2, 3, 1}, "b": 1}) == '{"a": set(1, 2, 3), "b": 1}'
