"""CloudEvents in a JSON array are read however the array is laid out, and what is wrong in one is named by its line."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest

from whence.errors import InvalidFile
from whence.events import Event
from whence.files import rows
from whence.files.exporter import export
from whence.files.importer import ImportReport, import_events
from whence.files.mapping import Mapping
from whence.stores.memory import MemoryStore


def cloudevent(number: int, **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": str(number), "source": "s", "type": "t", "data": {"n": number}, **more}


def imported(content: bytes | str) -> tuple[list[int], ImportReport]:
    """The numbers of the events that came of a file, and the report."""
    store = MemoryStore()
    source = io.BytesIO(content if isinstance(content, bytes) else content.encode())
    source.name = "events.json"  # type: ignore[misc]
    report = import_events(store, Mapping.from_table("bus", {"format": "cloudevents"}), source)
    return [event.data["n"] for event in store.read() if event.type == "t"], report


EVENTS = [cloudevent(number) for number in range(3)]
LINES = ",\n".join(map(json.dumps, EVENTS))


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(EVENTS),
        json.dumps(EVENTS, indent=2),
        "\n\n " + json.dumps(EVENTS, indent="\t") + "\n\n",
        f"[\n{LINES}\n]\n",
        f"[{LINES}]",
        f"[\n{LINES}]",
        "[\n" + LINES.replace(",\n", "\n,\n") + "\n]",
        "\ufeff" + json.dumps(EVENTS),
    ],
    ids=["a line", "indented", "tabs", "an object a line", "brackets beside", "one beside", "commas alone", "mark"],
)
def test_an_array_is_read_however_it_is_laid_out(content: str) -> None:
    numbers, report = imported(content)
    assert (numbers, report.refused) == ([0, 1, 2], [])


@pytest.mark.parametrize("content", ["[]", "[\n]\n", " [ ] "])
def test_an_empty_array_is_no_rows(content: str) -> None:
    assert imported(content)[1].rows == 0


def test_an_array_on_one_line_may_be_larger_than_a_line_of_a_table() -> None:
    content = json.dumps([cloudevent(number, pad="x" * 500) for number in range(9_000)])
    assert len(content) > rows.LINE_BYTES_MAX
    numbers, report = imported(content)
    assert (numbers, report.refused) == (list(range(9_000)), [])


def test_an_array_too_large_to_read_as_a_whole_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidFile, match="JSON lines"):
        imported(b"[" + b"0," * (rows.ARRAY_BYTES_MAX // 2) + b"0]")


@pytest.mark.parametrize("content", [f"[\n{LINES}\n", f"[\n{LINES},\n", f"[{LINES}", f"[{LINES},", "[", "[\n"])
def test_an_array_that_does_not_end_is_cut_off(content: str) -> None:
    numbers, report = imported(content)
    assert numbers == ([0, 1, 2] if "{" in content else [])
    [(line, reason)] = report.refused
    assert report.cut_off_line == line
    assert "cut off" in reason


def test_an_export_that_stopped_in_the_middle_says_so() -> None:
    store, out, again = MemoryStore(), io.BytesIO(), MemoryStore()
    store.append([Event("A"), Event("B"), Event("C")])
    export(store.read(), "cloudevents", out)
    part = io.BytesIO(b"".join(out.getvalue().splitlines(keepends=True)[:3]))
    report = import_events(again, Mapping.from_table("back", {"format": "cloudevents"}), part)
    assert (again.head(), report.cut_off_line, report.refused_count) == (2, 4, 1)


@pytest.mark.parametrize("rest", [0, 200, 4_000])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_compressed_array_that_is_cut_off_keeps_the_events_before_and_says_so(indent: int | None, rest: int) -> None:
    whole = gzip.compress(json.dumps([cloudevent(number) for number in range(5_000)], indent=indent).encode())
    numbers, report = imported(whole[: len(whole) - rest - 9])
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 1_000
    [(line, reason)] = report.refused
    assert report.cut_off_line == line
    assert "compressed file is cut off" in reason


@pytest.mark.parametrize("indent", [None, 1])
def test_a_bad_value_in_an_array_is_refused_alone(indent: int | None) -> None:
    bad = cloudevent(1, time="yesterday")
    numbers, report = imported(json.dumps([cloudevent(0), bad, cloudevent(2)], indent=indent))
    assert numbers == [0, 2]
    assert [line for line, _ in report.refused] == [1 if indent is None else 11]


def test_after_a_fault_in_the_json_itself_the_rest_is_refused_with_its_line() -> None:
    numbers, report = imported(f"[{json.dumps(EVENTS[0])},\n{json.dumps(EVENTS[1])}\n{json.dumps(EVENTS[2])}]")
    assert numbers == [0, 1]
    [(line, reason)] = report.refused
    assert (line, report.cut_off_line) == (2, None)
    assert "the rest is not read" in reason


@pytest.mark.parametrize("content", ["{}", "[{}]", "[\n{}\n]"])
@pytest.mark.parametrize("fault", ["\0", "\udcff"])
def test_what_is_no_text_is_refused_on_the_first_line_too(content: str, fault: str) -> None:
    text = content.replace("{}", json.dumps(cloudevent(1, subject="a?b")).replace("?", fault))
    numbers, report = imported(text.encode("utf-8", "surrogateescape"))
    assert numbers == []
    assert report.refused_count == 1


def test_what_comes_after_the_end_of_an_array_is_refused() -> None:
    for content in (f"[\n{LINES}\n]\n{json.dumps(cloudevent(4))}\n", f"[{LINES}] {json.dumps(cloudevent(4))}"):
        numbers, report = imported(content)
        assert numbers == [0, 1, 2]
        assert report.refused_count == 1
