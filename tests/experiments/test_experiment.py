"""Two sides over the same history: what differs, who reaches the threshold and when; the numbers are worked out by
hand."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.leads import STORY, V1, V2, card, day, happened, history, us
from whence.errors import InvalidModel, InvalidQuery, NotKnown
from whence.events import Event, Recorded
from whence.experiments import CardScore, Estimate, ModelField, Part, RecordedField, experiment, sentences
from whence.history import At, History
from whence.model import on
from whence.scoring import Rule, Score, Scorecard
from whence.stores.memory import MemoryStore
from whence.stores.opening import open_store


def run(events: Any = STORY, baseline: Any = V1, candidate: Any = V2, **options: Any) -> Any:
    given = events if isinstance(events, History) else history(events)
    return experiment(given, baseline, candidate, kind="lead", **{"samples": 200, **options})


def test_what_differs_between_two_cards() -> None:
    found = run().contrast
    assert (found.entities, found.compared, found.changed, found.raised, found.lowered) == (6, 6, 4, 3, 1)
    assert (found.baseline.total, found.candidate.total) == (140, 240)
    assert found.baseline.quantiles == (0, 0, 0, 0, 52.5, 70, 70)
    assert found.candidate.quantiles == (0, 0, 0, 40, 80, 80, 80)


def test_movers_are_named_with_the_rules_that_moved_them() -> None:
    first, second, third, fourth = run().movers
    assert [each.entity for each in (first, second, third, fourth)] == ["lead:2", "lead:5", "lead:3", "lead:1"]
    assert third.parts == (Part("for Demo", "points", 70, 0),)
    assert fourth.parts == (Part("for Demo", "points", 70, 0), Part("for Opened", "points", 0, 80))
    assert len(run(movers=2).movers) == 2


def test_who_reaches_the_stage_under_each_and_when() -> None:
    found = run()
    crossed = found.crossings
    assert (crossed.stage, crossed.baseline_at, crossed.candidate_at) == ("qualified", 70, 70)
    assert (crossed.baseline, crossed.candidate, crossed.both) == (2, 3, 1)
    assert (crossed.gained, crossed.lost) == (("lead:2", "lead:5"), ("lead:3",))
    assert (crossed.earlier, crossed.later, crossed.same) == (1, 0, 0)
    assert crossed.days_gained == Estimate(2)
    assert (found.reached[0].baseline_us, found.reached[0].candidate_us) == (us(5), us(3))


def test_a_threshold_in_points_takes_the_place_of_the_stage() -> None:
    assert run(threshold=40).crossings.candidate == 3
    assert run(threshold=41).reached[0].candidate_us == us(3)
    assert run(threshold=40).reached[0].candidate_us == us(2)
    assert run(threshold=81).crossings.candidate == 0


def test_segments_by_a_field_have_every_entity_once() -> None:
    fair, web = sorted(run(by="source").segments, key=lambda row: row.value)
    assert (fair.value, fair.entities, fair.changed, fair.baseline_reached, fair.candidate_reached) == (
        "fair",
        2,
        2,
        2,
        1,
    )
    assert (web.entities, web.changed, web.baseline_mean, web.candidate_mean) == (4, 2, 0, 40)
    (absent,) = run(by="nothing").segments
    assert (absent.value, absent.entities) == (None, 6)


class Lead:
    kind = "lead"

    def __init__(self) -> None:
        self.opened = 0
        self.hot = False

    @on("Opened")
    def was_opened(self, event: Any) -> None:
        self.opened += 1
        self.hot = self.opened > 1


def opened(events: list[Recorded]) -> int:
    return sum(event.type == "Opened" for event in events)


def test_a_model_a_function_and_a_file_are_sides_too() -> None:
    numbers = {"lead:1": 2, "lead:2": 2, "lead:5": 2, "lead:9": 0, "lead:404": 7}
    model = ModelField(Lead, "opened")
    assert run(baseline=model, candidate=opened).contrast.changed == 0
    filed = run(baseline=model, candidate=numbers)
    assert (filed.contrast.compared, filed.contrast.only_baseline, filed.contrast.changed) == (4, 0, 0)
    assert [(each.side, each.missing, each.extra) for each in filed.coverage] == [("candidate", 2, 1)]
    assert filed.contrast.rank_agreement == 1
    assert run(baseline=ModelField(Lead, "hot"), candidate=opened).contrast.baseline.total == 3
    assert [row.entities for row in run(by=ModelField(Lead, "hot")).segments] == [3, 3]


def test_a_threshold_holds_for_models_functions_and_recorded_fields() -> None:
    found = run(baseline=ModelField(Lead, "opened"), candidate=opened, threshold=2)
    assert (found.crossings.both, found.crossings.same) == (3, 3)
    scored = [*STORY, happened(3, 6, "Scored", score="71.5"), happened(3, 7, "Scored", score=None)]
    found = run(scored, baseline=RecordedField("Scored", "score"), candidate=V1)
    assert (found.reached[2].baseline_us, found.reached[2].candidate_us) == (us(6), us(4))
    assert found.values[2].baseline == 71.5


def test_equal_sides_agree_wholly() -> None:
    found = run(candidate=V1)
    assert (found.contrast.changed, found.contrast.rank_agreement, found.movers) == (0, 1, ())
    assert sentences(found)[2] == "The 2 that reach it with both do so at the same moment."


def test_a_named_score_is_asked_for() -> None:
    rules = [Rule(on="Opened", points=1, group="a"), Rule(on="Demo", points=5, group="b")]
    two = Scorecard(
        name="two", kind="lead", rules=rules, groups=[group("a"), group("b")], scores=[score("a"), score("b")]
    )
    assert run(baseline=two, candidate=CardScore(two, "b")).contrast.candidate.total == 10
    with pytest.raises(InvalidModel):
        run(baseline=CardScore(two, "c"))


def group(name: str) -> Any:
    from whence.scoring import Group

    return Group(name=name)


def score(name: str) -> Score:
    return Score(name=name, groups=[name])


def test_a_history_that_is_cut_is_scored_as_of_the_cut() -> None:
    fading = Scorecard(name="fading", kind="lead", rules=[Rule(on="Demo", points=70, fade="10 days")])
    cut = history(STORY).at(At(occurred_us=us(10)))
    found = experiment(cut, V1, fading, kind="lead", samples=0)
    assert (found.values[0].entity, found.values[0].candidate) == ("lead:1", 35)
    assert found.contrast.entities == 4


def test_the_same_history_and_seed_give_the_same_bytes() -> None:
    one, other = (run(outcome="Won", by="source", seed=7).to_json() for _ in range(2))
    assert one == other
    assert b"NaN" not in one


def test_nothing_is_written() -> None:
    store = MemoryStore()
    store.append(STORY)
    before = [event.to_event() for event in store.read()]
    run(History.of(store), outcome="Won")
    assert [event.to_event() for event in store.read()] == before


def test_an_empty_history_has_nothing_to_say() -> None:
    found = run(History.of(MemoryStore()), outcome="Won", by="source")
    assert (found.contrast.entities, found.prediction, found.segments, found.observed) == (0, None, (), None)
    assert found.contrast.baseline.quantiles is None
    assert len(sentences(found)) == 3


def test_what_cannot_be_is_refused() -> None:
    for options in ({"within": "30"}, {"age": "1 month"}, {"samples": -1}, {"seed": 1.5}):
        with pytest.raises(InvalidQuery):
            run(outcome="Won", **options)
    with pytest.raises(InvalidModel):
        run(stage="unheard of")
    with pytest.raises(InvalidModel):
        run(candidate=42)
    with pytest.raises(InvalidModel):
        run(candidate=ModelField(Lead, "closed"))
    with pytest.raises(InvalidModel):
        run(candidate=lambda events: float("nan"))
    with pytest.raises(NotKnown):
        run(outcome="Wonn")


def test_a_function_changes_no_events_of_others() -> None:
    def greedy(events: list[Recorded]) -> int:
        count = len(events)
        events.clear()
        return count

    assert run(baseline=greedy, candidate=lambda events: len(events)).contrast.changed == 0


def test_events_that_are_recorded_late_count_when_they_happened() -> None:
    late = [happened(1, 5, "Opened"), happened(1, 9, "Opened"), happened(1, 1, "Opened")]
    found = run(late, baseline=card("a", 40, Opened=20), candidate=lambda events: len(events), threshold=2)
    assert found.reached[0].candidate_us == us(5)
    assert found.reached[0].candidate == day(5).isoformat().replace("+00:00", "Z")


def test_beside_writers_it_is_of_the_head_it_says_and_changes_nothing_up_to_it(tmp_path: Path) -> None:
    store = open_store(tmp_path / "leads.db", create=True)
    store.append(STORY)
    head, more, done = store.head(), threading.Event(), threading.Event()
    before = [event.to_json() for event in History.of(store).events()]

    def write() -> None:
        with closing(open_store(tmp_path / "leads.db")) as writer:
            while not done.is_set():
                writer.append([Event("Opened", {"campaign": "spring"}, ["lead:1"])])
                more.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert more.wait(10)
        found = [run(History.of(store)) for _ in range(5)]
    finally:
        done.set()
        thread.join()
    assert [event.to_json() for event in History.of(store).events() if event.position <= head] == before
    assert found[-1].head > head
    for each in found:
        assert each.to_json() == run(History.of(store).at(At(position=each.head))).to_json()
    store.close()
