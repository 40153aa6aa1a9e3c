"""What values may be, by key: without a pack, told only how a key names its document."""

from __future__ import annotations

import pytest

from whence.errors import InvalidConfig
from whence.schema import Schema


def split(key: str) -> tuple[str, str]:
    document, _, rest = key.partition(":")
    return document, rest


def schema(*tables: dict[str, object]) -> Schema:
    return Schema.from_tables(list(tables), "pack.shop.values", split)


def test_what_a_document_breaks_is_told_by_its_path() -> None:
    rules = schema(
        {"key": "shop:open.*", "type": "boolean"},
        {"key": "shop:price", "type": "number", "at_least": 1, "required": True},
    )
    assert rules.problems("shop", {"open": {"monday": True, "sunday": "no"}, "price": 0.5}) == [
        (("open", "sunday"), "it is text, not a boolean"),
        (("price",), "0.5 is below the least, 1"),
    ]
    assert rules.problems("shop", {}) == [(("price",), "it is required and not there")]
    assert rules.problems("another", {"price": 0}) == []


def test_tables_that_are_none_are_told_where_they_belong() -> None:
    with pytest.raises(InvalidConfig, match=r"Write \[\[pack.shop.values\]\]"):
        Schema.from_tables({"key": "shop:price"}, "pack.shop.values", split)
