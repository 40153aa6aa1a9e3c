"""The values that a file says, and what is wrong with one that cannot be read."""

from __future__ import annotations

import pytest

from whence.errors import InvalidFile
from whence.treefile import values_in


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.json", '{"n": 1,\n "m": }', r"Not valid JSON.*Line: 2"),
        ("a.json", '{"n": 1, "n": 2}', "appears twice"),
        ("a.json", '{"n": NaN}', "no such number"),
        ("a.json", '{"n": 12345678901234567890}', "beyond 2"),
        ("a.toml", "n = 1\nm = \n", r"Not valid TOML.*Line: 2"),
        ("a.yaml", "n: 1\nm: [1\n", r"Not valid YAML.*Line: 3"),
        ("a.yaml", "n: 1\nn: 2\n", r"appears twice.*Line: 2"),
        ("a.yaml", "yes: a\n'true': b\n", "come out alike"),
        ("a.yaml", "1: a\n0x1: b\n", "appears twice"),
        ("a.yaml", "a: !!python/object:os.system x\n", "Not valid YAML"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(name: str, text: str, problem: str) -> None:
    with pytest.raises(InvalidFile, match=problem):
        values_in(name, text.encode())


def test_a_file_that_is_no_text_is_named() -> None:
    with pytest.raises(InvalidFile, match="Not UTF-8"):
        values_in("a.json", b"\xff\xfe")


def test_a_set_in_yaml_has_one_order() -> None:
    assert values_in("a.yaml", b"x: !!set {c, b, a}") == {"x": ["a", "b", "c"]}


def test_toml_that_is_too_deep_is_named() -> None:
    with pytest.raises(InvalidFile, match="Too deep"):
        values_in("a.toml", b"x = " + b"[" * 3000)
