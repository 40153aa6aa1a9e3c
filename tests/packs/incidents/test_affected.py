"""What a version touched, with all that followed; and what may have been the cause, in the order in which to look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.packs.settings.conftest import Call


@pytest.fixture
def mailed(call: Call, folder: Path) -> Call:
    """Two prompts, four e-mails that name theirs, and what came of them."""
    with (folder / "whence.toml").open("a") as file:
        file.write('named_by = ["EmailSent.prompt"]\n')
    for day, label in ((5, "p3"), (8, "p4")):
        said = ("--label", label, "--by", "ben", "--why", "more answers", "--time", f"2026-01-0{day}")
        call("settings", "set", "prompts.email", f"As in {label}.", *said)
    call("settings", "set", "mail.limit", "3", "--by", "anna", "--time", "2026-01-08 11:00")
    for number, (day, prompt) in enumerate(((6, "p3"), (8, "p3"), (8, "p4"), (9, "p4")), 1):
        when = ("--time", f"2026-01-0{day} 12:00")
        call("append", f"lead:{number}", "EmailSent", f"prompt={prompt}", "--id", f"mail-{number}", *when)
    call("append", "lead:3", "Complained", "--id", "complaint", "--cause", "mail-3", "--time", "2026-01-09")
    call("append", "lead:3", "Unsubscribed", "--cause", "complaint", "--time", "2026-01-10")
    call("append", "lead:3", "Called", "--time", "2026-01-11")
    return call


def found(call: Call, *words: str) -> list[dict[str, object]]:
    code, out, err = call("settings", *words, "--json")
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def test_the_decisions_of_a_version_and_all_that_followed(mailed: Call) -> None:
    rows = found(mailed, "affected", "p4")
    assert [(each["type"], each["part"], each["steps"], each["how"]) for each in rows] == [
        ("EmailSent", "decision", 0, "names it"),
        ("Complained", "followed", 1, "by cause"),
        ("Unsubscribed", "followed", 2, "by cause"),
        ("EmailSent", "decision", 0, "names it"),
    ]
    assert [each["entities"] for each in rows][::3] == [["lead:3"], ["lead:4"]]
    assert [each["entities"] for each in found(mailed, "affected", "p3")] == [["lead:1"], ["lead:2"]]
    assert {str(each["type"]) for each in found(mailed, "affected", "p4", "--about")} >= {"Called"}
    assert found(mailed, "affected", "p4", "--since", "2026-01-09")[0]["entities"] == ["lead:4"]
    assert found(mailed, "affected", "@2", "--until", "2026-01-08")[0]["entities"] == ["lead:3"]


def test_a_day_is_the_whole_day_at_both_ends_of_a_span(mailed: Call) -> None:
    rows = found(mailed, "affected", "p4", "--since", "2026-01-08", "--until", "2026-01-08")
    assert [each["entities"] for each in rows if each["part"] == "decision"] == [["lead:3"]]


def test_decisions_that_name_nothing_count_while_the_version_was_in_force(mailed: Call) -> None:
    mailed("append", "lead:9", "Scored", "score=60", "--time", "2026-01-07")
    mailed("append", "lead:10", "Scored", "score=70", "--time", "2026-01-09")
    rows = found(mailed, "affected", "p3", "--type", "Scored")
    assert [(each["entities"], each["how"]) for each in rows if each["type"] == "Scored"] == [(["lead:9"], "in force")]
    code, _, err = mailed("settings", "affected", "p5")
    assert code == 1
    assert "There are: " in err
    assert "p4" in err


def test_suspects_are_those_before_the_moment_the_nearest_first(mailed: Call) -> None:
    rows = found(mailed, "suspects", "2026-01-08 12:00")
    assert [each["position"] for each in rows] == [3, 2, 1]
    assert "1 h before" in str(rows[0]["because"])
    assert "no reason was given" in str(rows[0]["because"])
    mailed("settings", "rollback", "--change", "@2", "--by", "anna", "--why", "fewer answers")
    rows = found(mailed, "suspects", "2026-01-08 12:00")
    assert [each["position"] for each in rows] == [2, 3, 1]
    assert "it was put back since" in str(rows[0]["because"])
    assert [each["position"] for each in found(mailed, "suspects", "2026-01-08 12:00", "--hours", "2")] == [3]
    assert [each["position"] for each in found(mailed, "suspects", "2026-01-08 12:00", "--setting", "mail")] == [3]
    assert "Nothing is in it" in mailed("settings", "suspects", "2025-01-01")[2]


@pytest.mark.parametrize(
    "words",
    [("suspects", "--limit", "0"), ("suspects", "--hours", "-5"), ("log", "--limit", "0"), ("log", "--limit", "-1")],
)
def test_so_many_at_most_is_one_at_least(mailed: Call, words: tuple[str, ...]) -> None:
    code, _, err = mailed("settings", *words)
    assert (code, "is not in the range x>=1" in err) == (2, True)


def test_a_type_that_no_event_has_is_mistyped(mailed: Call) -> None:
    code, _, err = mailed("settings", "affected", "p4", "--type", "EmailSnt")
    assert (code, "no such events (Type: EmailSnt)" in err) == (1, True)


def test_a_span_that_ends_before_it_begins_is_refused(call: Call) -> None:
    assert call("settings", "set", "prompts.email", "Hello", "--label", "p1")[0] == 0
    code, _, err = call("settings", "affected", "p1", "--since", "2026-02-02", "--until", "2026-02-01")
    assert code == 2
    assert "ends before it begins" in err


def test_a_version_of_an_empty_store_is_asked_for(call: Call) -> None:
    code, _, err = call("settings", "affected", "p3")
    assert code == 1
    assert "Set something first" in err
