"""Every combination comes to what an experiment of it alone comes to, and what is said of the best of many is said
again of entities that had no part in choosing it."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.experiments.leads import happened, history
from tests.experiments.test_report import shown
from tests.scoring.test_agreement import cards, histories
from whence import app
from whence.errors import Cancelled, InvalidModel, InvalidQuery, NotKnown
from whence.events import Recorded
from whence.experiments import Run, experiment
from whence.experiments.grids import Grid, grid, page, save, sentences, summary, values_of
from whence.experiments.grids.frontier import Place, chosen, frontier
from whence.history import History, Inserted
from whence.scoring import Rule, Scorecard, Threshold
from whence.stores.memory import MemoryStore


def pipeline(count: int = 240, *, luck: int | None = None) -> list[Any]:
    """Leads that open, ask and come back; those who do more are won more often, or by luck alone."""
    drawn = random.Random(7 if luck is None else luck)
    events = []
    for lead in range(count):
        opened, asked = drawn.randrange(4), drawn.random() < 0.5
        events.append(happened(lead, lead / 8, "Created", source="fair" if lead % 3 else "web"))
        events += [happened(lead, lead / 8 + 1 + n, "Opened") for n in range(opened)]
        events += [happened(lead, lead / 8 + 6, "Demo")] if asked else []
        chance = 0.3 if luck is not None else 0.1 + 0.15 * opened + 0.2 * asked
        events += [happened(lead, lead / 8 + 12, "Won")] if drawn.random() < chance else []
    return [*events, happened("last", 99, "Created")]


CARD = Scorecard(
    name="lead",
    kind="lead",
    rules=[
        Rule(name="opened", on="Opened", points=10, half_life="14 days"),
        Rule(name="demo", on="Demo", points=20),
        Rule(name="from a fair", while_={"source": "fair"}, points=5),
    ],
    thresholds=[Threshold(score="score", at=5, stage="warm"), Threshold(score="score", at=30, stage="hot")],
)
VARY = {"hot": [20, 30, 40], "opened": [5, 10, 20], "from a fair": [0, 5]}


def tried(events: Any = None, **options: Any) -> Grid:
    given = {"outcome": "Won", "samples": 40, **options}
    return grid(
        history(pipeline() if events is None else events), given.pop("card", CARD), given.pop("vary", VARY), **given
    )


# Every combination is the experiment of it.


def changed(base: Scorecard, number: int, points: Any, at: Any) -> Scorecard:
    """The card with other points for one rule and another last threshold."""
    rules = list(base.rules)
    rules[number] = msgspec.structs.replace(rules[number], points=points)
    bar = msgspec.structs.replace(base.thresholds[-1], at=at)
    return msgspec.structs.replace(base, rules=rules, thresholds=[bar], grades=())


@settings(max_examples=20, deadline=None)
@given(cards(), histories(), st.integers(0, 4), st.sampled_from([0, 3, "2.5", -4]), st.integers(-3, 12))
def test_one_combination_is_measured_as_an_experiment_measures_it(
    base: Scorecard, events: list[Recorded], number: int, points: Any, at: int
) -> None:
    number %= len(base.rules)
    rules = [msgspec.structs.replace(r, points=7) if isinstance(r.points, str) else r for r in base.rules]
    base = msgspec.structs.replace(base, order="occurred", rules=rules)
    store = MemoryStore()
    store.restore(event for event in events if not isinstance(event, Inserted))
    past = History.of(store)
    types = [event.type for event in past.events(order="occurred")]
    assume(bool(types))
    outcome = types[-1]
    stage, rule = base.thresholds[-1].stage, base.rules[number].name
    vary = {f"thresholds.{stage}": [at], f"rules.{rule}.points": [points]}
    found = grid(past, base, vary, outcome=outcome, within="2 days", samples=0)
    other = changed(base, number, points, at)
    expected = experiment(past, base, other, kind="lead", stage=stage, outcome=outcome, within="2 days", samples=0)
    told, crossed = expected.prediction, expected.crossings
    assert told is not None
    assert crossed is not None
    assert (found.measured, found.censored, found.began_with_outcome) == (
        told.measured,
        told.censored,
        told.began_with_outcome,
    )
    for mine, theirs, reached in (
        (found.present, told.baseline, crossed.baseline),
        (found.combinations[0], told.candidate, crossed.candidate),
    ):
        assert mine.reached == reached
        assert mine.chosen.named + mine.held_out.named == theirs.named
        assert mine.chosen.hits + mine.held_out.hits == theirs.hits


def test_many_at_once_are_what_each_is_alone() -> None:
    found = tried(pipeline(90))
    assert len(found.combinations) == 18
    assert [axis.name for axis in found.axes] == ["thresholds.hot", "rules.opened.points", "rules.from a fair.points"]
    for each in found.combinations:
        at, opened, fair = each.values
        points = (opened, 20, fair)
        rules = [msgspec.structs.replace(rule, points=its) for rule, its in zip(CARD.rules, points, strict=True)]
        bar = Threshold(score="score", at=at, stage="hot")
        alone = msgspec.structs.replace(CARD, rules=rules, thresholds=[bar])
        expected = experiment(history(pipeline(90)), alone, alone, kind="lead", outcome="Won", samples=0)
        assert expected.prediction is not None
        assert expected.crossings is not None
        assert each.reached == expected.crossings.candidate
        if expected.prediction.measured == found.measured:
            assert each.chosen.hits + each.held_out.hits == expected.prediction.candidate.hits


def test_the_present_card_is_marked_whether_it_is_a_combination_or_not() -> None:
    found = tried()
    assert found.present_at is not None
    assert found.combinations[found.present_at].values == found.present.values == (30, 10, 5)
    assert found.combinations[found.present_at].reached == found.present.reached
    assert tried(vary={"hot": [20, 40]}).present_at is None


def test_intervals_are_those_of_the_experiment_statistics() -> None:
    from whence.experiments.statistics import estimates, ratio

    found = tried(samples=60)
    best = found.combinations[found.frontier[0]]
    named, hits = best.chosen.named, best.chosen.hits
    assert best.chosen.precision.low is not None
    assert best.chosen.precision.low < hits / named < (best.chosen.precision.high or 0)
    everybody = tried(samples=60, vary={"hot": [-1]}, card=CARD)  # names all at once: its hits are a plain share
    told = everybody.combinations[0].chosen
    flags = np.zeros(told.named, bool)
    flags[: told.hits] = True
    expected = estimates(
        lambda weights: {"precision": ratio(int(weights[flags].sum()), int(weights.sum()))},
        told.named,
        samples=2000,
        seed=0,
    )["precision"]
    wide = tried(samples=2000, vary={"hot": [-1]}).combinations[0].chosen.precision
    assert wide.value == expected.value
    assert wide.low == pytest.approx(expected.low, abs=0.02)
    assert wide.high == pytest.approx(expected.high, abs=0.02)


# The frontier.

places = st.builds(
    Place,
    st.integers(8, 14),
    st.none() | st.integers(0, 6).map(lambda n: n / 6),
    st.none() | st.integers(0, 6).map(lambda n: n / 6),
    st.none() | st.integers(0, 3).map(float),
)


def beats(one: Place, other: Place) -> bool:
    pairs = [(one.precision or 0, other.precision or 0), (one.recall or 0, other.recall or 0)]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


@given(st.lists(places, max_size=12), places)
def test_no_other_beats_one_on_the_frontier_and_each_other_is_beaten_or_alike(
    every: list[Place], present: Place
) -> None:
    able = [p for p in every if p.named >= 10 and p.precision is not None and p.recall is not None]
    on = frontier(every)
    assert not any(beats(one, every[number]) for number in on for one in able)
    for place in able:
        same = [every[n] for n in on if (every[n].precision, every[n].recall) == (place.precision, place.recall)]
        assert same or any(beats(every[n], place) for n in on)
    recalls = [every[number].recall or 0 for number in on]
    assert recalls == sorted(recalls, reverse=True)
    assert len({(every[n].precision, every[n].recall) for n in on}) == len(on)
    assert (chosen(every, on, present) in on) if on else chosen(every, on, present) is None


def test_of_those_in_the_same_place_the_one_that_comes_earliest_is_on_it() -> None:
    assert frontier([Place(20, 0.5, 0.5, 3.0), Place(20, 0.5, 0.5, 9.0), Place(20, 0.4, 0.4, 20.0)]) == [1]


# Selection.


def test_the_best_of_many_by_luck_alone_is_flattered_where_it_was_chosen_and_not_on_the_other_half() -> None:
    flattered, honest = [], []
    vary = {"hot": [10, 20, 30, 40, 50], "opened": [5, 10, 20], "demo": [5, 20, 40], "from a fair": [0, 5, 20]}
    for seed in range(6):
        found = tried(pipeline(120, luck=seed), vary=vary, samples=0, seed=seed)
        top = found.combinations[found.frontier[-1]]
        base = [half.with_outcome / half.measured for half in found.halves]
        flattered.append((top.chosen.precision.value or 0) - base[0])
        honest.append((top.held_out.precision.value or 0) - base[1])
    assert np.mean(flattered) > 0.06
    assert abs(np.mean(honest)) < 0.06


def test_the_sentences_say_what_is_left_on_the_other_half() -> None:
    said = sentences(tried())
    assert said[0].startswith("Of 18 combinations of lead, ")
    assert any("which had no part in the choice" in each for each in said)
    few = tried([*pipeline(12)], samples=0)
    assert few.best is None
    assert "none can be told from luck" in sentences(few)[1]


# What cannot be asked.


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ({}, "Nothing is varied"),
        ({"hot": []}, "No values to try"),
        ({"hott": [1]}, "Did you mean hot"),
        ({"hot": range(101), "opened": range(100)}, "10,100"),
        ({"hot": range(10**9)}, "Too many combinations"),
        ({"hot": [1], "warm": [2]}, "One stage is measured"),
        ({"hot": [1], "thresholds.hot": [2]}, "Varied twice"),
        ({"hot": "60:50"}, "Not a range of values"),
        ({"hot": "60:90:0.0001"}, "Too many combinations"),
        ({"hot": "1,,2"}, "A value is missing"),
    ],
)
def test_what_cannot_be_varied_is_refused(vary: Any, said: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        tried(vary=vary)
    assert said in f"{caught.value} {caught.value.remedy}"


def test_a_name_that_two_parts_have_is_asked_back() -> None:
    twice = msgspec.structs.replace(CARD, thresholds=[Threshold(score="score", at=5, stage="demo")])
    with pytest.raises(InvalidQuery) as caught:
        tried(card=twice, vary={"demo": [1]})
    assert "rules.demo.points or thresholds.demo" in str(caught.value.remedy)
    assert tried(card=twice, vary={"thresholds.demo": [10, 20]}).stage == "demo"


def test_values_that_a_card_cannot_have_and_other_mistakes_are_named() -> None:
    with pytest.raises(InvalidModel, match="Not a duration"):
        tried(vary={"opened.half_life": ["soon"]})
    with pytest.raises(InvalidModel, match="counts as things happened"):
        tried(card=msgspec.structs.replace(CARD, order="position"))
    with pytest.raises(InvalidModel, match="no such stage"):
        tried(stage="cold")
    with pytest.raises(NotKnown, match="this outcome"):
        tried(outcome="Lost")


def test_values_are_written_as_people_write_them() -> None:
    assert values_of("60:90:10") == [60, 70, 80, 90]
    assert values_of("1:2:0.5") == [1, values_of("1.5")[0], 2]
    assert values_of("3:5") == [3, 4, 5]
    assert values_of("7 days,none") == ["7 days", None]


# Bytes, memory and an end.


def test_a_grid_is_the_same_in_a_file_in_columns_and_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("duckdb")
    from whence.segments.building import build
    from whence.segments.reading import Segments

    store = MemoryStore()
    store.append(pipeline())
    past = History.of(store)
    expected = grid(past, CARD, VARY, outcome="Won", samples=30).to_json()
    with tempfile.TemporaryDirectory() as folder:
        build(store, "lead", Path(folder), segment_events=90)
        with Segments.open_built(store, "lead", folder) as segments:
            assert grid(past, CARD, VARY, outcome="Won", samples=30, segments=segments).to_json() == expected
    module = sys.modules["whence.experiments.grids.grid"]
    monkeypatch.setattr(module, "CELLS_IN_MEMORY", 0)
    monkeypatch.setattr(module, "CELLS_DRAWN", 500)
    monkeypatch.setattr(module, "COMPILED", False)  # one thread
    assert grid(past, CARD, VARY, outcome="Won", samples=30).to_json() == expected


def test_what_is_kept_is_the_same_bytes_and_harmless(tmp_path: Path) -> None:
    hostile = msgspec.structs.replace(CARD, name="</script><script>alert(1)</script>%{x}")
    for name in ("one", "two"):
        save(tried(card=hostile), tmp_path / name, Run(len(name), 1.5))
    files = [{p.name: p.read_bytes() for p in (tmp_path / n).iterdir() if p.name != "run.json"} for n in ("one", "two")]
    assert sorted(files[0]) == ["combinations.parquet", "report.html", "result.json"]
    assert files[0] == files[1]
    assert b"<script>alert(1)" not in files[0]["report.html"]
    kept = json.loads(files[0]["result.json"])
    assert (kept["sort"], kept["tried"], "combinations" in kept) == ("grid", 18, False)
    from pyarrow import parquet

    rows = parquet.read_table(tmp_path / "one" / "combinations.parquet").to_pylist()
    assert len(rows) == 18
    assert sum(row["on_frontier"] for row in rows) == len(kept["frontier"])


@pytest.mark.parametrize("width", [400, 1400])
def test_a_browser_shows_the_page_without_a_network_an_error_or_anything_too_wide(tmp_path: Path, width: int) -> None:
    inner, needed, traces, told, fitting, problems = shown(page(tried()), tmp_path, width)
    assert problems == "nothing"
    assert (inner, needed <= width, told, fitting) == (width, True, True, True)
    assert traces >= 4


def test_a_page_is_made_where_nothing_is_on_the_frontier_too() -> None:
    few = tried([*pipeline(12)], samples=0)
    assert "Every combination" in page(few)
    assert summary(few)["best"] is None


def test_a_cancelled_grid_ends_and_progress_ends_with_all() -> None:
    cancel, said = threading.Event(), list[tuple[int, int | None]]()
    tried(progress=lambda done, total: said.append((done, total)))
    assert said[0] == (0, 6)  # sets of weights: the thresholds are not scored again
    assert said[-1] == (6, 6)
    cancel.set()
    with pytest.raises(Cancelled):
        tried(cancel=cancel)


def test_one_call_tries_a_grid_on_a_store(tmp_path: Path) -> None:
    with app.open(tmp_path / "leads.db", create=True) as db:
        db.append(pipeline(60))
        found = db.grid("lead", CARD, vary={"hot": range(10, 41, 10)}, outcome="Won", samples=0)
    assert len(found.combinations) == 4
