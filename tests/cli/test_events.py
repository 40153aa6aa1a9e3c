"""append, log, show and types on a real store."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from running import Run


def lines(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_append_makes_a_missing_store_and_says_so(folder: Path, whence: Run) -> None:
    done = whence("append", "lead:42", "EmailOpened", "campaign=spring", "--by", "crm", "--store", "new.db")
    assert (done.code, done.out) == (0, "@1  EmailOpened  lead:42\n")
    assert done.err == "Made a new store: new.db\n"
    assert (folder / "new.db").exists()


def test_append_says_the_time_it_understood_and_its_zone(pipeline: Path, whence: Run) -> None:
    done = whence("append", "lead:42", "Scored", "score=90", "--time", "2026-01-13 9:00")
    assert done.out == "@7  Scored  lead:42  2026-01-13 09:00 UTC\n"
    done = whence("append", "lead:42", "Scored", "--time", "13.1.2026", "--zone", "Europe/Berlin")
    assert done.out == "@8  Scored  lead:42  2026-01-13 00:00 Europe/Berlin\n"
    assert whence("append", "lead:42", "Scored").out == "@9  Scored  lead:42\n"


def test_an_asterisk_marks_what_was_recorded_later_than_it_happened_and_nothing_that_is_to_come(
    pipeline: Path, whence: Run
) -> None:
    whence("append", "lead:7", "Called", "--time", "2026-01-13 9:00")
    whence("append", "lead:7", "MeetingSet", "--time", "2999-01-13 9:00")
    to_come, past, *_ = whence("log", "lead:7", "-n", "2").out.splitlines()[1:]
    assert "2026-01-13 09:00:00*" in past
    assert "2999-01-13 09:00:00 " in to_come


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lead=42", "Won"), "No tag: this event concerns no entity. Did you mean lead:42?\n"),
        (("lead=43", "Won"), "No tag: this event concerns no entity. Did you mean lead:43?\n"),
        (("score=43", "Won"), "No tag: this event concerns no entity. Write one as kind:value, such as lead:42.\n"),
        (("lead:42", "Won"), ""),
    ],
)
def test_an_event_without_a_tag_is_kept_and_noted(
    words: tuple[str, ...], said: str, pipeline: Path, whence: Run
) -> None:
    done = whence("append", *words)
    assert (done.code, done.err) == (0, said)


def test_a_tag_with_a_space_stands_in_quotes(pipeline: Path, whence: Run) -> None:
    done = whence("append", "customer:Müller GmbH", "lead:42", "Called")
    assert done.out == '@7  Called  "customer:Müller GmbH" lead:42\n'
    assert '"customer:Müller GmbH" lead:42' in whence("log").out
    assert '"customer:Müller GmbH" lead:42' in whence("show", "@7").out


def test_words_are_tags_data_and_one_type_in_any_order(pipeline: Path, whence: Run) -> None:
    whence(
        "append", "score=80", 'rate="80"', "ok=true", "list=[1, 2]", "note=a:b", "lead:9", "url:http://a.b/?q=1", "Seen"
    )
    event = lines(whence("log", "lead:9", "--json").out)[0]
    assert event["type"] == "Seen"
    assert event["tags"] == ["lead:9", "url:http://a.b/?q=1"]
    assert event["data"] == {"score": 80, "rate": "80", "ok": True, "list": [1, 2], "note": "a:b"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lead:42",), "Write one type"),
        (("lead:42", "A", "B"), "Types: A, B"),
        (("deal:D1", "Lost", "price"), "or price=… for data"),
        (("lead:42", "A", "x=1", "x=2"), "A field is given twice"),
        (("Lead:42", "A"), "Not a tag"),
        (("lead:42", "9A"), "Not an event type"),
        (("lead:42", "A", "x=NaN"), "JSON has no such number"),
        (("lead:42", "A", "x=9007199254740993"), "Write it as text"),
        (("lead:42", "A", "amount=12345678901234567.89"), "Write it as text"),
        (("lead:42", "A", "--data", "{a: 1}"), "Quote it"),
        (("lead:42", "A", "x=1", "--data", "{}"), "exclude each other"),
        (("lead:42", "A", "--time", "someday"), "last tuesday"),
    ],
)
def test_what_is_no_event_is_refused_and_leaves_no_trace(
    words: tuple[str, ...], message: str, pipeline: Path, whence: Run
) -> None:
    done = whence("append", *words)
    assert done.code == 2
    assert message in done.err, done.err
    assert len(whence("log", "--json").out.splitlines()) == 6


def test_appending_the_same_id_again_changes_nothing_and_other_content_is_a_conflict(
    pipeline: Path, whence: Run
) -> None:
    first = whence("append", "lead:42", "Called", "--id", "call-1", "--json")
    again = whence("append", "lead:42", "Called", "--id", "call-1", "--json")
    assert lines(first.out)[0]["position"] == lines(again.out)[0]["position"] == 7
    assert (lines(first.out)[0]["new"], lines(again.out)[0]["new"]) == (True, False)
    other = whence("append", "lead:42", "Called", "minutes=3", "--id", "call-1")
    assert other.code == 3
    assert "Id" in other.err


def test_the_log_is_newest_first_and_can_be_turned_and_limited(pipeline: Path, whence: Run) -> None:
    def positions(*arguments: str) -> list[object]:
        return [line["position"] for line in lines(whence("log", "--json", *arguments).out)]

    assert positions() == [6, 5, 4, 3, 2, 1]
    assert positions("--reverse") == [1, 2, 3, 4, 5, 6]
    assert positions("-n", "2") == [6, 5]
    assert positions("-n", "2", "--reverse") == [5, 6]
    assert positions("--after", "1", "--upto", "3") == [3, 2]


@pytest.mark.parametrize(
    ("filters", "positions"),
    [
        (("lead:7",), [3]),
        (("lead:42", "campaign:spring"), [4]),
        (("--type", "Scored"), [6, 2]),
        (("--type", "Scored", "--type", "EmailOpened", "lead:42"), [6, 4, 2]),
        (("--by", "scoring"), [6, 2]),
        (("--since", "2026-01-08", "--until", "2026-01-10"), [5, 4]),
        (("--since", "2026-01-10 16:00", "--until", "2026-01-10 16:00"), [5]),
        (("--since", "2026-01-10 16:01", "--until", "2026-01-12 09:29"), []),
        (("--until", "2026-01-08", "--clock", "recorded"), []),
    ],
)
def test_the_log_can_be_filtered(filters: tuple[str, ...], positions: list[int], pipeline: Path, whence: Run) -> None:
    done = whence("log", "--json", *filters)
    assert [line["position"] for line in lines(done.out)] == positions
    assert done.code == (0 if positions else 1)


def test_the_log_says_its_zone_and_marks_what_was_recorded_later(pipeline: Path, whence: Run) -> None:
    utc, berlin = whence("log", "lead:7").out, whence("log", "lead:7", "--zone", "Europe/Berlin").out
    assert "2026-01-06 08:00:00*" in utc
    assert "times in UTC, occurred clock" in utc
    assert "2026-01-06 09:00:00*" in berlin
    assert "times in Europe/Berlin" in berlin


def test_the_log_says_which_bounds_it_understood(pipeline: Path, whence: Run) -> None:
    footer = whence("log", "--since", "8.1.2026", "--until", "2026-01-10").out.splitlines()[-1]
    assert footer == "since 2026-01-08 00:00, until end of 2026-01-10, times in UTC, occurred clock"


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        (("--type", "EmailOpend"), "EmailOpened"),
        (("--type", "emailopened"), "EmailOpened"),
        (("lead:24",), "lead:42"),
        (("lead42",), None),
        (("--by", "scorin"), "scoring"),
    ],
)
def test_a_typo_finds_nothing_and_gets_near_matches(
    filters: tuple[str, ...], hint: str | None, pipeline: Path, whence: Run
) -> None:
    done = whence("log", *filters)
    if hint is None:
        assert done.code == 2
        assert "lead:42" in done.err
    else:
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("Nothing matches. Did you mean ")
        assert hint in done.err


def test_show_has_the_whole_envelope_by_position_and_by_id(pipeline: Path, whence: Run) -> None:
    by_position = json.loads(whence("show", "@4", "--json").out)
    assert json.loads(whence("show", by_position["id"], "--json").out) == by_position
    assert by_position["actor"] == "crm"
    assert by_position["time"] == "2026-01-08T11:00:00Z"
    text = whence("show", "4").out
    for word in ("campaign:spring lead:42", "recorded", "data.campaign", "spring", "times in UTC"):
        assert word in text


def test_an_id_that_looks_like_a_position_is_an_id(pipeline: Path, whence: Run) -> None:
    whence("append", "lead:9", "Called", "--id", "1")
    whence("append", "lead:9", "Called", "--id", "@home")
    assert json.loads(whence("show", "@home", "--json").out)["position"] == 8
    assert json.loads(whence("show", "1", "--json").out)["position"] == 7
    assert json.loads(whence("show", "@1", "--json").out)["position"] == 1
    assert json.loads(whence("show", "2", "--json").out)["position"] == 2


@pytest.mark.parametrize("named", ["@99", "no-such-id", "@0", "99", "0", "@x"])
def test_an_event_that_is_not_there_ends_with_one(named: str, pipeline: Path, whence: Run) -> None:
    done = whence("show", named)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: No event")


def test_an_event_is_found_by_its_id_without_reading_the_store(pipeline: Path) -> None:
    from whence.contents import event_named
    from whence.stores.opening import open_store

    with closing(open_store("whence.db")) as store:
        wanted = next(iter(store.read(after=3)))
        read: list[dict[str, Any]] = []
        reading = store.read
        store.read = lambda *args, **given: read.append(given) or reading(*args, **given)  # type: ignore[method-assign]
        assert event_named(store, wanted.id) == wanted
        assert read == [{"after": 3, "upto": 4}]


def test_types_lists_what_is_in_the_store(pipeline: Path, whence: Run) -> None:
    found = {line["type"]: line for line in lines(whence("types", "--json").out)}
    assert sorted(found) == ["EmailOpened", "LeadCreated", "Scored", "WebinarAttended"]
    assert found["LeadCreated"]["events"] == 2
    assert found["EmailOpened"]["tags"] == "campaign lead"
    assert found["Scored"]["first"] == "2026-01-05 10:00:00"


@pytest.mark.parametrize("size", [10, 300_000])  # what fits into a pipe's buffer, and what does not
def test_a_reader_that_goes_away_is_no_error(size: int, pipeline: Path, whence: Run) -> None:
    whence("append", "lead:42", "Noted", "note=" + "x" * size)
    line = f"{sys.executable} -W error -c 'from whence.cli import main; main()' log | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_time_at_the_edge_of_the_calendar_can_still_be_read(zone: str, pipeline: Path, whence: Run) -> None:
    for time in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        assert whence("append", "lead:42", "Ends", "--time", time).code == 0
    for line in ("log", "types", "show @7", "why lead:42 score", "state lead:42", "export"):
        done = whence(*line.split(), "--zone", zone)
        assert done.code == 0, (line, done)
    assert "9999-12-31" in whence("log", "--zone", zone).out
