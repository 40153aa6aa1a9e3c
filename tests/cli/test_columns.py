"""`whence sql` and `du`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from running import Run

from whence.segments import building


def test_a_table_says_which_position_it_is_for(pipeline: Path, whence: Run) -> None:
    done = whence("sql", "select count(*) as n, max(time) as last from events")
    assert done.code == 0, done.err
    assert done.out.splitlines()[0].split() == ["n", "last"]
    assert done.out.splitlines()[1].endswith("Z")
    assert "as of @" in done.out.splitlines()[-1]


def test_json_and_csv_hold_plain_values(pipeline: Path, whence: Run) -> None:
    query = "select sum(position) as total, min(time) as first, '=1+1' as formula, [1, 2] as several from events"
    (row,) = map(json.loads, whence("sql", query, "--json").out.splitlines())
    assert isinstance(row["total"], int)
    assert row["first"].endswith("Z")
    assert (row["formula"], row["several"]) == ("=1+1", [1, 2])
    assert "'=1+1" in whence("sql", query, "--csv").out


def test_a_select_may_come_from_the_standard_input(pipeline: Path, command: Run) -> None:
    done = command("sql", "-", "--json", input=b"select count(*) as n from events")
    assert json.loads(done.out)["n"] > 5


def test_no_row_ends_with_1(pipeline: Path, whence: Run) -> None:
    assert whence("sql", "select * from events where position = 0").code == 1


@pytest.mark.parametrize("words", [[], ["select 1", "--schema"]])
def test_a_select_or_the_schema(pipeline: Path, whence: Run, words: list[str]) -> None:
    done = whence("sql", *words)
    assert (done.code, "Give a SELECT, or --schema" in done.err) == (2, True)


def test_segments_are_built_once_there_are_events_enough_unless_it_is_forbidden(
    pipeline: Path, whence: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building.build, "__kwdefaults__", {"segment_events": 4})
    folder = next(pipeline.glob("*.db")).with_suffix(".db.segments")
    assert whence("sql", "select 1 as one", "--no-build").code == 0
    assert not folder.exists()
    done = whence("sql", "select 1 as one")
    assert "from segments of lead" in done.out
    assert (folder / "lead" / "manifest.json").exists()
    (folder / "lead" / "manifest.json").write_text("{}")
    done = whence("sql", "select 1 as one")
    assert (done.code, "Delete that folder" in done.err) == (4, True)


def test_what_takes_the_space(pipeline: Path, whence: Run) -> None:
    done = whence("du")
    assert done.code == 0
    assert "The log:" in done.out
    rows = [json.loads(line) for line in whence("du", "--json").out.splitlines()]
    assert {row["what"] for row in rows} == {"type", "tag"}
    assert sum(row["share"] for row in rows if row["what"] == "type") == pytest.approx(1, abs=0.01)
    assert sum(row["events"] for row in rows if row["what"] == "type") == len(whence("log", "--json").out.splitlines())


def test_the_space_of_an_empty_store(folder: Path, whence: Run) -> None:
    whence("init")
    done = whence("du")
    assert (done.code, "The store is empty" in done.err) == (1, True)


def test_check_names_a_damaged_segment(pipeline: Path, whence: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "segments" not in whence("check").out
    monkeypatch.setattr(building.build, "__kwdefaults__", {"segment_events": 4})
    whence("sql", "select 1 as one")
    assert whence("check").code == 0
    victim = next(pipeline.glob("*.segments/lead/000001/*.parquet"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    done = whence("check")
    assert done.code == 1
    assert f"{victim.name} is damaged" in " ".join((done.out + done.err).split())
