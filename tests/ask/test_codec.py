"""Typed events: what is written can be read again, and older versions are brought up to date."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest

from whence.codec import Codec, Tag
from whence.errors import InvalidEvent
from whence.stores.memory import MemoryStore


class Line(msgspec.Struct, frozen=True):
    article: str
    count: int


class Moved(msgspec.Struct, frozen=True):
    deal: Annotated[str, Tag]
    stage: str
    amount: Decimal | None = None
    on: datetime | None = None
    lines: list[Line] = []
    seats: Annotated[int, msgspec.Meta(ge=1)] = 1


CODEC = Codec(Moved)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (Moved("D1", 5), "stage"),  # type: ignore[arg-type]
        (Moved("D1", None), "stage"),  # type: ignore[arg-type]
        (Moved("D1", "won", "much"), "amount"),  # type: ignore[arg-type]
        (Moved("D1", "won", lines=[Line("a", "2")]), r"lines\[0\].count"),  # type: ignore[arg-type]
        (Moved("D1", "won", seats=0), "seats"),
        pytest.param(Moved("D1", "won", on=object()), "on", id="an object"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_typed_event_that_could_not_be_read_again_is_refused_by_field(value: Any, field: str) -> None:
    with pytest.raises(InvalidEvent, match=f"Type: Moved, Field: {field}, Problem: "):
        CODEC.event(value)


def test_a_typed_event_comes_back_as_it_was_given() -> None:
    value = Moved("D1", "won", Decimal("1.50"), datetime(2026, 1, 7, tzinfo=UTC), [Line("a", 2)], 3)
    store = MemoryStore()
    store.append([CODEC.event(value)])
    (recorded,) = store.read()
    assert CODEC.typed(recorded) == value
    assert recorded.tags == ("deal:D1",)
