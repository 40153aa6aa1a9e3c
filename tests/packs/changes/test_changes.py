"""What was changed is told: who did it, when and why, by a setting's name, also what whence.toml names or nobody
announced."""

from __future__ import annotations

from pathlib import Path

import pytest

import whence
from tests.packs.settings.conftest import Call, configure, rows
from whence import Event
from whence.packs.changes import changes
from whence.stores.memory import MemoryStore
from whence.tree import MISSING


def test_who_why_and_since_when_are_told_for_every_setting(call: Call) -> None:
    call("settings", "set", "scoring.threshold", "60", "--by", "ben", "--time", "2026-01-01")
    call("settings", "set", "scoring.threshold", "70", "--by", "anna", "--why", "too many", "--time", "2026-01-05")
    call("settings", "set", "mail", '{"footer": "Yours", "limit": 3}', "--by", "ben", "--time", "2026-01-06")
    blamed = {str(each["setting"]): each for each in rows(call("settings", "blame", "--json")[1])}
    assert list(blamed) == ["scoring.threshold", "mail.footer", "mail.limit"]
    assert [blamed["scoring.threshold"][name] for name in ("value", "who", "why")] == [70, "anna", "too many"]
    assert blamed["mail.limit"]["position"] == 3
    assert rows(call("settings", "get", "scoring", "--at", "2026-01-04", "--json")[1]) == [
        {"setting": "scoring.threshold", "value": 60}
    ]
    logged = rows(call("settings", "log", "scoring.threshold", "--json")[1])
    assert [(each["before"], each["after"], each["who"]) for each in logged] == [(60, 70, "anna"), (None, 60, "ben")]
    assert rows(call("settings", "log", "mail.limit", "--json")[1])[0]["after"] == 3


def test_a_value_is_shown_as_it_was_given(call: Call) -> None:
    for day, value in enumerate(("1", "1.0", "12000", "0.1234567890123"), 1):
        call("settings", "set", "limit", value, "--time", f"2026-01-0{day}")
        assert call("settings", "get")[1].splitlines()[1].split() == ["limit", value]
    logged = [line.split()[5:7] for line in call("settings", "log")[1].splitlines()[1:5]]
    assert logged == [["12000", "0.1234567890123"], ["1.0", "12000"], ["1", "1.0"], ["—", "1"]]
    assert "0.1234567890123" in call("settings", "blame")[1]


def test_a_text_that_reads_as_another_value_is_told_from_it(call: Call) -> None:
    for day, value in enumerate(("70", '"70"', '"null"', '"[1]"', r'"{\"a"', "on"), 1):
        call("settings", "set", "limit", value, "--time", f"2026-01-0{day}")
    logged = [line.split()[6] for line in call("settings", "log")[1].splitlines()[1:7]]
    assert logged == ["on", r'"{\"a"', '"[1]"', '"null"', '"70"', "70"]
    assert call("settings", "get", "--at", "2026-01-02")[1].splitlines()[1].split() == ["limit", '"70"']
    assert '  "70"  ' in call("settings", "blame", "--at", "2026-01-02")[1]
    assert 'limit="70"' in call("why", "settings:main", "values", "--at", "2026-01-02")[1]
    assert rows(call("settings", "get", "--at", "2026-01-02", "--json")[1]) == [{"setting": "limit", "value": "70"}]


def test_a_prompt_is_compared_by_its_sentences(call: Call) -> None:
    polite = "Write a short e-mail to the lead. Be polite. Offer a call next week."
    call("settings", "set", "prompts.email", polite, "--time", "2026-01-05")
    call("settings", "set", "prompts.email", polite.replace("Be polite", "Be bold"), "--time", "2026-01-06")
    _, out, _ = call("settings", "diff", "2026-01-05")
    assert out.splitlines() == [
        "prompts.email",
        "  Write a short e-mail to the lead.",
        "- Be polite.",
        "+ Be bold.",
        "  Offer a call next week.",
    ]
    assert "Nothing differs" in call("settings", "diff", "2026-01-06")[2]


