"""A side that is a file: who it covers, what its times mean, and that what it lacks counts for neither side."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.experiments.leads import START, STORY, V1, V2, history, us
from whence import app
from whence.clock import to_us
from whence.errors import InvalidFile, InvalidModel
from whence.experiments import TimedValues, experiment, report, sentences
from whence.experiments.coverage import coverage_text
from whence.experiments.sidefile import read_side
from whence.history import At

ROWS = [("lead:1", us(4), 80), ("lead:2", us(1), 90), ("lead:7", us(1), 50), ("lead:3", us(3), None)]


def test_an_entity_that_a_file_lacks_is_never_taken_for_one_that_does_not_qualify() -> None:
    found = experiment(history(STORY), V1, TimedValues(ROWS), kind="lead", outcome="Won", samples=0)
    (covers,) = found.coverage
    assert (covers.side, covers.entities, covers.covered, covers.missing) == ("candidate", 6, 2, 4)
    assert (covers.missing_entities, covers.extra_entities) == (("lead:3", "lead:4", "lead:5", "lead:9"), ("lead:7",))
    assert (covers.extra, covers.empty, covers.later) == (1, 1, 0)
    assert found.crossings is not None
    assert (found.crossings.gained, found.crossings.lost, found.crossings.both) == (("lead:2",), (), 1)
    assert (found.contrast.entities, found.contrast.baseline.total) == (2, 70)
    assert found.prediction is not None
    assert found.prediction.measured == 2
    assert [each.entity for each in found.values if not each.covered] == ["lead:3", "lead:4", "lead:5", "lead:9"]
    assert sentences(found)[0].startswith("Of 2 lead entities that file covers (of 6), 2 reach")


@given(st.sets(st.integers(1, 5)).filter(bool))
def test_who_is_not_in_the_file_changes_nothing_of_what_is_said_about_the_others(covered: set[int]) -> None:
    chosen = {f"lead:{number}" for number in covered}
    rows = [(f"lead:{number}", us(3), 10 * number) for number in sorted(covered)]
    some = experiment(history(STORY), V1, TimedValues(rows), kind="lead", samples=0)
    fewer = [event for event in STORY if event.tags[0] in {*chosen, "lead:9"}]  # which is observed last
    alone = experiment(history(fewer), V1, TimedValues(rows), kind="lead", samples=0)
    assert (some.contrast, some.crossings) == (alone.contrast, alone.crossings)


def test_the_report_and_its_words_say_who_is_covered() -> None:
    pytest.importorskip("plotly")
    found = experiment(history(STORY), V1, {"lead:1": 3, "lead:2": None}, kind="lead", names=(None, "crm.csv"))
    text = coverage_text(found.coverage[0], "lead")
    assert text == (
        "crm.csv has a number for 1 of 6 of kind lead; the other 5 (lead:2, lead:3, lead:4, …) count for neither side; "
        "1 row is empty. It has no column time, so it reaches no threshold and foretells nothing."
    )
    assert text in report(found)


def test_a_file_counts_until_the_end_of_the_history_and_says_what_comes_after_it() -> None:
    found = experiment(history(STORY), V1, TimedValues([("lead:2", us(13), 90), ("lead:1", us(101), 90)]), kind="lead")
    assert (found.coverage[0].covered, found.coverage[0].later) == (2, 1)
    values = {row.entity: row.candidate for row in found.values}
    assert (values["lead:2"], values["lead:1"]) == (90, None)  # the last event of lead 2 was on day 12
    assert found.reached[1].candidate_us == us(13)
    cut = experiment(history(STORY).at(At(occurred_us=us(12))), V1, TimedValues(ROWS), kind="lead")
    assert cut.coverage[0].later == 0


def test_one_is_told_in_the_singular() -> None:
    numbers = {f"lead:{number}": 3 for number in (1, 2, 3, 4, 9, 77)}
    found = experiment(history(STORY), V1, numbers, kind="lead", names=(None, "crm.csv"))
    assert coverage_text(found.coverage[0], "lead").startswith(
        "crm.csv has a number for 5 of 6 of kind lead; the other 1 (lead:5) counts for neither side; "
        "1 stands in the file alone (lead:77)."
    )


def test_a_file_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidModel, match=r"none of the entities .*First: contact:1, Entity: lead:1"):
        experiment(history(STORY), V1, {"contact:1": 3}, kind="lead")


# What stands in a file.


def _csv(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _json(path: Path, text: str) -> Path:
    header, *lines = [line.split(",") for line in text.splitlines()]
    path = path.with_suffix(".jsonl")
    path.write_text("".join(json.dumps(dict(zip(header, line, strict=True))) + "\n" for line in lines))
    return path


def _zipped(path: Path, text: str) -> Path:
    path = path.with_suffix(".csv.gz")
    path.write_bytes(gzip.compress(text.encode()))
    return path


def _parquet(path: Path, text: str) -> Path:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    header, *lines = [line.split(",") for line in text.splitlines()]
    path = path.with_suffix(".parquet")
    parquet.write_table(arrow.table({name: [line[i] for line in lines] for i, name in enumerate(header)}), path)
    return path


@pytest.mark.parametrize("write", [_csv, _json, _zipped, _parquet])
def test_a_file_is_read_in_every_form(write: Callable[[Path, str], Path], tmp_path: Path) -> None:
    text = "lead,at,score\n1,2026-01-09T12:00:00Z,80\nlead:2,2026-01-09 12:00,72.5\n3,2026-01-09,\n"
    found = read_side(write(tmp_path / "scores.csv", text), "lead", ZoneInfo("Europe/Berlin"))
    assert isinstance(found, TimedValues)
    noon, end = datetime(2026, 1, 9, 12, tzinfo=UTC), datetime(2026, 1, 9, 23, tzinfo=UTC)
    assert list(found.rows) == [
        ("lead:1", to_us(noon), 80),
        ("lead:2", to_us(noon.replace(hour=11)), 72.5),
        ("lead:3", to_us(end) - 1, None),
    ]


def test_times_and_numbers_of_parquet_keep_their_types(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "scores.parquet"
    parquet.write_table(arrow.table({"lead_id": [1, 2], "time": [START, START], "value": [80, 7.5]}), path)
    found = read_side(path, "lead", UTC)
    assert isinstance(found, TimedValues)
    assert list(found.rows) == [("lead:1", us(0), 80), ("lead:2", us(0), 7.5)]


def test_without_times_each_entity_has_one_number(tmp_path: Path) -> None:
    path = _csv(tmp_path / "scores.csv", "entity,value\nlead:1,80\nlead:2,\n")
    assert read_side(path, "lead", UTC) == {"lead:1": 80, "lead:2": None}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("entity,value\nlead:1,80\nlead:1,90\n", r"no time says which holds .*Line: 3, Entity: lead:1, First line: 2"),
        ("entity,time,value\nlead:1,soon,80\n", r"Not a time .*scores.csv, Line: 2, Column: time, Value: 'soon'"),
        ("entity,time,value\nlead:1,2026-02-30,80\n", r"Not a time .*Line: 2"),
        ("entity,time,value\nlead:1,,80\n", r"Not a time .*Line: 2"),
        ("entity,time,value\nlead:1,2026-01-09,much\n", r"Not a number .*Line: 2, Column: value"),
        ("entity,time,value\ndeal:1,2026-01-09,8\n", r"Not a lead .*Line: 2.*Write lead:42, or 42"),
        ("entity,time,value\n,2026-01-09,8\n", r"Not a lead .*Line: 2"),
        ("who,time,value\nlead:1,2026-01-09,8\n", r"column is missing .*Line: 2.*entity"),
        ("entity,time,points\nlead:1,2026-01-09,8\n", r"column is missing .*Name the column of the numbers value"),
        ("entity,time,value\nlead:1,8\n", r"A row cannot be read .*Line: 2"),
        ("entity,value\n", r"The file has no rows"),
        ("entity;time;value\nlead:1;2026-01-09;8\n", r"column is missing .*Separate the columns by commas"),
        ("entity,value\nlead:1,99999999999999999999\n", r"Too great a number .*Line: 2.*beyond 1,000,000,000"),
    ],
)
def test_what_cannot_be_read_names_the_file_the_line_and_the_remedy(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=said) as problem:
        read_side(_csv(tmp_path / "scores.csv", text), "lead", UTC)
    assert "scores.csv" in str(problem.value)
    assert problem.value.remedy or "cannot be read" in str(problem.value)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for path in (_csv(tmp_path / "scores.parquet", "no"), tmp_path / "absent.parquet"):
        with pytest.raises(InvalidFile, match="cannot be read"):
            read_side(path, "lead", UTC)


# In Python.


def test_a_side_is_a_file_by_its_name_a_path_or_any_object(tmp_path: Path) -> None:
    path = _csv(tmp_path / "scores.csv", f"entity,time,value\nlead:2,{START.isoformat()},90\nlead:1,2026-01-05,80\n")
    with app.open(tmp_path / "leads.db", create=True) as db:
        db.append(STORY)
        one = db.experiment("lead", str(path), V1, outcome="Won", samples=0)
        assert db.experiment("lead", path, V1, outcome="Won", samples=0) == one
        assert (one.candidate.name, one.candidate.sort) == ("scores.csv", "file")
        assert one.crossings is not None
        assert one.crossings.gained == ("lead:2",)
        counted = db.experiment("lead", len, V2, threshold=4, samples=0)
        assert (counted.candidate.name, counted.candidate.sort) == ("len", "function")


# What became of those gained and lost.


def test_what_became_of_those_gained_and_lost() -> None:
    from whence.experiments.became import became_counts, outcomes

    found = experiment(history(STORY), V1, V2, kind="lead", outcome="Won", samples=0)
    told = outcomes(found)
    assert told is not None
    assert told.of("lead:2", "gained") == ("came", "yes, after 10 days")
    assert told.of("lead:5", "gained") == ("open", "still open")
    assert told.of("lead:3", "lost") == ("not", "no")
    nobody = {"came": 0, "late": 0, "not": 0, "open": 0, "before": 0}
    assert became_counts(found) == {"gained": {**nobody, "came": 1, "open": 1}, "lost": {**nobody, "not": 1}}


@pytest.mark.parametrize(
    ("outcome_day", "observed_day", "expected"),
    [(10, 90, "before"), (11, 90, "came"), (40, 90, "came"), (41, 90, "late"), (None, 40, "not"), (None, 39, "open")],
)
def test_the_outcome_counts_from_the_moment_after_until_the_last_of_the_time(
    outcome_day: int | None, observed_day: int, expected: str
) -> None:
    from whence.experiments.became import became

    outcome_us = None if outcome_day is None else us(outcome_day)
    assert became(us(10), outcome_us, us(30) - us(0), us(observed_day)) == expected


def test_the_report_says_what_became_of_them() -> None:
    pytest.importorskip("plotly")
    page = report(experiment(history(STORY), V1, V2, kind="lead", outcome="Won", samples=0))
    assert "1 had Won within 30 days, 0 had not, 1 still open." in page
    assert "yes, after 10 days" in page
