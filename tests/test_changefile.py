"""A file of changes: each line is read exactly, and one that is no change is named by its place."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from whence.changefile import FiledChange, changes_in
from whence.errors import InvalidFile
from whence.tree import Edit

LINE = b"""{"time": "2026-01-05T09:00:00Z", "author": "anna", "message": "70 is enough", "commit": "684d06", \
"changes": [{"op": "replace", "path": "/a/b.c", "value": 70}, {"op": "remove", "path": "/x"}], "state_sha256": "31"}"""
EMPTY = FiledChange(3, b'{"changes": []}', (), None, None, None, None, None)


@pytest.mark.parametrize("name", ["changes.jsonl", "changes.jsonl.gz"])
def test_each_line_is_a_change_and_empty_ones_are_passed_over(tmp_path: Path, name: str) -> None:
    content = LINE + b"\n\n" + EMPTY.line
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    first, second = changes_in(tmp_path / name)
    assert first == FiledChange(
        number=1,
        line=LINE,
        edits=(Edit("/a/b.c", "replace", 70), Edit("x", "remove")),
        time=datetime(2026, 1, 5, 9, tzinfo=UTC),
        author="anna",
        message="70 is enough",
        commit="684d06",
        version="31",
    )
    assert second == EMPTY


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "Not valid JSON"),
        ("{}", "missing required field"),
        ('{"changes": [{"op": "add", "path": "/x"}]}', "add without a value"),
        ('{"changes": [{"op": "add", "path": "x", "value": 1}]}', "no JSON pointer"),
        ('{"changes": [{"op": "move", "path": "/x"}]}', "move"),
        ('{"changes": [], "time": "soon"}', "Not a time"),
        ('{"changes": [], "author": 3}', "author"),
        ('{"changes": []', "Not valid JSON"),
    ],
)
def test_a_line_that_is_no_change_is_named(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "changes.jsonl").write_text('{"changes": []}\n' + line)
    with pytest.raises(InvalidFile, match=problem) as refused:
        list(changes_in(tmp_path / "changes.jsonl"))
    assert refused.value.facts["line"] == 2