def test_a_document_is_asked_for_by_its_name_main_too(call: Call) -> None:
    for number, name in enumerate(("scoring.threshold", "mail.limit", "flags:history"), 1):
        call("settings", "set", name, str(number), "--time", f"2026-01-0{number}")
    for name in ("main", "main:"):
        for command in ("get", "blame", "log"):
            found = rows(call("settings", command, name, "--json")[1])
            assert {each["setting"] for each in found} == {"scoring.threshold", "mail.limit"}
        assert len(rows(call("settings", "diff", "2026-01-01", "--setting", name, "--json")[1])) == 1
        assert len(rows(call("settings", "suspects", "2026-01-05", "--setting", name, "--json")[1])) == 2
    assert [each["setting"] for each in rows(call("settings", "log", "flags", "--json")[1])] == ["flags:history"]


@pytest.mark.parametrize(
    "asked",
    [
        "get scorng.threshold",
        "blame scorng.threshold",
        "log scorng.threshold",
        "diff 2026-01-01 --setting scorng.threshold",
        "suspects --setting scorng.threshold",
    ],
)
def test_a_mistyped_setting_is_named_with_what_is_near(call: Call, asked: str) -> None:
    call("settings", "set", "scoring.threshold", "70")
    code, out, err = call("settings", *asked.split())
    assert (code, out) == (1, "")
    assert "Did you mean scoring.threshold?" in err
    assert "Did you mean main?" in call("settings", "versions", "mian")[2]


@pytest.mark.parametrize("mistyped", ["flags.json:tresh", "main:nothing", "main:mail.x"])
@pytest.mark.parametrize("asked", ["get", "log", "diff 2026-01-01 --setting", "suspects --setting"])
def test_a_setting_mistyped_after_its_document_is_said_too(call: Call, asked: str, mistyped: str) -> None:
    for name in ("mail.limit", "flags.json:thresh"):
        call("settings", "set", name, "1", "--time", "2026-01-01")
    code, out, err = call("settings", *asked.split(), mistyped)
    assert (code, out) == (1, "")
    assert "such a setting" in err or "no such setting" in err


@pytest.mark.parametrize("name", ["main:mail.limit", "main:/mail/limit", "/mail/limit", "main:mail", "/k:v", "x:/a/b"])
def test_a_setting_is_asked_for_as_it_was_set(call: Call, name: str) -> None:
    call("settings", "set", "mail.limit", "1", "--time", "2026-01-01")
    call("settings", "set", "other", "1", "--time", "2026-01-02")
    call("settings", "set", name, "2", "--time", "2026-01-03")
    for asked in ("get", "blame", "log", "diff 2026-01-02 --setting"):
        found = rows(call("settings", *asked.split(), name, "--json")[1])
        assert found
        assert "other" not in {each["setting"] for each in found}
    assert rows(call("settings", "suspects", "2026-01-04", "--setting", name, "--json")[1])


def test_a_new_value_of_an_observed_field_is_a_change_that_nobody_announced(call: Call, folder: Path) -> None:
    configure(folder, 'observed = ["LeadScored.response_model"]\n')
    models = ["m1", "m1", "m2", "m1", "m2", "m2"]
    for number, model in enumerate(models):
        call("append", f"lead:{number}", "LeadScored", f"response_model={model}", "--time", f"2026-01-0{number + 1}")
    logged = rows(call("settings", "log", "--how", "observed", "--json")[1])
    assert [(each["before"], each["after"], each["time"][:10]) for each in logged] == [  # type: ignore[index]
        ("m1", "m2", "2026-01-03"),
        (None, "m1", "2026-01-01"),
    ]
    assert rows(call("settings", "blame", "--json")[1])[0]["how"] == "observed"
    assert rows(call("settings", "get", "--json")[1]) == [{"setting": "LeadScored.response_model", "value": "m2"}]


