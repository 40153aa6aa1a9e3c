"""`whence cases`, as it is typed: past decisions asked again, and the answers beside what was decided."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Run

import whence as product
from whence.query import Basis, Query


@pytest.fixture
def ids(pipeline: Path, whence: Run) -> list[str]:
    """The ids of the two scores of the story, which have no basis, the earlier one first."""
    return [
        json.loads(line)["id"] for line in whence("log", "--type", "Scored", "--reverse", "--json").out.splitlines()
    ]


def written(whence: Run, *words: str) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in whence("cases", "write", "--type", "Scored", *words).out.splitlines()]


def test_a_decision_without_a_basis_is_given_what_happened_to_its_entity_before(whence: Run, ids: list[str]) -> None:
    first, second = written(whence)
    assert [first["case"], second["case"]] == ids
    assert (second["entity"], second["position"], second["decided"]) == ("lead:42", 6, {"score": 80})
    assert [event["position"] for event in first["given"]] == [1]
    assert [event["position"] for event in second["given"]] == [1, 2, 4, 5]
    assert (second["basis"], second["late"]) == (None, 0)


def test_a_decision_with_a_basis_is_given_what_its_query_saw_up_to_its_position(pipeline: Path, whence: Run) -> None:
    with product.open() as db:
        event = product.Event("Scored", {"score": 90}, ["lead:42"])
        basis = Basis(Query.of(types=["EmailOpened", "Scored"], tags=["lead:42"]), 4, "v7")
        db.store.append([event], basis=basis)
    last = written(whence)[-1]
    assert [event["position"] for event in last["given"]] == [2, 4]
    assert last["basis"]["settings"] == "v7"


def test_an_event_that_was_recorded_later_is_counted_as_late(whence: Run, ids: list[str]) -> None:
    assert whence("append", "lead:42", "Called", "--time", "2026-01-05 09:30").code == 0
    first, _ = written(whence)
    assert (first["late"], [event["position"] for event in first["given"]]) == (1, [1, 7])


def test_the_state_is_that_of_then_and_the_filters_hold(whence: Run, ids: list[str]) -> None:
    (second,) = written(whence, "--state", "--since", "2026-01-06", "--entity", "lead:42")
    assert (second["state"]["score"], second["state"]["title"]) == (60, "Two words")
    assert written(whence, "--until", "2026-01-04") == []
    assert written(whence, "--entity", "lead:7") == []


def test_a_file_is_written_whole_and_never_over_another(pipeline: Path, whence: Run) -> None:
    line = ("cases", "write", "--type", "Scored", "--out", "cases.jsonl")
    assert whence(*line).code == 0
    assert len((pipeline / "cases.jsonl").read_text().splitlines()) == 2
    assert "there already" in whence(*line).err


def test_answers_are_compared_by_their_median_and_their_spread_is_shown(
    pipeline: Path, whence: Run, ids: list[str]
) -> None:
    rows = [(ids[0], 60), (ids[1], 70), (ids[1], 90), (ids[1], 98)]
    (pipeline / "answers.csv").write_text("case,value\n" + "".join(f"{id},{value}\n" for id, value in rows))
    done = whence("cases", "compare", "answers.csv", "--type", "Scored", "--field", "score", "--json")
    said = json.loads(done.out)
    assert (done.code, said["cases"], said["answered"], said["agree"]) == (0, 2, 2, 1)
    assert said["differences"]["median"] == 5
    (widest,) = said["widest"]
    assert widest["answers"] == {
        "count": 3, "least": 70.0, "median": 90.0, "greatest": 98.0, "deviation": pytest.approx(14.4222, abs=1e-4),
    }  # fmt: skip
    shown = whence("cases", "compare", "answers.csv", "--type", "Scored", "--field", "score").out
    assert shown.startswith("2 of 2 cases have an answer, 1 of which agree.")


def test_missing_and_extra_answers_are_counted_and_named(pipeline: Path, whence: Run, ids: list[str]) -> None:
    answers = [{"case": ids[1], "score": 80}, {"case": "nobody", "score": 1}, {"case": ids[0], "score": None}]
    (pipeline / "answers.jsonl").write_text("".join(json.dumps(answer) + "\n" for answer in answers))
    done = whence("cases", "compare", "answers.jsonl", "--type", "Scored", "--field", "score", "--json")
    said = json.loads(done.out)
    assert done.code == 1
    assert (said["answered"], said["missing"], said["extra"], said["empty"]) == (1, 1, 1, 1)
    assert (said["missing_cases"], said["extra_cases"]) == ([ids[0]], ["nobody"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("case,value\nx,many\n", "Line: 2"),
        ("who,value\nx,1\n", "Name the column of the cases case."),
        ("case,worth\nx,1\n", "Name the column of the answers score."),
        ("case,value\nx,1\n", "None of the answers"),
        ("case,value\nx\n", "Line: 2"),
    ],
)
def test_a_file_that_cannot_be_compared_says_what_to_do(pipeline: Path, whence: Run, text: str, said: str) -> None:
    (pipeline / "answers.csv").write_text(text)
    done = whence("cases", "compare", "answers.csv", "--type", "Scored", "--field", "score")
    assert (done.code, done.out) == (2, "")
    assert said in done.err
