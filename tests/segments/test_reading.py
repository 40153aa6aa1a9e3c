"""SQL over the whole history: types that change, names that collide, what is refused, and other tools on the files."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb")

import duckdb
import pandas
import polars
import pyarrow.parquet

import whence
from tests.ask.test_bpi2012 import Application
from tests.cli.test_bpi2012 import CONFIG
from whence.config import Config
from whence.errors import InvalidQuery
from whence.events import Event
from whence.segments.building import build
from whence.segments.reading import Segments
from whence.stores.memory import MemoryStore


def segments(tmp_path: Path, *events: Event, size: int = 2) -> Segments:
    store = MemoryStore()
    for event in events:
        store.append([event])
    build(store, "lead", tmp_path / "segs", segment_events=size)
    return Segments.open_built(store, "lead", tmp_path / "segs")


def scored(value: Any, **more: Any) -> Event:
    return Event("Scored", {"score": value, **more}, ["lead:1"])


@pytest.mark.parametrize(
    ("values", "kind", "total"),
    [
        ([1, 2, 3, 4, 5], "BIGINT", 15),
        ([1, 2, 3.5, 4.5, 5], "DOUBLE", 16.0),
        ([1, 2, "3", "4", 5], "VARCHAR", None),
        ([None, None, 3, 4, 5], "BIGINT", 12),
    ],
)
def test_a_field_may_change_its_type_from_one_segment_to_the_next(
    tmp_path: Path, values: list[Any], kind: str, total: float | None
) -> None:
    with segments(tmp_path, *map(scored, values)) as found:
        assert ("Scored", "score", kind) in found.schema()
        if total is not None:
            assert found.sql("SELECT sum(score) AS total FROM Scored").to_pylist() == [{"total": total}]
        else:
            assert [row["score"] for row in found.to_arrow("Scored").to_pylist()] == ["1", "2", "3", "4", "5"]


def test_fields_may_come_and_go(tmp_path: Path) -> None:
    with segments(tmp_path, scored(1), scored(2), scored(3, why="call"), scored(4), scored(5, by="ann")) as found:
        rows = found.sql('SELECT score, why, "by" FROM Scored ORDER BY score').to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (1, None, None),
        (2, None, None),
        (3, "call", None),
        (4, None, None),
        (5, None, "ann"),
    ]


def test_names_that_are_taken_get_another(tmp_path: Path) -> None:
    data = {"time": 1, "Entity": 2, "data_time": 3}
    events = [Event(type, data, ["lead:1"]) for type in ("Moved", "events", "Entity_Events", "odd.name", "kept")]
    with segments(tmp_path, *events) as found:
        row = found.to_arrow("Moved").to_pylist()[0]
        assert (row["data_time"], row["data_Entity"], row["data_data_time"]) == (1, 2, 3)
        assert row["entity"] == "lead:1"
        assert [len(found.to_arrow(type)) for type in found.types] == [1] * 5
        assert len(found.to_arrow()) == 5


def test_nested_values_are_json(tmp_path: Path) -> None:
    with segments(tmp_path, scored({"a": [1, {"b": "x"}]}), scored({"a": []}), scored({"a": [2]})) as found:
        rows = found.sql("SELECT score->'a'->>0 AS first FROM Scored ORDER BY position").to_pylist()
    assert [row["first"] for row in rows] == ["1", None, "2"]


def test_an_event_of_two_entities_counts_once_and_is_found_for_both(tmp_path: Path) -> None:
    events = [Event("Merged", {"n": 1}, ["lead:1", "lead:2", "deal:1"]) for _ in range(3)]
    with segments(tmp_path, *events) as found:
        assert found.sql("SELECT count(*) AS n, sum(n) AS total FROM Merged").to_pylist() == [{"n": 3, "total": 3}]
        assert found.sql("SELECT count(*) AS n FROM events").to_pylist() == [{"n": 3}]
        rows = found.sql("SELECT entity, count(*) AS n FROM entity_events GROUP BY entity ORDER BY 1").to_pylist()
        assert rows == [{"entity": "lead:1", "n": 3}, {"entity": "lead:2", "n": 3}]
        assert found.to_arrow("Merged").to_pylist()[0]["tags"] == ["deal:1", "lead:1", "lead:2"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nope FROM Scored", 'nope.*views are "Scored", events and entity_events'),
        ("SELECT", "DuckDB refuses this"),
        ("", "Not one SELECT"),
        ("SELECT 1; SELECT 2", "Not one SELECT"),
        ("DROP VIEW events", "Not one SELECT"),
        ("CREATE TABLE t (a INT)", "Not one SELECT"),
        ("COPY (SELECT 1) TO 'out.csv'", "Not one SELECT"),
    ],
)
def test_what_is_no_question_is_refused(tmp_path: Path, query: str, said: str) -> None:
    with segments(tmp_path, scored(1)) as found, pytest.raises(InvalidQuery, match=said):
        found.sql(query)


def test_values_stand_for_question_marks(tmp_path: Path) -> None:
    with segments(tmp_path, scored(1), scored(2), scored(3)) as found:
        assert found.sql("SELECT score FROM Scored WHERE score > ?", 2).to_pylist() == [{"score": 3}]


def test_an_empty_store_has_views_of_nothing(tmp_path: Path) -> None:
    with segments(tmp_path) as found:
        assert (found.head, found.types) == (0, ())
        assert len(found.to_arrow()) == 0
        with pytest.raises(InvalidQuery, match="No event has this type"):
            found.to_arrow("Scored")


def test_any_tool_reads_the_files(tmp_path: Path) -> None:
    with segments(tmp_path, *(scored(number) for number in range(6))):
        pass
    pattern = str(tmp_path / "segs" / "*" / "Scored.parquet")
    assert duckdb.sql(f"SELECT sum(score) FROM '{pattern}'").fetchall() == [(15,)]
    assert polars.scan_parquet(pattern).select("score").collect()["score"].sum() == 15
    one = tmp_path / "segs" / "000001" / "Scored.parquet"
    assert list(pandas.read_parquet(one)["score"]) == [0, 1]
    assert pyarrow.parquet.read_schema(one).metadata[b"whence.type"] == b"Scored"


def test_a_store_in_memory_is_asked_without_files() -> None:
    with whence.open(":memory:") as db:
        db.append(scored(60), scored(80))
        with db.segments() as found:
            assert (found.kind, found.built, found.head) == ("lead", 0, 2)
            assert found.to_polars("Scored")["score"].to_list() == [60, 80]
            assert found.to_pandas("Scored")["score"].to_list() == [60, 80]


# The answers of the data's README, by plain SQL.

STAGES = {
    "submitted": "A_SUBMITTED",
    "preaccepted": "A_PREACCEPTED",
    "accepted": "A_ACCEPTED",
    "offer sent": "O_SENT",
    "offer back": "O_SENT_BACK",
}
ANSWERS = {
    None: (262_202, 13_087, 7_367, 5_113, 5_015, 3_254, 2_246),
    "2012-01-01": (138_797, 7_455, 4_139, 2_863, 2_815, 1_614, 1_130),
    "2011-11-01": (38_575, 2_393, 1_424, 1_001, 981, 439, 227),
}


@pytest.fixture(scope="module")
def loans(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("loans")
    (folder / "whence.toml").write_text(CONFIG)
    with whence.open(folder / "loans.db", create=True, config=Config.load(folder / "whence.toml")) as db:
        db.import_file(data_folder / "bpi2012_loans/bpi2012.csv.gz")
        with db.segments() as found:
            yield db, found


def reached(found: Segments, day: str | None) -> tuple[int, ...]:
    when = f"time < TIMESTAMP '{day}'" if day else "true"
    count = "count(DISTINCT entity) FILTER (type IN ({}))"
    parts = [count.format(f"'{type}'") for type in STAGES.values()]
    approved = count.format("'A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED'")
    (row,) = found.sql(f"SELECT count(*), {', '.join(parts)}, {approved} FROM events WHERE {when}").to_pylist()
    return tuple(row.values())


@pytest.mark.parametrize("day", ANSWERS)
def test_the_funnel_by_plain_sql(loans: Any, day: str | None) -> None:
    assert reached(loans[1], day) == ANSWERS[day]


def test_an_event_of_the_loans_takes_thirty_bytes_at_most_its_id_sixteen(loans: Any) -> None:
    """The log is the file of SQLite alone, without its -wal, which would flatter the share."""
    db, found = loans
    files = [path for path in Path(f"{db.store.path}.segments").rglob("*") if path.is_file()]
    log_bytes, segment_bytes = Path(db.store.path).stat().st_size, sum(path.stat().st_size for path in files)
    assert db.usage().segment_bytes == segment_bytes
    assert found.built == 262_144
    assert segment_bytes / found.built <= 30
    assert log_bytes + segment_bytes <= 1.15 * log_bytes
    tables = [path for path in files if path.suffix == ".parquet" and path.name != "entities.parquet"]
    columns = [column for path in tables for column in pyarrow.parquet.ParquetFile(path).schema]
    ids = [(column.physical_type, column.length) for column in columns if column.name == "id"]
    assert set(ids) == {("FIXED_LEN_BYTE_ARRAY", 16)}
    assert len(ids) == len(tables)
    assert not any(column.name == "id_text" for column in columns)


def test_states_at_twenty_times_are_those_of_the_store(loans: Any) -> None:
    db, found = loans
    rng = random.Random(4)
    flags = {
        "submitted": ("A_SUBMITTED",),
        "accepted": ("A_ACCEPTED",),
        "offer_sent": ("O_SENT",),
        "offer_back": ("O_SENT_BACK",),
        "approved": ("A_APPROVED", "A_REGISTERED", "A_ACTIVATED"),
    }
    asked = ", ".join(f"bool_or(type IN ({str(types)[1:-1].rstrip(',')})) AS {name}" for name, types in flags.items())
    for _ in range(20):
        at = datetime(2011, 10, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(160 * 86_400))
        query = f"SELECT entity, {asked} FROM events WHERE time <= ? AND entity IS NOT NULL GROUP BY entity"
        rows = found.sql(query, at.replace(tzinfo=None)).to_pylist()
        states = db.states("application", at=at, model=Application)
        expected = {entity: {name: state[name] for name in flags} for entity, state in states.items()}
        assert {row.pop("entity"): row for row in rows} == expected
