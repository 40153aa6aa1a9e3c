"""Lines of TOML: each key, table and entry that tomllib reads has the line it stands on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from whence.scoring.lines import Where, lines_of, nearest_line

DOCUMENT = '''
# a comment with [brackets] and "quotes
top = 1
"quoted key" = 'literal # no comment'
dotted.key."with space" = true   # a comment

[table]
text = """
first [line]
key = "no key"
"quotes" and \\\\ and \\""" and ""\\"""""
literal = \'\'\'
'it''s' = 1
\'\'\'
list = [
  1, # one
  [2, "]"],
  { inline = { deep = 1 }, "b" = [3] },
]
when = 2026-01-05 09:00:00Z
"\\u00e9" = 1

[[table.rule]]
name = "first"

[[table.rule]]
name = "second"
[table.rule.within]
key = 1
[[table.rule.parts]]
part = 1
[ table . "other" ]
key = -1.5e3
'''

PLACES: list[tuple[Where, int]] = [
    (("top",), 3),
    (("quoted key",), 4),
    (("dotted", "key", "with space"), 5),
    (("table",), 7),
    (("table", "text"), 8),
    (("table", "literal"), 12),
    (("table", "list", 0), 16),
    (("table", "list", 1, 1), 17),
    (("table", "list", 2, "inline", "deep"), 18),
    (("table", "when"), 20),
    (("table", "é"), 21),
    (("table", "rule", 0), 23),
    (("table", "rule", 1, "name"), 27),
    (("table", "rule", 1, "within", "key"), 29),
    (("table", "rule", 1, "parts", 0, "part"), 31),
    (("table", "other", "key"), 33),
]


def _everything(value: Any, where: Where = ()) -> Iterator[Where]:
    if where:
        yield where
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        yield from _everything(each, (*where, key))


@pytest.mark.parametrize(("where", "line"), PLACES, ids=lambda each: str(each))
def test_a_value_has_the_line_it_stands_on(where: Where, line: int) -> None:
    assert lines_of(DOCUMENT)[where] == line


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_tomllib_reads_and_what_has_a_line_are_the_same(newline: str) -> None:
    text = DOCUMENT.replace("\n", newline)
    assert set(lines_of(text)) == set(_everything(tomllib.loads(text)))


def test_what_is_missing_has_the_line_of_what_it_is_missing_from() -> None:
    lines = lines_of(DOCUMENT)
    assert nearest_line(lines, ("table", "rule", 1, "absent")) == 26
    assert nearest_line(lines, ("nowhere",)) is None


@pytest.mark.parametrize(
    "text", ["", "# only a comment", "a = 1", "[a]", "[[a]]", 'a = ""', "a = ''''''", "a = []", "a={}"]
)
def test_short_texts(text: str) -> None:
    assert set(lines_of(text)) == set(_everything(tomllib.loads(text)))
