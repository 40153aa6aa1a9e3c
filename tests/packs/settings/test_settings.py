"""Settings are set: from the command line and from Python, with a schema, and by racers."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import whence
from tests.packs.settings.conftest import Call, configure, rows
from whence.cli.packs import group
from whence.errors import InvalidConfig
from whence.pack import load
from whence.packs import settings
from whence.packs.settings import PACK
from whence.testing import PackSuite

SCHEMA = """
[[pack.settings.schema]]
key = "scoring.threshold"
type = "integer"
at_least = 0
at_most = 100

[[pack.settings.schema]]
key = "flags.*.state"
one_of = ["on", "off"]

[[pack.settings.schema]]
key = "mail.sender"
type = "text"
matches = "[^@]+@[^@]+"
"""


class TestSettings(PackSuite):
    """With what extends it: their tables are asked about what its decisions did."""

    pack = load("settings")


def test_the_examples_of_all_its_commands_work_one_after_the_other(call: Call, folder: Path) -> None:
    (folder / "email.txt").write_text("Write as one who has read their page.\nBe short.\n")
    (folder / "changes.jsonl").write_text(
        '{"time": "2026-01-05T09:00:00Z", "author": "anna", "message": "begin", "commit": "1a",'
        ' "changes": [{"op": "add", "path": "/features", "value": {"history": {"state": "on"}}}]}\n'
    )
    call("settings", "set", "mail.footer", "Yours", "--time", "2026-01-01")
    events = (("EmailSent", 2, "n=1"), ("Replied", 3, "n=1"), ("LeadScored", 4, "score=60"), ("EmailSent", 9, "n=2"))
    for type, day, data in events:  # the first e-mail was seen for as long as its outcome may take
        call("append", "lead:42", type, data, "--time", f"2026-01-0{day}")
    for command in group("settings").commands.values():
        for example in command.examples:  # type: ignore[attr-defined]
            if "watch" not in example:
                code, _, err = call(*shlex.split(example)[1:])
                assert code == 0, (example, err)


def test_the_machinery_of_whence_works_on_settings(call: Call) -> None:
    call("settings", "set", "scoring.threshold", "70", "--by", "anna")
    assert json.loads(call("state", "settings:main", "--json")[1])["values"] == {"scoring": {"threshold": 70}}
    assert "anna" in call("why", "settings:main", "values")[1]
    assert "settings.Changed" in call("log", "setting:scoring.threshold")[1]


def test_a_model_in_whence_toml_that_takes_a_packs_place_says_so(call: Call, folder: Path) -> None:
    call("settings", "set", "scoring.threshold", "70")
    assert "[pack.settings]" not in call("state", "settings:main")[2]
    configure(
        folder, '[model.settings]\n[[model.settings.rule]]\non = "settings.Changed"\nset = { latest = "$version" }\n'
    )
    for asked in (("state", "settings:main"), ("states", "settings"), ("why", "settings:main", "latest")):
        code, _, err = call(*asked)
        assert code == 0, err
        assert err.count("[model.settings] in whence.toml is the model here, and that of [pack.settings] is not") == 1
    assert "[pack.settings]" not in call("state", "settings:main", "--model", "whence.packs.settings:Document")[2]


def test_a_model_that_is_said_to_stand_alone_is_not_remarked_upon(call: Call, folder: Path) -> None:
    call("settings", "set", "scoring.threshold", "70")
    alone = '[model.settings]\nbuilt_in = false\n[[model.settings.rule]]\non = "*"\nset = { latest = "$version" }\n'
    configure(folder, alone)
    code, _, err = call("state", "settings:main")
    assert (code, err) == (0, "")


def test_a_change_of_settings_stands_beside_what_was_set_outside(call: Call) -> None:
    call("append", "lead:42", "LeadScored", "score=60", "--time", "2026-01-04")
    call("settings", "set", "scoring.threshold", "70", "--time", "2026-01-05")
    call("append", "lead:42", "LeadScored", "score=80", "--time", "2026-01-06")
    assert "settings.Changed" in call("why", "lead:42", "score")[1]


def test_the_same_value_again_is_no_change_but_1_and_true_differ(call: Call) -> None:
    call("settings", "set", "flag", "1")
    assert "already" in call("settings", "set", "flag", "1")[2]
    for value in ("1.0", "true", '"1"'):
        assert call("settings", "set", "flag", value)[0] == 0
    assert [each["after"] for each in rows(call("settings", "log", "flag", "--json")[1])] == ["1", True, 1.0, 1]


def test_a_value_that_the_schema_does_not_take_is_refused(call: Call, folder: Path) -> None:
    configure(folder, SCHEMA)
    assert call("settings", "set", "scoring.threshold", "70")[0] == 0
    for setting, value, problem in (
        ("scoring.threshold", "101", "above the most, 100"),
        ("scoring.threshold", "-1", "below the least, 0"),
        ("scoring.threshold", "70.5", "a number, not an integer"),
        ("scoring.threshold", "true", "a boolean, not an integer"),
        ("scoring.threshold", "null", "null, not an integer"),
        ("scoring", '{"threshold": "70"}', "text, not an integer"),
        ("flags.history.state", "half", "none of 'on', 'off'"),
        ("mail.sender", "nobody", "does not match"),
    ):
        code, _, err = call("settings", "set", setting, value)
        assert code == 1, (setting, value)
        assert problem in err
    assert call("settings", "set", "flags.history.state", "on")[0] == 0
    assert call("settings", "set", "flags.history.colour", "red")[0] == 0


def test_a_value_that_is_refused_is_named_with_its_whole_setting_also_where_the_key_has_a_colon(
    call: Call, folder: Path
) -> None:
    configure(folder, '[[pack.settings.schema]]\nkey = "main:/limit: calls"\ntype = "integer"\n')
    _, _, err = call("settings", "set", "main:/limit: calls", "many")
    assert "Setting: main:/limit: calls, Problem: it is text, not an integer" in err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('\n[[pack.settings.schema]]\nkey = "a"\ntype = "int"\n', "Did you mean integer"),
        ('\n[[pack.settings.schema]]\nkey = "a"\nat_lest = 1\n', "Did you mean at_least"),
        ('\n[[pack.settings.schema]]\nkey = "a b"\n', "Not a key"),
        ('\n[[pack.settings.schema]]\nkey = "a"\nat_least = "1"\n', "at_least"),
        ('\n[[pack.settings.schema]]\nkey = "a"\nrequired = 1\n', "required"),
        ('\n[[pack.settings.schema]]\nkey = "a"\nmatches = "("\n', "Not a pattern"),
        ('\n[[pack.settings.schema]]\nkey = "a"\nat_least = 10\nat_most = 3\n', "nothing is at least 10 and at most 3"),
        ('\n[[pack.settings.schema]]\nkey = "a"\nat_most = nan\n', "at most nan"),
        ('\n[[pack.settings.schema]]\nkey = "a.*"\nrequired = true\n', "required is for one setting"),
        (
            '\n[[pack.settings.schema]]\nkey = "a"\ntype = "integer"\none_of = ["on"]\n',
            "'on' of one_of is not an integer",
        ),
        (
            '\n[[pack.settings.schema]]\nkey = "a"\ntype = "integer"\nmatches = "a+"\n',
            "matches is for text, not for an integer",
        ),
        ('\n[pack.settings]\nobserved = ["model"]\n', "Not fields of events"),
        ('\n[pack.settings]\nobserve = ["A.b"]\n', "Did you mean observed"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_named(call: Call, folder: Path, text: str, problem: str) -> None:
    written = (folder / "whence.toml").read_text().replace("[pack.settings]", "" if "[pack.settings]" in text else "#")
    (folder / "whence.toml").write_text(written + text)
    code, _, err = call("settings", "get")
    assert code == 2
    assert problem in err


def test_keys_that_cannot_be_meant_are_refused_with_a_remedy(call: Call) -> None:
    for key in ("", ".", "a..b", "a b", "x:"):
        code, _, err = call("settings", "set", key, "1")
        assert (code, "error" in err) == (0 if key == "x:" else 2, key != "x:"), (key, err)  # x: is all of document x
    call("settings", "set", "scoring.threshold", "70")
    assert "Did you mean scoring.threshold" in call("settings", "unset", "scoring.treshold")[2]
    assert "Did you mean scoring.threshold" in call("settings", "get", "scoring.treshold")[2]
    assert call("settings", "set", "/sites/example.com", "1")[0] == 0
    assert rows(call("settings", "get", "--json")[1])[-1]["setting"] == "/sites/example.com"


def test_a_document_that_has_no_settings_cannot_be_unset(call: Call) -> None:
    assert call("settings", "unset", "android:")[0] == 1
    call("settings", "set", "android:a", "1")
    assert call("settings", "unset", "android:")[0] == 0
    assert call("settings", "unset", "android:")[0] == 1
    assert len(rows(call("settings", "log", "--json")[1])) == 2


def test_a_key_that_can_be_no_tag_is_set_without_one(call: Call) -> None:
    decomposed = "cafe\u0301"  # as file systems of macOS write it; a tag is in the normal form NFC
    assert call("settings", "set", decomposed, "1", "--by", "ben")[0] == 0
    assert json.loads(call("settings", "show")[1]) == {decomposed: 1}
    assert rows(call("settings", "log", decomposed, "--json")[1])[0]["after"] == 1


def test_racers_that_set_different_settings_lose_none(tmp_path: Path) -> None:
    with whence.open(tmp_path / "w.db", create=True) as db:

        def put(number: int) -> None:
            db.decide("settings.set", "main", f"k{number}", number, by=f"by {number}")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, range(24)))
        state = db.state("settings:main", model=settings.Document)
        assert state is not None
        assert state["values"] == {f"k{number}": number for number in range(24)}
        assert state["version"] == settings.version_at(db)


def test_a_configuration_that_no_file_has_changes_nothing(tmp_path: Path) -> None:
    assert PACK.configured({}) is PACK
    with pytest.raises(InvalidConfig):
        PACK.configured({"schema": 3})


def test_a_value_is_taken_from_a_file_or_said_to_be_missing(call: Call, folder: Path) -> None:
    (folder / "email.txt").write_text("Write as a friend.\nBe short.\n")
    call("settings", "set", "prompts.email", "@email.txt")
    assert rows(call("settings", "get", "--json")[1])[0]["value"] == "Write as a friend.\nBe short."
    code, _, err = call("settings", "set", "prompts.email", "@nothing.txt")
    assert code == 2
    assert "nothing.txt" in err


@pytest.mark.parametrize("value", ["NaN", "1e400", "12345678901234567890123", '{"a": 1, "a": 2}'])
def test_a_value_that_no_event_can_hold_is_refused_by_its_setting_with_what_to_type(call: Call, value: str) -> None:
    code, _, err = call("settings", "set", "limits.high", value)
    assert code == 2
    assert "Setting: limits.high" in err
    (typed,) = shlex.split(err.rpartition("quotes of its own: ")[2].strip().removesuffix("."))
    assert call("settings", "set", "limits.high", typed)[0] == 0
    assert rows(call("settings", "get", "limits.high", "--json")[1]) == [{"setting": "limits.high", "value": value}]


def test_a_file_that_is_not_there_is_named_once(call: Call) -> None:
    code, _, err = call("settings", "set", "x", "@nofile.txt")
    assert code == 2
    assert "Errno" not in err


def test_what_may_be_left_out_stands_in_brackets(call: Call) -> None:
    assert "log [OPTIONS] [SETTING]" in call("settings", "log", "--help")[1]
    assert "set [OPTIONS] SETTING VALUE" in call("settings", "set", "--help")[1]


def test_what_only_impact_needs_is_not_imported_for_the_other_commands(folder: Path) -> None:
    heavy = "{'numpy', 'whence.experiments', 'whence.packs.impact.candidates'}"
    asked = f"import sys; from whence.cli import run; run(sys.argv[1:]); print(sorted({heavy} & sys.modules.keys()))"
    for words in (["set", "x", "5"], ["impact", "--help"]):
        told = [sys.executable, "-c", asked, "settings", *words]
        done = subprocess.run(told, cwd=folder, timeout=60, capture_output=True, text=True)
        assert done.stdout.splitlines()[-1] == "[]", (words, done.stdout, done.stderr)
