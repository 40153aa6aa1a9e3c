"""`whence journeys …`: every example of a help text works on a small story, in every form, and pictures are drawn."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

import whence
from whence.cli import packs, run
from whence.events import Event
from whence.packs.sessions.sessions import Session
from whence.packs.timeline import Touch
from whence.packs.transitions.dropouts import Dropped

Call = Callable[..., tuple[int, str, str]]

STORY = [
    ("2026-01-05 09:00", "Visited", "visitor:abc", {"source": "fair", "number": 1}),
    ("2026-01-05 09:10", "Read", "visitor:abc", {"source": "fair", "number": 2}),
    ("2026-01-05 10:00", "Visited", "visitor:def", {"source": "web", "number": 4}),
    ("2026-01-06 08:00", "Visited", "visitor:abc", {"source": "mail", "number": 3}),
    ("2026-01-06 09:00", "SignedUp", "lead:42", {}),
    ("2026-01-09 09:00", "Bought", "customer:7", {"amount": "20.50"}),
    ("2026-01-16 09:00", "Bought", "customer:7", {"amount": "30.00"}),
    ("2026-01-20 09:00", "Visited", "visitor:xyz", {"source": "web", "number": 4}),
]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The program in a folder with the story of a visitor who became a lead and a customer."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whence.toml").write_text(
        'store = "shop.db"\nsettings = ["PriceChanged"]\n[pack.journeys]\nkinds = ["customer", "lead", "visitor"]\n'
    )
    with whence.open("shop.db", create=True) as db:
        events = [
            Event(type, data, (tag,), time=f"{time.replace(' ', 'T')}:00Z", actor="web")
            for time, type, tag, data in STORY
        ]
        db.append([*events, Event("PriceChanged", {}, ("setting:price",), time="2026-01-10T00:00:00Z")])
        db.decide("journeys.identify", "visitor:abc", "lead:42", time="2026-01-06T09:00:00Z")
        db.decide("journeys.identify", "lead:42", "customer:7", time="2026-01-09T09:00:00Z")

    def typed(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments)
        return (code, *capsys.readouterr())

    return typed


COMMANDS = [
    each
    for each in packs.group("journeys").commands.values()
    if each.name not in ("identify", "separate", "identities")
]
EXAMPLES = [example for command in COMMANDS for example in command.examples]  # type: ignore[attr-defined]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_works(call: Call, example: str) -> None:
    code, out, err = call(*shlex.split(example)[1:])
    assert code == (1 if "check" in example else 0), err
    assert out
    assert "error" not in err


def test_a_funnel_on_the_screen_and_as_json(call: Call) -> None:
    code, out, _ = call("journeys", "funnel", "Visited", "SignedUp", "Bought")
    assert code == 0
    assert "as of @11" in out
    assert "33.3%" in out
    rows = [
        json.loads(line)
        for line in call("journeys", "funnel", "Visited", "SignedUp", "Bought", "--json")[1].splitlines()
    ]
    assert [row["customers"] for row in rows] == [3, 1, 1]
    assert rows[2]["median_s"] == 3 * 86_400
    assert (
        call("journeys", "funnel", "Visited", "Bought", "--versions", "--csv")[1].splitlines()[1].startswith("before,")
    )


def test_what_is_drawn_is_written(call: Call, tmp_path: Path) -> None:
    pytest.importorskip("plotly")
    assert call("journeys", "funnel", "Visited", "Bought", "--picture", "funnel.html")[0] == 0
    assert "as of @11" in (tmp_path / "funnel.html").read_text()
    code, out, err = call("journeys", "cohorts", "--picture", "cohorts.jpg")
    assert (code, out, "A picture is a file" in err) == (2, "", True)


def test_without_columns_the_time_line_is_there_and_the_rest_says_what_to_install(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert call("journeys", "timeline", "customer:7")[0] == 0
    code, _, err = call("journeys", "funnel", "Visited")
    assert (code, "whence[columns]" in err) == (2, True)


def test_cohorts_of_money_are_exact(call: Call) -> None:
    (row,) = map(
        json.loads, call("journeys", "cohorts", "--begin", "Bought", "--total", "amount", "--json")[1].splitlines()
    )
    assert (row["customers"], row["values"]) == (1, ["50.50"])
    code, _, err = call("journeys", "cohorts", "--begin", "Visited", "--total", "source")
    assert (code, "Not a number to sum up" in err) == (2, True)


def test_nobody_is_a_no(call: Call) -> None:
    assert call("journeys", "funnel", "Visited", "--at", "2026-01-04")[0] == 1
    assert call("journeys", "dropped", "SignedUp", "Bought")[0] == 1


def test_the_time_line_of_a_customer_has_all_names_sessions_and_who_is_who(call: Call) -> None:
    touches = [json.loads(line) for line in call("journeys", "timeline", "customer:7", "--json")[1].splitlines()]
    assert [(each["type"], each["session"]) for each in touches] == [
        ("Visited", 1),
        ("Read", 1),
        ("Visited", 2),
        ("SignedUp", 3),
        ("journey.Identified", None),
        ("Bought", 4),
        ("journey.Identified", None),
        ("Bought", 5),
    ]
    code, out, _ = call("journeys", "timeline", "visitor:abc")
    assert code == 0
    assert "customer:7, lead:42, visitor:abc; as of @11" in out
    code, _, err = call("journeys", "timeline", "visitor:abd")
    assert (code, "Did you mean visitor:abc" in err) == (1, True)


def test_attribution_stands_side_by_side(call: Call) -> None:
    out = call("journeys", "attribution", "Bought", "--touch", "Visited|Read", "--channel", "source")[1]
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["channel", "fair", "mail"]
    assert "2.00 · 100.0%" in out


def test_a_check_names_the_faults_and_is_a_no(call: Call) -> None:
    code, out, _ = call("journeys", "check", "--sequence", "number", "--json")
    assert code == 1
    faults = [json.loads(line) for line in out.splitlines()]
    assert {each["fault"] for each in faults} == {"conflict", "backwards"}
    assert call("journeys", "check")[0] == 0


@pytest.mark.parametrize(
    "asked",
    [
        "funnel Visited Bought --by sorce",
        "funnel Visited 'Bought amunt>=5'",
        "attribution Bought --touch Visited --channel sorce",
        "attribution Bought --touch Visited --total amunt",
        "cohorts --total amunt",
        "customers Bought --total amunt",
        "check --sequence nmber",
        "check --sequence number --source st",
        "funnel Visited --by source.medium",
        "funnel Visited --by source.",
        "funnel Visited --by 'so\"urce'",
        "funnel Visited --by ''",
    ],
)
def test_a_field_that_no_event_has_is_named(call: Call, asked: str) -> None:
    code, out, err = call("journeys", *shlex.split(asked))
    assert (code, out) == (2, "")
    assert "No such event has this field" in err


def test_a_field_that_events_have_only_later_is_none_until_then(call: Call) -> None:
    code, _, err = call("journeys", "customers", "Bought", "--total", "amount", "--at", "2026-01-06")
    assert (code, err.strip()) == (1, "Nothing is in it.")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("dropped Visited", "name the next one too"),
        ("times Visited", "name the next one too"),
        ("funnel Visited --period 2026-01..", "A period has a beginning and an end"),
        ("funnel Visited --kind vistor", "Did you mean visitor?"),
        ("funnel Visited --kind lead --kind vistor", "of these kinds (Kinds: vistor)"),
        ("funnel 'Visited source=trade fair'", 'source="trade fair"'),
        ("funnel 'Bought amount>=1.000,50'", "written 1000.50"),
        ("retention --bracket 1-3", "Say --type bracket"),
        ("retention --type bracket --bracket 0-99999999999999999999", "Not a bracket"),
        ("retention --type bracket --bracket 1-", "Not a bracket"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_say(call: Call, asked: str, said: str) -> None:
    code, out, err = call("journeys", *shlex.split(asked))
    assert (code, out) == (2, "")
    assert said in err


def test_who_is_joined_with_nobody_stands_alone_and_nobody_knows_others(call: Call) -> None:
    alone = json.loads(call("journeys", "identities", "--name", "visitor:xyz", "--json")[1])
    assert alone == {"customer": "visitor:xyz", "names": 1, "joined": ["visitor:xyz"]}
    code, _, err = call("journeys", "identities", "--name", "lead:f")
    assert (code, "Nothing is known" in err) == (1, True)


def test_names_are_not_separated_before_they_were_joined(call: Call) -> None:
    typed = ("journeys", "separate", "lead:42", "customer:7", "--by", "ann", "--time")
    code, _, err = call(*typed, "2026-01-08")
    assert (code, "These two were joined only later" in err) == (1, True)
    assert call(*typed, "2026-01-10")[0] == 0


def test_names_that_a_mistyped_year_joins_are_not_separated_now_but_then(call: Call) -> None:
    names = ("visitor:xyz", "lead:43")
    assert call("journeys", "identify", *names, "--by", "ann", "--time", "2206-01-10")[0] == 0
    code, _, err = call("journeys", "separate", *names, "--by", "ann")
    assert (code, "These two were joined only later" in err) == (1, True)
    assert call("journeys", "separate", *names, "--by", "ann", "--time", "2206-01-10")[0] == 0
    assert "visitor:xyz" not in call("journeys", "identities", "--json")[1]


def test_a_name_of_a_kind_that_no_customer_has_is_joined_with_nobody(call: Call) -> None:
    code, out, err = call("journeys", "identify", "vistor:xyz", "lead:42", "--by", "ann")
    assert (code, out) == (1, "")
    assert "customer, lead, visitor" in err


def test_a_check_of_who_is_who_alone_speaks_of_no_numbers(call: Call) -> None:
    assert call("journeys", "check")[1].startswith("No fault in who is who; as of @")


def test_a_period_that_ends_before_it_begins_is_refused(call: Call) -> None:
    code, _, err = call("journeys", "funnel", "Visited", "--period", "2026-02-01..2026-01-01")
    assert code == 2
    assert "Did you mean 2026-01-01..2026-02-01?" in err


@pytest.mark.parametrize("asked", ["sessions", "sessions --by week", "paths", "cohorts", "retention"])
def test_that_there_is_nothing_is_said(call: Call, asked: str) -> None:
    whence.open("empty.db", create=True).close()
    code, _, err = call("journeys", *shlex.split(asked), "--store", "empty.db")
    assert code == 1
    assert "Nothing is in it." in err


def _seen(who: int, type: str, day: int, /, **data: object) -> Event:
    return Event(type, data, (f"lead:{who}",), time=f"2026-01-{day:02}T09:00:00Z")


@pytest.fixture
def asked_of(call: Call) -> Callable[..., list[dict[str, object]]]:
    """What a command says in JSON, of a store that is given these events first."""

    def rows(events: list[Event], *arguments: str) -> list[dict[str, object]]:
        with whence.open("other.db", create=True) as db:
            if events:
                db.append(events)
        code, out, err = call("journeys", *arguments, "--json", "--store", "other.db", "--kind", "lead")
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]

    return rows


def test_no_group_is_lost_to_another_of_its_name(asked_of: Callable[..., list[dict[str, object]]]) -> None:
    values = ({}, {"medium": "(none)"}, {"medium": "(none)"}, {"medium": "(other)"}, {"medium": "(other)"})
    rare = ({"medium": "mail"}, {"medium": "web"}, {"medium": "all"})
    events = [_seen(who, "Visited", 5, **data) for who, data in enumerate(values + rare)]
    rows = asked_of(events, "funnel", "Visited", "--by", "medium", "--top", "2")
    assert {row["group"]: row["customers"] for row in rows} == {"(none)": 3, "(other)": 5}
    assert len(rows) == 2


def test_the_only_value_is_named_even_where_it_is_called_all(call: Call) -> None:
    with whence.open("other.db", create=True) as db:
        db.append([_seen(1, "Visited", 5, medium="all")])
    assert "group" in call("journeys", "funnel", "Visited", "--by", "medium", "--csv", "--store", "other.db")[1]


def test_a_field_called_type_is_a_field_like_others(asked_of: Callable[..., list[dict[str, object]]]) -> None:
    events = [_seen(1, "Visited", 5, type="mail"), _seen(2, "Visited", 5, type="web"), _seen(1, "Bought", 6, type="20")]
    by = asked_of(events, "funnel", "Visited", "Bought", "--by", "type")
    assert [(row["group"], row["customers"]) for row in by] == [("mail", 1), ("mail", 1), ("web", 1), ("web", 0)]
    asked = ("attribution", "Bought", "--touch", "Visited", "--model", "first")
    assert [row["channel"] for row in asked_of([], *asked)] == ["Visited"]
    (owed,) = asked_of([], *asked, "--channel", "type", "--total", "type")
    assert (owed["channel"], owed["total"]) == ("mail", "20.000000")


@pytest.mark.parametrize(
    "asked",
    [
        "funnel Visited Bought --versions --period 2026-01",
        "funnel Visited Bought --period 2026-01 --versions",
        "sessions customer:7 --by week",
        "sessions --by week --limit 3",
        "sessions --limit 3 --by week",
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_opened(call: Call, asked: str) -> None:
    code, out, err = call("journeys", *shlex.split(asked), "--store", "nowhere.db")
    assert (code, out, "leave out" in err) == (2, "", True)


def test_an_answer_of_an_earlier_moment_names_it(call: Call) -> None:
    for asked in ("funnel Visited", "timeline lead:42"):
        said = call("journeys", *shlex.split(asked), "--at", "2026-01-06")[1]
        assert "as of @11 until end of 2026-01-06" in said
    assert "until" not in call("journeys", "funnel", "Visited", "--at", "@11")[1]


def test_a_customer_who_is_known_only_later_is_told_from_one_that_nobody_knows(call: Call) -> None:
    code, _, err = call("journeys", "timeline", "customer:7", "--at", "2026-01-05")
    assert (code, "Nothing is known of this customer then" in err, "without --at" in err) == (1, True, True)


def test_one_customer_is_no_customers(call: Call) -> None:
    assert "1 customer, as of @11" in call("journeys", "customers", "Bought")[1]


def test_names_that_an_event_joined_are_separated(call: Call, tmp_path: Path) -> None:
    assert "were not joined" in call("journeys", "separate", "visitor:f", "lead:f")[2]
    with (tmp_path / "whence.toml").open("a") as file:
        file.write('joined_by = ["FormSent"]\n')
    with whence.open() as db:
        db.append(Event("FormSent", {}, ("visitor:f", "lead:f"), time="2026-01-21T09:00:00Z"))
        db.append(Event("FormSent", {}, ("lead:f", "customer:f"), time="2026-01-21T10:00:00Z"))
    assert "customer:f, lead:f, visitor:f;" in str(call("journeys", "timeline", "visitor:f"))
    refused = call("journeys", "separate", "visitor:f", "customer:f", "--reason", "no effect")[2]
    assert "visitor:f is joined with lead:f; customer:f is joined with lead:f" in refused
    assert "were not joined" in call("journeys", "separate", "visitor:f", "customer:f", "--key", "of-nothing-yet")[2]
    keyed = ("journeys", "separate", "identity:visitor:f", "lead:f", "--reason", "a shared computer", "--key", "apart")
    assert call(*keyed)[0] == 0
    assert call(*keyed)[0] == 0
    assert "lead:f, visitor:f;" not in str(call("journeys", "timeline", "visitor:f"))


def test_a_narrow_terminal_breaks_no_moment() -> None:
    for row, moments in ((Touch, {"time"}), (Session, {"began"}), (Dropped, {"since", "last_at"})):
        columns = packs.columns_of(row, "screen")
        assert {each.name for each in columns if each.least == len("2026-01-05 09:00:00")} == moments


def test_a_period_that_is_not_over_says_when(call: Call) -> None:
    asked = ("journeys", "cohorts", "--unit", "week")
    assert "was not over at the last touchpoint." in call(*asked)[2]
    assert "was not over then." in call(*asked, "--at", "2026-01-15")[2]
    assert "not over" not in call(*asked, "--at", "2026-01-18")[2]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("kinds =", "kins =", "Did you mean kinds?"),
        ('"visitor"', '"visiter"', "Did you mean visitor?"),
    ],
)
def test_what_is_mistyped_in_the_configuration_is_named(call: Call, before: str, after: str, said: str) -> None:
    file = Path("whence.toml")
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))
    code, out, err = call("journeys", "funnel", "Visited", "Bought")
    assert (code, out) == (2, "")
    assert said in err
