"""What a type, a tag and an id may look like, at the edges, and that each refusal says what to write instead."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from whence.errors import InvalidEvent
from whence.grammar import (
    ID_BYTES_MAX,
    TAG_VALUE_BYTES_MAX,
    id_of,
    id_to_raw,
    normal_kind,
    normal_tags,
    normal_type,
    raw_to_id,
    split_tag,
    tag_value_of,
)

UUID = "0198c0de-0000-7000-8000-00000000000a"


@pytest.mark.parametrize("name", ["A", "a", "lead.EmailOpened", "A_1.b", "A" * 120])
def test_these_are_types(name: str) -> None:
    assert normal_type(name) == name


@pytest.mark.parametrize("name", ["", "1A", "_A", ".A", "A-b", "A b", "Ä", "A" * 121, "A\n", "A²", None, 5])
def test_these_are_no_types(name: Any) -> None:
    with pytest.raises(InvalidEvent, match="Start with a letter"):
        normal_type(name)


@pytest.mark.parametrize("tag", ["a:b", "a_1:x:y", "lead: 42", "k" * 40 + ":v", "k:" + "é" * 100])
def test_these_are_tags(tag: str) -> None:
    assert normal_tags([tag]) == (tag,)


@pytest.mark.parametrize(
    "tag", ["", ":", "a:", ":b", "ab", "A:b", "1:b", "a-b:c", "k" * 41 + ":v", "k:" + "é" * 101, "k:a\nb", "k:e\u0301"]
)
def test_these_are_no_tags(tag: str) -> None:
    with pytest.raises(InvalidEvent, match=r"[Tt]ag"):
        normal_tags([tag])


def test_tags_are_a_sorted_set() -> None:
    assert normal_tags(["b:1", "a:2", "b:1"]) == ("a:2", "b:1")


def test_32_tags_are_allowed_and_33_are_not() -> None:
    assert len(normal_tags([f"k:{number}" for number in range(32)])) == 32
    with pytest.raises(InvalidEvent, match="Keep the rest in data"):
        normal_tags([f"k:{number}" for number in range(33)])


def test_one_text_instead_of_a_list_of_tags_is_refused_with_what_to_write() -> None:
    with pytest.raises(InvalidEvent, match=r"Write tags=\['lead:42'\]"):
        normal_tags("lead:42")


def test_a_tag_is_split_at_the_first_colon() -> None:
    assert split_tag("campaign:x:y") == ("campaign", "x:y")


def test_a_kind_is_the_key_of_a_tag() -> None:
    assert normal_kind("lead_1") == "lead_1"
    with pytest.raises(InvalidEvent, match="small letter"):
        normal_kind("Lead")


@pytest.mark.parametrize(
    ("id", "stored"), [(UUID, bytes), (UUID.upper(), str), (UUID.replace("-", ""), str), ("x", str), ("é" * 100, str)]
)
def test_only_a_canonical_uuid_is_stored_as_16_bytes(id: str, stored: type) -> None:
    raw = id_to_raw(id)
    assert type(raw) is stored
    assert raw_to_id(raw) == id


@pytest.mark.parametrize("id", ["", "x" * 201, "é" * 101, "\ud800", "\ud800" + "x" * 35])
def test_these_are_no_ids(id: str) -> None:
    with pytest.raises(InvalidEvent, match="event id"):
        id_to_raw(id)


def test_a_key_of_any_length_is_an_id_and_two_keys_are_two() -> None:
    assert id_of("git:1a2b:flags.json") == "git:1a2b:flags.json"
    one, other = (id_of("ü" * ID_BYTES_MAX + end) for end in "ab")
    assert one != other
    assert id_to_raw(one) == one


def test_any_path_is_the_value_of_a_tag_and_two_paths_are_two() -> None:
    assert tag_value_of(PurePosixPath("config/flags.json")) == "config/flags.json"
    assert tag_value_of(PurePosixPath("a\nb")) == "a%0Ab"
    one, other = (tag_value_of(PurePosixPath(begin + "ü" * TAG_VALUE_BYTES_MAX)) for begin in "ab")
    assert one != other
    assert normal_tags([f"settings:{one}"]) == (f"settings:{one}",)