def test_events_that_whence_toml_names_as_settings_are_changes_too(call: Call, folder: Path) -> None:
    path = folder / "whence.toml"
    path.write_text('settings = ["ScoringChanged"]\n' + path.read_text())
    for version, threshold in (("v1", 60), ("v2", 70)):
        said = (f"version={version}", f"threshold={threshold}", "why=because")
        call("append", "setting:scoring", "ScoringChanged", *said, "--by", "anna")
    logged = rows(call("settings", "log", "--json")[1])
    assert [(each["setting"], each["before"], each["after"], each["label"]) for each in logged] == [
        ("scoring.threshold", 60, 70, "v2"),
        ("scoring.threshold", None, 60, "v1"),
    ]
    assert rows(call("settings", "blame", "--json")[1])[0]["value"] == 70


@pytest.mark.parametrize(
    ("tags", "told", "found"),
    [
        (["mode:dark"], [{"value": "dark"}], [("mode.dark.value", MISSING, "dark")]),
        (["setting:mode"], [{"is": "mode"}, {"is": "x"}], [("mode.is", MISSING, "mode"), ("mode.is", "mode", "x")]),
        ([], [{"footer": "Yours"}, {"footer": ""}], [("Set.footer", MISSING, "Yours"), ("Set.footer", "Yours", "")]),
        (["setting:price"], [{"setting": "price", "name": "price", "to": 1}], [("price.to", MISSING, 1)]),
        (["mode:dark"], [{"mode": "dark", "on": True}], [("mode.dark.on", MISSING, True)]),
        (
            ["mode:dark"],
            [{"name": "dark"}, {"name": "night"}, {"name": "dark"}],
            [("mode.dark.name", MISSING, "night"), ("mode.dark.name", "night", "dark")],
        ),
    ],
)
def test_a_field_that_merely_repeats_what_is_tagged_is_no_setting_and_no_other_value_is_lost(
    tags: list[str], told: list[dict[str, object]], found: list[tuple[str, object, object]]
) -> None:
    store = MemoryStore()
    store.append([Event("Set", data, tags) for data in told])
    own = whence.Query((whence.QueryItem(types=("Set",)),))
    made = [each for change in changes(whence.History.of(store), own=own) for each in change.differences]
    assert [(each.name, each.before, each.after) for each in made] == found


def test_a_value_seen_lately_side_by_side_is_no_change() -> None:
    store = MemoryStore()
    models = ["old"] * 300 + ["new" if number % 10 == 0 else "old" for number in range(300)] + ["new"] * 300 + ["old"]
    store.append([Event("Scored", {"model": each}) for each in models])
    found = changes(whence.History.of(store), observed=["Scored.model"])
    assert [each.position for each in found] == [1, 301, 901]


CARD = """
[scorecard.lead]
[[scorecard.lead.rule]]
name = "opened"
on = "EmailOpened"
points = {points}
[[scorecard.lead.threshold]]
score = "score"
at = 40
stage = "warm"
"""


def test_a_scorecard_that_is_adopted_is_a_change_of_settings_too(call: Call, folder: Path) -> None:
    path = folder / "whence.toml"
    before = path.read_text()
    call("append", "lead:1", "EmailOpened")
    for points, who in ((5, "anna"), (9, "ben")):
        path.write_text(before + CARD.format(points=points))
        assert call("scorecard", "adopt", "lead", "--by", who, "--why", f"{points} points")[0] == 0
    newest, first = rows(call("settings", "log", "--json")[1])
    assert (newest["setting"], newest["before"], newest["after"]) == ("scorecard.lead.rule.opened.points", 5, 9)
    assert (newest["who"], newest["why"], first["setting"]) == ("ben", "9 points", "scorecard.lead")


def test_how_a_change_came_about_is_one_of_a_few_words(call: Call) -> None:
    code, _, err = call("settings", "log", "--how", "rubbish")
    assert code == 2
    assert "'refused'" in err


def test_an_object_is_shown_as_the_json_that_set_takes(call: Call) -> None:
    call("settings", "set", "features", "{}")
    for command in ("get", "blame", "log"):
        (line,) = (line for line in call("settings", command)[1].splitlines() if "features" in line)
        assert "{}" in line
